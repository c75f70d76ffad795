//! `/types/{id}/encryption`: how the volumes of a type are encrypted. It is set as long as there are none.

use http::StatusCode;
use kogge_clock::Timestamp;
use kogge_db::record::Json as Stored;
use kogge_db::{Record as _, Tx};
use kogge_http::{ApiError, Json};
use kogge_ids::VolumeTypeId;
use kogge_resource::nova::{Fields, Read, wrong};
use kogge_resource::{Call, Known, Loaded, Service as _};
use serde_json::{Map, Value, json};

use super::VolumeTypes;
use crate::Volumes;
use crate::error::{Error, Result};
use crate::model::volume_type::{Encryption, VolumeType};
use crate::store::types as store;

/// What a body says; nothing where it does not.
#[derive(Default)]
struct Asked {
    provider: Option<String>,
    control_location: Option<String>,
    cipher: Option<Option<String>>,
    key_size: Option<Option<i64>>,
}

/// `GET …/encryption`
pub(crate) async fn index(call: Call<Volumes>) -> Result<Json<Value>, ApiError> {
    let kind = Loaded::<VolumeTypes>::now(&call, call.key(), &call.rule).await?;
    Ok(Json(Value::Object(view(&kind))))
}

/// `GET …/encryption/{key}`
pub(crate) async fn show(call: Call<Volumes>) -> Result<Json<Value>, ApiError> {
    let [id, key] = call.keys();
    let kind = Loaded::<VolumeTypes>::now(&call, id, &call.rule).await?;
    let value = view(&kind).remove(key).ok_or_else(|| missing(id))?;
    Ok(Json(json!({ key: value })))
}

/// `POST …/encryption`
pub(crate) async fn create(call: Call<Volumes>, Json(body): Json<Value>) -> Result<Json<Value>, ApiError> {
    let asked = read(&body, true)?;
    let (mut kind, mut tx) = open(&call, "create").await?;
    if kind.encryption.is_some() {
        let why = format!("Volume type encryption for type {} already exists.", kind.id);
        return Err(Error::Invalid(why).into());
    }
    let encryption = Encryption {
        id: VolumeTypeId::random().to_string(),
        provider: asked.provider.unwrap_or_default(),
        cipher: asked.cipher.flatten(),
        key_size: asked.key_size.flatten(),
        control_location: asked.control_location.unwrap_or_default(),
        created_at: call.service.now().as_micros(),
        updated_at: None,
    };
    let mut answer = echo(&body);
    answer["encryption"]["volume_type_id"] = json!(kind.id);
    answer["encryption"]["encryption_id"] = json!(encryption.id);
    kind.encryption = Some(Stored(encryption));
    save(&call, kind, &mut tx).await?;
    call.service.commit(tx).await?;
    Ok(Json(answer))
}

/// `PUT …/encryption/{id}`
pub(crate) async fn update(call: Call<Volumes>, Json(body): Json<Value>) -> Result<Json<Value>, ApiError> {
    let asked = read(&body, false)?;
    let (mut kind, mut tx) = open(&call, "update").await?;
    let id = kind.id;
    let Some(Stored(encryption)) = &mut kind.encryption else { return Err(missing(id).into()) };
    if let Some(provider) = asked.provider {
        encryption.provider = provider;
    }
    if let Some(place) = asked.control_location {
        encryption.control_location = place;
    }
    if let Some(cipher) = asked.cipher {
        encryption.cipher = cipher;
    }
    if let Some(bits) = asked.key_size {
        encryption.key_size = bits;
    }
    encryption.updated_at = Some(call.service.now().as_micros());
    save(&call, kind, &mut tx).await?;
    call.service.commit(tx).await?;
    Ok(Json(echo(&body)))
}

/// `DELETE …/encryption/{id}`
pub(crate) async fn delete(call: Call<Volumes>) -> Result<StatusCode, ApiError> {
    let (mut kind, mut tx) = open(&call, "delete").await?;
    if kind.encryption.take().is_none() {
        return Err(missing(kind.id).into());
    }
    save(&call, kind, &mut tx).await?;
    call.service.commit(tx).await?;
    Ok(StatusCode::ACCEPTED)
}

/// The type, locked, where nothing is of it.
async fn open(call: &Call<Volumes>, verb: &str) -> Result<(VolumeType, Tx)> {
    let (loaded, mut tx) = Loaded::<VolumeTypes>::open(call, call.param("id"), &call.rule).await?;
    if store::has_volumes(&mut tx, loaded.id).await? {
        return Err(Error::Invalid(format!("Cannot {verb} encryption specs. Volume type in use.")));
    }
    Ok((loaded.into_row().row, tx))
}

async fn save(call: &Call<Volumes>, mut kind: VolumeType, tx: &mut Tx) -> Result<()> {
    kind.updated_at = Some(call.service.now());
    Ok(kind.save(tx).await?)
}

/// Fields that are not known are passed over, as the schema says.
fn read(body: &Value, whole: bool) -> Read<Asked> {
    let fields = Fields::of(body)?;
    let encryption = fields.object("encryption")?;
    fields.finish()?;
    let asked = Asked {
        provider: encryption.text("provider", 0, 255)?,
        control_location: encryption.word("control_location", &["front-end", "back-end"])?,
        cipher: encryption.text_or_null("cipher", 0, 255)?,
        key_size: encryption.take("key_size").map(key_size).transpose()?,
    };
    if whole {
        encryption.required("provider", asked.provider.as_ref())?;
        encryption.required("control_location", asked.control_location.as_ref())?;
    }
    Ok(asked)
}

/// Bits, as a number or its digits; more than any cipher takes make no sense.
fn key_size(value: &Value) -> Read<Option<i64>> {
    if value.is_null() {
        return Ok(None);
    }
    let number = value.as_i64().or_else(|| value.as_str()?.trim().parse().ok());
    let good = number.filter(|bits| (0..=0x7fff_ffff).contains(bits));
    good.map(Some).ok_or_else(|| wrong("key_size", value, "key_size must be an integer."))
}

/// The body, with the size of keys as a number.
fn echo(body: &Value) -> Value {
    let mut body = body.clone();
    if let Some(bits) = body["encryption"].get_mut("key_size")
        && let Ok(number) = key_size(bits)
    {
        *bits = json!(number);
    }
    body
}

fn view(kind: &Known<VolumeType, bool>) -> Map<String, Value> {
    let Some(Stored(encryption)) = &kind.encryption else { return Map::new() };
    let time = |micros: i64| Timestamp::from_micros(micros).micros();
    let view = json!({
        "volume_type_id": kind.id,
        "encryption_id": encryption.id,
        "provider": encryption.provider,
        "control_location": encryption.control_location,
        "cipher": encryption.cipher,
        "key_size": encryption.key_size,
        "created_at": time(encryption.created_at),
        "updated_at": encryption.updated_at.map(time),
        "deleted": false,
        "deleted_at": null,
    });
    match view {
        Value::Object(view) => view,
        _ => Map::new(),
    }
}

fn missing(id: impl std::fmt::Display) -> Error {
    Error::NotFound(format!("Volume type encryption for type {id} does not exist."))
}
