//! `/flavors/{id}/os-flavor-access` and its actions.

use kogge_http::{ApiError, Json};
use kogge_ids::FlavorId;
use kogge_resource::Call;
use serde_json::{Value, json};

use crate::api::body::{Fields, Read};
use crate::{Compute, microversion as v};

fn answer((id, projects): (FlavorId, Vec<String>)) -> Json<Value> {
    let list: Vec<Value> =
        projects.iter().map(|project| json!({"flavor_id": id.as_str(), "tenant_id": project})).collect();
    Json(json!({ "flavor_access": list }))
}

/// `GET …/os-flavor-access`
pub(crate) async fn index(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    let id = call.key();
    Ok(answer(call.service.flavor_access(&call.caller, id).await?))
}

/// `POST /flavors/{id}/action`
pub(crate) async fn action(call: Call<Compute>, Json(body): Json<Value>) -> Result<Json<Value>, ApiError> {
    let id = call.key();
    let fields = Fields::of(&body)?;
    let add = fields.has("addTenantAccess");
    let key = if add { "addTenantAccess" } else { "removeTenantAccess" };
    if !fields.has(key) {
        let name = body.as_object().and_then(|map| map.keys().next()).map_or("", String::as_str);
        return Err(ApiError::bad_request(format!("There is no such action: {name}")));
    }
    let project = tenant(&fields, key)?;
    let strict = call.version.has(v::NO_ACCESS_TO_PUBLIC);
    Ok(answer(call.service.change_flavor_access(&call.caller, id, &project, add, strict).await?))
}

fn tenant(fields: &Fields<'_>, key: &str) -> Read<String> {
    let change = fields.object(key)?;
    let project = change.required("tenant", change.text("tenant", 1, 255)?)?;
    change.finish()?;
    fields.finish()?;
    Ok(project)
}
