//! What an interrupted run leaves is found again by the journal, and nothing else is touched.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "cloud/fixture.rs"]
mod fixture;

use std::sync::Arc;

use axum::http::Method;
use fixture::Cloud;
use kogge_conform::{Journal, Verdict};
use kogge_conform_iaas::{Swept, sweep};
use serde_json::json;

fn now() -> kogge_clock::Timestamp {
    kogge_conform_iaas::proof::NOW.parse().unwrap()
}

const KINDS: [&str; 6] = ["servers", "routers", "subnets", "volumes", "backups", "security-groups"];

#[tokio::test]
async fn a_create_whose_answer_is_lost_is_found_by_its_name_used_and_removed() {
    for (path, tests) in [
        ("/volume/v3/p1/volumes", "scs-0117"),
        ("/volume/v3/p1/backups", "scs-0117"),
        ("/compute/v2.1/servers", "scs-0101"),
        ("/network/v2.0/routers", "scs-0101"),
        ("/key-manager/v1/secrets", "scs-0116"),
    ] {
        let running = Cloud { lost: vec![path.into()], ..Cloud::default() }.start().await;
        let journal = Arc::new(Journal::in_memory());
        let report = running.check("v5.1", tests, journal.clone()).await;
        assert!(report.results.iter().all(|r| r.verdict == Verdict::Pass), "{path}: {:?}", report.results);
        for kind in KINDS.iter().chain(&["secrets"]) {
            assert!(running.names(kind).is_empty(), "{path}: {kind}: {:?}", running.names(kind));
        }
        assert!(journal.left().is_empty() && report.leftovers.is_empty(), "{path}: {:?}", report.leftovers);
    }
}

/// A run that cannot delete, and its journal.
async fn littered() -> (fixture::Running, Arc<Journal>) {
    let mut cloud = Cloud::default();
    cloud.answer(Method::DELETE, "/volume", 500, "{}");
    cloud.answer(Method::DELETE, "/network", 500, "{}");
    cloud.answer(Method::DELETE, "/compute", 500, "{}");
    let running = cloud.start().await;
    let journal = Arc::new(Journal::in_memory());
    let report = running.check("v5.1", "scs-0101|scs-0117", journal.clone()).await;
    assert!(!report.leftovers.is_empty(), "the run should have left something");
    running.change(|c| c.overrides.clear());
    (running, journal)
}

#[tokio::test]
async fn what_could_not_be_removed_is_told_and_a_later_sweep_removes_it() {
    let (running, journal) = littered().await;
    running.change(|c| {
        c.stored.get_mut("volumes").unwrap().push(json!({"id": "theirs", "name": "_scs-0117-volume"}))
    });
    let swept = sweep(&running.client(), &journal, now()).await.unwrap();
    assert!(swept.failed.is_empty() && swept.open.is_empty() && swept.settled > 0, "{swept:?}");
    assert!(journal.left().is_empty());
    assert_eq!(running.names("volumes"), ["_scs-0117-volume"]);
    for kind in KINDS.iter().filter(|k| **k != "volumes") {
        assert!(running.names(kind).is_empty(), "{kind}: {:?}", running.names(kind));
    }
}

#[tokio::test]
async fn a_sweep_leaves_the_entries_of_other_clouds_alone() {
    let (_, journal) = littered().await;
    let left = journal.left().len();
    let other = Cloud::default().start().await;
    assert_eq!(sweep(&other.client(), &journal, now()).await.unwrap(), Swept::default());
    assert_eq!(journal.left().len(), left);
    assert!(!other.seen().iter().any(|s| s.starts_with("DELETE")));
}
