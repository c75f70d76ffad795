//! The body of `POST /v3/auth/tokens` for each kind of credential and scope.

use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};

use crate::config::{ByIdOrName, CloudConfig, Credentials, Scope, UserRef};

/// The body that asks for a token. It holds the secret: send it, never show it.
#[must_use]
pub(crate) fn body(config: &CloudConfig) -> Value {
    let mut auth = Map::new();
    auth.insert("identity".into(), identity(&config.credentials));
    if let Some(scope) = scope(&config.scope) {
        auth.insert("scope".into(), scope);
    }
    json!({ "auth": auth })
}

fn identity(credentials: &Credentials) -> Value {
    match credentials {
        Credentials::Password { user, password } => {
            let mut user = user_ref(user);
            user.insert("password".into(), password.expose_secret().into());
            json!({ "methods": ["password"], "password": { "user": user } })
        }
        Credentials::Token(token) => {
            json!({ "methods": ["token"], "token": { "id": token.expose_secret() } })
        }
        Credentials::ApplicationCredential { credential, user, secret } => {
            let mut body = by_id_or_name(credential);
            if let Some(user) = user {
                body.insert("user".into(), Value::Object(user_ref(user)));
            }
            body.insert("secret".into(), secret.expose_secret().into());
            json!({ "methods": ["application_credential"], "application_credential": body })
        }
    }
}

fn scope(scope: &Scope) -> Option<Value> {
    match scope {
        // asking for "unscoped" by name keeps identity from choosing the user's default project
        Scope::Unscoped => Some(json!("unscoped")),
        Scope::OfCredential => None,
        Scope::System => Some(json!({ "system": { "all": true } })),
        Scope::Domain(domain) => Some(json!({ "domain": by_id_or_name(domain) })),
        Scope::Project { project, domain } => {
            let mut body = by_id_or_name(project);
            if let Some(domain) = domain {
                body.insert("domain".into(), Value::Object(by_id_or_name(domain)));
            }
            Some(json!({ "project": body }))
        }
    }
}

fn user_ref(user: &UserRef) -> Map<String, Value> {
    let mut body = by_id_or_name(&user.user);
    if let Some(domain) = &user.domain {
        body.insert("domain".into(), Value::Object(by_id_or_name(domain)));
    }
    body
}

fn by_id_or_name(which: &ByIdOrName) -> Map<String, Value> {
    let (key, value) = match which {
        ByIdOrName::Id(id) => ("id", id),
        ByIdOrName::Name(name) => ("name", name),
    };
    Map::from_iter([(key.to_owned(), Value::String(value.clone()))])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::TlsConfig;
    use secrecy::SecretString;

    fn config(credentials: Credentials, scope: Scope) -> CloudConfig {
        CloudConfig {
            name: "c".into(),
            auth_url: "http://k/v3".parse().unwrap(),
            credentials,
            scope,
            region: None,
            interface: crate::Interface::Public,
            tls: TlsConfig { verify: true, cacert: None, cert: None, key: None },
            endpoint_overrides: Default::default(),
            timeout: None,
        }
    }

    fn password() -> Credentials {
        let domain = Some(ByIdOrName::Name("Default".into()));
        let user = UserRef { user: ByIdOrName::Name("joe".into()), domain };
        Credentials::Password { user, password: SecretString::from("geheim".to_owned()) }
    }

    #[test]
    fn a_password_for_a_project_by_name() {
        let domain = Some(ByIdOrName::Id("default".into()));
        let got =
            body(&config(password(), Scope::Project { project: ByIdOrName::Name("demo".into()), domain }));
        assert_eq!(
            got,
            json!({"auth": {
                "identity": {"methods": ["password"], "password": {"user": {
                    "name": "joe", "domain": {"name": "Default"}, "password": "geheim"}}},
                "scope": {"project": {"name": "demo", "domain": {"id": "default"}}}
            }})
        );
    }

    #[test]
    fn an_application_credential_brings_its_own_scope() {
        let credential = ByIdOrName::Id("a".into());
        let secret = SecretString::from("s".to_owned());
        let got = body(&config(
            Credentials::ApplicationCredential { credential, user: None, secret },
            Scope::OfCredential,
        ));
        assert_eq!(got["auth"].get("scope"), None);
        assert_eq!(got["auth"]["identity"]["application_credential"], json!({"id": "a", "secret": "s"}));
    }

    #[test]
    fn system_domain_and_no_scope() {
        assert_eq!(
            body(&config(password(), Scope::System))["auth"]["scope"],
            json!({"system": {"all": true}})
        );
        let domain = Scope::Domain(ByIdOrName::Name("d".into()));
        assert_eq!(body(&config(password(), domain))["auth"]["scope"], json!({"domain": {"name": "d"}}));
        assert_eq!(body(&config(password(), Scope::Unscoped))["auth"]["scope"], json!("unscoped"));
    }

    #[test]
    fn a_configuration_shows_no_secret() {
        assert!(!format!("{:?}", config(password(), Scope::System)).contains("geheim"));
    }
}
