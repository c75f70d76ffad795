//! Effective roles on a small tree: domain `d` with projects `top` and `top/leaf`, user `u` in group `g`.

use super::*;
use crate::model::{Change, Extra, Implication, Membership, Role};

fn project(id: &str, domain: Option<&str>, parent: Option<&str>) -> Change {
    Change::Project(Project {
        id: id.into(),
        name: id.into(),
        domain_id: domain.map(str::to_owned),
        parent_id: parent.map(str::to_owned),
        is_domain: domain.is_none(),
        description: String::new(),
        enabled: true,
        tags: vec![],
        immutable: None,
        extra: Extra::new(),
    })
}

fn role(id: &str, domain: Option<&str>) -> Change {
    let domain_id = domain.map(str::to_owned);
    Change::Role(Role {
        id: id.into(),
        name: id.into(),
        domain_id,
        description: None,
        immutable: None,
        extra: Extra::new(),
    })
}

fn implies(prior: &str, implied: &str) -> Change {
    Change::Implication(Implication { prior: prior.into(), implied: implied.into() })
}

fn tree(assignments: &[Assignment]) -> Snapshot {
    let mut snapshot = Snapshot::default();
    let changes = [
        project("d", None, None),
        project("top", Some("d"), Some("d")),
        project("leaf", Some("d"), Some("top")),
        role("admin", None),
        role("member", None),
        role("reader", None),
        role("local", Some("d")),
        implies("admin", "member"),
        implies("member", "reader"),
        implies("local", "member"),
        Change::Membership(Membership { user_id: "u".into(), group_id: "g".into() }),
    ];
    changes.iter().for_each(|change| snapshot.apply(change));
    assignments.iter().for_each(|assignment| snapshot.apply(&Change::Assignment(assignment.clone())));
    snapshot
}

fn assigned(actor: Actor, target: Target, role: &str, inherited: bool) -> Assignment {
    Assignment { actor, target, role_id: role.into(), inherited }
}

fn user() -> Actor {
    Actor::User("u".into())
}

fn on(id: &str) -> Target {
    Target::Project(id.into())
}

fn names(snapshot: &Snapshot, scope: TokenScope) -> Vec<String> {
    snapshot.token_roles("u", &scope).into_iter().map(|role| role.name).collect()
}

fn on_project(snapshot: &Snapshot, id: &str) -> Vec<String> {
    names(snapshot, TokenScope::Project(id.into()))
}

#[test]
fn implied_roles_come_along_transitively() {
    let snapshot = tree(&[assigned(user(), on("top"), "admin", false)]);
    assert_eq!(on_project(&snapshot, "top"), ["admin", "member", "reader"]);
    assert!(on_project(&snapshot, "leaf").is_empty(), "a direct assignment does not reach below");
}

#[test]
fn a_circle_of_implications_ends() {
    let mut snapshot = tree(&[assigned(user(), on("top"), "reader", false)]);
    snapshot.apply(&implies("reader", "admin"));
    assert_eq!(on_project(&snapshot, "top"), ["admin", "member", "reader"]);
}

#[test]
fn group_roles_count_for_members_only() {
    let snapshot = tree(&[assigned(Actor::Group("g".into()), on("top"), "reader", false)]);
    assert_eq!(on_project(&snapshot, "top"), ["reader"]);
    assert!(snapshot.token_roles("other", &TokenScope::Project("top".into())).is_empty());
}

#[test]
fn an_inherited_domain_role_counts_on_its_projects_and_not_on_the_domain() {
    let snapshot = tree(&[assigned(user(), Target::Domain("d".into()), "reader", true)]);
    assert_eq!(on_project(&snapshot, "leaf"), ["reader"]);
    assert!(names(&snapshot, TokenScope::Domain("d".into())).is_empty());
    assert!(snapshot.domain_ids_of("u").is_empty());
    assert_eq!(snapshot.project_ids_of("u").into_iter().collect::<Vec<_>>(), ["leaf", "top"]);
}

#[test]
fn an_inherited_project_role_counts_below_it_only() {
    let snapshot = tree(&[assigned(user(), on("top"), "reader", true)]);
    assert!(on_project(&snapshot, "top").is_empty());
    assert_eq!(on_project(&snapshot, "leaf"), ["reader"]);
}

#[test]
fn a_domain_specific_role_is_never_in_a_token_but_what_it_implies_is() {
    let snapshot = tree(&[assigned(user(), on("top"), "local", false)]);
    assert_eq!(on_project(&snapshot, "top"), ["member", "reader"]);
}

#[test]
fn scopes_do_not_leak_into_each_other() {
    let snapshot = tree(&[
        assigned(user(), Target::System, "admin", false),
        assigned(user(), Target::Domain("d".into()), "member", false),
    ]);
    assert_eq!(names(&snapshot, TokenScope::System), ["admin", "member", "reader"]);
    assert_eq!(names(&snapshot, TokenScope::Domain("d".into())), ["member", "reader"]);
    assert!(on_project(&snapshot, "top").is_empty());
    assert!(names(&snapshot, TokenScope::Unscoped).is_empty());
}

#[test]
fn effective_assignments_say_where_they_come_from() {
    let source = assigned(Actor::Group("g".into()), Target::Domain("d".into()), "member", true);
    let snapshot = tree(std::slice::from_ref(&source));
    let all = snapshot.effective(snapshot.assignments.iter(), None);
    assert_eq!(all.len(), 4, "two projects, member and reader");
    assert!(all.iter().all(|found| found.user_id == "u" && found.source == source));
    assert_eq!(all.iter().filter(|found| found.implied).count(), 2);
}
