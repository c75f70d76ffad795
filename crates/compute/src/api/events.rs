//! `POST /os-server-external-events`: what other services tell of servers.

use http::StatusCode;
use kogge_http::{ApiError, Json};
use kogge_resource::Call;
use serde_json::{Value, json};

use crate::api::body::{Fields, Read};
use crate::{Compute, microversion as v};

const NETWORK: [&str; 4] =
    ["network-changed", "network-vif-plugged", "network-vif-unplugged", "network-vif-deleted"];
const STATUSES: [&str; 3] = ["failed", "completed", "in-progress"];
/// Most events of a request.
const MOST: usize = 1000;

/// `POST /os-server-external-events`
pub(crate) async fn create(
    call: Call<Compute>,
    Json(body): Json<Value>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    call.service.may_manage(&call.caller, &call.rule)?;
    let fields = Fields::of(&body)?;
    let events = fields.required("events", fields.objects("events")?)?;
    fields.finish()?;
    if events.is_empty() || events.len() > MOST {
        return Err(ApiError::bad_request(format!(
            "Invalid input for field/attribute events: 1 to {MOST} are taken."
        )));
    }
    let read: Vec<Event> = events.iter().map(|event| read(&call, event)).collect::<Read<_>>()?;
    let mut views = Vec::with_capacity(read.len());
    let mut all = true;
    for event in read {
        let code = outcome(&call, &event).await?;
        all &= code == 200;
        let status = if code == 200 { "completed" } else { "failed" };
        let mut view =
            json!({"name": event.name, "server_uuid": event.server, "status": status, "code": code});
        if let Some(tag) = event.tag {
            view["tag"] = json!(tag);
        }
        views.push(view);
    }
    let status = if all { StatusCode::OK } else { StatusCode::MULTI_STATUS };
    Ok((status, Json(json!({ "events": views }))))
}

struct Event {
    name: String,
    server: String,
    tag: Option<String>,
}

fn read(call: &Call<Compute>, event: &Fields<'_>) -> Read<Event> {
    let mut names = NETWORK.to_vec();
    let later = [
        (v::VOLUME_EXTENDED, "volume-extended"),
        (v::POWER_UPDATE, "power-update"),
        (v::ACCELERATOR_BOUND, "accelerator-request-bound"),
        (v::VOLUME_REIMAGED, "volume-reimaged"),
    ];
    names.extend(later.into_iter().filter(|(since, _)| call.version.has(*since)).map(|(_, name)| name));
    let name = event.required("name", event.word("name", &names)?)?;
    let server = event.required("server_uuid", event.uuid("server_uuid")?)?;
    event.word("status", &STATUSES)?;
    let tag = event.text("tag", 0, 255)?;
    event.finish()?;
    Ok(Event { name, server, tag })
}

/// Nova's number for what came of an event. Where a server's network changed its host is told anew.
async fn outcome(call: &Call<Compute>, event: &Event) -> Result<u16, ApiError> {
    let needs_tag = event.name.starts_with("volume-")
        || matches!(event.name.as_str(), "power-update" | "accelerator-request-bound");
    let network = NETWORK.contains(&event.name.as_str());
    let told = call.service.server_event(&event.server, network, needs_tag && event.tag.is_none()).await?;
    Ok(told)
}
