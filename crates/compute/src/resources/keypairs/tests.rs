//! Bodies by microversion.

use kogge_http::mv;
use kogge_resource::nova::Nova;
use kogge_resource::{Create, Op};
use serde_json::{Value, json};

use super::Keypairs;

#[test]
fn fields_come_and_go_with_the_microversion() {
    let read = |body: Value, minor| Keypairs::BODY.read::<Nova>(Op::Create, mv(2, minor), &body).is_ok();
    assert!(read(json!({"name": "a b_c-1"}), 1));
    assert!(!read(json!({"name": "a", "type": "ssh"}), 1));
    assert!(read(json!({"name": "a", "type": "x509"}), 2));
    assert!(!read(json!({"name": "a", "type": "gpg"}), 2));
    assert!(!read(json!({"name": "a", "user_id": "u"}), 9));
    assert!(read(json!({"name": "a", "user_id": "u"}), 10));
    assert!(!read(json!({"name": "a"}), 92), "keys are imported only");
    assert!(read(json!({"name": "a@b.c", "public_key": "x"}), 92));
    assert!(!read(json!({"name": "a@b.c", "public_key": "x"}), 91));
    assert!(!read(json!({"name": ""}), 1));
    assert!(!read(json!({"name": "k".repeat(256)}), 1));
}
