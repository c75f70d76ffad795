//! Changes between versions of the built-in scope, and between made-up ones.

use super::super::{Include, Script, Target, Testcase, scs_compatible_iaas};
use super::*;

fn between(old: &str, new: &str) -> Changes {
    let scope = scs_compatible_iaas();
    changes(scope, scope.version(old).unwrap(), scope, scope.version(new).unwrap())
}

fn ids(placed: &[Placed]) -> Vec<&str> {
    placed.iter().map(|placed| placed.testcase.as_str()).collect()
}

#[test]
fn next_differs_from_v5_1_in_five_testcases_and_two_modules() {
    let found = between("v5.1", "next");
    assert_eq!(
        ids(&found.added),
        ["scs-0102-os_purpose-uniqueness", "scs-0102-prop-os_purpose", "scs-0123-service-s3"]
    );
    assert_eq!(ids(&found.removed), ["scs-0123-service-placement", "scs-0123-swift-s3"]);
    assert_eq!((found.moved, found.parameters, found.unchanged), (vec![], vec![], 52));
    let replaced: Vec<_> =
        found.modules_replaced.iter().map(|r| (r.before.as_str(), r.after.as_str())).collect();
    assert_eq!(replaced, [("scs-0102-v1", "scs-0102-v2"), ("scs-0123-v1", "scs-0123-v2")]);
}

#[test]
fn v5_1_has_another_list_of_images_than_v4() {
    let found = between("v4", "v5.1");
    assert_eq!(found.parameters.len(), 1);
    let change = &found.parameters[0];
    assert_eq!((change.module.as_str(), change.parameter.as_str()), ("scs-0104-v1-2", "image_spec"));
    assert!(change.before.as_ref().unwrap().ends_with("images.yaml"));
    assert!(change.after.as_ref().unwrap().ends_with("images-v5.yaml"));
    assert_eq!(found.modules_added.len(), 8);
    assert_eq!(found.added.len() - found.removed.len(), 54 - 39);
}

#[test]
fn nothing_changes_from_a_version_to_itself() {
    let found = between("v4", "v4");
    assert!(found.is_empty());
    assert_eq!(found.unchanged, 39);
    assert!(!between("v4", "v3").is_empty());
}

/// A scope with one version of one module.
fn scope(module: &str, target: &str, lifetime: Option<&str>, parameter: Option<&str>) -> Scope {
    let testcase =
        Testcase { id: "t".to_owned(), lifetime: lifetime.map(str::to_owned), ..Testcase::default() };
    let target = Target { name: target.to_owned(), testcases: vec!["t".to_owned()] };
    let parameters = parameter.map(|value| ("p".to_owned(), value.to_owned())).into_iter().collect();
    Scope {
        scripts: vec![Script { testcases: vec![testcase], ..Script::default() }],
        modules: vec![Module { id: module.to_owned(), targets: vec![target], ..Module::default() }],
        versions: vec![Version {
            version: "v".to_owned(),
            include: vec![Include { module: module.to_owned(), parameters }],
            ..Version::default()
        }],
        ..Scope::default()
    }
    .with_targets()
}

#[test]
fn moves_between_targets_lifetimes_and_parameters_are_seen_across_files() {
    let old = scope("m", "recommended", None, Some("a"));
    let new = scope("m", "main", Some("year"), None);
    let found = changes(&old, &old.versions[0], &new, &new.versions[0]);
    let moved = Moved { testcase: "t".to_owned(), from: "recommended".to_owned(), to: "main".to_owned() };
    assert_eq!(found.moved, [moved]);
    assert_eq!((found.lifetimes[0].before.as_str(), found.lifetimes[0].after.as_str()), ("week", "year"));
    assert_eq!(found.modules_changed, ["m"]);
    assert_eq!(
        (found.parameters[0].before.as_deref(), found.parameters[0].after.as_deref()),
        (Some("a"), None)
    );
    assert_eq!((found.added, found.removed, found.unchanged), (vec![], vec![], 0));
}

#[test]
fn a_week_by_default_is_a_week() {
    let (old, new) = (scope("m", "main", None, None), scope("m", "main", Some("week"), None));
    assert!(changes(&old, &old.versions[0], &new, &new.versions[0]).is_empty());
}

#[test]
fn modules_are_paired_only_where_the_standard_has_one_of_each() {
    let list = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    assert_eq!(replaced(&list(&["scs-0104-v1", "scs-0104-v1-rec"]), &list(&["scs-0104-v2"])), []);
    assert_eq!(replaced(&list(&["opc-v1"]), &list(&["opc-v2"])), []);
    assert_eq!(replaced(&list(&["scs-0104-v1"]), &list(&["scs-0104-v2"])).len(), 1);
}
