//! The referee on our own cloud: it passes as it is, and the table of mutations, as far as an administrator can carry
//! them out, comes to exactly what it says.

use futures_util::stream::{self, StreamExt};
use kogge::test_cloud::TestCloud;
use kogge_client::config::Selection;
use kogge_client::{Client, ClientOptions, CloudConfig, Environment};
use kogge_clock::Clock;
use kogge_conform::{Options, Report, Runner, Silent, Verdict};
use kogge_conform_iaas::proof::{Mutation, NOW, differences, mutations};
use kogge_conform_iaas::{Wanted, select};

/// What our cloud serves, and is judged by reading only.
const READ: &str = "scs-010[0234]|scs-0115|scs-0123-s[et]";

/// How many clouds run at a time.
const CLOUDS: usize = 3;

async fn check(cloud: &TestCloud, tests: &str, clock: Clock) -> Report {
    let file = cloud.clouds_yaml();
    let environment = Environment::new([("OS_CLIENT_CONFIG_FILE", file.as_str())], "/");
    let mut config =
        CloudConfig::load(&environment, &Selection { cloud: Some("kogge".to_owned()), region: None })
            .unwrap();
    let wanted = Wanted {
        date: "2026-11-24".parse().unwrap(),
        version: None,
        tests: Some(tests.to_owned()),
        all: true,
    };
    let selected = select(&wanted).unwrap();
    // there is no TLS here, and reading the machine's authorities takes longer than a run
    config.tls.verify = false;
    // tokens end by the cloud's clock
    let client = ClientOptions { clock: clock.clone(), ..ClientOptions::default() };
    let client = Client::with_options(config, client).unwrap();
    let options = Options { plan: selected.plan, clock, ..Options::default() };
    Runner::new(client, options).run(selected.checks, &mut Silent).await
}

fn failed(report: &Report) -> Vec<&str> {
    report.results.iter().filter(|r| r.verdict != Verdict::Pass).map(|r| r.id.as_str()).collect()
}

#[tokio::test]
async fn a_fresh_cloud_passes_0100_and_0103() {
    let cloud = TestCloud::start().await;
    let report = check(&cloud, "scs-010[03]", Clock::system()).await;
    assert_eq!(failed(&report), Vec::<&str>::new());
    assert!(report.results.len() >= 30, "only {} test cases ran", report.results.len());
    cloud.stop().await;
}

/// A cloud with all that a standard looks at, at the moment for which the mutations are made, and its clock.
async fn sound(standard: &str) -> (TestCloud, Clock) {
    let (clock, _) = Clock::fake(NOW.parse().unwrap());
    let cloud = TestCloud::with(|_| {}, clock.clone()).await;
    if ["scs-0102", "scs-0104", "scs-0123"].contains(&standard) {
        cloud.add_images().await;
        cloud.complete_catalog().await;
    }
    (cloud, clock)
}

async fn mutated(standard: &str, mutation: Mutation, before: &Report) -> Vec<String> {
    let (cloud, clock) = sound(standard).await;
    cloud.mutate(&mutation).await;
    let report = check(&cloud, READ, clock).await;
    cloud.stop().await;
    assert_eq!(report.results.len(), before.results.len());
    differences(&mutation, before, &report)
}

/// Carries out every mutation of a standard that can be carried out here.
async fn matrix(standard: &str, at_least: usize) {
    let (cloud, clock) = sound(standard).await;
    let before = check(&cloud, READ, clock).await;
    cloud.stop().await;
    let unsound: Vec<&str> = failed(&before).into_iter().filter(|id| id.starts_with(standard)).collect();
    assert_eq!(unsound, Vec::<&str>::new(), "the sound cloud is not sound");
    let possible =
        mutations().into_iter().filter(|m| m.expected[0].0.starts_with(standard) && TestCloud::can(m));
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
