//! `GET /allocation_candidates`: which providers take a request, each alone.

use std::collections::BTreeMap;

use axum::response::Response;
use kogge_http::{ApiError, Microversion};
use kogge_resource::Call;
use serde_json::{Value, json};

use crate::Placement;
use crate::microversion as since;
use crate::model::bounds;
use crate::model::inventory::Resources;
use crate::model::request::Supply;
use crate::reply::reply;
use crate::resources::question::{Asked, limit, question};

/// Lists candidates.
pub(super) async fn list(call: Call<Placement>) -> Result<Response, ApiError> {
    let question = question(&call.query, Asked::Candidates, call.version)?;
    let most = limit(&call.query)?;
    let mut found = call.service.select_candidates(&call.caller, &question).await?;
    found.truncate(most.min(bounds::CANDIDATES));
    let asked = &question.request.resources;
    let requests: Vec<Value> = found.iter().map(|one| request(one, asked, call.version)).collect();
    let summaries: BTreeMap<String, Value> =
        found.iter().map(|one| (one.provider.id.to_string(), summary(one, asked, call.version))).collect();
    let body = json!({ "allocation_requests": requests, "provider_summaries": summaries });
    Ok(reply(&call, body))
}

fn request(one: &Supply, asked: &Resources, version: Microversion) -> Value {
    let id = one.provider.id.to_string();
    if !version.has(since::ALLOCATIONS_BY_PROVIDER) {
        return json!({ "allocations": [{ "resource_provider": { "uuid": id }, "resources": asked }] });
    }
    let mut request = json!({ "allocations": { id.as_str(): { "resources": asked } } });
    if version.has(since::MAPPINGS) {
        request["mappings"] = json!({ "": [id] });
    }
    request
}

fn summary(one: &Supply, asked: &Resources, version: Microversion) -> Value {
    let shown = |class: &str| version.has(since::ALL_CLASSES_IN_SUMMARY) || asked.contains_key(class);
    let resources: BTreeMap<&str, Value> = one
        .inventories
        .iter()
        .filter(|inventory| shown(&inventory.class))
        .map(|inventory| {
            let used = one.used.get(&inventory.class).copied().unwrap_or(0);
            (inventory.class.as_str(), json!({ "capacity": inventory.capacity(), "used": used }))
        })
        .collect();
    let mut summary = json!({ "resources": resources });
    if version.has(since::CANDIDATES_REQUIRED) {
        summary["traits"] = json!(one.traits);
    }
    if version.has(since::TREES_IN_SUMMARY) {
        summary["parent_provider_uuid"] = json!(one.provider.parent);
        summary["root_provider_uuid"] = json!(one.provider.root);
    }
    summary
}
