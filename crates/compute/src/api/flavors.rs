//! `/flavors`, their extra specs and who may use private ones.

pub(crate) mod access;
pub(crate) mod extra_specs;
pub(crate) mod list;
pub(crate) mod write;

use std::collections::BTreeMap;

use kogge_auth::Caller;
use kogge_http::{BaseUrl, Microversion};
use serde::Serialize;
use serde_json::Value;

use crate::api::links::{self, Link};
use crate::model::flavor::Flavor;
use crate::{microversion as v, policy};

/// A flavor in lists.
#[derive(Debug, Serialize)]
pub(crate) struct Brief {
    id: String,
    name: String,
    links: [Link; 2],
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Value>,
}

/// A flavor with everything.
#[derive(Debug, Serialize)]
pub(crate) struct Detail {
    #[serde(flatten)]
    brief: Brief,
    ram: u64,
    disk: u64,
    swap: Value,
    #[serde(rename = "OS-FLV-EXT-DATA:ephemeral")]
    ephemeral: u64,
    #[serde(rename = "OS-FLV-DISABLED:disabled", skip_serializing_if = "Option::is_none")]
    disabled: Option<bool>,
    vcpus: u32,
    #[serde(rename = "os-flavor-access:is_public")]
    is_public: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    rxtx_factor: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extra_specs: Option<BTreeMap<String, String>>,
}

pub(crate) fn brief(flavor: &Flavor, base: &BaseUrl, version: Microversion) -> Brief {
    let described = version.has(v::FLAVOR_DESCRIPTION);
    Brief {
        id: flavor.shape.id.to_string(),
        name: flavor.shape.name.clone(),
        links: links::of(base, "flavors", flavor.shape.id.as_str()),
        description: described.then(|| flavor.description.clone().map_or(Value::Null, Value::from)),
    }
}

/// Whether a caller sees the extra specs of flavors.
pub(crate) fn sees_specs(caller: &Caller, version: Microversion) -> bool {
    version.has(v::FLAVOR_EXTRA_SPECS) && caller.may_on_own(&policy::EXTRA_SPECS_INDEX)
}

pub(crate) fn detail(flavor: &Flavor, caller: &Caller, base: &BaseUrl, version: Microversion) -> Detail {
    detail_with(flavor, sees_specs(caller, version), base, version)
}

/// As [`detail`], with extra specs or without.
pub(crate) fn detail_with(flavor: &Flavor, specs: bool, base: &BaseUrl, version: Microversion) -> Detail {
    let shape = &flavor.shape;
    let swap = match shape.swap_mib {
        0 if version.before(v::STRICT_QUERY) => Value::from(""),
        swap => Value::from(swap),
    };
    let old = version.before(v::FLAVOR_CLEANUP);
    Detail {
        brief: brief(flavor, base, version),
        ram: shape.ram_mib,
        disk: shape.disk_gib,
        swap,
        ephemeral: shape.ephemeral_gib,
        disabled: old.then_some(false),
        vcpus: shape.vcpus,
        is_public: flavor.is_public,
        rxtx_factor: old.then_some(flavor.rxtx_factor),
        extra_specs: specs.then(|| shape.extra_specs.clone()),
    }
}
