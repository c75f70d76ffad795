//! `GET /servers/{id}`.

use axum::extract::State;
use kogge_http::{ApiError, Auth, BaseUrl, Json, Microversion, Pairs, Path};
use serde_json::{Value, json};

use crate::api::query;
use crate::api::wire::server::{Parts, Viewer, detail};
use crate::{Compute, microversion as v, policy};

/// `GET /servers/{id}`
pub(crate) async fn show(
    State(compute): State<Compute>,
    Auth(caller): Auth,
    version: Microversion,
    base: BaseUrl,
    Path(id): Path<String>,
    pairs: Pairs,
) -> Result<Json<Value>, ApiError> {
    query::only(&pairs, &[], version, v::FLAVOR_CLEANUP)?;
    let server = compute.server(&caller, &id, &policy::SERVERS_SHOW).await?;
    let details = compute.detail_for(&caller, server).await?;
    let viewer = Viewer { caller: &caller, version, base: &base };
    Ok(Json(json!({ "server": detail(&details, viewer, Parts::SHOW) })))
}
