//! Check strings and `policy.yaml`: no text hangs, and what is not understood gives nobody anything.

#![no_main]

use std::collections::BTreeMap;
use std::sync::Arc;

use kogge_auth::policy::base_rules;
use kogge_auth::testing::Persona;
use kogge_auth::{Policies, Rule, RuleSet, Target};
use libfuzzer_sys::fuzz_target;

static RULES: [Rule; 9] = base_rules("compute");
const ASKED: Rule = Rule::new("compute", "project_member_or_admin", "");

fuzz_target!(|text: &str| {
    ask(&BTreeMap::from([(ASKED.name.to_owned(), text.to_owned())]));
    if let Ok(overrides) = Policies::read_overrides(text) {
        ask(&overrides);
    }
});

fn ask(overrides: &BTreeMap<String, String>) {
    let sets = [RuleSet { service: "compute", rules: &RULES }];
    let Ok(policies) = Policies::with_overrides(&sets, overrides) else { return };
    let policies = Arc::new(policies);
    for persona in [Persona::Reader, Persona::Admin] {
        let caller = persona.caller(&policies);
        let own = persona.project_id();
        let target = Target::project(&own).attr("visibility", "public");
        let first = caller.may(&ASKED, &target);
        assert_eq!(first, caller.may(&ASKED, &target), "a policy decides the same each time");
        assert!(!caller.may(&Rule::new("compute", "there is no such rule", "@"), &target));
    }
}
