//! `/usages` and `/resource_providers/{id}/usages`

use std::collections::BTreeMap;

use axum::response::Response;
use kogge_http::ApiError;
use kogge_resource::Call;
use serde_json::{Map, Value, json};

use super::error::{provider_id, without_nul};
use crate::Placement;
use crate::microversion::CONSUMER_TYPE;
use crate::model::inventory::Resources;
use crate::reply::reply;
use crate::service::consumers::ByType;

/// What is used of a provider.
pub(super) async fn of_provider(call: Call<Placement>) -> Result<Response, ApiError> {
    let used = call.service.provider_usages(&call.caller, provider_id(call.key())?).await?;
    let body = json!({ "resource_provider_generation": used.generation, "usages": used.used });
    Ok(reply(&call, body))
}

/// What a project uses.
pub(super) async fn of_project(call: Call<Placement>) -> Result<Response, ApiError> {
    let typed = call.version.has(CONSUMER_TYPE);
    let known = |name: &str| matches!(name, "project_id" | "user_id") || (typed && name == "consumer_type");
    for (name, value) in call.query.iter() {
        without_nul(value)?;
        if !known(name) {
            return Err(ApiError::bad_request(format!(
                "Invalid query string parameters: '{name}' was unexpected"
            )));
        }
    }
    let project = call.query.get("project_id").filter(|id| !id.is_empty());
    let project = project.ok_or_else(|| {
        ApiError::bad_request("Invalid query string parameters: 'project_id' is a required property")
    })?;
    let usages = call.service.project_usages(&call.caller, project, call.query.get("user_id")).await?;
    let view =
        if typed { by_type(&usages, call.query.get("consumer_type")) } else { json!(sum(usages.values()).0) };
    Ok(reply(&call, json!({ "usages": view })))
}

fn sum<'u>(usages: impl Iterator<Item = &'u (Resources, i64)>) -> (Resources, i64) {
    usages.fold((Resources::new(), 0), |(mut all, consumers), (resources, count)| {
        for (class, amount) in resources {
            *all.entry(class.clone()).or_default() += amount;
        }
        (all, consumers + count)
    })
}

fn by_type(usages: &ByType, wanted: Option<&str>) -> Value {
    let view = |(resources, count): &(Resources, i64)| {
        let mut view: Map<String, Value> =
            resources.iter().map(|(class, n)| (class.clone(), json!(n))).collect();
        view.insert("consumer_count".to_owned(), json!(count));
        Value::Object(view)
    };
    if wanted == Some("all") {
        return if usages.is_empty() { json!({}) } else { json!({ "all": view(&sum(usages.values())) }) };
    }
    let name = |kind: &Option<String>| kind.clone().unwrap_or_else(|| "unknown".to_owned());
    let chosen = usages.iter().filter(|(kind, _)| wanted.is_none_or(|wanted| wanted == name(kind)));
    json!(chosen.map(|(kind, usage)| (name(kind), view(usage))).collect::<BTreeMap<String, Value>>())
}
