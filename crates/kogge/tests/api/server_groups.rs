//! Server groups in the whole program: two machines, tasks that run by themselves, real accounts.

use kogge::test_cloud::{Session, TestCloud};
use kogge_node_sim::{Call, SimConfig, Times};
use serde_json::{Value, json};

use super::scene;
use super::walk::nothing_is_allocated;

const PATH: &str = "/compute/v2.1/os-server-groups";

struct Scene {
    cloud: TestCloud,
    demo: Session,
    /// The body of a server; what the hint names is filled in.
    server: Value,
}

impl Scene {
    async fn new() -> Self {
        let cloud = super::cloud().await;
        cloud.add_host(SimConfig::new("second").with_size(16, 16 * 1024, 500)).await;
        let demo = cloud.session("kogge").await.speaking("compute 2.100");
        let server = scene::server_body(&demo, "member").await;
        Self { cloud, demo, server }
    }

    async fn group(&self, policy: &str) -> String {
        let body = json!({"server_group": {"name": "g", "policy": policy}});
        let made = self.demo.post(PATH, body).await;
        assert_eq!(made.status, 200, "{}", made.body);
        made.id("server_group")
    }

    async fn create(&self, group: &str) -> String {
        let mut body = self.server.clone();
        body["os:scheduler_hints"] = json!({ "group": group });
        let made = self.demo.post("/compute/v2.1/servers", body).await;
        assert_eq!(made.status, 202, "{}", made.body);
        made.id("server")
    }

    async fn show(&self, id: &str) -> Value {
        self.demo.get(&format!("/compute/v2.1/servers/{id}")).await.body["server"].clone()
    }

    async fn active(&self, id: &str) -> Value {
        scene::until_status(&self.cloud, &self.demo, id, "ACTIVE").await;
        self.show(id).await
    }

    async fn delete(&self, ids: &[&str]) {
        for id in ids {
            assert_eq!(self.demo.delete(&format!("/compute/v2.1/servers/{id}")).await.status, 204);
        }
        for id in ids {
            scene::until_status(&self.cloud, &self.demo, id, "gone").await;
        }
    }
}

#[tokio::test]
async fn members_of_an_anti_affinity_group_run_on_different_machines() {
    let scene = Scene::new().await;
    let id = scene.group("anti-affinity").await;
    let golden = json!({"server_group": {
        "id": id, "name": "g", "policy": "anti-affinity", "rules": {}, "members": [],
        "project_id": scene.demo.project_id(), "user_id": scene.demo.user_id(),
    }});
    let path = format!("{PATH}/{id}");
    assert_eq!(scene.demo.get(&path).await.body, golden);
    // both are asked for before either is placed
    let (a, b) = (scene.create(&id).await, scene.create(&id).await);
    let (first, second) = (scene.active(&a).await, scene.active(&b).await);
    assert_ne!(first["hostId"], second["hostId"]);
    assert_eq!(first["server_groups"], json!([id]));
    assert_eq!(first["scheduler_hints"]["group"], json!(id));
    let third = scene.create(&id).await;
    let wait = async || scene.show(&third).await["status"] == "ERROR";
    scene.cloud.until("the third to have no host", wait).await;
    let server = scene.show(&third).await;
    assert_eq!(server["fault"]["message"], "No valid host was found.");
    assert!(server["fault"].get("details").is_none(), "hosts are none of its owner's business: {server}");
    let admin = scene.cloud.session("kogge-admin").await.speaking("compute 2.87");
    let seen = admin.get(&format!("/compute/v2.1/servers/{third}")).await;
    let details = seen.body["server"]["fault"]["details"].as_str().unwrap();
    assert_eq!(details.matches("whose policy anti-affinity allows 1 there").count(), 2, "{details}");
    scene.delete(&[&a, &b, &third]).await;
    assert_eq!(scene.demo.get(&path).await.body, golden, "members leave with their servers");
    assert_eq!(scene.demo.delete(&path).await.status, 204);
    assert_eq!(scene.demo.get(PATH).await.body, json!({"server_groups": []}));
    nothing_is_allocated(&scene.cloud).await;
    scene.cloud.stop().await;
}

#[tokio::test]
async fn members_of_an_affinity_group_run_on_one_machine() {
    let scene = Scene::new().await;
    let id = scene.group("affinity").await;
    let servers = [scene.create(&id).await, scene.create(&id).await, scene.create(&id).await];
    let mut hosts = std::collections::BTreeSet::new();
    for server in &servers {
        hosts.insert(scene.active(server).await["hostId"].to_string());
    }
    assert_eq!(hosts.len(), 1);
    scene.cloud.stop().await;
}

#[tokio::test]
async fn a_member_that_meets_faults_keeps_its_place_and_frees_it_when_it_goes() {
    for (call, times) in
        [(Call::Apply, Times::N(2)), (Call::Observe, Times::N(1)), (Call::Apply, Times::Forever)]
    {
        let scene = Scene::new().await;
        let id = scene.group("anti-affinity").await;
        scene.cloud.node().faults().fail(call, times);
        let servers = [scene.create(&id).await, scene.create(&id).await];
        for server in &servers {
            let settled = async || scene.show(server).await["status"] != "BUILD";
            scene.cloud.until("the server to settle", settled).await;
        }
        let (first, second) = (scene.show(&servers[0]).await, scene.show(&servers[1]).await);
        assert!(first["hostId"] != "" && first["hostId"] != second["hostId"], "{call:?} {times:?}");
        scene.cloud.node().faults().clear();
        scene.delete(&[&servers[0], &servers[1]]).await;
        let group = scene.demo.get(&format!("{PATH}/{id}")).await;
        assert_eq!(group.body["server_group"]["members"], json!([]), "{call:?} {times:?}");
        nothing_is_allocated(&scene.cloud).await;
        scene.cloud.stop().await;
    }
}
