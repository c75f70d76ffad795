//! Many objects, and a cloud that does not answer.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "cloud/fixture.rs"]
mod fixture;

use std::sync::Arc;

use fixture::{Cloud, image};
use kogge_conform::{Journal, Runner, Silent, Verdict};
use kogge_conform_iaas::catalogue;
use serde_json::json;

#[tokio::test]
async fn ten_thousand_flavors_and_images_are_judged() {
    let mut cloud = Cloud::default();
    for number in 0..10_000 {
        cloud.flavors.push(
            json!({"id": format!("f{number}"), "name": format!("m1.x{number}"), "vcpus": 2, "ram": 4096,
            "disk": 20, "extra_specs": {"a": "b"}}),
        );
        let mut copy = image(&format!("Image {number}"), "other", &format!("{number}"), "https://x.example/");
        copy["id"] = json!(format!("i{number}"));
        cloud.images.push(copy);
    }
    let running = cloud.start().await;
    let report = running.check("v5.1", "scs-010[0234]", Arc::new(Journal::in_memory())).await;
    assert_eq!(report.summary[0].targets["main"].word(), "INCOMPLETE");
    assert_eq!(report.count(Verdict::CouldNotRun), 0);
}

#[tokio::test(start_paused = true)]
async fn a_cloud_that_falls_silent_is_named_with_the_call_and_never_waited_for() {
    let running = Cloud { silent: vec!["/image".into()], ..Cloud::default() }.start().await;
    let checks = catalogue()
        .into_iter()
        .filter(|c| c.description().id.starts_with("scs-0104-source-ubuntu"))
        .collect();
    let report =
        Runner::new(running.client(), kogge_conform::Options::default()).run(checks, &mut Silent).await;
    for result in &report.results {
        assert_eq!(result.verdict, Verdict::CouldNotRun);
        let reason = result.reason.as_ref().unwrap();
        assert!(reason.contains("/image/v2/images") || reason.contains("/identity/v3"), "{reason}");
    }
}
