//! `/servers/{id}/os-instance-actions`.

use kogge_clock::Timestamp;
use kogge_http::{ApiError, Json, Microversion, Pairs};
use kogge_resource::Call;
use serde_json::{Value, json};

use crate::api::query;
use crate::links;
use crate::model::action::Action;
use crate::resources::changes::changes;
use crate::service::actions::Seen;
use crate::service::servers::details::host_id;
use crate::{Compute, microversion as v};

fn view(action: &Action, version: Microversion) -> Value {
    let mut view = json!({
        "action": action.name,
        "instance_uuid": action.server,
        "request_id": action.request_id,
        "user_id": action.user.as_str(),
        "project_id": action.project.as_str(),
        "start_time": action.started_at.micros(),
        "message": action.message,
    });
    if version.has(v::ACTION_PAGES) {
        view["updated_at"] = json!(action.updated_at.micros());
    }
    view
}

/// `GET …/os-instance-actions`
pub(crate) async fn index(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    let id = call.key();
    let paged = call.version.has(v::ACTION_PAGES);
    if paged {
        query::only(
            &call.query,
            &["limit", "marker", "changes-since", "changes-before"],
            call.version,
            v::ACTION_PAGES,
        )?;
    }
    let changes = changes(&call.query, call.version, v::ACTION_PAGES)?;
    let unpaged = Pairs::default();
    let page = query::page(if paged { &call.query } else { &unpaged }, call.service.config().max_limit, &[])?;
    let gone = call.version.has(v::ACTIONS_OF_DELETED);
    let found = call.service.list_actions(&call.caller, id, gone, changes, &page).await?;
    let list: Vec<Value> = found.items.iter().map(|action| view(action, call.version)).collect();
    let mut body = json!({ "instanceActions": list });
    let last = found.items.last().map(|action| action.request_id.as_str());
    let collection = format!("servers/{id}/os-instance-actions");
    if let Some(next) = links::next(&call.base, &collection, &call.query, found.more && paged, last) {
        body["links"] = json!(next);
    }
    Ok(Json(body))
}

/// `GET …/os-instance-actions/{request}`
pub(crate) async fn show(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    let [id, request] = call.keys();
    let gone = call.version.has(v::ACTIONS_OF_DELETED);
    let Seen { action, events, details } = call.service.action(&call.caller, id, gone, request).await?;
    let mut body = view(&action, call.version);
    if events || call.version.has(v::ACTION_EVENTS) {
        let mut event = json!({
            "event": action.event(),
            "start_time": action.started_at.micros(),
            "finish_time": action.finished_at.map(Timestamp::micros),
            "result": action.result(),
        });
        if events {
            event["traceback"] = Value::Null;
        }
        if call.version.has(v::EVENT_HOST) {
            if events {
                event["host"] = json!(action.host);
            }
            event["hostId"] = json!(host_id(action.project.as_str(), action.host.as_deref()));
        }
        if details && call.version.has(v::EVENT_DETAILS) {
            event["details"] = json!(action.details);
        }
        body["events"] = json!([event]);
    }
    Ok(Json(json!({ "instanceAction": body })))
}
