//! `POST /v2/images/{id}/actions/deactivate` and `…/reactivate`

use axum::extract::State;
use http::StatusCode;
use kogge_http::{ApiError, Auth, Path};

use crate::Images;
use crate::api::error::image_id;

/// Takes an image out of service.
pub(crate) async fn deactivate(
    State(images): State<Images>,
    Auth(caller): Auth,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    images.set_active(&caller, image_id(&id)?, false).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Puts it back.
pub(crate) async fn reactivate(
    State(images): State<Images>,
    Auth(caller): Auth,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    images.set_active(&caller, image_id(&id)?, true).await?;
    Ok(StatusCode::NO_CONTENT)
}
