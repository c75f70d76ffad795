//! `PUT /servers/{id}`.

use kogge_http::{ApiError, Json, Microversion};
use kogge_resource::Call;
use serde_json::{Value, json};

use super::create::hostname;
use crate::api::body::{Fields, Read};
use crate::api::wire::server::{Parts, Viewer, detail};
use crate::service::servers::labels::ServerUpdate;
use crate::{Compute, microversion as v};

/// `PUT /servers/{id}`
pub(crate) async fn update(call: Call<Compute>, Json(body): Json<Value>) -> Result<Json<Value>, ApiError> {
    let update = read(&body, call.version)?;
    let server = call.service.update_server(&call.caller, call.key(), update).await?;
    let details = call.service.detail_for(&call.caller, server).await?;
    let viewer = Viewer { caller: &call.caller, version: call.version, base: &call.base };
    Ok(Json(json!({ "server": detail(&details, viewer, Parts::update(call.version)) })))
}

fn read(body: &Value, version: Microversion) -> Read<ServerUpdate> {
    let body = Fields::of(body)?;
    let server = body.object("server")?;
    let update = labels(&server, version)?;
    server.finish()?;
    body.finish()?;
    Ok(update)
}

/// What an update and a rebuild may change.
pub(super) fn labels(fields: &Fields<'_>, version: Microversion) -> Read<ServerUpdate> {
    Ok(ServerUpdate {
        name: fields.name("name")?,
        description: if version.has(v::DESCRIPTION) { fields.description(255)? } else { None },
        hostname: hostname(fields, version)?,
        access_v4: fields.address("accessIPv4", "ipv4")?,
        access_v6: fields.address("accessIPv6", "ipv6")?,
        auto_disk_config: fields.word("OS-DCF:diskConfig", &["AUTO", "MANUAL"])?.map(|word| word == "AUTO"),
    })
}
