//! The referee on our own cloud: it passes as it is, and the table of mutations, as far as an administrator can carry
//! them out, comes to exactly what it says.

mod mend;
mod parity;
mod suite;

use futures_util::stream::{self, StreamExt};
use kogge::test_cloud::{Reach, TestCloud};
use kogge_client::Client;
use kogge_clock::Clock;
use kogge_conform::{Options, Report, Runner, Silent, Verdict};
use kogge_conform_iaas::proof::{Mutation, NOW, differences, mutations};
use kogge_conform_iaas::{Wanted, select};

/// What our cloud serves, and is judged by reading only.
const READ: &str = "scs-010[0234]|scs-0115|scs-0123-s[et]";

/// How many clouds run at a time.
const CLOUDS: usize = 3;

async fn check(client: Client, tests: &str, clock: Clock) -> Report {
    let wanted = Wanted {
        date: "2026-11-24".parse().unwrap(),
        version: None,
        tests: Some(tests.to_owned()),
        all: true,
    };
    let selected = select(&wanted).unwrap();
    let options = Options { plan: selected.plan, clock, ..Options::default() };
    Runner::new(client, options).run(selected.checks, &mut Silent).await
}

fn failed(report: &Report) -> Vec<&str> {
    report.results.iter().filter(|r| r.verdict != Verdict::Pass).map(|r| r.id.as_str()).collect()
}

#[tokio::test]
async fn a_fresh_cloud_passes_0100_and_0103() {
    let cloud = TestCloud::start().await;
    let report = check(cloud.client("kogge"), "scs-010[03]", Clock::system()).await;
    assert_eq!(failed(&report), Vec::<&str>::new());
    assert!(report.results.len() >= 30, "only {} test cases ran", report.results.len());
    cloud.stop().await;
}

/// A cloud with all that a standard looks at, at the moment for which the mutations are made, and its clock.
async fn sound(standard: &str) -> (TestCloud, Clock) {
    let (clock, _) = Clock::fake(NOW.parse().unwrap());
    let cloud = TestCloud::with(|_| {}, clock.clone()).await;
    if ["scs-0102", "scs-0104", "scs-0123"].contains(&standard) {
        let admin = cloud.administrator().await;
        admin.add_images().await;
        admin.complete_catalog().await;
    }
    (cloud, clock)
}

async fn mutated(standard: &str, mutation: Mutation, before: &Report) -> Vec<String> {
    let (cloud, clock) = sound(standard).await;
    cloud.administrator().await.mutate(&mutation).await;
    let report = check(cloud.client("kogge"), READ, clock.clone()).await;
    assert_eq!(report.results.len(), before.results.len());
    let mut wrong = differences(&mutation, before, &report);
    if mend::concerns(&mutation) {
        let admin = cloud.client("kogge-admin");
        let again = async || check(cloud.client("kogge"), READ, clock.clone()).await;
        let broken_promises = mend::mend(&admin, &clock, (before, &report), again).await;
        wrong.extend(broken_promises.into_iter().map(|line| format!("{}: {line}", mutation.name)));
    }
    cloud.stop().await;
    wrong
}

/// The matrices below.
const STANDARDS: [&str; 7] =
    ["scs-0100", "scs-0102", "scs-0103", "scs-0104", "scs-0115", "scs-0123", "scs-*"];

#[test]
fn every_mutation_that_is_possible_here_is_in_a_matrix() {
    let in_none = |mutation: &Mutation| !STANDARDS.iter().any(|s| mutation.expected[0].0.starts_with(s));
    let left = mutations().into_iter().filter(|m| Reach::kogge().covers(m) && in_none(m));
    assert_eq!(left.map(|mutation| mutation.name).collect::<Vec<_>>(), Vec::<String>::new());
}

/// Carries out every mutation of a standard that can be carried out here.
async fn matrix(standard: &str, at_least: usize) {
    assert!(STANDARDS.contains(&standard));
    let (cloud, clock) = sound(standard).await;
    let before = check(cloud.client("kogge"), READ, clock).await;
    cloud.stop().await;
    let unsound: Vec<&str> = failed(&before).into_iter().filter(|id| id.starts_with(standard)).collect();
    assert_eq!(unsound, Vec::<&str>::new(), "the sound cloud is not sound");
    let possible =
        mutations().into_iter().filter(|m| m.expected[0].0.starts_with(standard) && Reach::kogge().covers(m));
    let possible: Vec<Mutation> = possible.collect();
    assert!(possible.len() >= at_least, "only {} mutations of {standard}", possible.len());
    let runs = stream::iter(possible).map(|mutation| mutated(standard, mutation, &before));
    let wrong: Vec<String> = runs.buffered(CLOUDS).collect::<Vec<_>>().await.concat();
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test]
async fn mutations_of_flavor_names() {
    matrix("scs-0100", 20).await;
}

#[tokio::test]
async fn mutations_of_standard_flavors() {
    matrix("scs-0103", 40).await;
}

#[tokio::test]
async fn mutations_of_image_metadata() {
    matrix("scs-0102", 60).await;
}

#[tokio::test]
async fn mutations_of_standard_images() {
    matrix("scs-0104", 20).await;
}

#[tokio::test]
async fn mutations_of_default_rules() {
    matrix("scs-0115", 10).await;
}

#[tokio::test]
async fn mutations_of_the_catalogue() {
    matrix("scs-0123", 9).await;
}

#[tokio::test]
async fn mutations_of_the_member() {
    matrix("scs-*", 3).await;
}
