//! What servers have elsewhere and not here: NUMA cells. Clients ask for it all the same, and know what these answers
//! mean.

use kogge_http::{ApiError, Json};
use kogge_resource::Call;
use serde_json::{Value, json};

use crate::Compute;

/// Refuses where the caller may not look at the server of the path.
async fn look(call: &Call<Compute>) -> Result<(), ApiError> {
    Ok(call.service.server(&call.caller, call.key(), &call.rule).await.map(drop)?)
}

/// `GET /servers/{id}/topology`: a guest has no NUMA cells.
pub(crate) async fn topology(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    look(&call).await?;
    Ok(Json(json!({ "nodes": [], "pagesize_kb": null })))
}
