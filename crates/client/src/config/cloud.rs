//! One cloud's configuration in its final, typed form.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use super::error::ConfigError;
use super::legacy::take_auth;
use super::tree::{Tree, text, truth};
use crate::auth::catalog::Interface;

/// Everything needed to talk to one cloud as one user. `Debug` shows no secret.
#[derive(Debug, Clone)]
pub struct CloudConfig {
    /// The name under which it was configured.
    pub name: String,
    /// The identity service, with or without `/v3`.
    pub auth_url: Url,
    /// Who asks.
    pub credentials: Credentials,
    /// For what the token shall be good.
    pub scope: Scope,
    /// The region whose endpoints are used; any if absent.
    pub region: Option<String>,
    /// Which of a service's endpoints; public unless configured.
    pub interface: Interface,
    /// How certificates are checked.
    pub tls: TlsConfig,
    /// Endpoints by service type (underscores for dashes) that replace the catalogue's.
    pub endpoint_overrides: BTreeMap<String, Url>,
    /// `api_timeout`: the longest time a call may take.
    pub timeout: Option<Duration>,
}

/// How the user shows who they are.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// `v3password`.
    Password {
        /// The user.
        user: UserRef,
        /// The password.
        password: SecretString,
    },
    /// `v3token`: another token, which cannot be renewed.
    Token(SecretString),
    /// `v3applicationcredential`; its scope is built in.
    ApplicationCredential {
        /// The credential: its id, or its name together with its user.
        credential: ByIdOrName,
        /// The user, needed with a name only.
        user: Option<UserRef>,
        /// The secret.
        secret: SecretString,
    },
}

/// A user, by id or by name within a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRef {
    /// The user's id or name.
    pub user: ByIdOrName,
    /// The domain, needed with a name only.
    pub domain: Option<ByIdOrName>,
}

/// An id or a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ByIdOrName {
    /// By id.
    Id(String),
    /// By name.
    Name(String),
}

impl ByIdOrName {
    /// The text, whichever it is.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Id(text) | Self::Name(text) => text,
        }
    }
}

/// What a token is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// For finding out what one may do, and nothing else.
    Unscoped,
    /// A project.
    Project {
        /// The project's id or name.
        project: ByIdOrName,
        /// The domain, needed with a name only.
        domain: Option<ByIdOrName>,
    },
    /// A domain.
    Domain(ByIdOrName),
    /// The whole deployment.
    System,
    /// What is built into the credential.
    OfCredential,
}

/// How certificates are checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsConfig {
    /// False if the user switched checking off (`insecure`, `verify: false`).
    pub verify: bool,
    /// A file of CA certificates in PEM form to trust besides the usual ones.
    pub cacert: Option<PathBuf>,
    /// A file with a certificate of our own in PEM form, for clouds that ask for one.
    pub cert: Option<PathBuf>,
    /// A file with its private key; absent if the certificate's file holds it.
    pub key: Option<PathBuf>,
}

/// Makes the typed form of a merged tree.
pub(super) fn from_tree(name: &str, mut tree: Tree) -> Result<CloudConfig, ConfigError> {
    let reader = Reader { cloud: name.to_owned(), auth: take_auth(&mut tree) };
    let region = tree.get("region_name").and_then(text).filter(|r| !r.is_empty());
    let auth_type = tree.get("auth_type").or_else(|| tree.get("auth_plugin")).and_then(text);
    let credentials = reader.credentials(auth_type.as_deref())?;
    let scope = reader.scope(&credentials)?;
    Ok(CloudConfig {
        auth_url: reader.auth_url(region.as_deref())?,
        credentials,
        scope,
        interface: reader.interface(&tree)?,
        tls: tls(&tree),
        endpoint_overrides: reader.overrides(&tree)?,
        timeout: reader.timeout(&tree)?,
        region,
        name: name.to_owned(),
    })
}

fn tls(tree: &Tree) -> TlsConfig {
    let flag = |key: &str| tree.get(key).and_then(truth);
    let verify = flag("verify").unwrap_or(true) && !flag("insecure").unwrap_or(false);
    let file = |key: &str| tree.get(key).and_then(text).filter(|p| !p.is_empty()).map(PathBuf::from);
    TlsConfig { verify, cacert: file("cacert"), cert: file("cert"), key: file("key") }
}

struct Reader {
    cloud: String,
    auth: Tree,
}

impl Reader {
    fn bad(&self, key: &str, because: impl Into<String>) -> ConfigError {
        ConfigError::BadValue { cloud: self.cloud.clone(), key: key.to_owned(), because: because.into() }
    }

    fn get(&self, key: &str) -> Option<String> {
        self.auth.get(key).and_then(text)
    }

    fn secret(&self, key: &str) -> Result<SecretString, ConfigError> {
        let value = self.get(key).ok_or_else(|| self.bad(&format!("auth.{key}"), "is missing"))?;
        Ok(SecretString::from(value))
    }

    fn by(&self, stem: &str) -> Option<ByIdOrName> {
        let id = self.get(&format!("{stem}_id")).map(ByIdOrName::Id);
        id.or_else(|| self.get(&format!("{stem}_name")).map(ByIdOrName::Name))
    }

