//! `/qos-specs`: qualities of service, which types are associated with. For administrators.

use std::str::FromStr as _;

use http::StatusCode;
use kogge_auth::{Rule, Target};
use kogge_db::filter::{by, text};
use kogge_db::record::Json as Stored;
use kogge_db::{Direction, Record as _, SortKey, Tx};
use kogge_http::{ApiError, Json};
use kogge_ids::{QosSpecId, VolumeTypeId};
use kogge_resource::nova::{self, Fields, Read};
use kogge_resource::{Call, Judgement, List, Listing, Loaded, Names, Resource, Service as _, Verb};
use serde_json::{Value, json};

use super::specs::{self, Keys, Specs};
use crate::error::{Error, Result};
use crate::model::bounds::PAIRS;
use crate::model::qos::{Consumer, QosSpec};
use crate::model::volume_type::VolumeType;
use crate::store::types as store;
use crate::{Volumes, microversion as v, policy};

/// Qualities of service.
pub(crate) struct QosSpecs;

impl Resource for QosSpecs {
    type Service = Volumes;
    type Row = QosSpec;
    type More = ();

    const NAMES: Names = Names::new("qos_specs", "qos_specs", "/v3/qos-specs", "/v3/qos-specs/{id}");
    const READ: Rule = policy::QOS_SPECS_MANAGE_GET;

    fn missing(_: &Call<Volumes>, id: &str) -> Error {
        Error::NotFound(format!("No such QoS spec {id}."))
    }

    fn id(row: &QosSpec) -> String {
        row.id.to_string()
    }

    fn target(_: &QosSpec) -> Target<'_> {
        Target::none()
    }

    fn judge(call: &Call<Volumes>, rule: &Rule, found: Option<&QosSpec>) -> Judgement {
        Judgement::shared(&call.caller, rule, found.is_some())
    }

    fn view(_: &Call<Volumes>, row: &QosSpec, (): &(), _: Verb) -> Value {
        json!({ "id": row.id, "name": row.name, "consumer": row.consumer, "specs": row.specs.0 })
    }
}

impl List for QosSpecs {
    const RULE: Rule = policy::QOS_SPECS_MANAGE_GET_ALL;
    const LIST: Listing = Listing {
        filters: &[&[text("id", "id = ?"), text("name", "name = ?"), text("consumer", "consumer = ?")]],
        sort: SORT_KEYS,
        order: &[("created_at", Direction::Descending)],
        own: "",
        strict_since: Some(v::NEVER),
        ..Listing::OWN
    };

    fn whose<'c>(call: &'c Call<Volumes>) -> Result<kogge_db::filter::Whose<'c>> {
        call.caller.allow_on_own(&<Self as List>::RULE)?;
        Ok(kogge_db::filter::Whose::Everybodys)
    }
}

const SORT_KEYS: &[SortKey] =
    &[by("id"), by("created_at"), SortKey { name: "updated_at", expression: "COALESCE(updated_at, 0)" }];

/// One with its links.
fn whole(call: &Call<Volumes>, row: &QosSpec) -> Json<Value> {
    let links = super::links(call, "qos-specs", &row.id.to_string());
    Json(json!({ "qos_specs": QosSpecs::view(call, row, &(), Verb::Show), "links": links }))
}

/// `GET /qos-specs/{id}`
pub(crate) async fn show(call: Call<Volumes>) -> Result<Json<Value>, ApiError> {
    let row = Loaded::<QosSpecs>::now(&call, call.key(), &call.rule).await?;
    Ok(whole(&call, &row))
}

fn invalid(why: impl std::fmt::Display) -> Error {
    Error::Invalid(format!("Invalid qos specs: {why}"))
}

fn consumer(word: &str) -> Result<Consumer> {
    Consumer::from_str(word)
        .map_err(|_| invalid(format!("Valid consumer of QoS specs are: {:?}", Consumer::WORDS)))
}

