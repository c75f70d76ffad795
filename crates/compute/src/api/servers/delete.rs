//! `DELETE /servers/{id}`.

use axum::extract::State;
use http::StatusCode;
use kogge_http::{ApiError, Auth, Path};

use crate::Compute;

/// `DELETE /servers/{id}`
pub(crate) async fn delete(
    State(compute): State<Compute>,
    Auth(caller): Auth,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    compute.delete_server(&caller, &id, false).await?;
    Ok(StatusCode::NO_CONTENT)
}
