//! The deep check of S3 against a small store that verifies signatures, as it is and broken in one place.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "cloud/fixture.rs"]
mod fixture;
#[path = "s3/store.rs"]
mod store;

use std::sync::Arc;

use fixture::Cloud;
use kogge_conform::{Cleaner, Journal, Options, Report, Runner, Silent, Verdict};
use kogge_conform_iaas::{AdvisoryOptions, AdvisorySweeper, ObjectStore, S3Key, advisory_with};
use store::{Fault, Store};

const OBJECTS: &str = "advisory-0123-s3-objects";
const MULTIPART: &str = "advisory-0123-s3-multipart";
const SIGNATURES: &str = "advisory-0123-s3-signatures";

async fn check(store: &Store, journal: &Arc<Journal>) -> Report {
    let key = S3Key { access_key: store::ACCESS.into(), secret: store::SECRET.to_owned().into() };
    let object_store = ObjectStore { endpoint: Some(store.url()), key: Some(key), region: None };
    let options = AdvisoryOptions { object_store: Some(object_store), ..AdvisoryOptions::default() };
    let running = Cloud::default().start().await;
    let checks =
        advisory_with(&options).into_iter().filter(|c| c.description().id.starts_with("advisory-0123"));
    let cleaner: Arc<dyn Cleaner> = Arc::new(AdvisorySweeper::new(&options));
    let runner_options =
        Options { journal: Arc::clone(journal), cleaner: Some(cleaner), ..Options::default() };
    Runner::new(running.client(), runner_options).run(checks.collect(), &mut Silent).await
}

async fn failing(fault: Fault) -> (Vec<String>, String) {
    let (store, journal) = (Store::start(Some(fault)).await, Arc::new(Journal::in_memory()));
    let report = check(&store, &journal).await;
    let failed: Vec<_> = report.results.iter().filter(|r| r.verdict != Verdict::Pass).collect();
    assert!(failed.iter().all(|r| r.verdict == Verdict::Fail), "{fault:?}: {failed:#?}");
    let text =
        failed.iter().flat_map(|r| &r.findings).map(|f| format!("{} / {}\n", f.expected, f.found)).collect();
    assert_eq!(store.buckets(), Vec::<String>::new(), "{fault:?}");
    assert!(journal.left().is_empty());
    (failed.iter().map(|r| r.id.clone()).collect(), text)
}

#[tokio::test]
async fn a_store_that_does_everything_right_passes_and_keeps_nothing() {
    let (store, journal) = (Store::start(None).await, Arc::new(Journal::in_memory()));
    let report = check(&store, &journal).await;
    assert_eq!(report.results.len(), 3);
    assert!(report.results.iter().all(|r| r.verdict == Verdict::Pass), "{:#?}", report.results);
    assert!(store.buckets().is_empty() && journal.left().is_empty() && report.leftovers.is_empty());
}

#[tokio::test]
async fn each_fault_fails_its_own_check_and_is_named() {
    for (fault, id, word) in [
        (Fault::WrongEtag, OBJECTS, "ETag"),
        (Fault::NoRanges, OBJECTS, "reading bytes=10-19"),
        (Fault::ListRepeats, OBJECTS, "each object once"),
        (Fault::AnyMd5, OBJECTS, "Content-MD5"),
        (Fault::KeepsDeleted, OBJECTS, "gone"),
        (Fault::PartsReversed, MULTIPART, "both parts"),
        (Fault::NoAbort, MULTIPART, "given up"),
        (Fault::AnySignature, SIGNATURES, "wrong secret"),
        (Fault::OldAddresses, SIGNATURES, "time is over"),
        (Fault::OpenToAll, SIGNATURES, "without a signature"),
    ] {
        let (failed, text) = failing(fault).await;
        assert_eq!(failed, [id], "{fault:?}: {text}");
        assert!(text.contains(word), "{fault:?}: {text}");
    }
}

#[tokio::test]
async fn a_key_that_is_refused_is_told_and_shows_no_secret() {
    let store = Store::start(None).await;
    let key = S3Key { access_key: "other".into(), secret: "sehr-geheim".to_owned().into() };
    let object_store = ObjectStore { endpoint: Some(store.url()), key: Some(key), region: None };
    let options = AdvisoryOptions { object_store: Some(object_store), ..AdvisoryOptions::default() };
    let checks = advisory_with(&options).into_iter().filter(|c| c.description().id == OBJECTS);
    let running = Cloud::default().start().await;
    let report = Runner::new(running.client(), Options::default()).run(checks.collect(), &mut Silent).await;
    let text = format!("{report:?} {:?}", options.object_store);
    assert!(text.contains("InvalidAccessKeyId") && !text.contains("sehr-geheim"), "{text}");
    assert_eq!(report.results[0].verdict, Verdict::CouldNotRun);
}

#[tokio::test]
async fn a_store_in_another_region_is_signed_for_anew() {
    let store = Store::start(Some(Fault::Region)).await;
    let report = check(&store, &Arc::new(Journal::in_memory())).await;
    assert!(report.results.iter().all(|r| r.verdict == Verdict::Pass), "{:#?}", report.results);
}
