//! `kogge check list` lists what a run by the same words runs, and calls nothing.

use std::time::Duration;

use kogge::test_cloud::TestCloud;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::desk::Desk;

fn ids(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_plan_lists_what_the_run_runs() {
    let cloud = TestCloud::start().await;
    let desk = Desk::of(&cloud);
    desk.write("key", "ACCESS:SECRET");
    let run_and_plan = async |words: &[&str], begin: &str, count: usize| {
        let plan = desk.check(&[&["list", "--format", "json"], words].concat()).await.expect(0).json();
        let run = desk.check(&[words, &["--format", "json"]].concat()).await.json();
        assert_eq!(ids(&plan["checks"]), ids(&run["results"]), "{words:?}");
        assert_eq!(
            ids(&plan["checks"]).iter().filter(|id| id.starts_with(begin)).count(),
            count,
            "{words:?}"
        );
    };
    let test = ["--tests", "scs-0100"];
    run_and_plan(&test, "", 2).await;
    for more in [
        &["--s3"][..],
        &["--s3-endpoint", "http://127.0.0.1:9"],
        &["--s3-access-key-file", "key", "--s3-endpoint", "http://127.0.0.1:9"],
    ] {
        run_and_plan(&[&test[..], more].concat(), "advisory-0123-s3-", 3).await;
    }
    let manager = ["--domain-manager-cloud", "kogge-alt"];
    run_and_plan(&[&test[..], &manager[..]].concat(), "advisory-0302-", 3).await;
    run_and_plan(&["--tests", "advisory-0125-https", "--s3"], "advisory-", 1).await;
    run_and_plan(&["--tests", "scs-0100|advisory-0125-https", "--advisory"], "advisory-", 1).await;
    run_and_plan(&["--tests", "availability-zones-check"], "availability-zones-check", 1).await;
    let answer = ["manual", "--answer", "availability-zones-check=yes", "--note", "three", "--by", "Ada"];
    desk.check(&answer).await.expect(0);
    run_and_plan(&test, "manual-", 8).await;
    run_and_plan(&["--tests", "scs-0100|avail"], "availability-zones-check", 1).await;
    cloud.stop().await;
}

#[tokio::test]
async fn no_service_is_called_for_a_plan() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let desk = Desk::bare();
    let cloud = |name: &str| {
        format!(
            "  {name}: {{auth: {{auth_url: {address}/v3, username: u, password: p, project_name: p, \
             user_domain_name: d, project_domain_name: d}}}}\n"
        )
    };
    let file = desk.write("clouds.yaml", &format!("clouds:\n{}{}", cloud("a"), cloud("manager")));
    let desk = desk.with("OS_CLIENT_CONFIG_FILE", &file.to_string_lossy()).with("OS_CLOUD", "a");
    let words = ["list", "--advisory", "--domain-manager-cloud", "manager", "--s3-endpoint", &address];
    let plan = desk.check(&words).await.expect(0);
    assert!(plan.out.contains("advisory-0302-roles"), "{}", plan.out);
    let called = tokio::time::timeout(Duration::from_millis(100), listener.accept()).await;
    assert!(called.is_err(), "somebody called");
}

#[tokio::test]
async fn what_the_run_would_refuse_the_plan_refuses() {
    for (words, hint) in [
        (&["--cloud", "none"][..], "none"),
        (&["--domain-manager-cloud", "none"], "none"),
        (&["--s3-endpoint", "ftp://x"], "https://"),
        (&["--s3-access-key-file", "missing"], "missing"),
    ] {
        let refused = Desk::bare().check(&[&["list"], words].concat()).await.expect(2);
        assert!(refused.err.contains(hint) && refused.out.is_empty(), "{words:?}: {}", refused.err);
    }
}
