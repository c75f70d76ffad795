//! The table compiles, and says for each persona what Keystone's defaults say.

use std::collections::BTreeSet;
use std::sync::Arc;

use kogge_auth::testing::Persona;
use kogge_auth::{Policies, Target};

use super::*;

fn policies() -> Arc<Policies> {
    Arc::new(Policies::compile(&[RULE_SET]).unwrap())
}

fn may(persona: Persona, rule: &Rule, target: &Target<'_>) -> bool {
    let caller = persona.caller(&policies());
    caller.may(rule, target)
}

fn user_in(domain: &'static str) -> Target<'static> {
    Target::none().attr("target.user.id", "someone").attr("target.user.domain_id", domain)
}

fn grant(domain: &'static str, role: &'static str) -> Target<'static> {
    user_in(domain)
        .attr("target.project.domain_id", domain)
        .attr("target.role.name", role)
        .attr("target.role.domain_id", "None")
}

#[test]
fn the_table_compiles_and_no_name_stands_twice() {
    policies();
    let names: BTreeSet<&str> = RULES.iter().map(|rule| rule.name).collect();
    assert_eq!(names.len(), RULES.len());
}

#[test]
fn a_domain_manager_manages_users_groups_and_projects_of_the_own_domain_only() {
    let group = |domain| Target::none().attr("target.group.domain_id", domain);
    let project = |domain| Target::none().attr("target.project.domain_id", domain);
    for rule in [&CREATE_USER, &UPDATE_USER, &DELETE_USER, &GET_USER] {
        assert!(may(Persona::DomainManager, rule, &user_in("default")), "{}", rule.name);
        assert!(!may(Persona::DomainManager, rule, &user_in("other")), "{}", rule.name);
    }
    for rule in [&CREATE_GROUP, &UPDATE_GROUP, &DELETE_GROUP, &GET_GROUP] {
        assert!(may(Persona::DomainManager, rule, &group("default")), "{}", rule.name);
        assert!(!may(Persona::DomainManager, rule, &group("other")), "{}", rule.name);
    }
    for rule in [&CREATE_PROJECT, &UPDATE_PROJECT, &DELETE_PROJECT, &GET_PROJECT] {
        assert!(may(Persona::DomainManager, rule, &project("default")), "{}", rule.name);
        assert!(!may(Persona::DomainManager, rule, &project("other")), "{}", rule.name);
        assert!(
            !may(Persona::DomainManager, rule, &project("None")),
            "a domain is no project: {}",
            rule.name
        );
    }
}

#[test]
fn a_domain_manager_gives_manager_member_and_reader_and_nothing_else() {
    for role in ["manager", "member", "reader"] {
        assert!(may(Persona::DomainManager, &CREATE_GRANT, &grant("default", role)), "{role}");
        assert!(may(Persona::DomainManager, &REVOKE_GRANT, &grant("default", role)), "{role}");
        assert!(!may(Persona::DomainManager, &CREATE_GRANT, &grant("other", role)), "{role}");
    }
    for role in ["admin", "service", "swiftoperator"] {
        assert!(!may(Persona::DomainManager, &CREATE_GRANT, &grant("default", role)), "{role}");
    }
}

#[test]
fn a_domain_manager_creates_no_domains_roles_or_endpoints() {
    for rule in
        [&CREATE_DOMAIN, &UPDATE_DOMAIN, &CREATE_ROLE, &CREATE_ENDPOINT, &CREATE_REGION, &CREATE_IMPLIED_ROLE]
    {
        assert!(!may(Persona::DomainManager, rule, &Target::none()), "{}", rule.name);
    }
}

#[test]
fn a_domain_manager_lists_roles_by_the_own_domain() {
    let own = Target::none().attr("domain_id", "default");
    assert!(may(Persona::DomainManager, &LIST_ROLES, &own));
    assert!(!may(Persona::Member, &LIST_ROLES, &Target::none()));
}

#[test]
fn members_and_readers_see_themselves_and_change_nothing() {
    for persona in [Persona::Member, Persona::Reader, Persona::OtherMember, Persona::OtherReader] {
        let caller = persona.caller(&policies());
        let own = Target::none().attr("target.user.id", caller.user.id.to_string());
        assert!(may(persona, &GET_USER, &own), "{persona:?}");
        for rule in [&CREATE_USER, &DELETE_USER, &LIST_USERS, &CREATE_PROJECT, &CREATE_GRANT, &LIST_DOMAINS] {
            assert!(!may(persona, rule, &user_in("default")), "{persona:?} {}", rule.name);
        }
    }
}

#[test]
fn a_project_reader_does_not_pass_for_a_systems_one() {
    assert!(!may(Persona::Reader, &LIST_SERVICES, &Target::none()));
    assert!(may(Persona::SystemAdmin, &LIST_SERVICES, &Target::none()));
    assert!(may(Persona::Admin, &LIST_SERVICES, &Target::none()));
}

#[test]
fn application_credentials_are_made_with_a_projects_token_for_oneself_only() {
    let target = |persona: Persona| {
        Target::none().user("x").attr("user_id", persona.caller(&policies()).user.id.to_string())
    };
    assert!(may(Persona::Member, &CREATE_APPLICATION_CREDENTIAL, &target(Persona::Member)));
    assert!(!may(Persona::Admin, &CREATE_APPLICATION_CREDENTIAL, &target(Persona::Member)));
    assert!(!may(Persona::SystemAdmin, &CREATE_APPLICATION_CREDENTIAL, &target(Persona::SystemAdmin)));
}
