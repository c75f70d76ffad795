//! The referee on our own cloud: it passes as it is, and fails exactly one test case where it is broken in one place.

use kogge::test_cloud::{Session, TestCloud};
use kogge_client::config::Selection;
use kogge_client::{Client, CloudConfig, Environment};
use kogge_conform::{Options, Report, Runner, Silent, Verdict};
use kogge_conform_iaas::{Wanted, select};
use serde_json::json;

use crate::scene;

async fn check(cloud: &TestCloud, tests: &str) -> Report {
    let file = cloud.clouds_yaml();
    let environment = Environment::new([("OS_CLIENT_CONFIG_FILE", file.as_str())], "/");
    let config =
        CloudConfig::load(&environment, &Selection { cloud: Some("kogge".to_owned()), region: None })
            .unwrap();
    let wanted = Wanted {
        date: "2026-11-24".parse().unwrap(),
        version: None,
        tests: Some(tests.to_owned()),
        all: true,
    };
    let selected = select(&wanted).unwrap();
    let options = Options { plan: selected.plan, ..Options::default() };
    Runner::new(Client::new(config).unwrap(), options).run(selected.checks, &mut Silent).await
}

fn failed(report: &Report) -> Vec<&str> {
    report.results.iter().filter(|r| r.verdict != Verdict::Pass).map(|r| r.id.as_str()).collect()
}

async fn flavor_id(admin: &Session, name: &str) -> String {
    scene::flavor(admin, name).await
}

#[tokio::test]
async fn a_fresh_cloud_passes_0100_and_0103() {
    let cloud = TestCloud::start().await;
    let report = check(&cloud, "scs-010[03]").await;
    assert_eq!(failed(&report), Vec::<&str>::new());
    assert!(report.results.len() >= 30, "only {} test cases ran", report.results.len());
    cloud.stop().await;
}

#[tokio::test]
async fn a_flavor_that_lacks_an_extra_spec_fails_its_own_test_case_only() {
    let cloud = TestCloud::start().await;
    let admin = cloud.session("kogge-admin").await;
    let id = flavor_id(&admin, "SCS-4V-16").await;
    let path = format!("/compute/v2.1/flavors/{id}/os-extra_specs/scs:cpu-type");
    let dropped = admin.delete(&path).await;
    assert!(dropped.status < 300, "{}", dropped.body);
    let report = check(&cloud, "scs-010[03]").await;
    assert_eq!(failed(&report), ["scs-0103-flavor-4v-16"]);
    let findings = &report.result("scs-0103-flavor-4v-16").unwrap().findings;
    assert!(findings.iter().any(|f| f.object.name.contains("SCS-4V-16")), "{findings:?}");
    cloud.stop().await;
}

#[tokio::test]
async fn a_flavor_with_a_wrong_name_fails_the_syntax_test() {
    let cloud = TestCloud::start().await;
    let admin = cloud.session("kogge-admin").await;
    let flavor = json!({"flavor": {"name": "SCS-1X-1", "ram": 1024, "vcpus": 1, "disk": 0}});
    let made = admin.post("/compute/v2.1/flavors", flavor).await;
    assert_eq!(made.status, 200, "{}", made.body);
    let report = check(&cloud, "scs-010[03]").await;
    assert_eq!(failed(&report), ["scs-0100-syntax-check"]);
    cloud.stop().await;
}

#[tokio::test]
async fn a_flavor_that_promises_more_than_it_has_fails_the_semantics_test() {
    let cloud = TestCloud::start().await;
    let admin = cloud.session("kogge-admin").await;
    let flavor = json!({"flavor": {"name": "SCS-8C-32", "ram": 16384, "vcpus": 8, "disk": 0}});
    assert_eq!(admin.post("/compute/v2.1/flavors", flavor).await.status, 200);
    let report = check(&cloud, "scs-010[03]").await;
    assert_eq!(failed(&report), ["scs-0100-semantics-check"]);
    cloud.stop().await;
}
