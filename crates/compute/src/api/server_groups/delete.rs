//! `DELETE /os-server-groups/{id}`.

use axum::extract::State;
use http::StatusCode;
use kogge_http::{ApiError, Auth, Path};

use crate::Compute;

/// `DELETE /os-server-groups/{id}`
pub(crate) async fn delete(
    State(compute): State<Compute>,
    Auth(caller): Auth,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    compute.delete_server_group(&caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
