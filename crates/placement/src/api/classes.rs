//! `/resource_classes`

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kogge_http::{ApiError, BaseUrl, Json, OptionalJson};
use kogge_resource::Call;
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
pub(super) async fn list(call: Call<Placement>) -> Result<Response, ApiError> {
    let names = call.service.names(&call.caller, &policy::CLASSES_LIST, Kind::Class).await?;
    let views: Vec<Value> = names.iter().map(|name| view(&call.base, name)).collect();
    Ok(reply(call.version, call.service.now(), json!({ "resource_classes": views })))
}

/// Makes a custom class.
pub(super) async fn create(
    call: Call<Placement>,
    Json(Body { name }): Json<Body>,
) -> Result<Response, ApiError> {
    custom(&name)?;
    if !call.service.make_name(&call.caller, &policy::CLASSES_CREATE, Kind::Class, &name).await? {
        return Err(ApiError::conflict(format!("Conflicting resource class already exists: {name}")));
    }
    Ok(made(StatusCode::CREATED, &call.base, &format!("/resource_classes/{name}")))
}

/// Shows one.
pub(super) async fn show(call: Call<Placement>) -> Result<Response, ApiError> {
    let name = call.key();
    call.service.name_exists(&call.caller, &policy::CLASSES_SHOW, Kind::Class, name).await?;
    Ok(reply(call.version, call.service.now(), view(&call.base, name)))
}

/// Makes one without body (since 1.7), or renames one (before).
pub(super) async fn update(
    call: Call<Placement>,
    OptionalJson(body): OptionalJson<Body>,
) -> Result<Response, ApiError> {
    let name = call.key();
    if call.version.has(PUT_CLASS) {
        custom(name)?;
        let new = call.service.make_name(&call.caller, &policy::CLASSES_UPDATE, Kind::Class, name).await?;
        let status = if new { StatusCode::CREATED } else { StatusCode::NO_CONTENT };
        return Ok(made(status, &call.base, &format!("/resource_classes/{name}")));
    }
    let new = body
        .ok_or_else(|| ApiError::bad_request("JSON does not validate: 'name' is a required property"))?
        .name;
    custom(&new)?;
    call.service.rename_class(&call.caller, &policy::CLASSES_UPDATE, name, &new).await?;
    Ok(Json(view(&call.base, &new)).into_response())
}

/// Deletes a custom class.
pub(super) async fn delete(call: Call<Placement>) -> Result<StatusCode, ApiError> {
    let name = call.key();
    if !is_name(name) {
        return Err(ApiError::not_found(format!("No such resource class {name}.")));
    }
    call.service.delete_name(&call.caller, &policy::CLASSES_DELETE, Kind::Class, name).await?;
    Ok(StatusCode::NO_CONTENT)
}
