//! `DELETE /servers/{id}`.

use http::StatusCode;
use kogge_http::ApiError;

use crate::Compute;
use kogge_resource::Call;

/// `DELETE /servers/{id}`
pub(crate) async fn delete(call: Call<Compute>) -> Result<StatusCode, ApiError> {
    call.service.delete_server(&call.caller, call.key(), false).await?;
    Ok(StatusCode::NO_CONTENT)
}
