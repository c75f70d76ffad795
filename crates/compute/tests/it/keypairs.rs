//! Keypairs.

use kogge_auth::testing::Persona;
use serde_json::{Value, json};

use super::cloud::Cloud;

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJhyhSMHCjTB1WGkF0LtFXfK2r5fY6NTvZKb5Z0aYz3F me@home";

#[tokio::test]
async fn a_pair_is_made_shown_and_deleted() {
    let mut cloud = Cloud::start().await;
    let made = cloud.post("/os-keypairs", json!({"keypair": {"name": "k"}})).await.expect(200);
    assert!(made["keypair"]["private_key"].as_str().unwrap().contains("OPENSSH PRIVATE KEY"));
    assert!(made["keypair"].get("type").is_none());
    cloud.post("/os-keypairs", json!({"keypair": {"name": "k"}})).await.fault(409);
    let shown = cloud.get("/os-keypairs/k").await.expect(200);
    assert_eq!(shown["keypair"]["public_key"], made["keypair"]["public_key"]);
    assert!(shown["keypair"].get("private_key").is_none(), "kept nowhere");
    assert_eq!(shown["keypair"]["deleted"], false);
    assert_eq!(cloud.delete("/os-keypairs/k").await.status, 202);
    cloud.at("2.2");
    let made =
        cloud.post("/os-keypairs", json!({"keypair": {"name": "k", "type": "ssh", "public_key": KEY}})).await;
    assert_eq!(made.expect(201)["keypair"]["type"], "ssh");
    assert_eq!(cloud.delete("/os-keypairs/k").await.status, 204);
    let made =
        cloud.post("/os-keypairs", json!({"keypair": {"name": "win", "type": "x509"}})).await.expect(201);
    assert!(made["keypair"]["public_key"].as_str().unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
    assert!(cloud.delete("/os-keypairs/k").await.fault(404).starts_with("Keypair k not found for user "));
    cloud
        .post("/os-keypairs", json!({"keypair": {"name": "k", "public_key": "ssh-rsa JUNK"}}))
        .await
        .fault(400);
    cloud.at("2.92").post("/os-keypairs", json!({"keypair": {"name": "k"}})).await.fault(400);
}

#[tokio::test]
async fn keys_are_private_to_their_user() {
    let mut cloud = Cloud::start().await;
    cloud.at("2.10");
    cloud.post("/os-keypairs", json!({"keypair": {"name": "k", "public_key": KEY}})).await.expect(201);
    let list = cloud.call(Persona::Reader, "GET", "/compute/v2.1/os-keypairs", None).await.expect(200);
    assert_eq!(list["keypairs"], json!([]));
    let user =
        cloud.get("/os-keypairs/k").await.expect(200)["keypair"]["user_id"].as_str().unwrap().to_owned();
    let path = format!("/compute/v2.1/os-keypairs/k?user_id={user}");
    cloud.call(Persona::Reader, "GET", &path, None).await.fault(403);
    assert_eq!(cloud.call(Persona::Admin, "GET", &path, None).await.status, 200);
    assert_eq!(cloud.call(Persona::Admin, "DELETE", &path, None).await.status, 204);
}

#[tokio::test]
async fn keys_are_paged_since_2_35_and_limited() {
    let mut cloud = Cloud::start().await;
    cloud.at("2.35");
    for name in ["c", "a", "b"] {
        cloud.post("/os-keypairs", json!({"keypair": {"name": name, "public_key": KEY}})).await.expect(201);
    }
    let names = |list: &Value| -> Vec<String> {
        let all = list["keypairs"].as_array().unwrap();
        all.iter().map(|one| one["keypair"]["name"].as_str().unwrap().to_owned()).collect()
    };
    let first = cloud.get("/os-keypairs?limit=2").await.expect(200);
    assert_eq!(names(&first), ["a", "b"]);
    assert!(first["keypairs_links"][0]["href"].as_str().unwrap().ends_with("/os-keypairs?limit=2&marker=b"));
    assert_eq!(names(&cloud.get("/os-keypairs?limit=2&marker=b").await.expect(200)), ["c"]);
    cloud.get("/os-keypairs?marker=none").await.fault(400);
    assert_eq!(names(&cloud.at("2.34").get("/os-keypairs?limit=1").await.expect(200)).len(), 3);
    let set = json!({"quota_set": {"key_pairs": 3}});
    let path = format!("/os-quota-sets/{}", Persona::Member.project_id());
    cloud.admin("PUT", &path, Some(set)).await.expect(200);
    let full =
        cloud.post("/os-keypairs", json!({"keypair": {"name": "d", "public_key": KEY}})).await.fault(403);
    assert_eq!(full, "Quota exceeded, too many key pairs.");
}
