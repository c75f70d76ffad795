//! Application credentials with their access rules, and other credentials.

use serde::{Deserialize, Serialize};

use super::Extra;

/// A secret that stands for a user on one project, with some of the user's roles.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct ApplicationCredential {
    /// Its id.
    pub id: String,
    /// Its name, unique for the user.
    pub name: String,
    /// The user.
    pub user_id: String,
    /// The project.
    pub project_id: String,
    /// Free text.
    pub description: Option<String>,
    /// The roles, by id.
    pub roles: Vec<String>,
    /// Microseconds since 1970; `None` never expires.
    pub expires_at: Option<i64>,
    /// May make and delete application credentials itself.
    pub unrestricted: bool,
    /// Ids of the access rules; `None` allows everything. Never empty.
    pub access_rules: Option<Vec<String>>,
    /// The bcrypt text of the secret.
    pub secret_hash: String,
}

impl std::fmt::Debug for ApplicationCredential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ApplicationCredential({}, user {}, project {})", self.id, self.user_id, self.project_id)
    }
}

/// One thing that an application credential may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessRule {
    /// Its id.
    pub id: String,
    /// The user who owns it.
    pub user_id: String,
    /// A service type: `compute` …
    pub service: String,
    /// A path pattern: `*` is one segment, `{name}` too, `**` is any number.
    pub path: String,
    /// An HTTP method.
    pub method: String,
}

/// A credential of `/v3/credentials`: an EC2 key pair, a TOTP seed, a certificate …
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Credential {
    /// Its id; of an EC2 key pair the SHA-256 of the access key.
    pub id: String,
    /// The user.
    pub user_id: String,
    /// The project; EC2 key pairs have one.
    pub project_id: Option<String>,
    /// `ec2`, `totp`, `cert` …
    pub kind: String,
    /// The secret itself, sealed with the credential keys.
    pub sealed_blob: String,
    /// Unknown attributes.
    #[serde(default)]
    pub extra: Extra,
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Credential({}, {}, user {})", self.id, self.kind, self.user_id)
    }
}
