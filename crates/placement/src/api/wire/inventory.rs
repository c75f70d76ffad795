//! Inventories on the wire. Ranges: `placement/schemas/inventory.py`.

use std::collections::BTreeMap;

use kogge_http::{ApiError, Microversion};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::microversion::ALL_RESERVED;
use crate::model::inventory::{Inventory, MAX_INT};
use crate::model::names::is_name;

/// One inventory.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    /// The class, in the body of a new one.
    pub(crate) resource_class: Option<String>,
    /// The generation that the caller saw.
    pub(crate) resource_provider_generation: Option<i64>,
    total: i64,
    reserved: Option<i64>,
    min_unit: Option<i64>,
    max_unit: Option<i64>,
    step_size: Option<i64>,
    allocation_ratio: Option<f64>,
}

/// All inventories of a provider.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Records {
    /// The generation that the caller saw.
    pub(crate) resource_provider_generation: i64,
    /// By class.
    pub(crate) inventories: BTreeMap<String, Record>,
}

/// The greatest single-precision number, as upstream's column.
const MAX_RATIO: f64 = 3.402_823_466_385_288_6e38;

impl Record {
    /// The inventory of a class, if the record is sound.
    pub(crate) fn inventory(&self, class: &str, version: Microversion) -> Result<Inventory, ApiError> {
        if !is_name(class) {
            return Err(ApiError::bad_request(format!("'{class}' is no name of a resource class.")));
        }
        let inventory = Inventory {
            class: class.to_owned(),
            total: ranged("total", self.total, 1)?,
            reserved: ranged("reserved", self.reserved.unwrap_or(0), 0)?,
            min_unit: ranged("min_unit", self.min_unit.unwrap_or(1), 1)?,
            max_unit: ranged("max_unit", self.max_unit.unwrap_or(MAX_INT), 1)?,
            step_size: ranged("step_size", self.step_size.unwrap_or(1), 1)?,
            allocation_ratio: self.allocation_ratio.unwrap_or(1.0),
        };
        if inventory.allocation_ratio > MAX_RATIO || inventory.allocation_ratio.is_nan() {
            return Err(ApiError::bad_request("JSON does not validate: allocation_ratio is out of range."));
        }
        sound(&inventory, version).map(|()| inventory)
    }
}

fn ranged(name: &str, value: i64, least: i64) -> Result<i64, ApiError> {
    if (least..=MAX_INT).contains(&value) {
        return Ok(value);
    }
    let range = format!("{least} to {MAX_INT}");
    Err(ApiError::bad_request(format!(
        "JSON does not validate: {value} of {name} is not in the range {range}."
    )))
}

fn sound(inventory: &Inventory, version: Microversion) -> Result<(), ApiError> {
    let left = inventory.total - inventory.reserved;
    let nothing_to_give = inventory.capacity() == 0 || inventory.allocation_ratio < 0.0;
    let wrong =
        left < 0 || inventory.allocation_ratio < 0.0 || (nothing_to_give && !version.has(ALL_RESERVED));
    if !wrong {
        return Ok(());
    }
    let than =
        if version.has(ALL_RESERVED) { "greater than total" } else { "greater than or equal to total" };
    let class = &inventory.class;
    Err(ApiError::bad_request(format!("Invalid inventory for '{class}'. The reserved value is {than}.")))
}

/// The view of one.
pub(crate) fn view(inventory: &Inventory) -> Value {
    json!({
        "total": inventory.total,
        "reserved": inventory.reserved,
        "min_unit": inventory.min_unit,
        "max_unit": inventory.max_unit,
        "step_size": inventory.step_size,
        "allocation_ratio": inventory.allocation_ratio,
    })
}

/// The view of all.
pub(crate) fn views(inventories: &[Inventory], generation: i64) -> Value {
    let views: BTreeMap<&str, Value> =
        inventories.iter().map(|one| (one.class.as_str(), view(one))).collect();
    json!({ "resource_provider_generation": generation, "inventories": views })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::microversion::VERSIONS;

    fn read(body: Value, version: Microversion) -> Option<Inventory> {
        serde_json::from_value::<Record>(body).ok()?.inventory("VCPU", version).ok()
    }

    #[test]
    fn defaults_are_upstreams() {
        let read = read(json!({ "total": 4 }), VERSIONS.max).unwrap();
        assert_eq!((read.reserved, read.min_unit, read.max_unit, read.step_size), (0, 1, MAX_INT, 1));
    }

    #[test]
    fn unsound_inventories_are_refused() {
        for body in [
            json!({}),
            json!({ "total": 0 }),
            json!({ "total": -1 }),
            json!({ "total": "4" }),
            json!({ "total": 1u64 << 40 }),
            json!({ "total": 4, "reserved": 5 }),
            json!({ "total": 4, "reserved": -1 }),
            json!({ "total": 4, "step_size": 0 }),
            json!({ "total": 4, "allocation_ratio": -1.0 }),
            json!({ "total": 4, "allocation_ratio": 1e300 }),
            json!({ "total": 4, "color": "red" }),
        ] {
            assert_eq!(read(body.clone(), VERSIONS.max), None, "{body}");
        }
    }

    #[test]
    fn all_may_be_reserved_since_1_26() {
        let body = json!({ "total": 4, "reserved": 4 });
        assert!(read(body.clone(), ALL_RESERVED).is_some());
        assert!(read(body, kogge_http::mv(1, 25)).is_none());
    }
}
