//! `/resource_classes`

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kogge_http::{ApiError, Auth, BaseUrl, Json, Microversion, OptionalJson, Path};
use serde::Deserialize;
use serde_json::{Value, json};

use super::reply::{made, path_of, reply};
use crate::microversion::PUT_CLASS;
use crate::model::names::{is_custom, is_name};
use crate::store::names::Kind;
use crate::{Placement, policy};

/// A class in a body.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Body {
    name: String,
}

fn view(base: &BaseUrl, name: &str) -> Value {
    let href = path_of(base, &format!("/resource_classes/{name}"));
    json!({ "name": name, "links": [{ "rel": "self", "href": href }] })
}

fn custom(name: &str) -> Result<(), ApiError> {
    if is_custom(name) {
        return Ok(());
    }
    let pattern = "^CUSTOM\\_[A-Z0-9_]+$";
    Err(ApiError::bad_request(format!("JSON does not validate: '{name}' does not match '{pattern}'")))
}

/// Lists classes.
pub(super) async fn list(
    State(placement): State<Placement>,
    Auth(caller): Auth,
    version: Microversion,
    base: BaseUrl,
) -> Result<Response, ApiError> {
    let names = placement.names(&caller, &policy::CLASSES_LIST, Kind::Class).await?;
    let views: Vec<Value> = names.iter().map(|name| view(&base, name)).collect();
    Ok(reply(version, placement.now(), json!({ "resource_classes": views })))
}

/// Makes a custom class.
pub(super) async fn create(
    State(placement): State<Placement>,
    Auth(caller): Auth,
    base: BaseUrl,
    Json(Body { name }): Json<Body>,
) -> Result<Response, ApiError> {
    custom(&name)?;
    if !placement.make_name(&caller, &policy::CLASSES_CREATE, Kind::Class, &name).await? {
        return Err(ApiError::conflict(format!("Conflicting resource class already exists: {name}")));
    }
    Ok(made(StatusCode::CREATED, &base, &format!("/resource_classes/{name}")))
}

/// Shows one.
pub(super) async fn show(
    State(placement): State<Placement>,
    Auth(caller): Auth,
    version: Microversion,
    base: BaseUrl,
    Path(name): Path<String>,
) -> Result<Response, ApiError> {
    placement.name_exists(&caller, &policy::CLASSES_SHOW, Kind::Class, &name).await?;
    Ok(reply(version, placement.now(), view(&base, &name)))
}

/// Makes one without body (since 1.7), or renames one (before).
pub(super) async fn update(
    State(placement): State<Placement>,
    Auth(caller): Auth,
    version: Microversion,
    base: BaseUrl,
    Path(name): Path<String>,
    OptionalJson(body): OptionalJson<Body>,
) -> Result<Response, ApiError> {
    if version.has(PUT_CLASS) {
        custom(&name)?;
        let new = placement.make_name(&caller, &policy::CLASSES_UPDATE, Kind::Class, &name).await?;
        let status = if new { StatusCode::CREATED } else { StatusCode::NO_CONTENT };
        return Ok(made(status, &base, &format!("/resource_classes/{name}")));
    }
    let new = body
        .ok_or_else(|| ApiError::bad_request("JSON does not validate: 'name' is a required property"))?
        .name;
    custom(&new)?;
    placement.rename_class(&caller, &policy::CLASSES_UPDATE, &name, &new).await?;
    Ok(Json(view(&base, &new)).into_response())
}

/// Deletes a custom class.
pub(super) async fn delete(
    State(placement): State<Placement>,
    Auth(caller): Auth,
    Path(name): Path<String>,
) -> Result<StatusCode, ApiError> {
    if !is_name(&name) {
        return Err(ApiError::not_found(format!("No such resource class {name}.")));
    }
    placement.delete_name(&caller, &policy::CLASSES_DELETE, Kind::Class, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
