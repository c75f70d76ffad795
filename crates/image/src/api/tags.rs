//! `/v2/images/{id}/tags/{tag}`

use http::StatusCode;
use kogge_http::ApiError;

use super::wire::attribute::tag as checked;
use crate::Images;
use crate::error::Error;
use kogge_resource::Call;

fn image_id(id: &str) -> Result<kogge_ids::ImageId, ApiError> {
    let missing = || Error::NotFound { because: format!("Image {id} not found.") };
    Ok(id.parse().map_err(|_| missing())?)
}

/// Adds a tag.
pub(super) async fn add(call: Call<Images>) -> Result<StatusCode, ApiError> {
    let [id, tag] = call.keys();
    checked(tag)?;
    call.service.add_tag(&call.caller, image_id(id)?, tag).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a tag.
pub(super) async fn remove(call: Call<Images>) -> Result<StatusCode, ApiError> {
    let [id, tag] = call.keys();
    call.service.remove_tag(&call.caller, image_id(id)?, tag).await?;
    Ok(StatusCode::NO_CONTENT)
}
