//! Regions, services and endpoints.

use serde::{Deserialize, Serialize};

use super::Extra;

/// A region.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Region {
    /// Its id, which is its name.
    pub id: String,
    /// The region it lies in.
    pub parent_region_id: Option<String>,
    /// Free text.
    pub description: String,
    /// Unknown attributes.
    #[serde(default)]
    pub extra: Extra,
}

/// A service of the catalog.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Service {
    /// Its id.
    pub id: String,
    /// Its type: `compute`, `image` …
    pub kind: String,
    /// False hides it in catalogs.
    pub enabled: bool,
    /// Unknown attributes: `name`, `description` …
    #[serde(default)]
    pub extra: Extra,
}

impl Service {
    /// Its name, empty where it has none.
    #[must_use]
    pub fn name(&self) -> &str {
        self.extra.get("name").and_then(serde_json::Value::as_str).unwrap_or("")
    }
}

/// Who an endpoint is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Interface {
    /// Operators.
    Admin,
    /// Other services.
    Internal,
    /// Everybody.
    Public,
}

impl Interface {
    /// The API's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Internal => "internal",
            Self::Public => "public",
        }
    }
}

/// Where a service answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Its id.
    pub id: String,
    /// The service.
    pub service_id: String,
    /// Who it is for.
    pub interface: Interface,
    /// The region.
    pub region_id: Option<String>,
    /// Its URL, with `$(project_id)s` and the like. One that begins with `/` is a path on the address that the client used.
    pub url: String,
    /// False hides it in catalogs.
    pub enabled: bool,
    /// Unknown attributes: `name`, `description` …
    #[serde(default)]
    pub extra: Extra,
}
