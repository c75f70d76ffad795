//! `/flavors/{id}/os-flavor-access` and its actions.

use axum::extract::State;
use kogge_http::{ApiError, Auth, Json, Microversion, Path};
use kogge_ids::FlavorId;
use serde_json::{Value, json};

use crate::api::body::{Fields, Read};
use crate::{Compute, microversion as v};

fn answer((id, projects): (FlavorId, Vec<String>)) -> Json<Value> {
    let list: Vec<Value> =
        projects.iter().map(|project| json!({"flavor_id": id.as_str(), "tenant_id": project})).collect();
    Json(json!({ "flavor_access": list }))
}

/// `GET …/os-flavor-access`
pub(crate) async fn index(
    State(compute): State<Compute>,
    Auth(caller): Auth,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    Ok(answer(compute.flavor_access(&caller, &id).await?))
}

/// `POST /flavors/{id}/action`
pub(crate) async fn action(
    State(compute): State<Compute>,
    Auth(caller): Auth,
    version: Microversion,
    Path(id): Path<String>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, ApiError> {
    let fields = Fields::of(&body)?;
    let add = fields.has("addTenantAccess");
    let key = if add { "addTenantAccess" } else { "removeTenantAccess" };
    if !fields.has(key) {
        let name = body.as_object().and_then(|map| map.keys().next()).map_or("", String::as_str);
        return Err(ApiError::bad_request(format!("There is no such action: {name}")));
    }
    let project = tenant(&fields, key)?;
    let strict = version.has(v::NO_ACCESS_TO_PUBLIC);
    Ok(answer(compute.change_flavor_access(&caller, &id, &project, add, strict).await?))
}

fn tenant(fields: &Fields<'_>, key: &str) -> Read<String> {
    let change = fields.object(key)?;
    let project = change.required("tenant", change.text("tenant", 1, 255)?)?;
    change.finish()?;
    fields.finish()?;
    Ok(project)
}
