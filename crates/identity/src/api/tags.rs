//! `/v3/projects/{project_id}/tags`.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use kogge_http::{ApiError, Auth, Json, Path};
use serde::{Deserialize, Serialize};

use super::place::Place;
use super::wire::Links;
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
pub(super) async fn list(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let tags = identity.list_tags(&caller, &id)?;
    Ok(Json(Tags { tags, links: Links { itself: place.itself() } }).into_response())
}

/// `PUT`.
pub(super) async fn replace(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Path(id): Path<String>,
    Json(body): Json<Replace>,
) -> Result<Response, ApiError> {
    let tags = identity.replace_tags(&caller, &id, &body.tags).await?;
    Ok(Json(Tags { tags, links: Links { itself: place.itself() } }).into_response())
}

/// `DELETE` of all.
pub(super) async fn clear(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    identity.clear_tags(&caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET` and `HEAD` of one.
pub(super) async fn check(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    Path((id, tag)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    identity.check_tag(&caller, &id, &tag)?;
    Ok(StatusCode::NO_CONTENT)
}

/// `PUT` of one.
pub(super) async fn add(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Path((id, tag)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    identity.add_tag(&caller, &id, &tag).await?;
    let mut response = StatusCode::CREATED.into_response();
    if let Ok(location) = HeaderValue::from_str(&place.itself()) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// `DELETE` of one.
pub(super) async fn remove(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    Path((id, tag)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    identity.remove_tag(&caller, &id, &tag).await?;
    Ok(StatusCode::NO_CONTENT)
}
