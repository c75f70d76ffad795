//! `/v2/images/{id}/members`

use axum::extract::State;
use http::StatusCode;
use kogge_http::{ApiError, Auth, Json, Path};
use serde_json::{Value, json};

use super::error::{image_id, without_nul};
use super::wire::member::view;
use crate::Images;
use crate::model::member::Answer;

/// Longest id of a project.
const LONGEST: usize = 255;

/// Lists members.
pub(super) async fn list(
    State(images): State<Images>,
    Auth(caller): Auth,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let members = images.list_members(&caller, image_id(&id)?).await?;
    let views: Vec<Value> = members.iter().map(view).collect();
    Ok(Json(json!({ "members": views, "schema": "/v2/schemas/members" })))
}

/// Shares an image with a project.
pub(super) async fn create(
    State(images): State<Images>,
    Auth(caller): Auth,
    Path(id): Path<String>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, ApiError> {
    let member = match body.as_object().map(|body| body.get("member")) {
        None => {
            return Err(ApiError::bad_request("Expected a member in the form: {\"member\": \"image_id\"}"));
        }
        Some(None) => return Err(ApiError::bad_request("Member to be added not specified")),
        Some(Some(member)) => member.as_str().filter(|text| !text.is_empty()),
    };
    let member = member.ok_or_else(|| ApiError::bad_request("Member can't be empty"))?;
    without_nul(member)?;
    if member.chars().count() > LONGEST {
        return Err(ApiError::bad_request(format!("A member has {LONGEST} characters at most.")));
    }
    Ok(Json(view(&images.add_member(&caller, image_id(&id)?, member).await?)))
}

/// Shows a membership.
pub(super) async fn show(
    State(images): State<Images>,
    Auth(caller): Auth,
    Path((id, member)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    without_nul(&member)?;
    Ok(Json(view(&images.show_member(&caller, image_id(&id)?, &member).await?)))
}

/// A member accepts or rejects.
pub(super) async fn update(
    State(images): State<Images>,
    Auth(caller): Auth,
    Path((id, member)): Path<(String, String)>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, ApiError> {
    without_nul(&member)?;
    let status = match body.as_object().map(|body| body.get("status")) {
        None => return Err(ApiError::bad_request("Expected a status in the form: {\"status\": \"status\"}")),
        Some(None) => return Err(ApiError::bad_request("Status not specified")),
        Some(Some(status)) => status.as_str().and_then(Answer::parse),
    };
    let refused = "Incorrect request: Status must be \"pending\", \"accepted\" or \"rejected\".";
    let answer = status.ok_or_else(|| ApiError::bad_request(refused))?;
    Ok(Json(view(&images.answer_member(&caller, image_id(&id)?, &member, answer).await?)))
}

/// Stops sharing.
pub(super) async fn delete(
    State(images): State<Images>,
    Auth(caller): Auth,
    Path((id, member)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    without_nul(&member)?;
    images.remove_member(&caller, image_id(&id)?, &member).await?;
    Ok(StatusCode::NO_CONTENT)
}
