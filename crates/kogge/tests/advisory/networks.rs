//! The checks of SCS-0126 and SCS-0127 on our own cloud.

use std::sync::Arc;

use kogge::test_cloud::TestCloud;
use kogge_clock::Clock;
use kogge_conform::{Journal, Options, Report, Runner, Severity, Silent, Verdict};
use kogge_conform_iaas::{Sweeper, advisory};
use serde_json::json;

async fn check(cloud: &TestCloud) -> Report {
    let journal = Arc::new(Journal::in_memory());
    let options =
        Options { journal: Arc::clone(&journal), cleaner: Some(Arc::new(Sweeper)), ..Options::default() };
    let checks = advisory().into_iter().filter(|check| {
        let id = &check.description().id;
        id.starts_with("advisory-0126") || id.starts_with("advisory-0127")
    });
    let report = Runner::new(cloud.client("kogge"), options).run(checks.collect(), &mut Silent).await;
    assert!(journal.left().is_empty() && report.leftovers.is_empty(), "{:?}", report.leftovers);
    report
}

fn failed(report: &Report) -> Vec<&str> {
    report.results.iter().filter(|r| r.verdict == Verdict::Fail).map(|r| r.id.as_str()).collect()
}

fn undecided(report: &Report) -> Vec<(&str, Option<&str>)> {
    let all = report.results.iter().filter(|r| r.verdict == Verdict::CouldNotRun);
    all.map(|r| (r.id.as_str(), r.reason.as_deref())).collect()
}

#[tokio::test]
async fn what_our_own_cloud_offers_works() {
    let cloud = TestCloud::start().await;
    let report = check(&cloud).await;
    assert_eq!(undecided(&report), []);
    for id in ["advisory-0126-member-view", "advisory-0126-rbac", "advisory-0126-floating-ip"] {
        assert_eq!(report.result(id).unwrap().verdict, Verdict::Pass, "{:#?}", report.result(id));
    }
    cloud.stop().await;
}

#[tokio::test]
async fn a_quota_without_floating_ips_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("policy.yaml");
    std::fs::write(&file, "'get_quota': 'role:member'\n").unwrap();
    let set = |config: &mut kogge_config::Config| config.policy.file = file.display().to_string();
    let cloud = TestCloud::with(set, Clock::system()).await;
    let (admin, member) = (cloud.session("kogge-admin").await, cloud.session("kogge").await);
    assert_eq!(check(&cloud).await.result("advisory-0126-floating-ip").unwrap().verdict, Verdict::Pass);
    let path = format!("/network/v2.0/quotas/{}", member.project_id());
    let set = admin.put(&path, json!({"quota": {"floatingip": 0}})).await;
    assert_eq!(set.status, 200, "{}", set.body);
    let report = check(&cloud).await;
    assert!(failed(&report).contains(&"advisory-0126-floating-ip"), "{:?}", failed(&report));
    cloud.stop().await;
}

#[tokio::test]
async fn a_policy_that_lets_members_share_networks_is_a_warning() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("policy.yaml");
    for (rule, severity) in [("role:admin", None), ("", Some(Severity::Warning))] {
        std::fs::write(&file, format!("'create_rbac_policy': '{rule}'\n")).unwrap();
        let set = |config: &mut kogge_config::Config| config.policy.file = file.display().to_string();
        let cloud = TestCloud::with(set, Clock::system()).await;
        let report = check(&cloud).await;
        let result = report.result("advisory-0126-rbac").unwrap();
        assert_eq!(result.findings.first().map(|f| f.severity), severity, "{result:#?}");
        assert_eq!(result.verdict, Verdict::Pass);
        cloud.stop().await;
    }
}
