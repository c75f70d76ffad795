//! Allocations on the wire. Shapes by version: `placement/schemas/allocation.py`.

use std::collections::BTreeMap;

use kogge_http::{ApiError, Microversion};
use kogge_ids::ProviderId;
use serde_json::{Map, Value, json};

use crate::error::at_most;
use crate::microversion::{
    ALLOCATIONS_BY_PROVIDER, CONSUMER_GENERATION, CONSUMER_TYPE, MAPPINGS, PROJECT_AND_USER,
};
use crate::model::bounds;
use crate::model::inventory::{MAX_INT, Resources};
use crate::model::names::is_name;
use crate::model::provider::{Allocation, Consumer};
use crate::service::consumers::{Held, Holders, Holding};

/// Project and user of consumers from before they were named.
const INCOMPLETE: &str = "00000000-0000-0000-0000-000000000000";

fn wrong(why: impl std::fmt::Display) -> ApiError {
    ApiError::bad_request(format!("JSON does not validate: {why}"))
}

/// A consumer's id: any spelling of a UUID.
pub(crate) fn consumer_id(text: &str) -> Result<String, ApiError> {
    let id: Result<ProviderId, _> = text.parse();
    id.map(|id| id.to_string()).map_err(|_| ApiError::bad_request(format!("Malformed consumer_uuid: {text}")))
}

/// Reads what a consumer shall hold. `many`: in a body with many, where nothing may be held in every version.
pub(crate) fn holding(
    consumer: &str,
    body: &Value,
    version: Microversion,
    many: bool,
) -> Result<Holding, ApiError> {
    let body = body.as_object().ok_or_else(|| wrong("the body is not an object"))?;
    known_fields(body, version)?;
    let allocations = body.get("allocations").ok_or_else(|| wrong("'allocations' is a required property"))?;
    let allocations =
        if version.has(ALLOCATIONS_BY_PROVIDER) { by_provider(allocations)? } else { listed(allocations)? };
    if allocations.is_empty() && !many && !version.has(CONSUMER_GENERATION) {
        return Err(wrong("'allocations' is empty"));
    }
    let (project_id, user_id) = if version.has(PROJECT_AND_USER) {
        (text(body, "project_id")?, text(body, "user_id")?)
    } else {
        (INCOMPLETE.to_owned(), INCOMPLETE.to_owned())
    };
    let consumer_type = version.has(CONSUMER_TYPE).then(|| kind(body)).transpose()?;
    let seen = version.has(CONSUMER_GENERATION).then(|| seen(body)).transpose()?;
    let consumer = Consumer { id: consumer_id(consumer)?, project_id, user_id, consumer_type, generation: 0 };
    Ok(Holding { consumer, seen, allocations })
}

fn known_fields(body: &Map<String, Value>, version: Microversion) -> Result<(), ApiError> {
    let fields = [
        ("allocations", true),
        ("project_id", version.has(PROJECT_AND_USER)),
        ("user_id", version.has(PROJECT_AND_USER)),
        ("consumer_generation", version.has(CONSUMER_GENERATION)),
        ("mappings", version.has(MAPPINGS)),
        ("consumer_type", version.has(CONSUMER_TYPE)),
    ];
    let known = |name: &str| fields.iter().any(|(field, there)| *there && *field == name);
    match body.keys().find(|name| !known(name)) {
        Some(name) => Err(wrong(format!("Additional properties are not allowed ('{name}' was unexpected)"))),
        None => Ok(()),
    }
}

fn text(body: &Map<String, Value>, name: &str) -> Result<String, ApiError> {
    let found = body.get(name).ok_or_else(|| wrong(format!("'{name}' is a required property")))?;
    let sound = |text: &&str| (1..=255).contains(&text.chars().count()) && !text.contains('\0');
    let found = found.as_str().filter(sound);
    found.map(str::to_owned).ok_or_else(|| wrong(format!("'{name}' is no text of 1 to 255 characters")))
}

fn kind(body: &Map<String, Value>) -> Result<String, ApiError> {
    let kind = text(body, "consumer_type")?;
    if is_name(&kind) { Ok(kind) } else { Err(wrong(format!("'{kind}' is no consumer type"))) }
}

fn seen(body: &Map<String, Value>) -> Result<Option<i64>, ApiError> {
    match body.get("consumer_generation") {
        None => Err(wrong("'consumer_generation' is a required property")),
        Some(Value::Null) => Ok(None),
        Some(value) => value.as_i64().map(Some).ok_or_else(|| wrong("'consumer_generation' is no integer")),
    }
}

/// Up to 1.11: a list.
fn listed(value: &Value) -> Result<BTreeMap<ProviderId, Resources>, ApiError> {
    let list = value.as_array().ok_or_else(|| wrong("'allocations' is not a list"))?;
    at_most("providers", list.len(), bounds::PROVIDERS)?;
    let one = |item: &Value| {
        let id = item.get("resource_provider").and_then(|provider| provider.get("uuid"));
        let id = id.and_then(Value::as_str).ok_or_else(|| wrong("'resource_provider' has no 'uuid'"))?;
        Ok((provider(id)?, resources(item)?))
    };
    list.iter().map(one).collect()
}

/// Since 1.12: an object by provider.
fn by_provider(value: &Value) -> Result<BTreeMap<ProviderId, Resources>, ApiError> {
    let map = value.as_object().ok_or_else(|| wrong("'allocations' is not an object"))?;
    at_most("providers", map.len(), bounds::PROVIDERS)?;
    map.iter().map(|(id, item)| Ok((provider(id)?, resources(item)?))).collect()
}

fn provider(text: &str) -> Result<ProviderId, ApiError> {
    text.parse().map_err(|_| wrong(format!("'{text}' is no UUID of a resource provider")))
}

fn resources(item: &Value) -> Result<Resources, ApiError> {
    let map = item.get("resources").and_then(Value::as_object).filter(|map| !map.is_empty());
    let map = map.ok_or_else(|| wrong("'resources' is missing, empty or no object"))?;
    at_most("resource classes", map.len(), bounds::CLASSES)?;
    let one = |(class, amount): (&String, &Value)| {
        let amount = amount.as_i64().filter(|amount| (1..=MAX_INT).contains(amount));
        let amount = amount.ok_or_else(|| wrong(format!("the amount of {class} is no integer from 1")))?;
        if is_name(class) {
            Ok((class.clone(), amount))
        } else {
            Err(wrong(format!("'{class}' is no resource class")))
        }
    };
    map.iter().map(one).collect()
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
