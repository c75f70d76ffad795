//! The planner about volume types.

use crate::fix::scene::{good, planned, set, short, volume_type, wish};
use crate::fix::{HeldType, Inventory, Plan, Wishes};

fn wishes() -> Wishes {
    wish(&["scs-0114-"])
}

fn plan_of(types: Vec<HeldType>, wishes: &Wishes) -> Plan {
    planned(&Inventory { volume_types: Ok(types), ..good() }, wishes)
}

#[test]
fn a_faulty_claim_is_put_in_order_and_its_other_words_are_kept() {
    let plan =
        plan_of(vec![volume_type("fast", "[scs:ssd, replicated, encrypted, encrypted] Fast")], &wishes());
    assert_eq!(
        short(&plan),
        [
            r#"volume type "fast": description: [scs:ssd, replicated, encrypted, encrypted] Fast -> [scs:encrypted, replicated] ssd Fast"#
        ]
    );
    assert_eq!(
        plan.changes[0].command,
        "openstack volume type set --description '[scs:encrypted, replicated] ssd Fast' 'id of fast'"
    );
    assert_eq!(plan.notes.len(), 1, "it has no encryption: {:?}", plan.notes);
}

#[test]
fn an_encrypted_type_is_told_to_say_so() {
    let luks = HeldType { encrypted: true, replicated: true, ..volume_type("luks", "Safe") };
    let plan = plan_of(vec![volume_type("plain", "Cheap"), luks], &wishes());
    assert_eq!(
        short(&plan),
        [
            r#"volume type "luks": description: Safe -> [scs:encrypted] Safe"#,
            r#"volume type "luks": description: [scs:encrypted] Safe -> [scs:encrypted, replicated] Safe"#
        ]
    );
    assert_eq!(plan.advice, []);
}

#[test]
fn nothing_is_claimed_that_is_not_so() {
    let plan = plan_of(vec![volume_type("plain", "Cheap")], &wishes());
    assert_eq!(plan.changes, []);
    assert_eq!(plan.advice.len(), 2);
    assert!(plan.advice.iter().any(|a| a.todo.contains("--set TYPE:replicated=true")), "{:?}", plan.advice);
}

#[test]
fn the_operator_knows_what_is_replicated() {
    let wishes = set(wish(&["scs-0114-replicated"]), &["ceph:replicated=true"]);
    let plan = plan_of(vec![volume_type("ceph", ""), volume_type("lvm", "")], &wishes);
    assert_eq!(short(&plan), [r#"volume type "ceph": description:  -> [scs:replicated]"#]);
    let denied = set(wish(&["scs-0114-replicated"]), &["ceph:replicated=false"]);
    let ceph = HeldType { replicated: true, ..volume_type("ceph", "") };
    assert_eq!(plan_of(vec![ceph], &denied).changes, []);
}

#[test]
fn the_default_type_is_left_alone() {
    let default = HeldType { encrypted: true, ..volume_type("__default__", "x") };
    assert_eq!(plan_of(vec![default], &wish(&["scs-0114-encrypted"])).changes, []);
}
