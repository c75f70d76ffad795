//! Ctrl-C, a kill, and `--resume`.

use std::time::{Duration, Instant};

use kogge::test_cloud::TestCloud;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::process::Child;

use crate::desk::{Desk, Ended};

/// Flavors, whose service answers, and images, whose service does not while it is stuck.
const TESTS: [&str; 2] = ["--tests", "scs-0100|scs-0102-image-recency"];

/// A desk from which the image service takes requests and never answers; and the listener that does so.
async fn stuck(cloud: &TestCloud) -> (Desk, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = listener.local_addr().unwrap();
    let whole = std::fs::read_to_string(cloud.clouds_yaml()).unwrap();
    let text =
        whole.replacen("  kogge:\n", &format!("  kogge:\n    image_endpoint_override: http://{place}/\n"), 1);
    let desk = Desk::bare().with("OS_CLOUD", "kogge");
    let file = desk.write("clouds.yaml", &text);
    let desk = desk.with("OS_CLIENT_CONFIG_FILE", &file.to_string_lossy());
    (desk, listener)
}

fn verdict<'a>(report: &'a Value, id: &str) -> &'a str {
    let results = report["results"].as_array().unwrap();
    results.iter().find(|r| r["id"] == id).unwrap()["verdict"].as_str().unwrap()
}

/// Waits until the report on disk has decided what can be decided. It must be whole at every look.
async fn half_done(desk: &Desk) -> Value {
    let begun = Instant::now();
    loop {
        assert!(begun.elapsed() < Duration::from_secs(60), "no half of a report within a minute");
        tokio::time::sleep(Duration::from_millis(20)).await;
        if !desk.path("r.json").exists() {
            continue;
        }
        let report = desk.json("r.json");
        if verdict(&report, "scs-0100-semantics-check") == "pass"
            && verdict(&report, "scs-0100-syntax-check") == "pass"
        {
            return report;
        }
    }
}

async fn ended(child: Child) -> Ended {
    Ended::of(tokio::time::timeout(Duration::from_secs(60), child.wait_with_output()).await.unwrap().unwrap())
}

fn send(child: &Child, signal: Signal) {
    kill(Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()), signal).unwrap();
}

#[tokio::test]
async fn a_stopped_run_goes_on_where_it_was() {
    let cloud = TestCloud::start().await;
    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        let (desk, _listener) = stuck(&cloud).await;
        let child = desk.start(&[&TESTS[..], &["--report", "json=r.json,yaml=r.yaml"]].concat());
        let half = half_done(&desk).await;
        assert_eq!(verdict(&half, "scs-0102-image-recency"), "not-finished");
        send(&child, signal);
        let stopped = ended(child).await.expect(code);
        assert!(stopped.err.contains("go on with: kogge check --resume r.json"), "{}", stopped.err);
        assert!(stopped.out.contains("NOT FINISHED  scs-0102-image-recency"), "{}", stopped.out);
        let yaml: Value = serde_saphyr::from_str(&desk.read("r.yaml")).unwrap();
        let invocation = &yaml["run"]["invocations"][half["run"]["uuid"].as_str().unwrap()];
        let results: Vec<&String> = invocation["results"].as_object().unwrap().keys().collect();
        assert_eq!(results, ["scs-0100-semantics-check", "scs-0100-syntax-check"], "only what is decided");

        desk.write("clouds.yaml", &std::fs::read_to_string(cloud.clouds_yaml()).unwrap());
        let plan = desk.check(&["list", "--resume", "r.json"]).await.expect(0);
        assert!(plan.out.contains("1 test cases") && plan.out.contains("2 more are decided"), "{}", plan.out);
        let whole = desk.check(&["--resume", "r.json", "--report", "html=r.html"]).await.expect(0);
        assert!(whole.out.contains("scs-0100-syntax-check  (from the earlier run)"), "{}", whole.out);
        let report = desk.json("r.json");
        assert_eq!(verdict(&report, "scs-0102-image-recency"), "pass");
        for key in ["uuid", "started_at", "subject"] {
            assert_eq!(report["run"][key], half["run"][key], "{key}");
        }
        assert_eq!(report["plan"], half["plan"]);
        assert!(report["run"]["ended_at"].is_string());
    }
    cloud.stop().await;
}

#[tokio::test]
async fn a_killed_run_leaves_a_whole_report_that_goes_on() {
    let cloud = TestCloud::start().await;
    let (desk, _listener) = stuck(&cloud).await;
    let child = desk.start(&[&TESTS[..], &["--report", "json=r.json"]].concat());
    half_done(&desk).await;
    send(&child, Signal::SIGKILL);
    let _ = child.wait_with_output().await.unwrap();
    desk.write("clouds.yaml", &std::fs::read_to_string(cloud.clouds_yaml()).unwrap());
    desk.check(&["--resume", "r.json"]).await.expect(0);
    assert_eq!(verdict(&desk.json("r.json"), "scs-0102-image-recency"), "pass");
    cloud.stop().await;
}

#[tokio::test]
async fn another_scope_version_or_cloud_is_refused_with_its_reason() {
    let cloud = TestCloud::start().await;
    let desk = Desk::of(&cloud);
    desk.check(&["scs-compatible-iaas@v5.1", "--tests", "scs-0100", "--report", "json=r.json"])
        .await
        .expect(0);
    desk.check(&["@v5.1", "--resume", "r.json"]).await.expect(0);
    desk.check(&["list", "--resume", "r.json", "--cloud", "kogge-alt"]).await.expect(2);
    for (words, reason) in [
        (&["@v4"][..], "not of v4"),
        (&["scs-compatible-kaas"], "not of scs-compatible-kaas"),
        (&["--cloud", "kogge-alt"], "another project"),
        (&["--subject", "somebody"], "somebody"),
    ] {
        let ended = desk.check(&[&["--resume", "r.json"], words].concat()).await.expect(2);
        assert!(ended.err.contains(reason), "{words:?}: {}", ended.err);
    }
    let other = TestCloud::start().await;
    let elsewhere = Desk::of(&other);
    elsewhere.write("r.json", &desk.read("r.json"));
    let refused = elsewhere.check(&["--resume", "r.json"]).await.expect(2);
    assert!(refused.err.contains(cloud.root()) && refused.err.contains(other.root()), "{}", refused.err);
    for text in ["{}", "not json", &"[".repeat(100_000)] {
        desk.write("bad.json", text);
        desk.check(&["--resume", "bad.json"]).await.expect(2);
    }
    cloud.stop().await;
    other.stop().await;
}

#[tokio::test]
async fn a_second_ctrl_c_ends_it_at_once() {
    let cloud = TestCloud::start().await;
    let (desk, _listener) = stuck(&cloud).await;
    let child = desk.start(&[&TESTS[..], &["--report", "json=r.json"]].concat());
    half_done(&desk).await;
    send(&child, Signal::SIGINT);
    // the first signal may already have ended it, which is as good
    let _ = kill(Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()), Signal::SIGINT);
    ended(child).await.expect(130);
    cloud.stop().await;
}
