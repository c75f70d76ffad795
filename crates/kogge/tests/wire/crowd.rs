//! Many servers through everything that a user does to them: all arrive, nothing is done twice, nothing is left.

use kogge::test_cloud::{Session, TestCloud};
use serde_json::{Value, json};

use super::scene;
use super::walk::nothing_is_allocated;

const MANY: usize = 8;

async fn act(session: &Session, id: &str, action: Value) {
    let answer = session.post(&format!("/compute/v2.1/servers/{id}/action"), action.clone()).await;
    assert!((200..300).contains(&answer.status), "{action}: {}", answer.body);
}

async fn all(cloud: &TestCloud, session: &Session, ids: &[String], wanted: &str) {
    for id in ids {
        scene::until_status(cloud, session, id, wanted).await;
    }
}

/// How often the guest came up to its prompt.
async fn boots(session: &Session, id: &str) -> usize {
    let path = format!("/compute/v2.1/servers/{id}/action");
    let shown = session.post(&path, json!({"os-getConsoleOutput": {}})).await;
    shown.body["output"].as_str().unwrap_or_else(|| panic!("{}", shown.body)).matches("login:").count()
}

#[tokio::test]
async fn a_crowd_of_servers_lives_and_dies_and_nothing_is_done_twice() {
    let cloud = super::cloud().await;
    let demo = cloud.session("kogge").await;
    let body = scene::server_body(&demo, "crowd").await;
    let mut ids = Vec::new();
    for _ in 0..MANY {
        let made = demo.post("/compute/v2.1/servers", body.clone()).await;
        assert_eq!(made.status, 202, "{}", made.body);
        ids.push(made.id("server"));
    }
    all(&cloud, &demo, &ids, "ACTIVE").await;
    for id in &ids {
        act(&demo, id, json!({"reboot": {"type": "HARD"}})).await;
    }
    all(&cloud, &demo, &ids, "ACTIVE").await;
    for id in &ids {
        act(&demo, id, json!({"os-stop": null})).await;
    }
    all(&cloud, &demo, &ids, "SHUTOFF").await;
    for id in &ids {
        act(&demo, id, json!({"os-start": null})).await;
    }
    all(&cloud, &demo, &ids, "ACTIVE").await;
    for id in &ids {
        assert_eq!(boots(&demo, id).await, 3, "built, rebooted and started, each once");
    }
    act(&demo, &ids[0], json!({"createImage": {"name": "picture"}})).await;
    let picture = async || demo.get("/image/v2/images?name=picture").await.body["images"][0].clone();
    cloud.until("the picture", async || picture().await["status"] == "active").await;
    let picture = picture().await["id"].as_str().unwrap().to_owned();
    act(&demo, &ids[1], json!({"rebuild": {"imageRef": picture}})).await;
    scene::until_status(&cloud, &demo, &ids[1], "ACTIVE").await;
    let told = cloud.node().desired(ids[1].parse().unwrap()).unwrap();
    assert_eq!(told.image().unwrap().image.to_string(), picture);
    assert_eq!(cloud.node().instance_ids().len(), MANY, "nothing is there twice or missing");
    for id in &ids {
        assert_eq!(demo.delete(&format!("/compute/v2.1/servers/{id}")).await.status, 204);
    }
    all(&cloud, &demo, &ids, "gone").await;
    // an order that was under way may come late; what it made is cleared away
    cloud.until("the node to be empty", async || cloud.node().instance_ids().is_empty()).await;
    cloud.until("no port to be left", async || cloud.node().port_ids().is_empty()).await;
    nothing_is_allocated(&cloud).await;
    cloud.stop().await;
}
