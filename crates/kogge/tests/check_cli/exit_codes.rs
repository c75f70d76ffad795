//! Exit codes: 0 pass, 2 usage, 3 checks failed, 4 could not run.

use kogge::test_cloud::TestCloud;
use serde_json::json;

use crate::desk::Desk;

#[tokio::test]
async fn a_pass_is_0_and_a_failed_check_is_3_with_object_rule_and_fix() {
    let cloud = TestCloud::start().await;
    let desk = Desk::of(&cloud);
    let passed = desk.check(&["--tests", "scs-0100"]).await.expect(0);
    assert!(passed.out.contains("PASS"), "{}", passed.out);
    let admin = cloud.session("kogge-admin").await;
    let flavor = json!({"flavor": {"name": "SCS-1X-1", "ram": 1024, "vcpus": 1, "disk": 0}});
    assert_eq!(admin.post("/compute/v2.1/flavors", flavor).await.status, 200);
    let failed = desk.check(&["--tests", "scs-0100"]).await.expect(3);
    for part in ["FAIL", "SCS-1X-1", "fix:", "see https://docs.scs.community"] {
        assert!(failed.out.contains(part), "{part}: {}", failed.out);
    }
    cloud.stop().await;
}

#[tokio::test]
async fn what_cannot_be_reached_is_4_and_told_at_once_in_every_report() {
    let desk = Desk::bare()
        .with("OS_AUTH_URL", "http://127.0.0.1:9/v3")
        .with("OS_USERNAME", "u")
        .with("OS_USER_DOMAIN_NAME", "Default")
        .with("OS_PASSWORD", "geheim")
        .with("OS_PROJECT_NAME", "p")
        .with("OS_PROJECT_DOMAIN_NAME", "Default");
    let ended = desk.check(&["--tests", "scs-0100", "--report", "json=r.json,yaml=r.yaml"]).await.expect(4);
    assert!(ended.out.contains("COULD NOT RUN") && ended.out.contains("127.0.0.1:9"), "{}", ended.out);
    assert_eq!(desk.json("r.json")["results"][0]["verdict"], "could-not-run");
    for text in [ended.out, ended.err, desk.read("r.json"), desk.read("r.yaml")] {
        assert!(!text.contains("geheim"), "{text}");
    }
}

#[tokio::test]
async fn mistakes_are_2_and_say_what_to_try() {
    let desk = Desk::bare();
    for (words, hint) in [
        (&["scs-compatible-kaas"][..], "scs-compatible-iaas"),
        (&["@v99"], "v5.1"),
        (&["--tests", "("], "regular expression"),
        (&["--tests", "xyz"], "xyz"),
        (&["--date", "soon"], "2026-11-24"),
        (&["--format", "pdf"], "junit"),
        (&["--report", "pdf=x"], "junit"),
        (&["--upload", "https://m.example"], "--sign"),
        (&["--resume", "r.json", "--tests", "x"], "--tests"),
        (&["--resume", "none.json"], "none.json"),
        (&["--cloud", "none"], "none"),
        (&["explain", "x", "--cloud", "y"], "--cloud"),
    ] {
        let ended = desk.check(words).await.expect(2);
        assert!(ended.err.contains(hint), "{words:?}: {}", ended.err);
    }
}

#[tokio::test]
async fn a_report_that_cannot_be_written_is_told_before_anything_runs() {
    let cloud = TestCloud::start().await;
    let ended =
        Desk::of(&cloud).check(&["--tests", "scs-0100", "--report", "json=none/r.json"]).await.expect(4);
    assert!(ended.err.contains("none/r.json") && ended.out.is_empty(), "{}{}", ended.out, ended.err);
    cloud.stop().await;
}
