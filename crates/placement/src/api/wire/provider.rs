//! Providers on the wire.

use kogge_http::{BaseUrl, Microversion, Patch};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::api::reply::path_of;
use crate::microversion::{AGGREGATES, ALLOCATIONS_LINK, TRAITS, TREES};
use crate::model::provider::Provider;

/// The body of a new provider, or of a change.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Body {
    /// Its name.
    pub(crate) name: String,
    /// An id of the maker's choice.
    pub(crate) uuid: Option<String>,
    /// The provider it is part of.
    #[serde(default)]
    pub(crate) parent_provider_uuid: Patch<String>,
}

/// The view.
pub(crate) fn view(provider: &Provider, base: &BaseUrl, version: Microversion) -> Value {
    let url = path_of(base, &format!("/resource_providers/{}", provider.id));
    let rels = [
        ("inventories", true),
        ("usages", true),
        ("aggregates", version.has(AGGREGATES)),
        ("traits", version.has(TRAITS)),
        ("allocations", version.has(ALLOCATIONS_LINK)),
    ];
    let mut links = vec![json!({ "rel": "self", "href": url })];
    let shown = rels.iter().filter(|(_, shown)| *shown);
    links.extend(shown.map(|(rel, _)| json!({ "rel": rel, "href": format!("{url}/{rel}") })));
    let mut view = Map::new();
    view.insert("uuid".into(), json!(provider.id));
    view.insert("name".into(), json!(provider.name));
    view.insert("generation".into(), json!(provider.generation));
    view.insert("links".into(), Value::Array(links));
    if version.has(TREES) {
        view.insert("parent_provider_uuid".into(), json!(provider.parent));
        view.insert("root_provider_uuid".into(), json!(provider.root));
    }
    Value::Object(view)
}
