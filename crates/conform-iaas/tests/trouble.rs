//! Trouble on the way and trouble of our own: neither is ever held against the cloud, and nothing stays behind.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "cloud/fixture.rs"]
mod fixture;

use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use fixture::{Cloud, Running};
use futures_util::future::join_all;
use kogge_conform::journal::SETTLED_AFTER;
use kogge_conform::{Journal, Journals, Report, RunId, Verdict};
use kogge_conform_iaas::sweep;

const KINDS: [&str; 7] =
    ["servers", "routers", "subnets", "volumes", "backups", "security-groups", "secrets"];

fn now() -> kogge_clock::Timestamp {
    kogge_conform_iaas::proof::NOW.parse().unwrap()
}

fn is_empty(running: &Running) {
    for kind in KINDS {
        assert!(running.names(kind).is_empty(), "{kind}: {:?}", running.names(kind));
    }
    assert_eq!(running.names("networks"), ["public"]);
}

fn not_passed(report: &Report) -> Vec<String> {
    let not = report.results.iter().filter(|result| result.verdict != Verdict::Pass);
    not.map(|r| format!("{} {:?} {:?} {:?}", r.id, r.verdict, r.reason, r.findings)).collect()
}

#[tokio::test]
async fn a_cloud_that_loses_every_tenth_call_passes_and_nothing_stays_behind() {
    let runs = (0..10).map(|from| async move {
        let running = Cloud { gateway: Some((10, from)), ..Cloud::default() }.start().await;
        let journal = Arc::new(Journal::in_memory());
        let report = running.check_as_users_do("scs-", journal.clone()).await;
        assert_eq!(not_passed(&report), Vec::<String>::new(), "from call {from}");
        assert_eq!(report.leftovers, Vec::<String>::new());
        is_empty(&running);
        // what was never answered needs a second look, a good while later
        assert_eq!(journal.left().len(), report.unsettled.len());
        running.change(|cloud| cloud.gateway = None);
        let later = now().plus(SETTLED_AFTER + Duration::from_secs(1));
        let swept = sweep(&running.client(), &journal, later).await.unwrap();
        assert!(swept.failed.is_empty() && swept.open.is_empty() && journal.left().is_empty(), "{swept:?}");
    });
    join_all(runs).await;
}

#[tokio::test]
async fn one_lost_look_at_a_volume_is_no_failed_backup() {
    // without the client's own patience: the check has to have it
    for lost in 4..12 {
        let running = Cloud { gateway: Some((1000, lost)), ..Cloud::default() }.start().await;
        let journal = Arc::new(Journal::in_memory());
        let report = running.check("v5.1", "scs-0117", journal.clone()).await;
        let call = running.seen()[lost - 1].clone();
        let looked = call.starts_with("GET ") && !call.ends_with("/detail");
        if looked || call.starts_with("POST /volume") || call.starts_with("DELETE") {
            assert_eq!(not_passed(&report), Vec::<String>::new(), "{call}");
            assert_eq!(report.leftovers, Vec::<String>::new(), "{call}");
        }
        is_empty(&running);
    }
}

#[tokio::test]
async fn a_volume_that_never_becomes_available_still_fails() {
    let mut cloud = Cloud { volume_status: "error".into(), ..Cloud::default() };
    cloud.gateway = Some((10, 3));
    let running = cloud.start().await;
    let report = running.check_as_users_do("scs-0117", Arc::new(Journal::in_memory())).await;
    assert_eq!(report.results[0].verdict, Verdict::Fail, "{:?}", report.results);
}

#[tokio::test]
async fn a_journal_that_cannot_be_written_is_our_trouble_and_nothing_is_created() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("journal"), "a file, not a folder").unwrap();
    let running = Cloud::default().start().await;
    let journal = Arc::new(Journals::at(dir.path().join("journal")).begin(RunId::random()).unwrap());
    let report = running.check("v5.1", "scs-", journal).await;
    for result in &report.results {
        let experiment =
            ["scs-0101-", "scs-0116-permissions", "scs-0117-"].iter().any(|id| result.id.starts_with(id));
        let expected = if experiment { Verdict::CouldNotRun } else { Verdict::Pass };
        assert_eq!(result.verdict, expected, "{}: {:?}", result.id, result.reason);
        if experiment {
            assert!(result.reason.as_ref().unwrap().contains("journal"), "{:?}", result.reason);
        }
    }
    let created = |call: &&String| call.starts_with("POST ") && !call.ends_with("/tokens");
    assert!(!running.seen().iter().any(|call| created(&call)), "{:?}", running.seen());
}

#[tokio::test]
async fn a_secret_that_its_owner_may_delete_but_not_look_at_is_as_upstream_has_it() {
    let mut cloud = Cloud::default();
    cloud.answer(Method::GET, "/key-manager/v1/secrets/", 403, "{}");
    let running = cloud.start().await;
    let journal = Arc::new(Journal::in_memory());
    let report = running.check("v5.1", "scs-0116", journal.clone()).await;
    assert_eq!(not_passed(&report), Vec::<String>::new());
    assert!(journal.left().is_empty() && report.leftovers.is_empty(), "{:?}", report.leftovers);
}

#[tokio::test]
async fn a_create_that_the_cloud_finishes_late_is_found_at_the_second_look() {
    let mut cloud = Cloud::default();
    cloud.answer(Method::POST, "/volume/v3/p1/volumes", 504, "");
    let running = cloud.start().await;
    let journal = Arc::new(Journal::in_memory());
    let report = running.check("v5.1", "scs-0117", journal.clone()).await;
    assert_eq!(report.results[0].verdict, Verdict::Fail);
    assert!(!report.unsettled.is_empty() && report.leftovers.is_empty(), "{report:?}");
    let name = journal.left()[0].object.name.clone();
    running.change(|cloud| {
        cloud.overrides.clear();
        let late = serde_json::json!({"id": "late", "name": name, "status": "available"});
        cloud.stored.entry("volumes".into()).or_default().push(late);
    });
    let swept = sweep(&running.client(), &journal, now()).await.unwrap();
    assert!(swept.failed.is_empty(), "{swept:?}");
    is_empty(&running);
    assert!(!journal.left().iter().any(|entry| entry.looked.is_none()), "{:?}", journal.left());
}
