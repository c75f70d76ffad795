//! `DELETE /v2/images/{id}`

use http::StatusCode;
use kogge_http::ApiError;

use crate::Images;
use crate::error::Error;
use kogge_resource::Call;

/// Deletes an image.
pub(crate) async fn delete(call: Call<Images>) -> Result<StatusCode, ApiError> {
    let id = call.key();
    let missing = || Error::NotFound { because: format!("Failed to find image {id} to delete") };
    call.service.delete_image(&call.caller, id.parse().map_err(|_| missing())?).await?;
    Ok(StatusCode::NO_CONTENT)
}
