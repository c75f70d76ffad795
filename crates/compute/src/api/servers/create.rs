//! `POST /servers`.

mod devices;
mod hints;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use kogge_http::{ApiError, Json, Microversion};
use kogge_resource::Call;
use serde_json::{Value, json};

use crate::api::body::{Fields, Read, at_most, repr, text, uuid_like, wrong};
use crate::links;
use crate::model::bounds;
use crate::model::server::{InjectedFile, LocalDisks};
use crate::service::servers::wanted::{Networks, NewServers, Wish};
use crate::{Compute, microversion as v};

/// Largest number of servers that can be written in a request; how many are made is bounded by the configuration.
const MOST: i64 = 0x7fff_ffff;

/// `POST /servers`
pub(crate) async fn create(call: Call<Compute>, Json(body): Json<Value>) -> Result<Response, ApiError> {
    let (new, reservation) = read(&body, call.version)?;
    let disk_config = if new.auto_disk_config { "AUTO" } else { "MANUAL" };
    let made = call.service.create_servers(&call.caller, new).await?;
    if reservation {
        let body = Json(json!({ "reservation_id": made.reservation_id }));
        return Ok((StatusCode::ACCEPTED, body).into_response());
    }
    let id = made.first.to_string();
    let links = links::of(&call.base, "servers", &id);
    let location = HeaderValue::from_str(&links[0].href).ok();
    // what was asked for, as in Nova
    let groups =
        body["server"].get("security_groups").cloned().unwrap_or_else(|| json!([{"name": "default"}]));
    let body = json!({"server": {
        "id": id,
        "links": links,
        "OS-DCF:diskConfig": disk_config,
        "security_groups": groups,
        "adminPass": made.admin_password,
    }});
    let mut response = (StatusCode::ACCEPTED, Json(body)).into_response();
    if let Some(location) = location {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// The command in a body, and whether only the reservation is to be answered.
fn read(body: &Value, version: Microversion) -> Read<(NewServers, bool)> {
    let body = Fields::of(body)?;
    let server = body.object("server")?;
    let name = server.required("name", server.name("name")?)?;
    let (min_count, max_count) = counts(&server)?;
    let described = version.has(v::DESCRIPTION);
    let description = if described { server.description(255)?.flatten() } else { Some(name.clone()) };
    let image = image(&server)?;
    let hints = hints::hints(&body)?;
    let new = NewServers {
        description,
        hostname: hostname(&server, version)?,
        flavor: server.required("flavorRef", reference(&server, "flavorRef")?)?,
        networks: networks(&server, version)?,
        groups: groups(&server)?,
        metadata: server.metadata("metadata")?.unwrap_or_default(),
        tags: if version.has(v::CREATE_TAGS) { tags(&server)? } else { Vec::new() },
        key_name: server.name("key_name")?,
        user_data: user_data(&server)?,
        local: LocalDisks::default(),
        volumes: Vec::new(),
        files: personality(&server, version)?.unwrap_or_default(),
        config_drive: server.boolean("config_drive")?.unwrap_or(false),
        admin_password: server.text("adminPass", 0, 255)?,
        zone: server.name("availability_zone")?,
        host: destination(&server, version)?,
        min_count,
        max_count,
        group: hints::group(hints.as_ref())?,
        hints,
        auto_disk_config: server
            .word("OS-DCF:diskConfig", &["AUTO", "MANUAL"])?
            .is_none_or(|word| word == "AUTO"),
        access_v4: server.address("accessIPv4", "ipv4")?,
        access_v6: server.address("accessIPv6", "ipv6")?,
        trusted_certs: version.has(v::TRUSTED_CERTS) && trusted(&server)?,
        image: image.clone(),
        name,
    };
    let reservation = server.boolean("return_reservation_id")?.unwrap_or(false);
    let devices::Devices { image, local, volumes } = devices::devices(&server, version, image)?;
    server.finish()?;
    body.finish()?;
    Ok((NewServers { image, local, volumes, ..new }, reservation))
}

fn counts(server: &Fields<'_>) -> Read<(u32, u32)> {
    let count = |name| -> Read<Option<u32>> {
        Ok(server.number(name, 1, MOST)?.map(|number| u32::try_from(number).unwrap_or(u32::MAX)))
    };
    let least = count("min_count")?.unwrap_or(1);
    let most = count("max_count")?.unwrap_or(least);
    if least > most {
        return Err(ApiError::bad_request("min_count must be <= max_count"));
    }
    Ok((least, most))
}

/// A UUID, or nothing where block devices say it.
fn image(server: &Fields<'_>) -> Read<Option<String>> {
    let Some(value) = server.take("imageRef") else { return Ok(None) };
    let found = text("imageRef", value, 0, 255)?;
    if found.is_empty() {
        return Ok(None);
    }
    let why =
        || wrong("imageRef", value, &format!("{} is not valid under any of the given schemas", repr(value)));
    uuid_like(&found).map(Some).ok_or_else(why)
}

/// A text or number; of an address its last part counts.
pub(super) fn reference(fields: &Fields<'_>, name: &str) -> Read<Option<String>> {
    let Some(value) = fields.take(name) else { return Ok(None) };
    let found = match value {
        Value::Number(number) if number.is_i64() || number.is_u64() => number.to_string(),
        Value::String(_) => text(name, value, 1, 4096)?,
        _ => return Err(wrong(name, value, &format!("{} is not of type 'string', 'integer'", repr(value)))),
    };
    let path = found.split(['?', '#']).next().unwrap_or(&found);
    Ok(Some(path.rsplit('/').next().unwrap_or(path).to_owned()))
}

pub(super) fn hostname(server: &Fields<'_>, version: Microversion) -> Read<Option<String>> {
    if version.before(v::HOSTNAME) {
        return Ok(None);
    }
    let fqdn = version.has(v::FQDN);
    let Some(found) = server.text("hostname", if fqdn { 1 } else { 2 }, if fqdn { 255 } else { 63 })? else {
        return Ok(None);
    };
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || (fqdn && matches!(b, b'.' | b'_'));
    let ends = fqdn || !(found.starts_with('-') || found.ends_with('-'));
    if found.bytes().all(plain) && ends {
        return Ok(Some(found));
    }
    let value = Value::from(found);
    let why = format!("{} does not match '^[a-zA-Z0-9]+[a-zA-Z0-9-]*[a-zA-Z0-9]+$'", repr(&value));
    Err(wrong("hostname", &value, &why))
}

fn networks(server: &Fields<'_>, version: Microversion) -> Read<Networks> {
    let auto = version.has(v::AUTO_NETWORK);
    match server.take("networks") {
        None if auto => server.required("networks", None),
        None => Ok(Networks::Unsaid),
        Some(Value::String(word)) if auto && word == "auto" => Ok(Networks::Auto),
        Some(Value::String(word)) if auto && word == "none" => Ok(Networks::None),
        Some(value @ Value::Array(list)) => {
            at_most("networks", value, list, bounds::INTERFACES)?;
            list.iter().map(|value| wish(value, version)).collect::<Read<Vec<_>>>().and_then(distinct)
        }
        Some(value) => {
            let why = format!("{} is not valid under any of the given schemas", repr(value));
            Err(wrong("networks", value, &why))
        }
    }
}

fn wish(value: &Value, version: Microversion) -> Read<Wish> {
    let fields = Fields::named("networks", value)?;
    let tagged =
        version.has(v::DEVICE_TAGS) && version.before(v::AUTO_NETWORK) || version.has(v::DEVICE_TAGS_AGAIN);
    let port = match fields.take("port") {
        None | Some(Value::Null) => None,
        Some(_) => fields.uuid("port")?,
    };
    let fixed_ip = fields.address("fixed_ip", "ipv4")?;
    let tag = if tagged { tag_of(&fields)? } else { None };
    let network = fields.text("uuid", 0, 255)?;
    fields.finish()?;
    if let Some(port) = port {
        if let Some(address) = fixed_ip {
            return Err(ApiError::bad_request(format!(
                "Specified Fixed IP '{address}' cannot be used with port '{port}': the two cannot be specified together."
            )));
        }
        return Ok(Wish { port: Some(port), tag, ..Wish::default() });
    }
    let Some(network) = network else {
        return Err(ApiError::bad_request("Bad network format: missing 'uuid'"));
    };
    let Some(id) = uuid_like(&network) else {
        let why = format!("Bad networks format: network uuid is not in proper format ({network})");
        return Err(ApiError::bad_request(why));
    };
    Ok(Wish { network: Some(id), fixed_ip, tag, port: None })
}

pub(super) fn tag_of(fields: &Fields<'_>) -> Read<Option<String>> {
    fields.take("tag").map(|value| tag_named("tag", value)).transpose()
}

fn distinct(wishes: Vec<Wish>) -> Read<Networks> {
    let mut ports: Vec<&String> = wishes.iter().filter_map(|wish| wish.port.as_ref()).collect();
    ports.sort();
    if let Some(twice) = ports.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(ApiError::bad_request(format!(
            "Port ID '{}' was specified twice: you cannot attach a port multiple times.",
            twice[0]
        )));
    }
    Ok(Networks::Listed(wishes))
}

fn groups(server: &Fields<'_>) -> Read<Vec<String>> {
    let mut names = Vec::new();
    for group in server.objects("security_groups")?.unwrap_or_default() {
        names.extend(group.name("name")?);
        group.finish()?;
    }
    names.sort();
    names.dedup();
    Ok(names)
}

fn tags(server: &Fields<'_>) -> Read<Vec<String>> {
    server.list("tags")?.into_iter().flatten().map(tag).collect()
}

/// A tag: 1 to 60 characters without comma and slash.
pub(super) fn tag(value: &Value) -> Read<String> {
    tag_named("tags", value)
}

fn tag_named(name: &str, value: &Value) -> Read<String> {
    let found = text(name, value, 1, 60)?;
    if found.contains([',', '/']) {
        return Err(wrong(name, value, &format!("{} does not match '^[^,/]*$'", repr(value))));
    }
    Ok(found)
}

fn user_data(server: &Fields<'_>) -> Read<Option<String>> {
    let found = server.text("user_data", 0, 65_535)?;
    found.map(|data| base64("user_data", data)).transpose()
}

pub(super) fn base64(name: &str, data: String) -> Read<String> {
    use base64::Engine as _;
    let plain: String = data.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    match base64::engine::general_purpose::STANDARD.decode(&plain) {
        Ok(_) => Ok(plain),
        Err(_) => {
            let value = Value::from("…");
            Err(wrong(name, &value, "it is not a 'base64'"))
        }
    }
}

/// A host by name, since 2.74.
fn destination(server: &Fields<'_>, version: Microversion) -> Read<Option<String>> {
    if version.before(v::REQUESTED_HOST) {
        return Ok(None);
    }
    let host = server.text("host", 1, 255)?;
    let node = server.text("hypervisor_hostname", 1, 255)?;
    match (host, node) {
        (Some(host), Some(node)) if host != node => {
            let why = format!("Compute host {node} could not be found on {host}.");
            Err(ApiError::bad_request(why))
        }
        (host, node) => Ok(host.or(node)),
    }
}

fn trusted(server: &Fields<'_>) -> Read<bool> {
    let found = match server.take("trusted_image_certificates") {
        None | Some(Value::Null) => return Ok(false),
        Some(value) => value,
    };
    let why = || wrong("trusted_image_certificates", found, "1 to 50 different ids are expected");
    let list = found.as_array().filter(|list| (1..=50).contains(&list.len())).ok_or_else(why)?;
    let mut ids: Vec<&str> = list.iter().filter_map(Value::as_str).filter(|id| !id.is_empty()).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.len() == list.len() { Ok(true) } else { Err(why()) }
}

/// Files for the guest, until 2.56; nothing where nothing is said of them.
pub(super) fn personality(server: &Fields<'_>, version: Microversion) -> Read<Option<Vec<InjectedFile>>> {
    if version.has(v::NO_PERSONALITY) {
        return Ok(None);
    }
    let Some(files) = server.objects("personality")? else { return Ok(None) };
    let one = |file: &Fields<'_>| {
        let path = file.required("path", file.text("path", 0, bounds::INJECTED)?)?;
        let contents = file.required("contents", file.text("contents", 0, bounds::INJECTED)?)?;
        file.finish()?;
        Ok(InjectedFile { path, contents: base64("contents", contents)? })
    };
    files.iter().map(one).collect::<Read<_>>().map(Some)
}

#[cfg(test)]
mod tests;
