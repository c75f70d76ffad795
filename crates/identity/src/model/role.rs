//! Roles and what they imply.

use serde::{Deserialize, Serialize};

use super::Extra;

/// A role.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Role {
    /// Its id.
    pub id: String,
    /// Its name: unique in its domain, or among global roles.
    pub name: String,
    /// The domain of a domain-specific role. Such a role never appears in a token; it only implies others.
    pub domain_id: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// The `immutable` option: `Some(true)` refuses changes and deletion.
    pub immutable: Option<bool>,
    /// Unknown attributes.
    #[serde(default)]
    pub extra: Extra,
}

/// Who has `prior` also has `implied`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Implication {
    /// The role that is assigned.
    pub prior: String,
    /// The role that comes with it.
    pub implied: String,
}