/// `POST /qos-specs`
pub(crate) async fn create(call: Call<Volumes>, Json(body): Json<Value>) -> Result<Json<Value>, ApiError> {
    call.caller.allow_on_own(&call.rule)?;
    let (name, mut pairs) = read_new(&body)?;
    let word = pairs.remove("consumer").unwrap_or_default();
    let row = QosSpec {
        id: QosSpecId::random(),
        name,
        consumer: if word.is_empty() { Consumer::BackEnd } else { consumer(&word)? },
        specs: Stored(pairs),
        created_at: call.service.now(),
        updated_at: None,
    };
    let mut tx = call.service.begin().await?;
    if !row.insert(&mut tx).await.map_err(Error::from)? {
        return Err(Error::Conflict(format!("QoS Specs {} already exists.", row.name)).into());
    }
    call.service.commit(tx).await?;
    Ok(whole(&call, &row))
}

fn read_new(body: &Value) -> Read<(String, Specs)> {
    let fields = Fields::of(body)?;
    let inner = fields.object("qos_specs")?;
    fields.finish()?;
    let word = inner.required("name", inner.take("name"))?;
    let name = nova::text("name", word, 0, 65_535)?.trim().to_owned();
    if !(1..=255).contains(&name.chars().count()) {
        let why = if name.is_empty() { "be empty" } else { "be greater than 255 characters" };
        let why = format!("An invalid 'name' value was provided. The 'name' can not {why}.");
        return Err(ApiError::bad_request(why));
    }
    let mut pairs = Specs::new();
    for (key, value) in body["qos_specs"].as_object().into_iter().flatten().filter(|(key, _)| *key != "name")
    {
        let text = if value.is_null() { String::new() } else { nova::text(key, value, 0, 255)? };
        nova::text("key", &key[..].into(), 1, 255)?;
        pairs.insert(key.clone(), text);
    }
    specs::add(&mut Specs::new(), pairs.clone())?;
    Ok((name, pairs))
}

/// `PUT /qos-specs/{id}`: sets keys.
pub(crate) async fn update(call: Call<Volumes>, Json(body): Json<Value>) -> Result<Json<Value>, ApiError> {
    let fields = Fields::of(&body)?;
    let object = fields.required("qos_specs", fields.take("qos_specs"))?;
    let mut pairs = specs::read("qos_specs", object, Keys::Loose)?;
    fields.finish()?;
    let word = pairs.remove("consumer");
    change(&call, |row| {
        if let Some(word) = word {
            row.consumer = consumer(&word)?;
        }
        specs::add(&mut row.specs.0, pairs)
    })
    .await?;
    Ok(Json(body))
}

/// `PUT /qos-specs/{id}/delete_keys`
pub(crate) async fn delete_keys(
    call: Call<Volumes>,
    Json(body): Json<Value>,
) -> Result<StatusCode, ApiError> {
    let keys = read_keys(&body)?;
    change(&call, |row| {
        let missing = |key: &str| format!("QoS spec {} has no spec with key {key}.", row.id);
        for key in &keys {
            row.specs.0.remove(key).ok_or_else(|| Error::NotFound(missing(key)))?;
        }
        Ok(())
    })
    .await?;
    Ok(StatusCode::ACCEPTED)
}

fn read_keys(body: &Value) -> Read<Vec<String>> {
    let fields = Fields::of(body)?;
    let list = fields.required("keys", fields.take("keys"))?;
    fields.finish()?;
    let wrong = |why: &str| nova::wrong("keys", list, &format!("{} {why}", nova::repr(list)));
    let items = list.as_array().ok_or_else(|| wrong("is not of type 'array'"))?;
    if items.len() > PAIRS {
        return Err(wrong("is too long"));
    }
    let keys = items.iter().map(|key| nova::text("keys", key, 1, 255)).collect::<Read<Vec<_>>>()?;
    let mut once = keys.clone();
    once.sort_unstable();
    once.dedup();
    if once.len() == keys.len() { Ok(keys) } else { Err(wrong("has non-unique elements")) }
}

