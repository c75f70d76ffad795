//! Several hosts: one that hangs, dies and comes back costs nobody else anything.

use std::sync::Arc;
use std::time::Duration;

use kogge::test_cloud::{Session, TestCloud};
use kogge_node_sim::{Call, SimConfig, SimNode, Times};
use serde_json::{Value, json};

use crate::scene;

/// A host hangs for longer than any test.
const FOR_EVER: Duration = Duration::from_secs(3600);
/// What happens elsewhere happens within this time: less than the patience with a host that hangs.
const SOON: Duration = Duration::from_secs(20);

/// Two hosts with a server on each.
struct Scene {
    cloud: TestCloud,
    admin: Session,
    first: String,
    second: Arc<SimNode>,
    /// What servers are made of.
    body: Value,
    on_first: String,
    on_second: String,
}

impl Scene {
    async fn new() -> Self {
        let cloud = TestCloud::start().await;
        let second = cloud.add_host(SimConfig::new("second")).await;
        let admin = cloud.session("kogge-admin").await;
        let hosts = admin.get("/compute/v2.1/os-hypervisors").await;
        let hosts = hosts.body["hypervisors"].as_array().unwrap().clone();
        let names = hosts.iter().map(|host| host["hypervisor_hostname"].as_str().unwrap().to_owned());
        let first = names.into_iter().find(|name| name != "second").unwrap();
        let body = scene::server_body(&admin, "scene").await;
        let mut scene =
            Self { cloud, admin, first, second, body, on_first: String::new(), on_second: String::new() };
        scene.on_first = scene.boot("first").await;
        scene.on_second = scene.boot("second").await;
        scene
    }

    async fn create(&self, host: &str) -> String {
        let host = if host == "first" { &self.first } else { host };
        let mut body = self.body.clone();
        body["server"]["availability_zone"] = json!(format!("nova:{host}"));
        let made = self.admin.post("/compute/v2.1/servers", body).await;
        assert_eq!(made.status, 202, "{}", made.body);
        made.id("server")
    }

    async fn boot(&self, host: &str) -> String {
        let id = self.create(host).await;
        scene::until_status(&self.cloud, &self.admin, &id, "ACTIVE").await;
        id
    }

    async fn act(&self, server: &str, action: Value) {
        let path = format!("/compute/v2.1/servers/{server}/action");
        assert_eq!(self.admin.post(&path, action).await.status, 202);
    }

    /// The first host works as ever: a server comes, stops, starts and goes.
    async fn first_works(&self, whom: &str) {
        let work = async {
            let id = self.boot("first").await;
            self.act(&id, json!({"os-stop": null})).await;
            scene::until_status(&self.cloud, &self.admin, &id, "SHUTOFF").await;
            self.act(&id, json!({"os-start": null})).await;
            scene::until_status(&self.cloud, &self.admin, &id, "ACTIVE").await;
            assert_eq!(self.admin.delete(&format!("/compute/v2.1/servers/{id}")).await.status, 204);
            scene::until_status(&self.cloud, &self.admin, &id, "gone").await;
        };
        assert!(tokio::time::timeout(SOON, work).await.is_ok(), "{whom} holds the first host up");
    }
}

#[tokio::test]
async fn a_host_that_hangs_in_any_call_costs_the_others_nothing() {
    for call in [Call::Facts, Call::Observe, Call::Apply, Call::ApplyNetworking, Call::Remove] {
        let scene = Scene::new().await;
        let doomed = scene.boot("second").await;
        scene.second.faults().hang(call, None, Times::Forever, FOR_EVER);
        let before = scene.second.faults().calls(call);
        // something is wanted of it, so that it is met while it hangs
        scene.act(&scene.on_second, json!({"os-stop": null})).await;
        assert_eq!(scene.admin.delete(&format!("/compute/v2.1/servers/{doomed}")).await.status, 204);
        let waiting = scene.create("second").await;
        scene.cloud.cloud.services.compute.hosts_changed();
        scene
            .cloud
            .until(&format!("{call:?} to be met"), async || scene.second.faults().calls(call) > before)
            .await;
        scene.first_works(&format!("{call:?}")).await;
        scene.second.faults().clear();
        // who waits in a call waits it out; the host is asked anew after that
        assert_eq!(scene::status(&scene.admin, &scene.on_first).await, "ACTIVE");
        assert_ne!(scene::status(&scene.admin, &waiting).await, "ERROR", "{call:?}");
        // an orderly end would wait a moment for the calls that hang
        scene.cloud.crash();
    }
}

