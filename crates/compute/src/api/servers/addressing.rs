//! The actions on addresses of servers that microversions below 2.44 have.

use std::net::IpAddr;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kogge_http::ApiError;
use kogge_resource::Call;
use serde_json::Value;

use crate::api::body::{Fields, Read};
use crate::{Compute, microversion as v};

/// The actions, for the table.
pub(crate) const ADD_FIXED_IP: &str = "addFixedIp";
pub(crate) const REMOVE_FIXED_IP: &str = "removeFixedIp";
pub(crate) const ADD_FLOATING_IP: &str = "addFloatingIp";
pub(crate) const REMOVE_FLOATING_IP: &str = "removeFloatingIp";

fn address(fields: &Fields<'_>) -> Read<IpAddr> {
    fields.required("address", fields.address("address", "ip")?)
}

/// A network's id; Nova takes numbers, too, which name nothing any more.
fn network(fields: &Fields<'_>) -> Read<String> {
    match fields.take("networkId") {
        Some(Value::Number(number)) => Ok(number.to_string()),
        _ => fields.required("networkId", fields.text("networkId", 1, 36)?),
    }
}

/// One of these actions, of which `inner` is what stands behind its name.
pub(crate) async fn run(call: &Call<Compute>, name: &str, inner: Fields<'_>) -> Result<Response, ApiError> {
    if call.version.has(v::NO_ADDRESS_ACTIONS) {
        return Err(ApiError::not_found("The resource could not be found."));
    }
    let (service, caller, id) = (&call.service, &call.caller, call.key());
    if name == ADD_FIXED_IP {
        let network = network(&inner)?;
        inner.finish()?;
        service.add_fixed_ip(caller, id, &network).await?;
        return Ok(StatusCode::ACCEPTED.into_response());
    }
    let address = address(&inner)?;
    let fixed = match name {
        ADD_FLOATING_IP => inner.address("fixed_address", "ip")?,
        _ => None,
    };
    inner.finish()?;
    match name {
        REMOVE_FIXED_IP => service.remove_fixed_ip(caller, id, address).await?,
        ADD_FLOATING_IP => service.add_floating_ip(caller, id, address, fixed).await?,
        _ => service.remove_floating_ip(caller, id, address).await?,
    }
    Ok(StatusCode::ACCEPTED.into_response())
}
