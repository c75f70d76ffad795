//! Allocations on the wire. Shapes by version: `placement/schemas/allocation.py`.

use std::collections::BTreeMap;

use kogge_http::{ApiError, Microversion};
use kogge_ids::ProviderId;
use kogge_resource::nova::{repr, uuid_like};
use kogge_resource::placement::{Manners, invalid, keyed};
use kogge_resource::{Body, Dialect as _, Field, Op, Refused, Schema, Type};
use serde_json::{Map, Value, json};

use crate::microversion::{
    ALLOCATIONS_BY_PROVIDER, CONSUMER_GENERATION, CONSUMER_TYPE, MAPPINGS, PROJECT_AND_USER,
};
use crate::model::bounds;
use crate::model::inventory::{MAX_INT, Resources};
use crate::model::names::{NAME, is_name};
use crate::model::provider::{Allocation, Consumer};
use crate::resources::inventories::class_name;
use crate::service::consumers::{Held, Holders, Holding};

/// Project and user of consumers from before they were named.
const INCOMPLETE: &str = "00000000-0000-0000-0000-000000000000";
/// What an id looks like as a key, in upstream's words.
pub(crate) const ID: &str = "^[0-9a-fA-F-]{36}$";

const AMOUNT: Type = Type::Int(1, MAX_INT);
const RESOURCES: Field = Field::required("resources", Type::Check(resources));
const PROVIDER: Type = Type::Object(&[&[Field::required("uuid", Type::Uuid)]]);
const LISTED: Type = Type::Object(&[&[Field::required("resource_provider", PROVIDER), RESOURCES]]);
/// What is held at a provider; the generation that may stand there counts for nothing, as upstream.
const AT: Schema =
    Schema::new("", &[&[RESOURCES, Field::optional("generation", Type::Int(i64::MIN, i64::MAX))]]);
const HOLDING: Schema = Schema::new(
    "",
    &[&[
        Field::required("allocations", Type::Items(&LISTED, 1, bounds::PROVIDERS))
            .until(ALLOCATIONS_BY_PROVIDER),
        Field::required("allocations", Type::Any).since(ALLOCATIONS_BY_PROVIDER),
        Field::required("project_id", Type::Text(1, 255)).since(PROJECT_AND_USER),
        Field::required("user_id", Type::Text(1, 255)).since(PROJECT_AND_USER),
        Field::required("consumer_generation", Type::Nullable(&Type::Int(i64::MIN, i64::MAX)))
            .since(CONSUMER_GENERATION),
        Field::optional("mappings", Type::Any).since(MAPPINGS),
        Field::required("consumer_type", Type::Check(class_name)).since(CONSUMER_TYPE),
    ]],
);

fn resources(value: Value) -> Result<Value, Refused> {
    let amounts = keyed(&value, (is_name, NAME), bounds::CLASSES)?;
    if amounts.is_empty() {
        return Err(Refused::Because(format!("{} should be non-empty", repr(&value))));
    }
    for amount in amounts.values() {
        Manners::check("", &AMOUNT, ALLOCATIONS_BY_PROVIDER, amount)?;
    }
    Ok(value)
}

/// A consumer's id: any spelling of a UUID.
pub(crate) fn consumer_id(text: &str) -> Result<String, ApiError> {
    uuid_like(text).ok_or_else(|| ApiError::bad_request(format!("Malformed consumer_uuid: {text}")))
}

/// True for an id as a key.
pub(crate) fn is_id(text: &str) -> bool {
    text.len() == 36 && uuid_like(text).is_some()
}

/// What these consumers shall hold, by id.
pub(crate) fn holdings(bodies: &Value, version: Microversion) -> Result<Vec<Holding>, ApiError> {
    let bodies = keyed(bodies, (is_id, ID), bounds::AT_ONCE)?;
    bodies.iter().map(|(consumer, body)| holding(consumer, body, version, true)).collect()
}

/// Reads what a consumer shall hold. `many`: in a body with many, where nothing may be held in every version.
pub(crate) fn holding(
    consumer: &str,
    body: &Value,
    version: Microversion,
    many: bool,
) -> Result<Holding, ApiError> {
    let body = HOLDING.read::<Manners>(Op::Create, version, body)?;
    let allocations =
        if version.has(ALLOCATIONS_BY_PROVIDER) { by_provider(&body, version)? } else { listed(&body) };
    if allocations.is_empty() && !many && !version.has(CONSUMER_GENERATION) {
        return Err(invalid("{} should be non-empty"));
    }
    let who = |name: &str| body.text(name).unwrap_or_else(|| INCOMPLETE.to_owned());
    let consumer = Consumer {
        id: consumer_id(consumer)?,
        project_id: who("project_id"),
        user_id: who("user_id"),
        consumer_type: body.text("consumer_type"),
        generation: 0,
    };
    let seen = version.has(CONSUMER_GENERATION).then(|| body.int("consumer_generation"));
    Ok(Holding { consumer, seen, allocations })
}

/// Up to 1.11: a list.
fn listed(body: &Body) -> BTreeMap<ProviderId, Resources> {
    let list = body.get("allocations").and_then(Value::as_array).into_iter().flatten();
    list.filter_map(|item| Some((read(&item["resource_provider"]["uuid"])?, read(&item["resources"])?)))
        .collect()
}

