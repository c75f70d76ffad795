//! Prefixes of subnet pools one by one: `PUT …/add_prefixes` and `…/remove_prefixes`. Upstream: extension
//! `subnetpool-prefix-ops`, `neutron/db/db_base_plugin_v2.py`.

use ipnet::IpNet;
use kogge_db::record::Json as Column;
use kogge_db::{Record as _, Tx};
use kogge_http::{ApiError, Json};
use kogge_resource::neutron::check;
use kogge_resource::{Call, Loaded, Refused, Service as _};
use serde_json::{Value, json};

use super::{SubnetPools, aggregated, fits, scope_is_own};
use crate::Networking;
use crate::error::{Error, Result};
use crate::model::address::{overlap, without};
use crate::store::networks as store;
use crate::store::rows::SubnetPool;

/// Most prefixes that are left of a pool: each that is taken out of the middle of another cuts that into many.
const MOST: usize = 1000;

/// The ranges in `{"prefixes": […]}`, of which there must be one.
fn asked(body: &Value) -> Result<Vec<IpNet>> {
    let bad = |reason: String| Error::Attribute(reason);
    let listed = body.get("prefixes").filter(|list| list.as_array().is_some_and(|items| !items.is_empty()));
    let listed = listed.ok_or_else(|| bad("Request body contains invalid data".to_owned()))?;
    let ranges = check::ranges(listed.clone()).map_err(|refused| match refused {
        Refused::Because(reason) => bad(format!("Invalid input for prefixes. Reason: {reason}.")),
        Refused::Fault(fault) => bad(fault.message().to_owned()),
    })?;
    serde_json::from_value(ranges).map_err(|error| bad(format!("Invalid input: {error}.")))
}

async fn save(
    call: &Call<Networking>,
    mut tx: Tx,
    mut row: SubnetPool,
    prefixes: Vec<IpNet>,
) -> Result<Value> {
    if row.prefixes.0 != prefixes {
        row.prefixes = Column(prefixes);
        row.updated_at = call.service.clock().now();
        row.revision_number += 1;
        row.save(&mut tx).await?;
    }
    call.service.commit(tx).await?;
    Ok(json!({ "prefixes": row.prefixes.0 }))
}

/// `PUT /v2.0/subnetpools/{id}/add_prefixes`.
pub(crate) async fn add(
    call: Call<Networking>,
    Json(body): Json<Value>,
) -> std::result::Result<Json<Value>, ApiError> {
    let (loaded, mut tx) = Loaded::<SubnetPools>::open(&call, call.key(), &call.rule).await?;
    let mut row = loaded.into_row();
    scope_is_own(&mut tx, &call.caller, &row).await?;
    let before = row.prefixes.0.clone();
    let all = aggregated(&[before.clone(), asked(&body)?].concat())?;
    row.prefixes = Column(all.clone());
    fits(&mut tx, &call.caller, &row).await?;
    row.prefixes = Column(before);
    Ok(Json(save(&call, tx, row, all).await?))
}

/// `PUT /v2.0/subnetpools/{id}/remove_prefixes`. What subnets have of the pool stays.
pub(crate) async fn remove(
    call: Call<Networking>,
    Json(body): Json<Value>,
) -> std::result::Result<Json<Value>, ApiError> {
    let (loaded, mut tx) = Loaded::<SubnetPools>::open(&call, call.key(), &call.rule).await?;
    let (row, less) = (loaded.into_row(), asked(&body)?);
    let subnets = store::subnets_of_pool(&mut (&mut tx).into(), row.id).await.map_err(Error::from)?;
    if subnets.iter().any(|subnet| less.iter().any(|range| overlap(range, &subnet.cidr))) {
        let because = "One or more the prefixes to be removed is in use by a subnet";
        return Err(Error::illegal_prefixes(because).into());
    }
    let left = without(&row.prefixes, &less);
    if left.len() > MOST {
        let because = format!("more than {MOST} prefixes would be left");
        return Err(Error::illegal_prefixes(because).into());
    }
    Ok(Json(save(&call, tx, row, left).await?))
}
