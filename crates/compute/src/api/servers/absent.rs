//! What servers have elsewhere and not here: NUMA cells, consoles. Clients ask for it all the
//! same, and know what these answers mean.

use kogge_http::{ApiError, Json};
use kogge_resource::Call;
use serde_json::{Value, json};

use crate::api::body::Fields;
use crate::{Compute, microversion as v};

/// Protocols of consoles; the last one since 2.8.
const PROTOCOLS: [&str; 5] = ["vnc", "spice", "rdp", "serial", "mks"];
/// Types of consoles; the last one since 2.8.
const TYPES: [&str; 6] = ["novnc", "xvpvnc", "rdp-html5", "spice-html5", "serial", "webmks"];

/// Refuses where the caller may not look at the server of the path.
async fn look(call: &Call<Compute>) -> Result<(), ApiError> {
    Ok(call.service.server(&call.caller, call.key(), &call.rule).await.map(drop)?)
}

/// `GET /servers/{id}/topology`: a guest has no NUMA cells.
pub(crate) async fn topology(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    look(&call).await?;
    Ok(Json(json!({ "nodes": [], "pagesize_kb": null })))
}

/// `POST /servers/{id}/remote-consoles`: there is none of any type, and Nova says so where a host has none.
pub(crate) async fn console(call: Call<Compute>, Json(body): Json<Value>) -> Result<Json<Value>, ApiError> {
    look(&call).await?;
    let fields = Fields::of(&body)?;
    let console = fields.object("remote_console")?;
    let (protocols, types) = if call.version.has(v::WEBMKS) {
        (&PROTOCOLS[..], &TYPES[..])
    } else {
        (&PROTOCOLS[..4], &TYPES[..5])
    };
    console.required("protocol", console.word("protocol", protocols)?)?;
    let kind = console.required("type", console.word("type", types)?)?;
    console.finish()?;
    fields.finish()?;
    Err(ApiError::bad_request(format!("Unavailable console type {kind}.")))
}
