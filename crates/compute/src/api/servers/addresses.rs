//! `/servers/{id}/ips`.

use axum::extract::State;
use kogge_http::{ApiError, Auth, Json, Microversion, Pairs, Path};
use serde_json::{Value, json};

use crate::api::query;
use crate::api::wire::address;
use crate::{Compute, microversion as v, policy};

/// `GET …/ips`
pub(crate) async fn index(
    State(compute): State<Compute>,
    Auth(caller): Auth,
    version: Microversion,
    Path(id): Path<String>,
    pairs: Pairs,
) -> Result<Json<Value>, ApiError> {
    query::only(&pairs, &[], version, v::FLAVOR_CLEANUP)?;
    let server = compute.server(&caller, &id, &policy::IPS_INDEX).await?;
    let details = compute.detail(server).await?;
    Ok(Json(json!({ "addresses": address::of(&details.ports, false) })))
}

/// `GET …/ips/{network}`
pub(crate) async fn show(
    State(compute): State<Compute>,
    Auth(caller): Auth,
    Path((id, network)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let server = compute.server(&caller, &id, &policy::IPS_SHOW).await?;
    let details = compute.detail(server).await?;
    let addresses = address::of(&details.ports, false);
    let found = addresses.0.into_iter().find(|(name, _)| *name == network);
    let missing = || ApiError::not_found("Instance is not a member of specified network");
    let (name, list) = found.ok_or_else(missing)?;
    Ok(Json(json!({ name: list })))
}
