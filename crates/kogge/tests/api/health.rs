//! Whether the cloud is well: `/readyz`, `/healthcheck`, watched tasks, the disk.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kogge::test_cloud::{Answer, Session, TestCloud, qcow2};
use kogge_clock::Clock;
use kogge_room::{Level, Room};
use serde_json::json;

use crate::scene;

fn wrong(body: &serde_json::Value) -> Vec<&str> {
    let checks = body["checks"].as_array().unwrap();
    checks.iter().filter(|check| check["ok"] != true).map(|check| check["what"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_cloud_that_is_well_says_so_and_one_whose_database_takes_no_writes_says_that() {
    let cloud = TestCloud::start().await;
    let stranger = cloud.stranger();
    let ready = stranger.get("/readyz").await;
    assert_eq!((ready.status, &ready.body["ready"]), (200, &true.into()), "{}", ready.body);
    let whats: Vec<&str> = ready.body["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|check| check["what"].as_str().unwrap())
        .collect();
    assert_eq!(whats, ["database.read", "database.write", "tasks", "node", "disk"]);
    let writer = cloud.cloud.services.db.begin().await.unwrap();
    cloud.until("the writer to be missed", async || stranger.get("/readyz").await.status == 503).await;
    let ready = stranger.get("/readyz").await;
    assert_eq!(wrong(&ready.body), ["database.write"], "{}", ready.body);
    assert_eq!(stranger.get("/healthcheck").await.status, 200, "what only reads is served");
    writer.rollback().await.unwrap();
    cloud.until("the cloud to be well again", async || stranger.get("/readyz").await.status == 200).await;
    cloud.stop().await;
}

#[tokio::test]
async fn a_task_that_died_is_started_again_and_works_on() {
    let cloud = TestCloud::start().await;
    let demo = cloud.session("kogge").await;
    let names: Vec<&str> = cloud.cloud.tasks().iter().map(|task| task.name).collect();
    assert!(names.len() > 5, "{names:?}");
    cloud
        .until("every task to have run", async || {
            cloud.cloud.tasks().iter().all(|task| task.last_success.is_some())
        })
        .await;
    for name in &names {
        assert!(cloud.cloud.kill_task(name), "{name}");
    }
    let body = scene::server_body(&demo, "after").await;
    let id = demo.post("/compute/v2.1/servers", body).await.id("server");
    scene::until_status(&cloud, &demo, &id, "ACTIVE").await;
    cloud
        .until("every task to be counted as restarted", async || {
            cloud.cloud.tasks().iter().all(|task| task.restarts > 0 && !task.overdue)
        })
        .await;
    cloud.stop().await;
}

/// A disk of 100 GiB whose free room the test sets.
fn disk(free: &Arc<AtomicU64>) -> Room {
    let free = Arc::clone(free);
    Room::by(1 << 30, move || Some(Level { total: 100 << 30, free: free.load(Ordering::SeqCst) }))
}

async fn send(session: &Session, image: &str) -> Answer {
    let path = format!("/image/v2/images/{image}/file");
    session.send_bytes(http::Method::PUT, &path, Some("application/octet-stream"), qcow2()).await
}

fn is_no_room(answer: &Answer) {
    assert_eq!(answer.status, 507, "{}", String::from_utf8_lossy(&answer.bytes));
    assert!(!answer.header("retry-after").is_empty());
}

#[tokio::test]
async fn without_room_uploads_and_boots_are_refused_the_rest_goes_on_and_so_does_all_with_room() {
    let free = Arc::new(AtomicU64::new(10 << 30));
    let cloud = TestCloud::on_disk(|_| {}, Clock::system(), Some(disk(&free))).await;
    let demo = cloud.session("kogge").await;
    let body = scene::server_body(&demo, "first").await;
    let server = demo.post("/compute/v2.1/servers", body.clone()).await.id("server");
    scene::until_status(&cloud, &demo, &server, "ACTIVE").await;
    let image = json!({"name": "i", "disk_format": "qcow2", "container_format": "bare"});
    let image = demo.post("/image/v2/images", image).await.body["id"].as_str().unwrap().to_owned();

    free.store(1 << 29, Ordering::SeqCst);
    cloud.until("the disk to be seen", async || cloud.stranger().get("/readyz").await.status == 503).await;
    let ready = cloud.stranger().get("/readyz").await;
    assert_eq!(wrong(&ready.body), ["disk"], "{}", ready.body);
    is_no_room(&send(&demo, &image).await);
    let shown = demo.get(&format!("/image/v2/images/{image}")).await;
    assert_eq!(shown.body["status"], "queued", "it can be sent again");
    is_no_room(&demo.post("/compute/v2.1/servers", body.clone()).await);
    let action = format!("/compute/v2.1/servers/{server}/action");
    is_no_room(&demo.post(&action, json!({"createImage": {"name": "picture"}})).await);
    let larger = scene::flavor(&demo, "SCS-1V-2-5").await;
    is_no_room(&demo.post(&action, json!({"resize": {"flavorRef": larger}})).await);
    let rebuilt = body["server"]["imageRef"].clone();
    is_no_room(&demo.post(&action, json!({"rebuild": {"imageRef": rebuilt}})).await);
    assert_eq!(scene::status(&demo, &server).await, "ACTIVE");
    scene::network(&demo, "small").await;
    assert_eq!(demo.get("/compute/v2.1/servers").await.status, 200);

    free.store(10 << 30, Ordering::SeqCst);
    cloud.until("the room to be seen", async || cloud.stranger().get("/readyz").await.status == 200).await;
    assert_eq!(send(&demo, &image).await.status, 204);
    let second = demo.post("/compute/v2.1/servers", body).await.id("server");
    scene::until_status(&cloud, &demo, &second, "ACTIVE").await;
    cloud.stop().await;
}
