//! `POST /v2/images/{id}/actions/deactivate` and `…/reactivate`

use http::StatusCode;
use kogge_http::ApiError;

use crate::Images;
use crate::api::error::image_id;
use kogge_resource::Call;

/// Takes an image out of service.
pub(crate) async fn deactivate(call: Call<Images>) -> Result<StatusCode, ApiError> {
    call.service.set_active(&call.caller, image_id(call.key())?, false).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Puts it back.
pub(crate) async fn reactivate(call: Call<Images>) -> Result<StatusCode, ApiError> {
    call.service.set_active(&call.caller, image_id(call.key())?, true).await?;
    Ok(StatusCode::NO_CONTENT)
}
