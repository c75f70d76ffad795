//! Bodies of new flavors by microversion.

use kogge_resource::Op;
use kogge_resource::nova::Nova;

use super::*;
use crate::microversion::{MAXIMUM, MINIMUM};

fn body(extra: &Value) -> Value {
    let mut flavor = json!({"name": "a", "ram": 512, "vcpus": "1", "disk": 0});
    for (key, value) in extra.as_object().unwrap() {
        flavor[key] = value.clone();
    }
    flavor
}

#[test]
fn figures_and_ids_are_bounded() {
    let read = |extra: Value, version| {
        <Flavors as Create>::BODY.read::<Nova>(Op::Create, version, &body(&extra)).is_ok()
    };
    for (extra, good) in [
        (json!({}), true),
        (json!({"id": "1.a_b-c d"}), true),
        (json!({"id": 7}), true),
        (json!({"id": null}), true),
        (json!({"id": " a"}), false),
        (json!({"id": "a/b"}), false),
        (json!({"ram": 0}), false),
        (json!({"vcpus": 0}), false),
        (json!({"vcpus": 2_147_483_648_i64}), false),
        (json!({"disk": -1}), false),
        (json!({"swap": "12"}), true),
        (json!({"rxtx_factor": 0}), false),
        (json!({"rxtx_factor": "1.5"}), true),
        (json!({"unknown": 1}), false),
        (json!({"description": "x"}), false),
    ] {
        assert_eq!(read(extra.clone(), MINIMUM), good, "{extra}");
    }
    assert!(read(json!({"description": "x"}), v::FLAVOR_DESCRIPTION));
    assert!(!read(json!({"description": "x\u{7}"}), v::FLAVOR_DESCRIPTION));
    assert!(!read(json!({"rxtx_factor": 1}), MAXIMUM));
}
