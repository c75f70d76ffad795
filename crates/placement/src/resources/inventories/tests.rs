//! Which inventories are sound.

use super::*;
use crate::microversion::VERSIONS;

fn read(body: Value, version: Microversion) -> Option<Inventory> {
    inventory("VCPU", &RECORD.read::<Manners>(Op::Create, version, &body).ok()?, version).ok()
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

#[test]
fn a_refusal_says_what_the_validator_of_upstream_says() {
    let why =
        |body: Value| NEW.read::<Manners>(Op::Create, VERSIONS.max, &body).unwrap_err().message().to_owned();
    for (body, said) in [
        (json!([]), "[] is not of type 'object'"),
        (json!({ "resource_class": "VCPU" }), "'total' is a required property"),
        (json!({ "resource_class": "vcpu", "total": 1 }), "'vcpu' does not match '^[A-Z0-9_]+$'"),
        (json!({ "resource_class": "VCPU", "total": "4" }), "'4' is not of type 'integer'"),
        (json!({ "resource_class": "VCPU", "total": 0 }), "0 is less than the minimum of 1"),
        (
            json!({ "resource_class": "VCPU", "total": 1u64 << 31 }),
            "2147483648 is greater than the maximum of 2147483647",
        ),
        (
            json!({ "resource_class": "VCPU", "total": 1, "color": "red" }),
            "Additional properties are not allowed ('color' was unexpected)",
        ),
    ] {
        assert_eq!(why(body.clone()), format!("JSON does not validate: {said}"), "{body}");
    }
}
