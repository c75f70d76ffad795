//! `POST /servers/{id}/remote-consoles`, and the actions that were there before it.

use axum::response::{IntoResponse, Response};
use kogge_http::{ApiError, BaseUrl, Json};
use kogge_resource::Call;
use serde_json::{Value, json};

use crate::api::body::Fields;
use crate::api::consoles::SOCKET;
use crate::model::console::ConsoleType;
use crate::{Compute, microversion as v};

/// Protocols; the last one since 2.8.
const PROTOCOLS: [&str; 5] = ["vnc", "spice", "serial", "rdp", "mks"];
/// Types; the last ones since 2.99 and 2.8.
const TYPES: [&str; 7] = ["novnc", "xvpvnc", "spice-html5", "serial", "rdp-html5", "webmks", "spice-direct"];

/// The actions, for the table.
pub(crate) const GET_VNC: &str = "os-getVNCConsole";
pub(crate) const GET_SPICE: &str = "os-getSPICEConsole";
pub(crate) const GET_RDP: &str = "os-getRDPConsole";
pub(crate) const GET_SERIAL: &str = "os-getSerialConsole";

/// `POST /servers/{id}/remote-consoles`
pub(crate) async fn create(call: Call<Compute>, Json(body): Json<Value>) -> Result<Json<Value>, ApiError> {
    let (protocols, types) = match call.version {
        version if version.has(v::SPICE_DIRECT) => (5, 7),
        version if version.has(v::WEBMKS) => (5, 6),
        _ => (4, 5),
    };
    let fields = Fields::of(&body)?;
    let console = fields.object("remote_console")?;
    let protocol = console.required("protocol", console.word("protocol", &PROTOCOLS[..protocols])?)?;
    let name = console.required("type", console.word("type", &TYPES[..types])?)?;
    console.finish()?;
    fields.finish()?;
    look(&call).await?;
    // of Hyper-V, which Nova does not drive any more: it names the protocol
    let kind = if protocol == "rdp" { Err(unavailable(&protocol)) } else { console_of(&protocol, &name) };
    let url = url(&call, kind?).await?;
    Ok(Json(json!({ "remote_console": { "protocol": protocol, "type": name, "url": url } })))
}

/// One of the actions, which microversions below 2.6 have; `inner` is what stands behind its name.
pub(crate) async fn run(call: &Call<Compute>, name: &str, inner: Fields<'_>) -> Result<Response, ApiError> {
    if call.version.has(v::REMOTE_CONSOLES) {
        return Err(ApiError::not_found("The resource could not be found."));
    }
    let (protocol, types): (_, &[&str]) = match name {
        GET_VNC => ("vnc", &["novnc", "xvpvnc"]),
        GET_SPICE => ("spice", &["spice-html5"]),
        GET_SERIAL => ("serial", &["serial"]),
        // Nova says no more than that either
        _ => {
            let message = "The server could not comply with the request since it is either malformed or otherwise \
                           incorrect.";
            return Err(ApiError::bad_request(message));
        }
    };
    let name = inner.required("type", inner.word("type", types)?)?;
    inner.finish()?;
    look(call).await?;
    let url = url(call, console_of(protocol, &name)?).await?;
    Ok(Json(json!({ "console": { "type": name, "url": url } })).into_response())
}

/// Refuses where the caller may not look at the server of the path.
async fn look(call: &Call<Compute>) -> Result<(), ApiError> {
    Ok(call.service.may_have_console(&call.caller, call.key()).await?)
}

/// What is wanted; SPICE and MKS are not configured, as Nova would say.
fn console_of(protocol: &str, name: &str) -> Result<ConsoleType, ApiError> {
    match (protocol, name) {
        ("vnc", "novnc") => Ok(ConsoleType::NoVnc),
        ("serial", "serial") => Ok(ConsoleType::Serial),
        ("vnc" | "serial", _) => Err(ApiError::bad_request(format!("Invalid console type {name}"))),
        _ => Err(unavailable(name)),
    }
}

fn unavailable(name: &str) -> ApiError {
    ApiError::bad_request(format!("Unavailable console type {name}."))
}

/// Where the caller opens the console.
async fn url(call: &Call<Compute>, kind: ConsoleType) -> Result<String, ApiError> {
    let secure = call.base.root().starts_with("https:");
    let token = call.service.grant_console(&call.caller, call.key(), kind, secure).await?;
    Ok(address(&call.base, kind, &token))
}

/// For a screen the page, in the form that noVNC's clients take apart; for a serial line the socket, as from Nova.
fn address(base: &BaseUrl, kind: ConsoleType, token: &str) -> String {
    let socket = base.elsewhere(&format!("{SOCKET}?token={token}"));
    match kind {
        ConsoleType::Serial => socket.replacen("http", "ws", 1),
        ConsoleType::NoVnc => {
            // behind the host; it may have a prefix
            let path = socket.splitn(4, '/').nth(3).unwrap_or_default();
            let query = form_urlencoded::Serializer::new(String::new()).append_pair("path", path).finish();
            base.elsewhere(&format!("/console/vnc.html?{query}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_follow_tls_and_prefixes() {
        let plain = BaseUrl::fixed("http://127.0.0.1:8770", "/compute");
        assert_eq!(
            address(&plain, ConsoleType::NoVnc, "t"),
            "http://127.0.0.1:8770/console/vnc.html?path=console%2Fwebsockify%3Ftoken%3Dt"
        );
        let secure = BaseUrl::fixed("https://cloud.example/os", "/compute");
        assert_eq!(
            address(&secure, ConsoleType::NoVnc, "t"),
            "https://cloud.example/os/console/vnc.html?path=os%2Fconsole%2Fwebsockify%3Ftoken%3Dt"
        );
        assert_eq!(
            address(&secure, ConsoleType::Serial, "t"),
            "wss://cloud.example/os/console/websockify?token=t"
        );
    }
}
