//! Projects and domains.

use serde::{Deserialize, Serialize};

use super::Extra;

/// A project. A domain is a project with `is_domain`, no domain and no parent; its id is the domain's id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Project {
    /// Its id.
    pub id: String,
    /// Its name: unique in its domain, or among domains.
    pub name: String,
    /// The domain it lies in; `None` for a domain.
    pub domain_id: Option<String>,
    /// The project above it, or its domain; `None` for a domain.
    pub parent_id: Option<String>,
    /// True for a domain.
    pub is_domain: bool,
    /// Free text.
    pub description: String,
    /// False refuses tokens for it and everything below.
    pub enabled: bool,
    /// Labels, unique, in the order they were given.
    pub tags: Vec<String>,
    /// The `immutable` option: `Some(true)` refuses changes and deletion.
    pub immutable: Option<bool>,
    /// Unknown attributes.
    #[serde(default)]
    pub extra: Extra,
}

impl Project {
    /// The id of the domain that it lies in, or that it is.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.domain_id.as_deref().unwrap_or(&self.id)
    }
}
