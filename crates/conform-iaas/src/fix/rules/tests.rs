//! The planner about templates of security group rules.

use kogge_standards::default_rules::{PARENT, SeenTemplate};
use serde_json::json;

use crate::fix::scene::{good, planned, short, wish};
use crate::fix::{Action, Inventory, Plan, Template};

fn plan_of(change: impl FnOnce(&mut Vec<Template>)) -> Plan {
    let mut inventory = good();
    change(inventory.rules.as_mut().unwrap().as_mut().unwrap());
    planned(&inventory, &wish(&["scs-0115-"]))
}

fn ingress(id: &str) -> Template {
    let seen = SeenTemplate {
        id: id.to_owned(),
        direction: "ingress".to_owned(),
        ethertype: "IPv4".to_owned(),
        used_in_non_default_sg: true,
        ..SeenTemplate::default()
    };
    Template { seen, ..Template::default() }
}

#[test]
fn templates_in_order_need_nothing() {
    let plan = plan_of(|_| {});
    assert_eq!((plan.changes, plan.advice), (vec![], vec![]));
}

#[test]
fn what_lets_strangers_in_goes() {
    let plan = plan_of(|rules| rules.push(ingress("r9")));
    assert_eq!(
        short(&plan),
        [
            "default security group rule r9: the template: ingress IPv4 from anywhere, for other groups -> gone"
        ]
    );
    assert_eq!(plan.changes[0].command, "openstack default security group rule delete r9");
    assert!(!plan.changes[0].safe && plan.changes[0].caution.contains("existing groups keep"));
}

#[test]
fn what_lets_members_in_everywhere_is_kept_for_default_groups() {
    let plan = plan_of(|rules| {
        rules.retain(|rule| rule.seen.direction == "egress");
        let mut wide = ingress("r9");
        wide.seen.remote_group_id = Some(PARENT.to_owned());
        wide.seen.used_in_default_sg = true;
        wide.rest.insert("protocol".to_owned(), json!("tcp"));
        rules.push(wide);
    });
    let [change] = &plan.changes[..] else { panic!("{plan:?}") };
    let Action::ReplaceRule { id, with } = &change.action else { panic!("{plan:?}") };
    assert_eq!((id.as_str(), with.used_in_default_sg, with.used_in_non_default_sg), ("r9", true, false));
    assert_eq!(with.rest["protocol"], "tcp");
    assert!(
        change.command.contains("--remote-group PARENT --protocol tcp --for-default-sg"),
        "{}",
        change.command
    );
}

#[test]
fn where_another_template_lets_members_in_already_the_wide_one_just_goes() {
    let plan = plan_of(|rules| {
        let mut wide = ingress("r9");
        wide.seen.remote_group_id = Some(PARENT.to_owned());
        wide.seen.used_in_default_sg = true;
        rules.push(wide);
    });
    assert!(
        matches!(&plan.changes[..], [change] if matches!(change.action, Action::DeleteRule { .. })),
        "{plan:?}"
    );
}

#[test]
fn without_templates_both_ways_out_are_made() {
    let plan = plan_of(Vec::clear);
    assert_eq!((plan.changes.len(), plan.advice.len()), (2, 0));
    assert_eq!(
        plan.changes[0].command,
        "openstack default security group rule create --egress --ethertype IPv4 --for-default-sg --for-custom-sg"
    );
}

#[test]
fn a_way_out_for_some_groups_becomes_one_for_all() {
    let plan = plan_of(|rules| rules[1].seen.used_in_non_default_sg = false);
    let [change] = &plan.changes[..] else { panic!("{plan:?}") };
    let Action::ReplaceRule { with, .. } = &change.action else { panic!("{plan:?}") };
    assert_eq!(
        (with.ethertype.as_str(), with.used_in_default_sg, with.used_in_non_default_sg),
        ("IPv6", true, true)
    );
    assert_eq!(
        (change.before.as_str(), change.after.as_str()),
        ("egress IPv6 to anywhere, for default groups", "egress IPv6 to anywhere, for all groups")
    );
}

#[test]
fn a_way_out_for_some_protocols_stays_beside_the_new_one() {
    let plan = plan_of(|rules| {
        rules[0].seen.used_in_default_sg = false;
        rules[0].rest.insert("protocol".to_owned(), json!("tcp"));
    });
    let [change] = &plan.changes[..] else { panic!("{plan:?}") };
    let Action::CreateRule(new) = &change.action else { panic!("{plan:?}") };
    assert_eq!((new.used_in_default_sg, new.used_in_non_default_sg), (true, false));
}

#[test]
fn what_says_the_same_in_other_words_gives_way() {
    let plan = plan_of(|rules| {
        let mut again = rules[0].clone();
        again.seen.id = "r9".to_owned();
        for rule in [&mut rules[0], &mut again] {
            rule.seen.remote_ip_prefix = Some("0.0.0.0/0".to_owned());
            rule.rest.insert("remote_ip_prefix".to_owned(), json!("0.0.0.0/0"));
        }
        rules[0].seen.used_in_default_sg = false;
        again.seen.used_in_non_default_sg = false;
        rules.push(again);
    });
    let [gone, one] = &plan.changes[..] else { panic!("{plan:?}") };
    assert!(matches!(&gone.action, Action::DeleteRule { id } if id == "r9"), "{plan:?}");
    let Action::ReplaceRule { with, .. } = &one.action else { panic!("{plan:?}") };
    assert!(with.used_in_default_sg && with.used_in_non_default_sg && with.rest.is_empty());
}

#[test]
fn without_the_api_only_a_run_of_the_check_can_tell() {
    let inventory = Inventory { rules: Ok(None), ..good() };
    let plan = planned(&inventory, &wish(&["scs-0115-"]));
    assert_eq!((plan.changes.len(), plan.advice.len()), (0, 0));
    assert_eq!(plan.not_looked_at, ["scs-0115-default-rules"]);
}
