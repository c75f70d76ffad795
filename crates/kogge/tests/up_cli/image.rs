//! `kogge image publish`: once, whoever else does the same.

use std::path::Path;
use std::process::Output;

use kogge::test_cloud::{Session, TestCloud, qcow2};
use serde_json::Value;
use tokio::process::Command;

async fn publish(cloud: &TestCloud, file: &Path, words: &[&str]) -> Output {
    let yaml = cloud.clouds_yaml();
    let mut command = Command::new(env!("CARGO_BIN_EXE_kogge"));
    command.args(["image", "publish", "--name", "kogge-tiny-1", "--property", "os_distro=kogge-tiny"]);
    command.arg("--data").arg(Path::new(&yaml).parent().unwrap()).args(words).arg(file);
    command.output().await.unwrap()
}

fn text(out: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
}

async fn images(session: &Session) -> Vec<Value> {
    session.get("/image/v2/images").await.body["images"].as_array().unwrap().clone()
}

#[tokio::test]
async fn an_image_that_many_publish_at_once_is_there_once_for_everybody() {
    let cloud = TestCloud::start().await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("guest.qcow2");
    std::fs::write(&file, qcow2()).unwrap();
    let many = (0..12).map(|_| publish(&cloud, &file, &[]));
    for out in futures_util::future::join_all(many).await {
        assert_eq!(out.status.code(), Some(0), "{}", text(&out));
    }
    let member = cloud.session("kogge-alt").await;
    let seen = images(&member).await;
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!((&seen[0]["name"], &seen[0]["status"]), (&"kogge-tiny-1".into(), &"active".into()));
    assert_eq!((&seen[0]["visibility"], &seen[0]["os_distro"]), (&"public".into(), &"kogge-tiny".into()));
    // another file is another image
    let mut other = qcow2();
    other.extend([0; 512]);
    std::fs::write(&file, other).unwrap();
    assert_eq!(publish(&cloud, &file, &[]).await.status.code(), Some(0));
    assert_eq!(images(&member).await.len(), 2);
    cloud.stop().await;
}

#[tokio::test]
async fn an_image_that_was_deleted_does_not_come_back() {
    let cloud = TestCloud::start().await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("guest.qcow2");
    std::fs::write(&file, qcow2()).unwrap();
    assert_eq!(publish(&cloud, &file, &[]).await.status.code(), Some(0));
    let admin = cloud.session("kogge-admin").await;
    let id = images(&admin).await[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(admin.delete(&format!("/image/v2/images/{id}")).await.status, 204);
    let again = publish(&cloud, &file, &[]).await;
    assert!(
        again.status.success() && text(&again).contains("was deleted, and is not made again"),
        "{}",
        text(&again)
    );
    assert!(images(&admin).await.is_empty());
    cloud.stop().await;
}

#[tokio::test]
async fn who_may_not_publish_and_what_is_no_disk_are_refused() {
    let cloud = TestCloud::start().await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("guest.qcow2");
    std::fs::write(&file, qcow2()).unwrap();
    let out = publish(&cloud, &file, &["--cloud", "kogge"]).await;
    assert!(out.status.code() == Some(4) && text(&out).contains("403"), "{}", text(&out));
    std::fs::write(&file, "no disk").unwrap();
    let out = publish(&cloud, &file, &[]).await;
    assert!(out.status.code() == Some(2) && text(&out).contains("no qcow2"), "{}", text(&out));
    assert!(images(&cloud.session("kogge-admin").await).await.is_empty());
    cloud.stop().await;
}
