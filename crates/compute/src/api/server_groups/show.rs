//! `GET /os-server-groups/{id}`.

use axum::extract::State;
use kogge_http::{ApiError, Auth, Json, Microversion, Pairs, Path};
use serde_json::{Value, json};

use crate::api::query;
use crate::api::wire::server_group::view;
use crate::{Compute, microversion as v};

/// `GET /os-server-groups/{id}`
pub(crate) async fn show(
    State(compute): State<Compute>,
    Auth(caller): Auth,
    version: Microversion,
    Path(id): Path<String>,
    pairs: Pairs,
) -> Result<Json<Value>, ApiError> {
    query::only(&pairs, &[], version, v::FLAVOR_CLEANUP)?;
    let (group, members) = compute.server_group(&caller, &id).await?;
    Ok(Json(json!({ "server_group": view(&group, &members, version) })))
}
