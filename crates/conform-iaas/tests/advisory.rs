//! Advisory checks: they notice, and never decide.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "cloud/fixture.rs"]
mod fixture;

use fixture::Cloud;
use kogge_conform::exit::exit_code;
use kogge_conform::{Options, Report, Runner, Section, Silent, Verdict};
use kogge_conform_iaas::{advisory, catalogue};
use serde_json::{Value, json};

async fn run(change: impl FnOnce(&mut Cloud)) -> Report {
    let mut cloud = Cloud::default();
    cloud.stored.insert("networks".into(), vec![network("public", true)]);
    cloud.stored.insert("subnetpools".into(), vec![pool(true, 64)]);
    cloud.stored.insert("extensions".into(), vec![json!({"alias": "dns-integration"})]);
    change(&mut cloud);
    let running = cloud.start().await;
    Runner::new(running.client(), Options::default()).run(advisory(), &mut Silent).await
}

fn network(name: &str, is_default: bool) -> Value {
    json!({"id": name, "name": name, "router:external": true, "is_default": is_default})
}

fn pool(shared: bool, longest: u32) -> Value {
    json!({"id": "p", "name": "p", "ip_version": 6, "shared": shared, "is_default": true, "max_prefixlen": longest.to_string()})
}

async fn failing(change: impl FnOnce(&mut Cloud)) -> Vec<String> {
    let report = run(change).await;
    let failed = report.results.iter().filter(|r| r.verdict == Verdict::Fail);
    // the double has no TLS
    failed.map(|r| r.id.clone()).filter(|id| id != "advisory-0125-https-endpoints").collect()
}

#[tokio::test]
async fn a_cloud_that_follows_the_drafts_is_not_nagged() {
    assert!(failing(|_| {}).await.is_empty());
}

#[tokio::test]
async fn each_draft_is_noticed_alone() {
    let network_check = ["advisory-0126-provider-network"];
    let pool_check = ["advisory-0126-ipv6-pool"];
    let set = |key: &'static str, all: Vec<Value>| {
        move |c: &mut Cloud| {
            c.stored.insert(key.into(), all);
        }
    };
    assert_eq!(failing(set("networks", vec![network("a", false)])).await, network_check);
    assert_eq!(failing(set("networks", vec![network("a", true), network("b", true)])).await, network_check);
    assert_eq!(failing(set("subnetpools", vec![])).await, pool_check);
    assert_eq!(failing(set("subnetpools", vec![pool(false, 64)])).await, pool_check);
    assert_eq!(failing(set("subnetpools", vec![pool(true, 56)])).await, pool_check);
    assert_eq!(failing(set("extensions", vec![])).await, ["advisory-0127-dns-integration"]);
}

#[tokio::test]
async fn random_numbers_are_judged_on_a_cloud_without_volumes() {
    let checks = ["advisory-0101-entropy-avail", "advisory-0101-fips-test"];
    let report = run(|c| c.without_service("block-storage")).await;
    for id in checks {
        let result = report.result(id).unwrap();
        assert_eq!(result.verdict, Verdict::Pass, "{id}: {:?}", result.reason);
    }
    let poor = |c: &mut Cloud| c.console = c.console.replace("entropy-avail: 256", "entropy-avail: 3000");
    assert_eq!(failing(poor).await, checks[..1]);
    let report = run(|c| c.console = "FAKE CONSOLE OUTPUT\nANOTHER\nLAST LINE".to_owned()).await;
    for id in checks {
        let result = report.result(id).unwrap();
        assert_eq!(result.verdict, Verdict::NotApplicable, "{id}: {:?}", result.reason);
    }
    let diskless = |c: &mut Cloud| c.flavors.iter_mut().for_each(|flavor| flavor["disk"] = json!(0));
    let report = run(diskless).await;
    let reason = report.result(checks[0]).unwrap().reason.clone().unwrap_or_default();
    assert!(reason.contains("GB of disk"), "{reason}");
}

#[tokio::test]
async fn every_plain_http_endpoint_is_named() {
    let report = run(|c| c.catalog = vec!["compute".into(), "network".into()]).await;
    let result = report.result("advisory-0125-https-endpoints").unwrap();
    let names: Vec<&str> = result.findings.iter().map(|f| f.object.name.as_str()).collect();
    assert_eq!(names, ["endpoint of compute", "endpoint of network"]);
}

#[tokio::test]
async fn advice_never_changes_the_exit_code_and_never_looks_official() {
    let mut report = run(|c| c.stored.clear()).await;
    assert!(report.results.iter().all(|r| r.section == Section::Advisory && r.id.starts_with("advisory-")));
    assert!(!catalogue().iter().any(|c| c.description().id.starts_with("advisory-")));
    let mut official = report.results[0].clone();
    (official.section, official.verdict) = (Section::Official, Verdict::Pass);
    report.results.push(official);
    assert_eq!(exit_code(&report).number(), 0);
}
