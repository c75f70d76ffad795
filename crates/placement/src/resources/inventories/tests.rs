//! Which inventories are sound.

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
