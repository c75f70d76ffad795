//! `/servers/{id}/os-volume_attachments`

use axum::http::StatusCode;
use kogge_http::{ApiError, Json, Microversion};
use kogge_ids::ServerId;
use kogge_resource::Call;
use serde_json::{Value, json};

use super::create::tag_of;
use crate::api::body::{Fields, Read};
use crate::api::query;
use crate::error::Error;
use crate::model::server::ServerVolume;
use crate::service::servers::volumes::{KeptVolume, NewAttachment};
use crate::{Compute, microversion as v};

/// How an attachment looks: an id of its own came late.
fn view(server: ServerId, one: &ServerVolume, version: Microversion) -> Value {
    let mut view = json!({ "device": one.device, "serverId": server, "volumeId": one.volume });
    if version.has(v::ATTACHMENT_TAG_SHOWN) {
        view["tag"] = json!(one.tag);
    }
    if version.has(v::ATTACHMENT_DELETE) {
        view["delete_on_termination"] = json!(one.delete);
    }
    if version.has(v::ATTACHMENT_IDS) {
        view["attachment_id"] = json!(one.attachment);
        view["bdm_uuid"] = json!(kogge_ids::derive(server.uuid(), &one.attachment.to_string()));
    } else {
        view["id"] = json!(one.volume);
    }
    view
}

/// `GET …/os-volume_attachments`
pub(crate) async fn index(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    query::only(&call.query, &["limit", "offset"], call.version, v::STRICT_QUERY)?;
    let server = call.service.server_volumes(&call.caller, call.key(), false).await?;
    let number = |name| query::natural(&call.query, name).map(|n| n.and_then(|n| usize::try_from(n).ok()));
    let (limit, offset) = (number("limit")?.unwrap_or(usize::MAX), number("offset")?.unwrap_or(0));
    let page = server.volumes.iter().skip(offset).take(limit);
    let views: Vec<Value> = page.map(|one| view(server.id, one, call.version)).collect();
    Ok(Json(json!({ "volumeAttachments": views })))
}

/// `GET …/os-volume_attachments/{volume}`
pub(crate) async fn show(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    let [id, volume] = call.keys();
    let server = call.service.server_volumes(&call.caller, id, true).await?;
    let found = server.volumes.iter().find(|one| one.volume.to_string() == volume);
    let missing = || Error::NotFound(format!("Instance {id} is not attached to volume {volume}"));
    let found = found.ok_or_else(missing)?;
    Ok(Json(json!({ "volumeAttachment": view(server.id, found, call.version) })))
}

/// `POST …/os-volume_attachments`
pub(crate) async fn create(call: Call<Compute>, Json(body): Json<Value>) -> Result<Json<Value>, ApiError> {
    let new = read(&body, call.version)?;
    let shelved = call.version.has(v::SHELVED_VOLUMES);
    let (server, attached) = call.service.attach_volume(&call.caller, call.key(), new, shelved).await?;
    Ok(Json(json!({ "volumeAttachment": view(server.id, &attached, call.version) })))
}

fn read(body: &Value, version: Microversion) -> Read<NewAttachment> {
    let body = Fields::of(body)?;
    let fields = body.object("volumeAttachment")?;
    let new = NewAttachment {
        volume: fields.required("volumeId", fields.uuid("volumeId")?)?,
        device: device(&fields)?,
        tag: if version.has(v::ATTACH_TAG) { tag_of(&fields)? } else { None },
        delete: version.has(v::ATTACHMENT_DELETE)
            && fields.boolean("delete_on_termination")?.unwrap_or(false),
    };
    fields.finish()?;
    body.finish()?;
    Ok(new)
}

/// A path below `/dev`, or null.
fn device(fields: &Fields<'_>) -> Read<Option<String>> {
    let Some(Some(found)) = fields.text_or_null("device", 0, 255)? else { return Ok(None) };
    let name = found.strip_prefix("/dev/").unwrap_or(&found);
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'/');
    if plain && !name.is_empty() {
        return Ok(Some(found));
    }
    let value = Value::from(found);
    let why = "does not match '(^/dev/x{0,1}[a-z]{0,1}d{0,1})([a-z]+)[0-9]*$'";
    Err(crate::api::body::wrong("device", &value, why))
}

/// `PUT …/os-volume_attachments/{volume}`: whether it goes with its server, and which volume it is. The latter is for block
/// storage alone, as in Nova since it is no more for administrators: it swaps what moves to another backend, and asks nobody.
pub(crate) async fn update(call: Call<Compute>, Json(body): Json<Value>) -> Result<StatusCode, ApiError> {
    let [id, volume] = call.keys();
    let outer = Fields::of(&body)?;
    let fields = outer.object("volumeAttachment")?;
    let named = fields.required("volumeId", fields.uuid("volumeId")?)?;
    let newer = call.version.has(v::ATTACHMENT_UPDATE);
    let wish = if newer { Some(kept_as_is(&fields)?) } else { None };
    fields.finish()?;
    outer.finish()?;
    let swaps = !newer || named != volume;
    call.service.change_attachment(&call.caller, id, volume, wish, swaps).await?;
    Ok(StatusCode::ACCEPTED)
}

/// What is changed of an attachment, and what is said of it that nobody may change.
fn kept_as_is(fields: &Fields<'_>) -> Read<KeptVolume> {
    fields.take("attachment_id");
    fields.take("bdm_uuid");
    Ok(KeptVolume {
        delete: fields.boolean("delete_on_termination")?,
        device: fields.text_or_null("device", 0, 255)?,
        tag: fields.text_or_null("tag", 0, 255)?,
        server: fields.uuid("serverId")?,
        id: fields.uuid("id")?,
    })
}

/// `DELETE …/os-volume_attachments/{volume}`
pub(crate) async fn delete(call: Call<Compute>) -> Result<StatusCode, ApiError> {
    let [id, volume] = call.keys();
    let shelved = call.version.has(v::SHELVED_VOLUMES);
    call.service.detach_volume(&call.caller, id, volume, shelved).await?;
    Ok(StatusCode::ACCEPTED)
}
