//! `/servers/{id}/tags`, since 2.26.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use kogge_http::{ApiError, Auth, BaseUrl, Json, Microversion, Pairs, Path};
use serde_json::{Value, json};

use super::create::tag;
use crate::api::body::Fields;
use crate::api::{links, query};
use crate::{Compute, microversion as v, policy};

/// `GET …/tags`
pub(crate) async fn index(
    State(compute): State<Compute>,
    Auth(caller): Auth,
    version: Microversion,
    Path(id): Path<String>,
    pairs: Pairs,
) -> Result<Json<Value>, ApiError> {
    query::only(&pairs, &[], version, v::FLAVOR_CLEANUP)?;
    let server = compute.server(&caller, &id, &policy::TAGS_INDEX).await?;
    Ok(Json(json!({ "tags": server.tags })))
}

/// `GET …/tags/{tag}`
pub(crate) async fn show(
    State(compute): State<Compute>,
    Auth(caller): Auth,
    Path((id, tag)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let server = compute.server(&caller, &id, &policy::TAGS_SHOW).await?;
    let known = server.tags.contains(&tag);
    known
        .then_some(StatusCode::NO_CONTENT)
        .ok_or_else(|| ApiError::not_found(format!("Server {id} has no tag '{tag}'")))
}

/// `PUT …/tags`
pub(crate) async fn replace(
    State(compute): State<Compute>,
    Auth(caller): Auth,
    Path(id): Path<String>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, ApiError> {
    let fields = Fields::of(&body)?;
    let list = fields.required("tags", fields.list("tags")?)?;
    let tags = list.iter().map(tag).collect::<Result<Vec<_>, _>>()?;
    fields.finish()?;
    let tags = compute.set_tags(&caller, &id, &tags).await?;
    Ok(Json(json!({ "tags": tags })))
}

/// `PUT …/tags/{tag}`: 201 for a new one, 204 for one that was there.
pub(crate) async fn add(
    State(compute): State<Compute>,
    Auth(caller): Auth,
    base: BaseUrl,
    Path((id, name)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    tag(&Value::from(name.as_str())).map_err(|error| {
        ApiError::bad_request(format!("Tag '{name}' is invalid. It must be a non empty string without characters '/' and ','. Validation error message: {}", error.message()))
    })?;
    if !compute.add_tag(&caller, &id, &name).await? {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let mut response = StatusCode::CREATED.into_response();
    let location = base.join(&format!("{}/servers/{id}/tags/{name}", links::ROOT));
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// `DELETE …/tags/{tag}`
pub(crate) async fn delete(
    State(compute): State<Compute>,
    Auth(caller): Auth,
    Path((id, tag)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    compute.delete_tags(&caller, &id, Some(&tag)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE …/tags`
pub(crate) async fn delete_all(
    State(compute): State<Compute>,
    Auth(caller): Auth,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    compute.delete_tags(&caller, &id, None).await?;
    Ok(StatusCode::NO_CONTENT)
}