async fn change(call: &Call<Volumes>, change: impl FnOnce(&mut QosSpec) -> Result<()> + Send) -> Result<()> {
    let (loaded, mut tx) = Loaded::<QosSpecs>::open(call, call.key(), &call.rule).await?;
    let mut row = loaded.into_row();
    change(&mut row)?;
    row.updated_at = Some(call.service.now());
    row.save(&mut tx).await?;
    call.service.commit(tx).await
}

/// `DELETE /qos-specs/{id}`: `force` takes it away from its types.
pub(crate) async fn delete(call: Call<Volumes>) -> Result<StatusCode, ApiError> {
    let force = match call.query.get("force") {
        Some(word) => nova::query::boolean("force", word)?,
        None => false,
    };
    let (row, mut tx) = Loaded::<QosSpecs>::open(&call, call.key(), &call.rule).await?;
    remove(&mut tx, &row, force).await?;
    call.service.commit(tx).await?;
    Ok(StatusCode::ACCEPTED)
}

async fn remove(tx: &mut Tx, row: &QosSpec, force: bool) -> Result<()> {
    if !force && !store::with_qos(&mut *tx, row.id).await?.is_empty() {
        return Err(Error::Invalid("Qos specs still in use.".to_owned()));
    }
    store::forget_qos(tx, row.id).await?;
    QosSpec::delete(tx, &row.id).await?;
    Ok(())
}

/// `GET /qos-specs/{id}/associations`
pub(crate) async fn associations(call: Call<Volumes>) -> Result<Json<Value>, ApiError> {
    let row = Loaded::<QosSpecs>::now(&call, call.key(), &call.rule).await?;
    let kinds = store::with_qos(call.service.db(), row.id).await.map_err(Error::from)?;
    let one =
        |kind: &VolumeType| json!({"association_type": "volume_type", "name": kind.name, "id": kind.id});
    Ok(Json(json!({ "qos_associations": kinds.iter().map(one).collect::<Vec<_>>() })))
}

/// What a request says of a type.
enum Tie {
    Bind,
    Release,
}

/// `GET /qos-specs/{id}/associate`
pub(crate) async fn associate(call: Call<Volumes>) -> Result<StatusCode, ApiError> {
    Ok(tie(&call, Tie::Bind).await?)
}

/// `GET /qos-specs/{id}/disassociate`
pub(crate) async fn disassociate(call: Call<Volumes>) -> Result<StatusCode, ApiError> {
    Ok(tie(&call, Tie::Release).await?)
}

async fn tie(call: &Call<Volumes>, how: Tie) -> Result<StatusCode> {
    let word = call.query.get("vol_type_id").filter(|word| !word.is_empty());
    call.caller.allow_on_own(&call.rule)?;
    let word = word.ok_or_else(|| Error::Invalid("Volume Type id must not be None.".to_owned()))?;
    let (qos, mut tx) = Loaded::<QosSpecs>::open(call, call.key(), &call.rule).await?;
    let id: VolumeTypeId = word.parse().map_err(|_| Error::no_type(word))?;
    let mut kind = call.service.hold_type_in(&mut tx, id).await?;
    match (how, kind.qos_id) {
        (Tie::Bind, Some(other)) if other != qos.id => {
            let why = format!("Type {id} is already associated with another qos specs: {other}");
            return Err(Error::Invalid(format!("Invalid volume type: {why}")));
        }
        (Tie::Bind, _) => kind.qos_id = Some(qos.id),
        (Tie::Release, Some(own)) if own == qos.id => kind.qos_id = None,
        (Tie::Release, _) => {}
    }
    kind.save(&mut tx).await?;
    call.service.commit(tx).await?;
    Ok(StatusCode::ACCEPTED)
}

/// `GET /qos-specs/{id}/disassociate_all`
pub(crate) async fn disassociate_all(call: Call<Volumes>) -> Result<StatusCode, ApiError> {
    let (qos, mut tx) = Loaded::<QosSpecs>::open(&call, call.key(), &call.rule).await?;
    store::forget_qos(&mut tx, qos.id).await.map_err(Error::from)?;
    call.service.commit(tx).await?;
    Ok(StatusCode::ACCEPTED)
}
