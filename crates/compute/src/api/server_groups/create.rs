//! `POST /os-server-groups`.

use axum::extract::State;
use kogge_http::{ApiError, Auth, Json, Microversion};
use serde_json::{Value, json};

use crate::Compute;
use crate::api::wire::server_group::{read, view};

/// `POST /os-server-groups`
pub(crate) async fn create(
    State(compute): State<Compute>,
    Auth(caller): Auth,
    version: Microversion,
    Json(body): Json<Value>,
) -> Result<Json<Value>, ApiError> {
    let group = compute.create_server_group(&caller, read(&body, version)?).await?;
    Ok(Json(json!({ "server_group": view(&group, &[], version) })))
}
