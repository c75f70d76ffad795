//! `POST /reshaper`

use http::StatusCode;
use kogge_http::ApiError;
use kogge_resource::handlers::Sent;
use kogge_resource::placement::{Manners, invalid, keyed};
use kogge_resource::{Call, Field, Op, Schema, Type};
use serde_json::Value;

use super::wire::holding::{ID, holdings, is_id};
use crate::Placement;
use crate::model::bounds;
use crate::resources::allowed;
use crate::resources::inventories::inventories;

/// Inventories by provider and allocations by consumer.
const BODY: Schema = Schema::new(
    "",
    &[&[Field::required("inventories", Type::Any), Field::required("allocations", Type::Any)]],
);

/// Changes both in one.
pub(super) async fn reshape(call: Call<Placement>, body: Sent) -> Result<StatusCode, ApiError> {
    let body = BODY.read::<Manners>(Op::Create, call.version, &allowed(&call, body)?)?;
    let part = |name| body.get(name).unwrap_or(&Value::Null);
    let mut stocks = Vec::new();
    for (id, stock) in keyed(part("inventories"), (is_id, ID), bounds::AT_ONCE)? {
        let (seen, inventories) = inventories(stock, call.version)?;
        let id = id.parse().map_err(|_| invalid(&format!("'{id}' is not a 'uuid'")))?;
        stocks.push((id, seen, inventories));
    }
    if stocks.is_empty() {
        return Err(invalid("{} should be non-empty"));
    }
    let holdings = holdings(part("allocations"), call.version)?;
    call.service.reshape(&call.caller, &stocks, &holdings).await?;
    Ok(StatusCode::NO_CONTENT)
}
