//! `/v3/projects/{project_id}/tags`.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use kogge_http::{ApiError, Json};
use kogge_resource::Call;
use serde::{Deserialize, Serialize};

use super::wire::Links;
use crate::api::place::Placed as _;
use crate::service::Identity;

#[derive(Serialize)]
struct Tags {
    tags: Vec<String>,
    links: Links,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Replace {
    tags: Vec<String>,
}

/// `GET`.
pub(super) async fn list(call: Call<Identity>) -> Result<Response, ApiError> {
    let id = call.key();
    let tags = call.service.list_tags(&call.caller, id)?;
    Ok(Json(Tags { tags, links: Links { itself: call.itself() } }).into_response())
}

/// `PUT`.
pub(super) async fn replace(call: Call<Identity>, Json(body): Json<Replace>) -> Result<Response, ApiError> {
    let id = call.key();
    let tags = call.service.replace_tags(&call.caller, id, &body.tags).await?;
    Ok(Json(Tags { tags, links: Links { itself: call.itself() } }).into_response())
}

/// `DELETE` of all.
pub(super) async fn clear(call: Call<Identity>) -> Result<StatusCode, ApiError> {
    let id = call.key();
    call.service.clear_tags(&call.caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET` and `HEAD` of one.
pub(super) async fn check(call: Call<Identity>) -> Result<StatusCode, ApiError> {
    let [id, tag] = call.keys();
    call.service.check_tag(&call.caller, id, tag)?;
    Ok(StatusCode::NO_CONTENT)
}

/// `PUT` of one.
pub(super) async fn add(call: Call<Identity>) -> Result<Response, ApiError> {
    let [id, tag] = call.keys();
    call.service.add_tag(&call.caller, id, tag).await?;
    let mut response = StatusCode::CREATED.into_response();
    if let Ok(location) = HeaderValue::from_str(&call.itself()) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// `DELETE` of one.
pub(super) async fn remove(call: Call<Identity>) -> Result<StatusCode, ApiError> {
    let [id, tag] = call.keys();
    call.service.remove_tag(&call.caller, id, tag).await?;
    Ok(StatusCode::NO_CONTENT)
}
