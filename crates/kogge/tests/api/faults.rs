//! Faults in every node call, once, twice, for ever: nothing stays in a moving state, each fault says why, delete works.

use kogge::test_cloud::{Session, TestCloud};
use kogge_node_sim::{Call, Times};

use super::scene;
use super::walk::nothing_is_allocated;

const MOVING: [&str; 4] = ["BUILD", "REBOOT", "HARD_REBOOT", "DELETED"];

async fn create(session: &Session, name: &str) -> String {
    let body = scene::server_body(session, name).await;
    let made = session.post("/compute/v2.1/servers", body).await;
    assert_eq!(made.status, 202, "{}", made.body);
    made.id("server")
}

async fn settled(cloud: &TestCloud, session: &Session, id: &str) -> String {
    let mut last = String::new();
    cloud
        .until(&format!("server {id} to settle"), async || {
            last = scene::status(session, id).await;
            !MOVING.contains(&last.as_str())
        })
        .await;
    last
}

/// Waits until all ordered faults have struck, so that no case passes without having met any. Facts are asked for seldom:
/// somebody says that a host joined.
async fn until_struck(cloud: &TestCloud, call: Call, before: u64, times: Times) {
    let wanted = before + if let Times::N(times) = times { u64::from(times) } else { 1 };
    cloud
        .until(&format!("{call:?} to fail"), async || {
            cloud.cloud.services.compute.hosts_changed();
            cloud.node().faults().calls(call) >= wanted
        })
        .await;
}

async fn host_is_up(cloud: &TestCloud) -> bool {
    let admin = cloud.session("kogge-admin").await;
    let list = admin.get("/compute/v2.1/os-services?binary=nova-compute").await;
    list.body["services"][0]["state"] == "up"
}

/// A server meets `times` faults of `call` while it is made; whatever happens, it can be deleted and leaves nothing.
async fn survives(call: Call, times: Times, expect_active: bool) {
    let cloud = super::cloud().await;
    let demo = cloud.session("kogge").await;
    let before = cloud.node().faults().calls(call);
    cloud.node().faults().fail(call, times);
    let id = create(&demo, "faulty").await;
    let status = settled(&cloud, &demo, &id).await;
    if call != Call::Remove {
        until_struck(&cloud, call, before, times).await;
    }
    if expect_active {
        assert_eq!(status, "ACTIVE", "{call:?} {times:?}");
        assert!(host_is_up(&cloud).await, "{call:?} {times:?}");
    } else {
        assert_eq!(status, "ERROR", "{call:?} {times:?}");
        let shown = demo.get(&format!("/compute/v2.1/servers/{id}")).await;
        let message = shown.body["server"]["fault"]["message"].as_str().unwrap_or("").to_owned();
        assert!(message.len() > 10, "the fault says nothing: {}", shown.body);
    }
    assert_eq!(demo.delete(&format!("/compute/v2.1/servers/{id}")).await.status, 204);
    if call == Call::Remove {
        until_struck(&cloud, call, before, times).await;
    }
    cloud.node().faults().clear();
    scene::until_status(&cloud, &demo, &id, "gone").await;
    scene::until_no_guest(&cloud).await;
    nothing_is_allocated(&cloud).await;
    cloud.stop().await;
}

#[tokio::test]
async fn one_fault_in_any_call_is_overcome() {
    for call in [Call::Apply, Call::ApplyNetworking, Call::Observe, Call::Facts] {
        survives(call, Times::N(1), true).await;
    }
}

#[tokio::test]
async fn two_faults_in_any_call_are_overcome() {
    for call in [Call::Apply, Call::ApplyNetworking, Call::Observe, Call::Facts] {
        survives(call, Times::N(2), true).await;
    }
}

#[tokio::test]
async fn a_node_that_always_fails_gives_errors_that_say_why() {
    for call in [Call::Apply, Call::ApplyNetworking] {
        survives(call, Times::Forever, false).await;
    }
}

#[tokio::test]
async fn a_removal_that_fails_at_first_still_ends() {
    for times in [Times::N(1), Times::N(2)] {
        survives(Call::Remove, times, true).await;
    }
}
