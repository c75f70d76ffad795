//! `/os-console-auth-tokens`, and `/console`: the pages of consoles and the socket behind them. These need no token of
//! identity's: the console's own token says which one, and for how long.

mod origin;
mod pages;
mod socket;

use axum::Router;
use axum::routing::get;
use kogge_http::{ApiError, Json};
use kogge_resource::Call;
use serde_json::{Value, json};

use crate::{Compute, microversion as v};

/// Where the socket is, below the cloud's address.
pub(crate) const SOCKET: &str = "/console/websockify";

/// `GET /os-console-auth-tokens/{token}`: where a console is. There is no port: consoles are sockets that only their
/// host's agent reaches.
pub(crate) async fn token(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    call.service.allow_lookup(&call.caller)?;
    if call.version.before(v::CONSOLE_TOKENS) {
        // before, only of RDP
        let message = "The server could not comply with the request since it is either malformed or otherwise incorrect.";
        return Err(ApiError::bad_request(message));
    }
    let granted = call.service.granted(call.param("token")).await?;
    let granted = granted.ok_or_else(|| ApiError::not_found("Token not found"))?;
    Ok(Json(json!({ "console": {
        "instance_uuid": granted.server,
        "host": granted.host,
        "port": 0,
        "internal_access_path": null,
    } })))
}

/// What is behind `/console`.
pub(crate) fn router(compute: Compute) -> Router {
    pages::all().route(SOCKET, get(socket::open)).with_state(compute)
}