    /// The domain of the user or the project: its own, else the default one.
    fn domain(&self, owner: &str) -> Option<ByIdOrName> {
        self.by(&format!("{owner}_domain")).or_else(|| self.by("default_domain"))
    }

    fn user(&self) -> Result<UserRef, ConfigError> {
        if let Some(id) = self.get("user_id") {
            return Ok(UserRef { user: ByIdOrName::Id(id), domain: None });
        }
        let name = self
            .get("username")
            .ok_or_else(|| self.bad("auth.username", "is missing (or give auth.user_id)"))?;
        let domain = self.domain("user").or_else(|| self.by("domain")).ok_or_else(|| {
            self.bad("auth.user_domain_name", "is missing; a user's name needs a domain, such as Default")
        })?;
        Ok(UserRef { user: ByIdOrName::Name(name), domain: Some(domain) })
    }

    fn credentials(&self, auth_type: Option<&str>) -> Result<Credentials, ConfigError> {
        let kind = auth_type.map(str::to_lowercase);
        match kind.as_deref().unwrap_or_else(|| self.guess()) {
            "password" | "v3password" => {
                Ok(Credentials::Password { user: self.user()?, password: self.secret("password")? })
            }
            "token" | "v3token" => Ok(Credentials::Token(self.secret("token")?)),
            "v3applicationcredential" => self.application_credential(),
            other => Err(self.bad(
                "auth_type",
                format!("{other:?} is not supported; use v3password, v3token or v3applicationcredential"),
            )),
        }
    }

    fn guess(&self) -> &'static str {
        if self.auth.contains_key("application_credential_secret") {
            "v3applicationcredential"
        } else if self.auth.contains_key("token") {
            "v3token"
        } else {
            "v3password"
        }
    }

    fn application_credential(&self) -> Result<Credentials, ConfigError> {
        let credential = self.by("application_credential").ok_or_else(|| {
            self.bad(
                "auth.application_credential_id",
                "is missing (or give auth.application_credential_name)",
            )
        })?;
        let user = match credential {
            ByIdOrName::Id(_) => None,
            ByIdOrName::Name(_) => Some(self.user()?),
        };
        Ok(Credentials::ApplicationCredential {
            credential,
            user,
            secret: self.secret("application_credential_secret")?,
        })
    }

    fn scope(&self, credentials: &Credentials) -> Result<Scope, ConfigError> {
        if matches!(credentials, Credentials::ApplicationCredential { .. }) {
            return Ok(Scope::OfCredential);
        }
        if let Some(system) = self.get("system_scope") {
            if system != "all" {
                return Err(self.bad("auth.system_scope", "must be \"all\""));
            }
            return Ok(Scope::System);
        }
        match (self.by("project"), self.by("domain")) {
            (Some(project @ ByIdOrName::Id(_)), _) => Ok(Scope::Project { project, domain: None }),
            (Some(project), _) => {
                let domain = self.domain("project").or_else(|| self.by("user_domain")).ok_or_else(|| {
                    self.bad(
                        "auth.project_domain_name",
                        "is missing; a project's name needs a domain, such as Default",
                    )
                })?;
                Ok(Scope::Project { project, domain: Some(domain) })
            }
            (None, Some(domain)) => Ok(Scope::Domain(domain)),
            (None, None) => Ok(Scope::Unscoped),
        }
    }

    fn auth_url(&self, region: Option<&str>) -> Result<Url, ConfigError> {
        let key = "auth.auth_url";
        let url = self.get("auth_url").ok_or_else(|| self.bad(key, "is missing"))?;
        self.url(key, &url.replace("{region_name}", region.unwrap_or_default()))
    }

    fn url(&self, key: &str, text: &str) -> Result<Url, ConfigError> {
        let url = Url::parse(text).map_err(|e| self.bad(key, format!("is not an address: {e}")))?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(self.bad(key, "must begin with http:// or https:// and name a host"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(self.bad(key, "must not hold a user or a password"));
        }
        Ok(url)
    }

    fn interface(&self, tree: &Tree) -> Result<Interface, ConfigError> {
        let Some(word) = tree.get("interface").or_else(|| tree.get("endpoint_type")).and_then(text) else {
            return Ok(Interface::Public);
        };
        let word = word.split(',').next().unwrap_or_default().trim().to_owned();
        Interface::parse(&word).ok_or_else(|| self.bad("interface", "must be public, internal or admin"))
    }

    fn overrides(&self, tree: &Tree) -> Result<BTreeMap<String, Url>, ConfigError> {
        let mut found = BTreeMap::new();
        for (key, value) in tree {
            let service = key.strip_suffix("_endpoint_override");
            if let (Some(service), Some(address)) = (service, text(value)) {
                found.insert(service.to_owned(), self.url(key, &address)?);
            }
        }
        Ok(found)
    }

    fn timeout(&self, tree: &Tree) -> Result<Option<Duration>, ConfigError> {
        let Some(seconds) = tree.get("api_timeout").or_else(|| tree.get("timeout")).and_then(text) else {
            return Ok(None);
        };
        let parsed = seconds.parse::<f64>().ok().and_then(|s| Duration::try_from_secs_f64(s).ok());
        match parsed {
            Some(time) if !time.is_zero() => Ok(Some(time)),
            _ => Err(self.bad("api_timeout", "must be a number of seconds greater than 0")),
        }
    }
}
