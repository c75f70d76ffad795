//! `kogge check explain` and `kogge check list`: neither needs a cloud.

use crate::desk::Desk;

#[tokio::test]
async fn a_test_case_is_explained_with_all_that_matters() {
    let ended = Desk::bare().check(&["explain", "scs-0102-image-recency"]).await.expect(0);
    for part in ["rule", "judged", "differs", "needs", "fix", "https://docs.scs.community", "v5.1 (main)"] {
        assert!(ended.out.contains(part), "{part}: {}", ended.out);
    }
    assert!(ended.out.lines().filter(|l| !l.contains("https://")).all(|l| l.chars().count() <= 80));
}

#[tokio::test]
async fn a_beginning_names_several_and_programs_get_json() {
    let ended = Desk::bare().check(&["explain", "scs-0100", "--format", "json"]).await.expect(0);
    let ids: Vec<String> =
        ended.json().as_array().unwrap().iter().map(|e| e["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids, ["scs-0100-syntax-check", "scs-0100-semantics-check"]);
    assert_eq!(ended.json()[0]["means"], "automated");
    assert!(ended.json()[0]["deadline_seconds"].is_u64());
}

#[tokio::test]
async fn manual_and_advisory_checks_are_explained_too() {
    let desk = Desk::bare();
    let manual = desk.check(&["explain", "availability-zones-check"]).await.expect(0);
    assert!(manual.out.contains("by people"), "{}", manual.out);
    let advice = desk.check(&["explain", "advisory-0126-ipv6-pool"]).await.expect(0);
    assert!(advice.out.contains("never counts"), "{}", advice.out);
}

#[tokio::test]
async fn an_unknown_id_is_a_mistake_that_names_the_nearest() {
    let ended = Desk::bare().check(&["explain", "scs-0102-image-recancy"]).await.expect(2);
    assert!(ended.err.contains("scs-0102-image-recency"), "{}", ended.err);
}

#[tokio::test]
async fn a_plan_needs_no_cloud_and_calls_none() {
    let desk = Desk::bare().with("OS_CLOUD", "does-not-exist");
    let ended = desk.check(&["list", "@v5.1", "--advisory"]).await.expect(0);
    for part in [
        "54 test cases",
        "2 volumes of 1 GB",
        "1 backup",
        "role member",
        "decide nothing",
        "v5.1 (effective)",
    ] {
        assert!(ended.out.contains(part), "{part}: {}", ended.out);
    }
    let json =
        desk.check(&["list", "@v5.1", "--tests", "scs-0117", "--format", "json"]).await.expect(0).json();
    assert_eq!(json["checks"][0]["id"], "scs-0117-test-backup");
    assert_eq!(json["checks"][0]["quota"][1], "1 backup of 1 GB");
    assert_eq!(json["plan"]["versions"][0]["version"], "v5.1");
}

#[tokio::test]
async fn a_plan_in_a_file_is_a_mistake() {
    Desk::bare().check(&["list", "--report", "yaml=x.yaml"]).await.expect(2);
}
