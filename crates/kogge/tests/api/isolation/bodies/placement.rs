//! Bodies of the placement service.

use serde_json::{Value, json};

use crate::isolation::fixture::Fixture;

const PROVIDER: &str = "00000000-0000-4000-8000-000000000000";

pub(super) fn all(method: &str, path: &str, fixture: &Fixture) -> Vec<Value> {
    let held = json!({"allocations": {PROVIDER: {"resources": {"VCPU": 1}}}, "project_id": fixture.project,
        "user_id": fixture.id("users"), "consumer_generation": null, "consumer_type": "INSTANCE"});
    let stock = json!({"total": 8, "reserved": 1, "min_unit": 1, "max_unit": 8, "step_size": 1, "allocation_ratio": 1.0});
    match (method, path) {
        ("POST", "/resource_providers") => vec![json!({"name": "x"})],
        ("PUT", "/resource_providers/{id}") => vec![json!({"name": "y"})],
        ("POST", "/resource_providers/{id}/inventories") => {
            vec![json!({"resource_class": "VGPU", "total": 8})]
        }
        ("PUT", "/resource_providers/{id}/inventories") => {
            vec![json!({"resource_provider_generation": 0, "inventories": {"VCPU": stock}})]
        }
        ("PUT", "/resource_providers/{id}/inventories/{class}") => {
            vec![json!({"resource_provider_generation": 0, "total": 8})]
        }
        ("PUT", "/resource_providers/{id}/aggregates") => {
            vec![json!({"resource_provider_generation": 0, "aggregates": [PROVIDER]})]
        }
        ("PUT", "/resource_providers/{id}/traits") => {
            vec![json!({"resource_provider_generation": 0, "traits": ["HW_CPU_X86_AVX"]})]
        }
        ("PUT", "/allocations/{consumer}") => vec![held],
        ("POST", "/allocations") => vec![json!({ fixture.id("servers"): held })],
        ("POST", "/reshaper") => vec![json!({"inventories": {}, "allocations": {}})],
        ("POST", "/resource_classes") => vec![json!({"name": "CUSTOM_X"})],
        _ => Vec::new(),
    }
}