/// Since 1.12: an object by provider.
fn by_provider(body: &Body, version: Microversion) -> Result<BTreeMap<ProviderId, Resources>, ApiError> {
    let all = keyed(body.get("allocations").unwrap_or(&Value::Null), (is_id, ID), bounds::PROVIDERS)?;
    let mut found = BTreeMap::new();
    for (id, value) in all {
        let at = AT.read::<Manners>(Op::Create, version, value)?;
        let id = id.parse().map_err(|_| invalid(&format!("'{id}' is not a 'uuid'")))?;
        found.insert(id, at.read("resources").unwrap_or_default());
    }
    Ok(found)
}

/// A value that its schema checked.
fn read<T: serde::de::DeserializeOwned>(value: &Value) -> Option<T> {
    serde_json::from_value(value.clone()).ok()
}

/// The view of what a consumer holds.
pub(crate) fn held(held: &Held, version: Microversion) -> Value {
    let mut by_provider: BTreeMap<ProviderId, Resources> = BTreeMap::new();
    for one in &held.allocations {
        by_provider.entry(one.provider).or_default().insert(one.class.clone(), one.used);
    }
    let allocations: BTreeMap<String, Value> = by_provider
        .into_iter()
        .map(|(id, resources)| {
            let generation = held.generations.get(&id).copied().unwrap_or(0);
            (id.to_string(), json!({ "generation": generation, "resources": resources }))
        })
        .collect();
    let mut view = json!({ "allocations": allocations });
    let Some(consumer) = &held.consumer else { return view };
    if version.has(ALLOCATIONS_BY_PROVIDER) {
        view["project_id"] = json!(consumer.project_id);
        view["user_id"] = json!(consumer.user_id);
    }
    if version.has(CONSUMER_GENERATION) {
        view["consumer_generation"] = json!(consumer.generation);
    }
    if version.has(CONSUMER_TYPE) {
        view["consumer_type"] = json!(consumer.consumer_type.as_deref().unwrap_or("unknown"));
    }
    view
}

/// The view of who holds something of a provider.
pub(crate) fn holders(holders: &Holders, version: Microversion) -> Value {
    let mut allocations = Map::new();
    for Allocation { consumer, class, used, .. } in &holders.allocations {
        let entry = allocations.entry(consumer.clone()).or_insert_with(|| json!({ "resources": {} }));
        entry["resources"][class] = json!(used);
        if version.has(CONSUMER_GENERATION) {
            entry["consumer_generation"] = json!(holders.generations.get(consumer));
        }
    }
    json!({ "allocations": allocations, "resource_provider_generation": holders.generation })
}

#[cfg(test)]
mod tests {
    use super::*;
    use kogge_http::mv;

    const CONSUMER: &str = "11111111-2222-4333-8444-555555555555";
    const PROVIDER: &str = "11111111-2222-4333-8444-666666666666";

    fn read(body: Value, version: Microversion) -> Option<Holding> {
        holding(CONSUMER, &body, version, false).ok()
    }

    #[test]
    fn each_version_has_its_shape() {
        let old = json!({ "allocations": [{ "resource_provider": { "uuid": PROVIDER }, "resources": { "VCPU": 1 } }] });
        assert_eq!(read(old.clone(), mv(1, 0)).unwrap().consumer.project_id, INCOMPLETE);
        assert_eq!(read(old, mv(1, 8)), None, "project and user are missing");
        let new = json!({ "allocations": { PROVIDER: { "resources": { "VCPU": 1 } } }, "project_id": "p", "user_id": "u",
            "consumer_generation": null, "consumer_type": "INSTANCE" });
        let read_new = read(new.clone(), mv(1, 38)).unwrap();
        assert_eq!(
            (read_new.seen, read_new.consumer.consumer_type.as_deref()),
            (Some(None), Some("INSTANCE"))
        );
        assert_eq!(read(new, mv(1, 12)), None, "generation and type are of later versions");
    }

    #[test]
    fn malformed_allocations_are_refused() {
        for allocations in [
            json!(null),
            json!([]),
            json!({ "x": {} }),
            json!({ PROVIDER: {} }),
            json!({ PROVIDER: { "resources": {} } }),
            json!({ PROVIDER: { "resources": { "VCPU": 0 } } }),
            json!({ PROVIDER: { "resources": { "VCPU": "1" } } }),
            json!({ PROVIDER: { "resources": { "vcpu": 1 } } }),
            json!({ PROVIDER: { "resources": { "VCPU": 1u64 << 40 } } }),
        ] {
            let body = json!({ "allocations": allocations, "project_id": "p", "user_id": "u" });
            assert_eq!(read(body.clone(), mv(1, 12)), None, "{body}");
        }
        let empty = json!({ "allocations": {}, "project_id": "p", "user_id": "u" });
        assert_eq!(read(empty.clone(), mv(1, 12)), None);
        assert!(holding(CONSUMER, &empty, mv(1, 13), true).is_ok());
        assert!(holding("nonsense", &empty, mv(1, 13), true).is_err());
    }
}
