//! The whole table of mutations on the double: each comes to exactly what it says, and to nothing else.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "cloud/fixture.rs"]
mod fixture;

use std::collections::BTreeSet;
use std::sync::Arc;

use fixture::Cloud;
use kogge_conform::{Journal, Report, Verdict};
use kogge_conform_iaas::catalogue;
use kogge_conform_iaas::proof::{Mutation, differences, mutations, requests};

async fn check(cloud: Cloud) -> Report {
    cloud.start().await.check("v5.1", "scs-", Arc::new(Journal::in_memory())).await
}

/// Carries out the mutations whose first testcase begins so.
async fn matrix(standards: &[&str]) {
    let sound = check(Cloud::default()).await;
    let mut wrong = Vec::new();
    for mutation in mutations().iter().filter(|m| standards.iter().any(|s| first(m).starts_with(s))) {
        let broken = check(Cloud::mutated(mutation)).await;
        assert_eq!(broken.results.len(), sound.results.len());
        wrong.extend(differences(mutation, &sound, &broken));
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

fn first(mutation: &Mutation) -> &str {
    &mutation.expected[0].0
}

const NAMES: &[&str] = &["scs-0100", "scs-0101"];
const FLAVORS: &[&str] = &["scs-0103"];
const METADATA: &[&str] = &["scs-0102"];
const IMAGES: &[&str] = &["scs-0104", "scs-0115"];
const SERVICES: &[&str] = &["scs-0114", "scs-0116", "scs-0117", "scs-0123", "scs-*"];

#[tokio::test]
async fn mutations_of_flavor_names_and_entropy() {
    matrix(NAMES).await;
}

#[tokio::test]
async fn mutations_of_standard_flavors() {
    matrix(FLAVORS).await;
}

#[tokio::test]
async fn mutations_of_image_metadata() {
    matrix(METADATA).await;
}

#[tokio::test]
async fn mutations_of_standard_images_and_default_rules() {
    matrix(IMAGES).await;
}

#[tokio::test]
async fn mutations_of_storage_and_services() {
    matrix(SERVICES).await;
}

#[test]
fn every_mutation_is_carried_out_by_one_of_these_tests() {
    let all = [NAMES, FLAVORS, METADATA, IMAGES, SERVICES].concat();
    for mutation in mutations() {
        let count = all.iter().filter(|s| first(&mutation).starts_with(**s)).count();
        assert_eq!(count, 1, "{}: {}", mutation.name, first(&mutation));
    }
}

#[tokio::test]
async fn the_sound_cloud_passes_every_testcase_that_there_is() {
    let report = check(Cloud::default()).await;
    let not = |verdict| report.results.iter().filter(move |r| r.verdict != verdict);
    assert!(not(Verdict::Pass).next().is_none(), "{:?}", not(Verdict::Pass).collect::<Vec<_>>());
    assert_eq!(report.results.len(), catalogue().len());
    let noted: Vec<_> = report.results.iter().filter(|r| !r.findings.is_empty()).collect();
    assert!(noted.is_empty(), "{noted:?}");
}

/// `GET /compute/v2.1/servers/servers-3` → `GET compute servers/{id}`.
fn pattern(seen: &str) -> String {
    const PLACES: [(&str, &str); 6] = [
        ("/compute/v2.1/", "compute"),
        ("/image/v2/", "image"),
        ("/network/v2.0/", "network"),
        ("/volume/v3/p1/", "block-storage"),
        ("/key-manager/v1/", "key-manager"),
        ("/", "s3"),
    ];
    let (method, path) = seen.split_once(' ').unwrap();
    let (place, service) = PLACES.iter().find(|(place, _)| path.starts_with(place)).unwrap();
    let segments = path[place.len()..].split('/').map(|segment| {
        let is_id = segment.ends_with(|c: char| c.is_ascii_digit());
        if is_id { "{id}" } else { segment }
    });
    format!("{method} {service} {}", segments.collect::<Vec<_>>().join("/"))
}

/// Whether this is `GET …/v2.1/`.
fn is_version_document(seen: &str) -> bool {
    let last = seen.strip_suffix('/').and_then(|path| path.rsplit('/').next());
    let version = last.and_then(|segment| segment.strip_prefix('v'));
    seen.starts_with("GET ")
        && version.is_some_and(|version| version.starts_with(|c: char| c.is_ascii_digit()))
}

#[tokio::test]
async fn every_check_sends_the_requests_that_it_is_said_to_send() {
    for check in catalogue() {
        let id = check.description().id.clone();
        let running = Cloud::default().start().await;
        running.check("v5.1", &format!("{id}$"), Arc::new(Journal::in_memory())).await;
        let sign_in = "POST /identity/v3/auth/tokens";
        // of each service that it used, the run itself asks for the version document
        let about_us = |seen: &&String| *seen != sign_in && !is_version_document(seen);
        let seen: BTreeSet<String> = running.seen().iter().filter(about_us).map(|s| pattern(s)).collect();
        let said = requests(&id).iter().filter(|r| r.only.is_empty());
        let said: BTreeSet<String> = said.map(|r| format!("{} {} {}", r.method, r.service, r.path)).collect();
        assert_eq!(seen, said, "{id}");
    }
}
