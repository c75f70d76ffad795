//! `/v2/images/{id}/tags/{tag}`

use axum::extract::State;
use http::StatusCode;
use kogge_http::{ApiError, Auth, Path};

use super::wire::attribute::tag as checked;
use crate::Images;
use crate::error::Error;

fn image_id(id: &str) -> Result<kogge_ids::ImageId, ApiError> {
    let missing = || Error::NotFound { because: format!("Image {id} not found.") };
    Ok(id.parse().map_err(|_| missing())?)
}

/// Adds a tag.
pub(super) async fn add(
    State(images): State<Images>,
    Auth(caller): Auth,
    Path((id, tag)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    checked(&tag)?;
    images.add_tag(&caller, image_id(&id)?, &tag).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a tag.
pub(super) async fn remove(
    State(images): State<Images>,
    Auth(caller): Auth,
    Path((id, tag)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    images.remove_tag(&caller, image_id(&id)?, &tag).await?;
    Ok(StatusCode::NO_CONTENT)
}
