//! The catalogue: which services a cloud says it has, and where.

use serde::{Deserialize, Serialize};

use crate::service_type::spellings;

/// The services of a cloud in the order in which it lists them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Catalog {
    /// The entries.
    pub services: Vec<Service>,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// The service type exactly as the cloud spells it.
    #[serde(rename = "type")]
    pub kind: String,
    /// The service's name, such as `nova`.
    #[serde(default)]
    pub name: String,
    /// Where it answers; may be empty.
    #[serde(default)]
    pub endpoints: Vec<Endpoint>,
}

/// One address of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// `public`, `internal`, `admin`.
    pub interface: String,
    /// The region's name.
    #[serde(default)]
    pub region: Option<String>,
    /// The region's id, which newer clouds send beside or instead of its name.
    #[serde(default)]
    pub region_id: Option<String>,
    /// The address as text, since nothing keeps a cloud from writing nonsense.
    pub url: String,
}

/// Which of a service's endpoints to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Interface {
    /// For everybody.
    Public,
    /// For the cloud's own services.
    Internal,
    /// For administrators.
    Admin,
}

impl Endpoint {
    fn is_in(&self, region: &str) -> bool {
        [&self.region, &self.region_id].iter().any(|r| r.as_deref() == Some(region))
    }
}

impl Interface {
    /// Reads `public`, `publicURL`, `internal` and so on.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word.strip_suffix("URL").unwrap_or(word) {
            "public" => Some(Self::Public),
            "internal" => Some(Self::Internal),
            "admin" => Some(Self::Admin),
            _ => None,
        }
    }

    /// Its word in the catalogue.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Internal => "internal",
            Self::Admin => "admin",
        }
    }
}

impl Catalog {
    /// Whether an entry has exactly this type; aliases do not count, and endpoints may be missing.
    #[must_use]
    pub fn has_exactly(&self, kind: &str) -> bool {
        self.services.iter().any(|s| s.kind == kind)
    }

    /// All service types, each once, sorted.
    #[must_use]
    pub fn kinds(&self) -> Vec<String> {
        let mut kinds: Vec<String> = self.services.iter().map(|s| s.kind.clone()).collect();
        kinds.sort();
        kinds.dedup();
        kinds
    }

    /// The address for a service type: the type's own spelling first, then its official name, then aliases.
    #[must_use]
    pub fn endpoint(&self, kind: &str, interface: Interface, region: Option<&str>) -> Option<&Endpoint> {
        spellings(kind).iter().find_map(|spelling| {
            let entries = self.services.iter().filter(|s| s.kind == *spelling);
            entries.flat_map(|s| &s.endpoints).find(|e| {
                e.interface.strip_suffix("URL").unwrap_or(&e.interface) == interface.word()
                    && region.is_none_or(|wanted| e.is_in(wanted))
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn catalog() -> Catalog {
        let endpoint = |interface: &str, region: &str, url: &str| json!({"interface": interface, "region": region, "region_id": region, "url": url, "id": "x"});
        serde_json::from_value(json!([
            {"type": "volumev3", "name": "cinder", "id": "1", "endpoints": [
                endpoint("public", "north", "http://north"), endpoint("public", "south", "http://south"),
                endpoint("internal", "north", "http://inside")]},
            {"type": "dns", "name": "designate", "id": "2", "endpoints": []},
        ]))
        .unwrap_or_default()
    }

    #[test]
    fn an_alias_finds_the_service() {
        let found = catalog().endpoint("block-storage", Interface::Public, None).unwrap().url.clone();
        assert_eq!(found, "http://north");
    }

    #[test]
    fn region_and_interface_choose() {
        let catalog = catalog();
        let url = |i, r| catalog.endpoint("volumev3", i, r).map(|e| e.url.as_str());
        assert_eq!(url(Interface::Public, Some("south")), Some("http://south"));
        assert_eq!(url(Interface::Internal, None), Some("http://inside"));
        assert_eq!(url(Interface::Internal, Some("south")), None);
        assert_eq!(url(Interface::Admin, None), None);
    }

    #[test]
    fn presence_is_by_exact_type_and_needs_no_endpoint() {
        assert!(catalog().has_exactly("dns"));
        assert!(!catalog().has_exactly("block-storage"));
        assert_eq!(catalog().kinds(), ["dns", "volumev3"]);
    }

    #[test]
    fn old_interface_words_are_read() {
        assert_eq!(Interface::parse("publicURL"), Some(Interface::Public));
        assert_eq!(Interface::parse("private"), None);
    }
}
