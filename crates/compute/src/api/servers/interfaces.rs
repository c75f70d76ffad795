//! `/servers/{id}/os-interface`.

use http::StatusCode;
use kogge_http::{ApiError, Json, Microversion, OptionalJson};
use kogge_resource::Call;
use serde_json::{Value, json};

use super::create::tag_of;
use crate::api::body::{Fields, Read, wrong};
use crate::api::query;
use crate::lower::network::Attached;
use crate::model::server::Server;
use crate::service::servers::interfaces::NewInterface;
use crate::{Compute, microversion as v};

fn view(port: &Attached, server: &Server, version: Microversion) -> Value {
    let ips: Vec<Value> = port
        .fixed_ips
        .iter()
        .map(|(subnet, address)| json!({"subnet_id": subnet, "ip_address": address}))
        .collect();
    let mut view = json!({
        "net_id": port.network,
        "port_id": port.id,
        "mac_addr": port.mac,
        "port_state": port.status,
        "fixed_ips": ips,
    });
    if version.has(v::INTERFACE_TAG) {
        let nic = server.nics.iter().find(|nic| nic.port == port.id);
        view["tag"] = json!(nic.and_then(|nic| nic.tag.clone()));
    }
    view
}

/// `GET …/os-interface`
pub(crate) async fn index(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    query::only(&call.query, &[], call.version, v::FLAVOR_CLEANUP)?;
    let (server, ports) = call.service.interfaces(&call.caller, call.key(), false).await?;
    let list: Vec<Value> = ports.iter().map(|port| view(port, &server, call.version)).collect();
    Ok(Json(json!({ "interfaceAttachments": list })))
}

async fn one(call: &Call<Compute>, id: &str, port: &str) -> Result<Json<Value>, ApiError> {
    let (server, ports) = call.service.interfaces(&call.caller, id, true).await?;
    let found = ports.iter().find(|one| one.id.to_string() == port);
    let missing = || ApiError::not_found(format!("Instance {id} does not have a port with id {port}"));
    let found = found.ok_or_else(missing)?;
    Ok(Json(json!({ "interfaceAttachment": view(found, &server, call.version) })))
}

/// `GET …/os-interface/{port}`
pub(crate) async fn show(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    let [id, port] = call.keys();
    query::only(&call.query, &[], call.version, v::FLAVOR_CLEANUP)?;
    one(&call, id, port).await
}

/// `POST …/os-interface`
pub(crate) async fn create(
    call: Call<Compute>,
    OptionalJson(body): OptionalJson<Value>,
) -> Result<Json<Value>, ApiError> {
    let id = call.key();
    let new = match &body {
        Some(body) => read(body, call.version)?,
        None => NewInterface::default(),
    };
    let port = call.service.attach_interface(&call.caller, id, new).await?;
    one(&call, id, &port.to_string()).await
}

fn read(body: &Value, version: Microversion) -> Read<NewInterface> {
    let body = Fields::of(body)?;
    // as in Nova, everything is optional: the server is joined to the project's only network then
    if !body.has("interfaceAttachment") {
        body.finish()?;
        return Ok(NewInterface::default());
    }
    let attachment = body.object("interfaceAttachment")?;
    let mut fixed_ip = None;
    let ips = attachment.objects("fixed_ips")?.unwrap_or_default();
    if attachment.has("fixed_ips") && ips.is_empty() {
        return Err(wrong("fixed_ips", &json!([]), "[] should be non-empty"));
    }
    if ips.len() > 1 {
        return Err(ApiError::bad_request(
            "Invalid input for field/attribute fixed_ips. One address is possible.",
        ));
    }
    for ip in &ips {
        fixed_ip = ip.required("ip_address", ip.address("ip_address", "ipv4")?).map(Some)?;
        ip.finish()?;
    }
    let new = NewInterface {
        network: attachment.uuid("net_id")?,
        port: attachment.uuid("port_id")?,
        fixed_ip,
        tag: if version.has(v::ATTACH_TAG) { tag_of(&attachment)? } else { None },
    };
    attachment.finish()?;
    body.finish()?;
    if new.network.is_some() && new.port.is_some() {
        return Err(ApiError::bad_request("Must not input both network_id and port_id"));
    }
    if new.fixed_ip.is_some() && new.network.is_none() {
        return Err(ApiError::bad_request("Must input network_id when request IP address"));
    }
    Ok(new)
}

/// `DELETE …/os-interface/{port}`
pub(crate) async fn delete(call: Call<Compute>) -> Result<StatusCode, ApiError> {
    let [id, port] = call.keys();
    call.service.detach_interface(&call.caller, id, port).await?;
    Ok(StatusCode::ACCEPTED)
}
