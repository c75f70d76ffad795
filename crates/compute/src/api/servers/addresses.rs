//! `/servers/{id}/ips`.

use kogge_http::{ApiError, Json};
use kogge_resource::Call;
use serde_json::{Value, json};

use crate::api::query;
use crate::api::wire::address;
use crate::{Compute, microversion as v};

/// `GET …/ips`
pub(crate) async fn index(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    query::only(&call.query, &[], call.version, v::FLAVOR_CLEANUP)?;
    let server = call.service.server(&call.caller, call.key(), &call.rule).await?;
    let details = call.service.detail(server).await?;
    Ok(Json(json!({ "addresses": address::of(&details.ports, false) })))
}

/// `GET …/ips/{network}`
pub(crate) async fn show(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    let [id, network] = call.keys();
    let server = call.service.server(&call.caller, id, &call.rule).await?;
    let details = call.service.detail(server).await?;
    let addresses = address::of(&details.ports, false);
    let found = addresses.0.into_iter().find(|(name, _)| *name == network);
    let missing = || ApiError::not_found("Instance is not a member of specified network");
    let (name, list) = found.ok_or_else(missing)?;
    Ok(Json(json!({ name: list })))
}
