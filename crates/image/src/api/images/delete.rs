//! `DELETE /v2/images/{id}`

use axum::extract::State;
use http::StatusCode;
use kogge_http::{ApiError, Auth, Path};

use crate::Images;
use crate::error::Error;

/// Deletes an image.
pub(crate) async fn delete(
    State(images): State<Images>,
    Auth(caller): Auth,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let missing = || Error::NotFound { because: format!("Failed to find image {id} to delete") };
    images.delete_image(&caller, id.parse().map_err(|_| missing())?).await?;
    Ok(StatusCode::NO_CONTENT)
}
