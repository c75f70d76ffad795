//! The planner about flavors.

use kogge_standards::flavors::NAME_KEY;

use crate::fix::scene::{good, planned, short, wish};
use crate::fix::{Action, HeldFlavor, Inventory, Wishes};

fn wishes() -> Wishes {
    wish(&["scs-0100-", "scs-0103-"])
}

fn replacing() -> Wishes {
    Wishes { replace_flavors: true, ..wishes() }
}

fn edit(inventory: &mut Inventory, name: &str, change: impl FnOnce(&mut HeldFlavor)) {
    let flavors = inventory.flavors.as_mut().unwrap();
    change(flavors.iter_mut().find(|flavor| flavor.seen.name == name).unwrap());
}

fn specs(held: &mut HeldFlavor) -> &mut std::collections::BTreeMap<String, String> {
    held.seen.extra_specs.as_mut().unwrap()
}

fn broken(name: &str, change: impl FnOnce(&mut HeldFlavor)) -> Inventory {
    let mut inventory = good();
    edit(&mut inventory, name, change);
    inventory
}

#[test]
fn a_cloud_in_order_needs_nothing() {
    let plan = planned(&good(), &wishes());
    assert_eq!((plan.changes, plan.advice), (vec![], vec![]));
}

#[test]
fn an_empty_cloud_gets_every_standard_flavor() {
    let mut inventory = good();
    inventory.flavors = Ok(vec![]);
    let plan = planned(&inventory, &wishes());
    assert_eq!((plan.changes.len(), plan.advice.len()), (31, 0));
    assert!(plan.changes.iter().all(|change| change.safe && change.command.contains("flavor create SCS-")));
}

