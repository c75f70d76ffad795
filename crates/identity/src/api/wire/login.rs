//! `POST /v3/auth/tokens`. Unknown members are passed over, as upstream does.

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::resources::Object;
use crate::secret::Secret;
use crate::service::{CredentialRef, DomainRef, Login, ProjectRef, Proof, RequestedScope, UserRef};

#[derive(Deserialize)]
pub(in crate::api) struct Body {
    auth: Option<Object<Auth>>,
}

#[derive(Deserialize)]
struct Auth {
    identity: Object<IdentityPart>,
    #[serde(default)]
    scope: Option<Scope>,
}

#[derive(Deserialize)]
struct IdentityPart {
    methods: Vec<String>,
    password: Option<Object<Password>>,
    token: Option<Object<TokenPart>>,
    application_credential: Option<Object<Credential>>,
}

#[derive(Deserialize)]
struct Password {
    user: Option<Object<User>>,
}

#[derive(Deserialize)]
struct User {
    id: Option<String>,
    name: Option<String>,
    domain: Option<Object<Domain>>,
    password: Option<Secret>,
}

#[derive(Deserialize)]
struct Domain {
    id: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize)]
struct TokenPart {
    id: Secret,
}

#[derive(Deserialize)]
struct Credential {
    id: Option<String>,
    name: Option<String>,
    user: Option<Object<User>>,
    secret: Option<Secret>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Scope {
    Text(String),
    Parts(Box<Object<ScopeParts>>),
}

#[derive(Deserialize)]
struct ScopeParts {
    project: Option<Object<Project>>,
    domain: Option<Object<Domain>>,
    system: Option<Object<System>>,
    unscoped: Option<serde::de::IgnoredAny>,
    #[serde(rename = "OS-TRUST:trust")]
    trust: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct System {
    #[serde(default)]
    all: Option<bool>,
}

#[derive(Deserialize)]
struct Project {
    id: Option<String>,
    name: Option<String>,
    domain: Option<Object<Domain>>,
}

impl Body {
    /// The login that the body asks for.
    pub(in crate::api) fn into_login(self) -> Result<Login> {
        let Object(auth) = self.auth.ok_or_else(|| Error::expecting("auth", "request body"))?;
        let has_credential = auth.identity.0.methods.iter().any(|method| method == "application_credential");
        if has_credential && auth.scope.is_some() {
            // Keystone: "Application credentials cannot request a scope."
            return Err(Error::Unauthorized);
        }
        let scope = auth.scope.map_or(Ok(RequestedScope::Default), Scope::into_scope)?;
        Ok(Login { proofs: auth.identity.0.into_proofs()?, scope })
    }
}

impl IdentityPart {
    fn into_proofs(mut self) -> Result<Vec<Proof>> {
        let mut methods: Vec<String> = Vec::new();
        for method in std::mem::take(&mut self.methods) {
            if !methods.contains(&method) {
                methods.push(method);
            }
        }
        methods.iter().map(|method| self.proof(method)).collect()
    }

