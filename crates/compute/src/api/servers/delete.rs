//! `DELETE /servers/{id}`.

use http::StatusCode;
use kogge_http::ApiError;

use crate::Compute;
use kogge_resource::Call;

/// `DELETE /servers/{id}`
pub(crate) async fn delete(call: Call<Compute>) -> Result<StatusCode, ApiError> {
    let id = call.key();
    call.service.delete_server(&call.caller, id, false).await?;
    Ok(StatusCode::NO_CONTENT)
}
