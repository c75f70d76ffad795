//! `GET /servers/{id}`.

use kogge_http::{ApiError, Json};
use kogge_resource::Call;
use serde_json::{Value, json};

use crate::api::query;
use crate::api::wire::server::{Parts, Viewer, detail};
use crate::{Compute, microversion as v};

/// `GET /servers/{id}`
pub(crate) async fn show(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    query::only(&call.query, &[], call.version, v::FLAVOR_CLEANUP)?;
    let server = call.service.server(&call.caller, call.key(), &call.rule).await?;
    let details = call.service.detail_for(&call.caller, server).await?;
    let viewer = Viewer { caller: &call.caller, version: call.version, base: &call.base };
    Ok(Json(json!({ "server": detail(&details, viewer, Parts::SHOW) })))
}