#[test]
fn only_the_wanted_test_cases_are_served() {
    let mut inventory = good();
    inventory.flavors = Ok(vec![]);
    let plan = planned(&inventory, &wish(&["scs-0103-flavor-4v-16"]));
    let names: Vec<_> = plan.changes.iter().map(|change| change.object.name.as_str()).collect();
    assert_eq!(names, [r#"flavor "SCS-4V-16""#, r#"flavor "SCS-4V-16-100s""#, r#"flavor "SCS-4V-16-50""#]);
}

#[test]
fn wrong_and_missing_extra_specs_are_set_and_others_left_alone() {
    let inventory = broken("SCS-4V-16", |held| {
        specs(held).insert("scs:cpu-type".to_owned(), "crowded-core".to_owned());
        specs(held).remove("scs:name-v1");
        specs(held).insert("hw_rng:allowed".to_owned(), "true".to_owned());
    });
    let plan = planned(&inventory, &wishes());
    assert_eq!(
        short(&plan),
        [
            r#"flavor "SCS-4V-16": extra specs: scs:cpu-type=crowded-core scs:name-v1=(not set) -> scs:cpu-type=shared-core scs:name-v1=SCS-4V:16"#
        ]
    );
    assert_eq!(
        plan.changes[0].command,
        "openstack flavor set SCS-4V-16 --property scs:cpu-type=shared-core --property scs:name-v1=SCS-4V:16"
    );
}

#[test]
fn wrong_sizes_are_advised_about() {
    let plan = planned(&broken("SCS-2V-8", |held| held.seen.ram_mib = 8000), &wishes());
    assert_eq!(plan.changes, []);
    assert!(
        plan.advice
            .iter()
            .any(|a| a.testcase == "scs-0103-flavor-2v-8" && a.todo.contains("--replace-flavors"))
    );
    assert!(plan.advice.iter().any(|a| a.testcase == "scs-0100-semantics-check"));
}

#[test]
fn a_flavor_that_nobody_uses_is_replaced_on_request_and_keeps_its_own_extra_specs() {
    let inventory = broken("SCS-2V-8", |held| {
        held.seen.disk_gb = 20;
        held.used = Some(false);
        specs(held).insert("hw_rng:allowed".to_owned(), "true".to_owned());
    });
    let plan = planned(&inventory, &replacing());
    assert_eq!((plan.changes.len(), plan.advice.len()), (1, 0));
    let Action::ReplaceFlavor { id, with } = &plan.changes[0].action else { panic!("{plan:?}") };
    assert_eq!((id.as_str(), with.disk_gb), ("SCS-2V-8", 0));
    assert!(with.extra_specs.contains_key("hw_rng:allowed") && with.extra_specs.contains_key(NAME_KEY));
    assert!(!plan.changes[0].safe);
}

#[test]
fn a_flavor_in_use_or_of_unknown_use_is_never_replaced() {
    for used in [Some(true), None] {
        let inventory = broken("SCS-2V-8", |held| {
            held.seen.disk_gb = 20;
            held.used = used;
        });
        let plan = planned(&inventory, &replacing());
        assert_eq!((plan.changes.len(), plan.advice.len()), (0, 1), "{used:?}");
    }
}

#[test]
fn a_false_claim_is_taken_away_so_that_the_right_flavor_is_seen() {
    let mut inventory = good();
    let mut liar = inventory.flavors.as_ref().unwrap()[0].clone();
    liar.seen.name = "m1.liar".to_owned();
    liar.seen.id = "liar".to_owned();
    liar.seen.ram_mib = 7;
    specs(&mut liar).insert(NAME_KEY.to_owned(), "SCS-4V-16".to_owned());
    inventory.flavors.as_mut().unwrap().push(liar);
    let plan = planned(&inventory, &wishes());
    assert_eq!(short(&plan), [r#"flavor "m1.liar": extra specs: scs:name-v2=SCS-4V-16 -> (not set)"#]);
    assert_eq!(plan.changes[0].command, "openstack flavor unset --property scs:name-v2 liar");
}

#[test]
fn a_flavor_in_the_old_spelling_gets_its_extra_specs_and_no_double() {
    let inventory = broken("SCS-4V-16", |held| {
        held.seen.name = "SCS-4V:16".to_owned();
        held.seen.extra_specs = Some([].into());
    });
    let plan = planned(&inventory, &wishes());
    assert_eq!(plan.changes.len(), 1);
    assert!(
        matches!(&plan.changes[0].action, Action::SetSpecs { specs, .. } if specs.len() == 3),
        "{plan:?}"
    );
}

#[test]
fn a_private_flavor_is_never_changed() {
    let inventory = broken("SCS-4V-16", |held| held.public = false);
    let plan = planned(&inventory, &wishes());
    assert_eq!(plan.changes, [], "its name is taken, so no other can be made");
    assert!(plan.advice[0].todo.contains("private"), "{:?}", plan.advice);
}

#[test]
fn names_that_break_the_grammar_are_advised_about() {
    let mut inventory = good();
    let mut odd = inventory.flavors.as_ref().unwrap()[0].clone();
    (odd.seen.name, odd.seen.extra_specs) = ("SCS-1X-1".to_owned(), Some([].into()));
    inventory.flavors.as_mut().unwrap().push(odd);
    let plan = planned(&inventory, &wishes());
    assert_eq!((plan.changes.len(), plan.advice.len()), (0, 1));
    assert_eq!(plan.advice[0].testcase, "scs-0100-syntax-check");
}

#[test]
fn a_list_that_could_not_be_read_is_advised_about_and_nothing_is_created() {
    let mut inventory = good();
    inventory.flavors = Err(kogge_conform::Problem::cloud("answered 503"));
    let plan = planned(&inventory, &wishes());
    assert_eq!(plan.changes, []);
    assert!(
        plan.advice.iter().all(|a| a.found.contains("503")) && plan.advice.len() == 33,
        "{}",
        plan.advice.len()
    );
}

#[test]
fn null_extra_specs_are_left_to_the_operators_policy() {
    let plan = planned(&broken("SCS-4V-16", |held| held.seen.extra_specs = None), &wishes());
    assert_eq!(plan.changes, []);
    assert_eq!(plan.advice.len(), 31);
}
