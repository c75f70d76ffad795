//! A cloud that does everything right, and how a run treats it; what broken ones come to stands in `matrix.rs`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "cloud/fixture.rs"]
mod fixture;

use std::sync::Arc;

use axum::http::Method;
use fixture::Cloud;
use kogge_conform::{Journal, Report, Verdict};
use serde_json::json;

async fn check(cloud: Cloud, tests: &str) -> Report {
    cloud.start().await.check("v5.1", tests, Arc::new(Journal::in_memory())).await
}

/// Ids of all results with this verdict.
fn with(report: &Report, verdict: Verdict) -> Vec<&str> {
    report.results.iter().filter(|r| r.verdict == verdict).map(|r| r.id.as_str()).collect()
}

#[tokio::test]
async fn a_cloud_that_does_everything_right_passes_every_mandatory_testcase_of_every_version() {
    let running = Cloud::default().start().await;
    for (version, count) in [("v3", 16), ("v4", 39), ("v5.1", 54), ("next", 55)] {
        let journal = Arc::new(Journal::in_memory());
        let report = running.check(version, "scs-", journal.clone()).await;
        let main = &report.plan.versions[0].targets["main"];
        assert_eq!(main.len(), count);
        assert_eq!(report.summary[0].targets["main"].word(), "PASS", "{:?}", with(&report, Verdict::Fail));
        assert!(journal.left().is_empty() && report.leftovers.is_empty());
    }
}

#[tokio::test]
async fn nothing_stays_behind_and_shared_lists_are_fetched_once() {
    let running = Cloud::default().start().await;
    running.check("v5.1", "scs-", Arc::new(Journal::in_memory())).await;
    for collection in
        ["servers", "routers", "subnets", "volumes", "backups", "secrets", "security-groups", "ports"]
    {
        assert!(running.names(collection).is_empty(), "{collection}: {:?}", running.names(collection));
    }
    assert_eq!(running.names("networks"), ["public"]);
    let count = |what: &str| running.seen().iter().filter(|s| *s == what).count();
    for what in [
        "POST /identity/v3/auth/tokens",
        "GET /compute/v2.1/flavors/detail",
        "GET /image/v2/images",
        "GET /volume/v3/p1/types",
        "POST /compute/v2.1/servers",
    ] {
        assert_eq!(count(what), 1, "{what}");
    }
}

#[tokio::test]
async fn without_templates_a_fresh_group_is_judged_and_removed() {
    let mut cloud = Cloud::default();
    let fault =
        r#"{"NeutronError": {"message": "The resource default-security-group-rules could not be found."}}"#;
    cloud.answer(Method::GET, "/network/v2.0/default-security-group-rules", 404, fault);
    let running = cloud.start().await;
    let report = running.check("v5.1", "scs-0115", Arc::new(Journal::in_memory())).await;
    assert_eq!(with(&report, Verdict::Pass), ["scs-0115-default-rules"], "{:?}", report.results);
    assert!(running.seen().iter().any(|s| s == "POST /network/v2.0/security-groups"));
    assert!(running.names("security-groups").is_empty());
}

#[tokio::test]
async fn what_others_made_is_never_touched() {
    let mut cloud = Cloud::default();
    for (collection, name) in [
        ("volumes", "scs-test-volume"),
        ("backups", "scs-test-x"),
        ("secrets", "scs-member-role-test-secret"),
        ("servers", "_scs-0101-server"),
        ("routers", "_scs-0101-router"),
    ] {
        cloud.stored.insert(collection.into(), vec![json!({"id": "theirs", "name": name})]);
    }
    let running = cloud.start().await;
    running.check("v5.1", "scs-", Arc::new(Journal::in_memory())).await;
    for collection in ["volumes", "backups", "secrets", "servers", "routers"] {
        assert_eq!(running.names(collection).len(), 1, "{collection}");
    }
    assert!(!running.seen().iter().any(|s| s.starts_with("DELETE") && s.ends_with("/theirs")));
}

#[tokio::test]
async fn a_list_that_fails_leaves_only_its_own_testcases_open() {
    let report = check(
        {
            let mut cloud = Cloud::default();
            cloud.answer(Method::GET, "/image/v2/images", 500, "{}");
            cloud
        },
        "scs-",
    )
    .await;
    for result in &report.results {
        let images = ["scs-0101", "scs-0102", "scs-0104"].iter().any(|p| result.id.starts_with(p));
        assert_eq!(result.verdict == Verdict::CouldNotRun, images, "{}", result.id);
        if images {
            assert!(result.reason.as_ref().unwrap().contains("GET"), "{:?}", result.reason);
        }
    }
}

#[tokio::test]
async fn an_old_cloud_without_embedded_extra_specs_is_asked_for_each() {
    let mut cloud = Cloud::default();
    for flavor in &mut cloud.flavors {
        flavor.as_object_mut().unwrap().remove("extra_specs");
    }
    cloud.answer(Method::GET, "/compute/v2.1/flavors/id-", 200, r#"{"extra_specs": {"scs:name-v2": "x"}}"#);
    let running = cloud.start().await;
    let report = running.check("v5.1", "scs-0103-flavor-1v-4$", Arc::new(Journal::in_memory())).await;
    assert_eq!(with(&report, Verdict::Fail), ["scs-0103-flavor-1v-4"]);
    assert_eq!(running.seen().iter().filter(|s| s.ends_with("/os-extra_specs")).count(), 31);
}

#[tokio::test]
async fn a_cloud_that_answers_nonsense_never_passes() {
    for body in [
        "",
        "[]",
        "{}",
        "<html>",
        r#"{"flavors": [{}]}"#,
        r#"{"flavors": [{"id": "a", "vcpus": "4"}]}"#,
        r#"{"flavors": null}"#,
    ] {
        let mut cloud = Cloud::default();
        cloud.answer(Method::GET, "/compute/v2.1/flavors/detail", 200, body);
        let report = check(cloud, "scs-010[03]").await;
        assert_eq!(with(&report, Verdict::CouldNotRun).len(), report.results.len(), "{body}");
    }
}

#[tokio::test]
async fn an_empty_cloud_passes_what_has_nothing_to_judge_and_fails_what_must_be_there() {
    let cloud = Cloud { flavors: vec![], images: vec![], ..Cloud::default() };
    let report = check(cloud, "scs-010[0234]").await;
    assert_eq!(report.result("scs-0100-syntax-check").unwrap().verdict, Verdict::Pass);
    assert_eq!(report.result("scs-0102-image-recency").unwrap().verdict, Verdict::Pass);
    assert_eq!(report.result("scs-0104-source-ubuntu-2404").unwrap().verdict, Verdict::Pass);
    assert_eq!(report.result("scs-0104-image-ubuntu-2404").unwrap().verdict, Verdict::Fail);
    assert_eq!(with(&report, Verdict::Fail).iter().filter(|id| id.starts_with("scs-0103")).count(), 31);
}