    fn proof(&mut self, method: &str) -> Result<Proof> {
        let missing = || Error::expecting(method, "identity");
        match method {
            "password" => self.password.take().ok_or_else(missing)?.0.into_proof(),
            "token" => Ok(Proof::Token(self.token.take().ok_or_else(missing)?.0.id)),
            "application_credential" => {
                self.application_credential.take().ok_or_else(missing)?.0.into_proof()
            }
            // "Attempted to authenticate with an unsupported method."
            _ => Err(Error::Unauthorized),
        }
    }
}

impl Password {
    fn into_proof(self) -> Result<Proof> {
        let Object(mut user) = self.user.ok_or_else(|| Error::expecting("user", "password"))?;
        let password = user.password.take().ok_or_else(|| Error::expecting("password", "user"))?;
        Ok(Proof::Password { user: user.into_ref("identity/password/user")?, password })
    }
}

impl User {
    fn into_ref(self, place: &str) -> Result<UserRef> {
        match (self.id, self.name) {
            (_, Some(name)) if !name.is_empty() => {
                let Object(domain) = self.domain.ok_or_else(|| Error::expecting("domain", "user"))?;
                Ok(UserRef::Name { name, domain: domain.into_ref(&format!("{place}/domain"))? })
            }
            (Some(id), _) => Ok(UserRef::Id(id)),
            _ => Err(Error::id_or_name(place)),
        }
    }
}

impl Domain {
    fn into_ref(self, place: &str) -> Result<DomainRef> {
        match (self.id, self.name) {
            (_, Some(name)) => Ok(DomainRef::Name(name)),
            (Some(id), None) => Ok(DomainRef::Id(id)),
            (None, None) => Err(Error::id_or_name(place)),
        }
    }
}

impl Credential {
    fn into_proof(self) -> Result<Proof> {
        let target = "application credential";
        let credential = match (self.id, self.name) {
            (Some(id), _) => CredentialRef::Id(id),
            (None, Some(name)) => {
                let Object(user) = self.user.ok_or_else(|| Error::expecting("user", target))?;
                CredentialRef::Name { name, user: user.into_ref("identity/application_credential/user")? }
            }
            (None, None) => return Err(Error::expecting("name or ID", target)),
        };
        let secret = self.secret.ok_or_else(|| Error::expecting("secret", target))?;
        Ok(Proof::ApplicationCredential { credential, secret })
    }
}

impl Scope {
    fn into_scope(self) -> Result<RequestedScope> {
        let expected = || Error::expecting("system, project, domain, OS-TRUST:trust or unscoped", "scope");
        let parts = match self {
            Self::Text(text) if text == "unscoped" => return Ok(RequestedScope::Unscoped),
            Self::Text(_) => return Err(expected()),
            Self::Parts(parts) => (*parts).0,
        };
        match (parts.project, parts.domain, parts.system, parts.unscoped, parts.trust) {
            (Some(Object(project)), None, None, None, None) => {
                project.into_ref().map(RequestedScope::Project)
            }
            (None, Some(Object(domain)), None, None, None) => {
                domain.into_ref("scope/domain").map(RequestedScope::Domain)
            }
            (None, None, Some(Object(system)), None, None) if system.all != Some(false) => {
                Ok(RequestedScope::System)
            }
            (None, None, None, Some(_), None) => Ok(RequestedScope::Unscoped),
            // no trusts here, so there is none of that id
            (None, None, None, None, Some(_)) => Err(Error::Unauthorized),
            _ => Err(expected()),
        }
    }
}

impl Project {
    fn into_ref(self) -> Result<ProjectRef> {
        match (self.id, self.name) {
            (_, Some(name)) => {
                let Object(domain) = self.domain.ok_or_else(|| Error::expecting("domain", "project"))?;
                Ok(ProjectRef::Name { name, domain: domain.into_ref("scope/project/domain")? })
            }
            (Some(id), None) => Ok(ProjectRef::Id(id)),
            (None, None) => Err(Error::id_or_name("scope/project")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(auth: serde_json::Value) -> Result<Login> {
        serde_json::from_value::<Body>(json!({ "auth": auth }))
            .map_err(|e| Error::Invalid(e.to_string()))?
            .into_login()
    }

    fn password(scope: serde_json::Value) -> Result<Login> {
        let identity = json!({"methods": ["password"], "password": {"user": {"id": "u", "password": "p"}}});
        read(json!({"identity": identity, "scope": scope}))
    }

    #[test]
    fn scopes_are_told_apart() {
        assert!(matches!(password(json!("unscoped")).unwrap().scope, RequestedScope::Unscoped));
        assert!(matches!(password(json!({"unscoped": {}})).unwrap().scope, RequestedScope::Unscoped));
        assert!(matches!(password(json!({"system": {"all": true}})).unwrap().scope, RequestedScope::System));
        assert!(matches!(password(json!({"domain": {"id": "d"}})).unwrap().scope, RequestedScope::Domain(_)));
        assert!(matches!(
            password(json!({"project": {"id": "d"}})).unwrap().scope,
            RequestedScope::Project(_)
        ));
        assert!(matches!(password(json!(null)).unwrap().scope, RequestedScope::Default));
    }

    #[test]
    fn two_scopes_none_or_half_ones_are_refused() {
        for scope in [
            json!({}),
            json!({"project": {"id": "p"}, "domain": {"id": "d"}}),
            json!({"project": {}}),
            json!({"project": {"name": "p"}}),
            json!({"project": {"name": "p", "domain": {}}}),
            json!({"domain": {}}),
            json!("everything"),
        ] {
            assert!(matches!(password(scope.clone()), Err(Error::Invalid(_))), "{scope}");
        }
    }

    #[test]
    fn methods_need_their_data_and_unknown_ones_are_no_proof() {
        assert!(matches!(read(json!({"identity": {"methods": ["password"]}})), Err(Error::Invalid(_))));
        let unknown = json!({"identity": {"methods": ["totp"], "totp": {}}});
        assert!(matches!(read(unknown), Err(Error::Unauthorized)));
        let twice = json!({"identity": {"methods": ["token", "token"], "token": {"id": "t"}}});
        assert_eq!(read(twice).unwrap().proofs.len(), 1);
    }

    #[test]
    fn an_application_credential_cannot_choose_its_scope() {
        let credential = json!({"id": "c", "secret": "s"});
        let identity = json!({"methods": ["application_credential"], "application_credential": credential});
        assert!(read(json!({"identity": identity})).is_ok());
        let scoped = json!({"identity": identity, "scope": {"project": {"id": "p"}}});
        assert!(matches!(read(scoped), Err(Error::Unauthorized)));
    }

    #[test]
    fn a_user_by_name_needs_a_domain() {
        let user = |user| read(json!({"identity": {"methods": ["password"], "password": {"user": user}}}));
        assert!(user(json!({"name": "n", "password": "p"})).is_err());
        assert!(user(json!({"name": "n", "password": "p", "domain": {"id": "default"}})).is_ok());
        assert!(user(json!({"password": "p"})).is_err());
        assert!(user(json!({"id": "n"})).is_err());
    }
}
