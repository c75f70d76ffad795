//! The service catalog as a client sees it.

use serde::Serialize;

use super::Snapshot;
use crate::model::Endpoint;

/// A service with its endpoints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CatalogService {
    /// Where it answers.
    pub endpoints: Vec<CatalogEndpoint>,
    /// Its id.
    pub id: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// An endpoint with its URL filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CatalogEndpoint {
    /// Its id.
    pub id: String,
    /// `admin`, `internal` or `public`.
    pub interface: &'static str,
    /// The region.
    pub region_id: Option<String>,
    /// The URL.
    pub url: String,
    /// The region again: old clients read this one.
    pub region: Option<String>,
}

impl Snapshot {
    /// Enabled services and endpoints. `root` is the address that the client used, without a path of a service
    /// (`https://cloud.example/prefix`); URLs kept as a path are joined to it. Endpoints that need a project are left out
    /// without one, as Keystone does.
    #[must_use]
    pub fn catalog(&self, root: &str, project_id: Option<&str>, user_id: &str) -> Vec<CatalogService> {
        let mut services: Vec<CatalogService> = Vec::new();
        for service in self.services.iter().filter(|service| service.enabled) {
            let own = self
                .endpoints
                .iter()
                .filter(|endpoint| endpoint.enabled && endpoint.service_id == service.id);
            let endpoints = own.filter_map(|endpoint| listed(endpoint, root, project_id, user_id)).collect();
            let (id, kind, name) = (service.id.clone(), service.kind.clone(), service.name().to_owned());
            services.push(CatalogService { endpoints, id, kind, name });
        }
        services
    }
}

fn listed(
    endpoint: &Endpoint,
    root: &str,
    project_id: Option<&str>,
    user_id: &str,
) -> Option<CatalogEndpoint> {
    let url = fill(&absolute(&endpoint.url, root), project_id, user_id)?;
    Some(CatalogEndpoint {
        id: endpoint.id.clone(),
        interface: endpoint.interface.as_str(),
        region_id: endpoint.region_id.clone(),
        url,
        region: endpoint.region_id.clone(),
    })
}

/// The URL of an endpoint on the address `root`.
#[must_use]
pub(crate) fn absolute(url: &str, root: &str) -> String {
    if url.starts_with('/') { format!("{}{url}", root.trim_end_matches('/')) } else { url.to_owned() }
}

/// Replaces `$(name)s` and `%(name)s`; `None` where a value is missing or a name unknown: such an endpoint is not shown.
/// Upstream: `keystone.common.utils.format_url`.
fn fill(url: &str, project_id: Option<&str>, user_id: &str) -> Option<String> {
    let mut filled = String::with_capacity(url.len());
    let mut rest = url;
    while let Some(at) = rest.find("$(").into_iter().chain(rest.find("%(")).min() {
        filled.push_str(&rest[..at]);
        let (name, after) = rest[at + 2..].split_once(")s")?;
        filled.push_str(match name {
            "project_id" | "tenant_id" => project_id?,
            "user_id" => user_id,
            _ => return None,
        });
        rest = after;
    }
    filled.push_str(rest);
    Some(filled)
}

/// True where [`fill`] can do something with every placeholder; an endpoint with others is refused when it is made.
#[must_use]
pub(crate) fn is_fillable(url: &str) -> bool {
    fill(url, Some("p"), "u").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Change, Extra, Interface, Service};

    fn snapshot(url: &str) -> Snapshot {
        let mut snapshot = Snapshot::default();
        let mut extra = Extra::new();
        extra.insert("name".to_owned(), "glance".into());
        snapshot.apply(&Change::Service(Service {
            id: "s".into(),
            kind: "image".into(),
            enabled: true,
            extra,
        }));
        snapshot.apply(&Change::Endpoint(Endpoint {
            id: "e".into(),
            service_id: "s".into(),
            interface: Interface::Public,
            region_id: Some("RegionOne".into()),
            url: url.into(),
            enabled: true,
            extra: Extra::new(),
        }));
        snapshot
    }

    fn urls(url: &str, root: &str, project: Option<&str>) -> Vec<String> {
        let catalog = snapshot(url).catalog(root, project, "u1");
        catalog.into_iter().flat_map(|service| service.endpoints).map(|endpoint| endpoint.url).collect()
    }

    #[test]
    fn paths_are_joined_to_the_address_that_the_client_used() {
        assert_eq!(urls("/image", "https://[::1]:8770/cloud", None), ["https://[::1]:8770/cloud/image"]);
        assert_eq!(urls("/image", "http://a/", None), ["http://a/image"]);
        assert_eq!(urls("http://other/x", "http://a", None), ["http://other/x"]);
    }

    #[test]
    fn placeholders_are_filled_and_endpoints_that_cannot_be_are_left_out() {
        assert_eq!(urls("/v3/$(project_id)s/x", "http://a", Some("p1")), ["http://a/v3/p1/x"]);
        assert_eq!(urls("/%(tenant_id)s/%(user_id)s", "http://a", Some("p1")), ["http://a/p1/u1"]);
        assert!(urls("/v3/$(project_id)s", "http://a", None).is_empty());
        assert!(!is_fillable("/v3/$(admin_password)s"));
        assert!(!is_fillable("/v3/$(project_id"));
    }

    #[test]
    fn disabled_services_are_not_shown() {
        let mut snapshot = snapshot("/image");
        let service = Service { enabled: false, ..(**snapshot.services.get("s").unwrap()).clone() };
        snapshot.apply(&Change::Service(service));
        assert!(snapshot.catalog("http://a", None, "u").is_empty());
    }

    #[test]
    fn an_entry_has_keystones_keys() {
        let json = serde_json::to_value(snapshot("/image").catalog("http://a", None, "u")).unwrap();
        let expected = serde_json::json!([{"id": "s", "type": "image", "name": "glance", "endpoints": [{
            "id": "e", "interface": "public", "region": "RegionOne", "region_id": "RegionOne", "url": "http://a/image"}]}]);
        assert_eq!(json, expected);
    }
}