#[tokio::test]
async fn a_host_that_dies_and_comes_back_catches_up() {
    let scene = Scene::new().await;
    scene.second.faults().unreachable();
    scene.act(&scene.on_second, json!({"os-stop": null})).await;
    let late = scene.create("second").await;
    scene.first_works("a dead host").await;
    assert_eq!(scene::status(&scene.admin, &scene.on_second).await, "ACTIVE", "nobody knows better");
    scene
        .cloud
        .until("the dead host to be shown", async || {
            let tasks = scene.cloud.cloud.tasks();
            let converge = tasks.iter().find(|task| task.name == "converge_servers").unwrap();
            assert!(!converge.overdue, "one host of several is no trouble of the cloud");
            let shown = &converge.keys.as_ref().unwrap().shown;
            shown.iter().any(|key| key.key == "second" && key.because.contains("answer"))
        })
        .await;
    scene.second.faults().clear();
    scene.second.reboot_host();
    scene::until_status(&scene.cloud, &scene.admin, &scene.on_second, "SHUTOFF").await;
    scene::until_status(&scene.cloud, &scene.admin, &late, "ACTIVE").await;
    scene.cloud.stop().await;
}

#[tokio::test]
async fn a_copy_that_hangs_holds_nothing_up_not_even_the_end() {
    let scene = Scene::new().await;
    let node = scene.cloud.node();
    node.faults().hang(Call::ExportDisk, None, Times::Forever, FOR_EVER);
    scene.act(&scene.on_first, json!({"createImage": {"name": "picture"}})).await;
    scene.cloud.until("the copy to begin", async || node.faults().calls(Call::ExportDisk) > 0).await;
    scene.first_works("a copy on the same host").await;
    let path = format!("/compute/v2.1/servers/{}", scene.on_first);
    let shown = scene.admin.get(&path).await;
    assert_eq!(shown.body["server"]["OS-EXT-STS:task_state"], "image_uploading", "{}", shown.body);
    let ending = tokio::time::timeout(SOON, scene.cloud.stop()).await;
    assert!(ending.is_ok(), "the copy holds up the end of the cloud");
}

#[tokio::test]
async fn the_work_of_a_host_is_shown_with_its_host() {
    let scene = Scene::new().await;
    scene.second.faults().hang(Call::Observe, None, Times::Forever, FOR_EVER);
    scene.act(&scene.on_second, json!({"os-stop": null})).await;
    scene
        .cloud
        .until("the hanging host to be shown", async || {
            let tasks = scene.cloud.cloud.tasks();
            let converge = tasks.iter().find(|task| task.name == "converge_servers").unwrap();
            let keys = converge.keys.clone().unwrap();
            keys.shown.iter().any(|key| key.key == "second" && key.running_seconds.is_some_and(|s| s >= 5))
        })
        .await;
    scene.cloud.crash();
}

#[tokio::test]
async fn guests_of_every_host_are_counted_and_a_host_that_says_nothing_makes_no_zero() {
    let scene = Scene::new().await;
    let node = &scene.cloud.cloud.node;
    let guests = node.guests().await.unwrap();
    assert_eq!((guests.here, guests.running), (2, 2));
    scene.act(&scene.on_second, json!({"os-stop": null})).await;
    scene::until_status(&scene.cloud, &scene.admin, &scene.on_second, "SHUTOFF").await;
    let guests = node.guests().await.unwrap();
    assert_eq!((guests.here, guests.running), (2, 1));
    scene.second.faults().fail(Call::Observe, Times::Forever);
    assert!(node.guests().await.is_err());
    scene.second.faults().clear();
    scene.cloud.stop().await;
}
