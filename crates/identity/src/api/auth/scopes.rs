//! `/v3/auth/{projects,domains,system,catalog}`.

use axum::response::{IntoResponse, Response};
use kogge_http::{ApiError, Json};
use kogge_resource::Call;
use kogge_resource::keystone::links;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::resources::domains::Domains;
use crate::resources::projects::Projects;
use crate::resources::whole;
use crate::service::Identity;

#[derive(Serialize)]
struct Catalog<'a> {
    catalog: &'a RawValue,
    links: Value,
}

/// `GET /v3/auth/projects`.
pub(in crate::api) async fn projects(call: Call<Identity>) -> Result<Json<Value>, ApiError> {
    Ok(whole::<Projects>(&call, call.service.own_projects(&call.caller)?).await?)
}

/// `GET /v3/auth/domains`.
pub(in crate::api) async fn domains(call: Call<Identity>) -> Result<Json<Value>, ApiError> {
    Ok(whole::<Domains>(&call, call.service.own_domains(&call.caller)?).await?)
}

/// `GET /v3/auth/system`.
pub(in crate::api) async fn system(call: Call<Identity>) -> Result<Json<Value>, ApiError> {
    let all = call.service.own_system(&call.caller)?;
    let system = if all { json!([{ "all": true }]) } else { json!([]) };
    Ok(Json(json!({ "system": system, "links": links(&call, "/v3/auth/system") })))
}

/// `GET /v3/auth/catalog`.
pub(in crate::api) async fn catalog(call: Call<Identity>) -> Result<Response, ApiError> {
    let catalog = call.service.own_catalog(&call.caller, call.base.root())?;
    Ok(Json(Catalog { catalog: &catalog, links: links(&call, "/v3/auth/catalog") }).into_response())
}
