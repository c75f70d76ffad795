//! Credentials and EC2 key pairs.

use serde_json::{Value, json};

use crate::cloud::{Cloud, in_default, scoped};

fn demo_id(cloud: &Cloud) -> String {
    cloud.identity.seeded_user("demo").unwrap().to_string()
}

async fn pair(cloud: &Cloud, token: &str) -> Value {
    let project = cloud.identity.seeded_project("demo").unwrap();
    let body = json!({"tenant_id": project.as_str()});
    let path = format!("/v3/users/{}/credentials/OS-EC2", demo_id(cloud));
    cloud.post(token, &path, body).await.expect(201)["credential"].clone()
}

#[tokio::test]
async fn a_key_pair_is_made_shown_listed_and_deleted() {
    let cloud = Cloud::start().await;
    let demo = cloud.demo().await;
    let made = pair(&cloud, &demo).await;
    assert_eq!(made["user_id"], demo_id(&cloud));
    assert_eq!(made["trust_id"], Value::Null);
    let path = format!("/v3/users/{}/credentials/OS-EC2", demo_id(&cloud));
    let one = format!("{path}/{}", made["access"].as_str().unwrap());
    assert_eq!(cloud.get(&demo, &one).await.expect(200)["credential"], made);
    assert_eq!(cloud.get(&demo, &path).await.expect(200)["credentials"].as_array().unwrap().len(), 1);
    let through_credentials = cloud.get(&demo, "/v3/credentials?type=ec2").await.expect(200);
    let blob: Value =
        serde_json::from_str(through_credentials["credentials"][0]["blob"].as_str().unwrap()).unwrap();
    assert_eq!(blob["secret"], made["secret"]);
    cloud.delete(&demo, &one).await.expect(204);
    cloud.get(&demo, &one).await.expect(404);
}

#[tokio::test]
async fn key_pairs_of_others_are_out_of_reach() {
    let cloud = Cloud::start().await;
    let demo = cloud.demo().await;
    let alt = cloud.log_in(scoped("alt_demo", json!({"project": in_default("alt_demo")}))).await.token();
    let reader = cloud.log_in(scoped("demo-reader", json!({"project": in_default("demo")}))).await.token();
    let made = pair(&cloud, &demo).await;
    let path = format!("/v3/users/{}/credentials/OS-EC2", demo_id(&cloud));
    let one = format!("{path}/{}", made["access"].as_str().unwrap());
    for token in [&alt, &reader] {
        cloud.get(token, &one).await.expect(403);
        cloud.delete(token, &one).await.expect(403);
        cloud.get(token, &path).await.expect(403);
        cloud.post(token, &path, json!({"tenant_id": "x"})).await.expect(403);
        assert!(
            cloud.get(token, "/v3/credentials").await.expect(200)["credentials"]
                .as_array()
                .unwrap()
                .is_empty()
        );
    }
}

#[tokio::test]
async fn blobs_are_sealed_on_the_disk() {
    let cloud = Cloud::start().await;
    let demo = cloud.demo().await;
    let body = json!({"credential": {"user_id": demo_id(&cloud), "type": "cert", "blob": "very secret"}});
    let made = cloud.post(&demo, "/v3/credentials", body).await.expect(201)["credential"].clone();
    assert_eq!(made["blob"], "very secret");
    let snapshot = cloud.identity.snapshot();
    let row = snapshot.credentials.get(made["id"].as_str().unwrap()).unwrap();
    assert!(row.sealed_blob.starts_with("gAAAA"));
    let restarted = cloud.second_process().await;
    let path = format!("/v3/credentials/{}", made["id"].as_str().unwrap());
    assert_eq!(restarted.get(&demo, &path).await.expect(200)["credential"], made);
}

#[tokio::test]
async fn a_credential_is_changed_and_cannot_be_given_away() {
    let cloud = Cloud::start().await;
    let (admin, demo) = (cloud.admin().await, cloud.demo().await);
    let body = json!({"credential": {"user_id": demo_id(&cloud), "type": "cert", "blob": "one"}});
    let made = cloud.post(&demo, "/v3/credentials", body).await.expect(201)["credential"].clone();
    let path = format!("/v3/credentials/{}", made["id"].as_str().unwrap());
    let changed = cloud.patch(&demo, &path, json!({"credential": {"blob": "two"}})).await.expect(200);
    assert_eq!(changed["credential"]["blob"], "two");
    let other = cloud.identity.seeded_user("admin").unwrap();
    cloud.patch(&demo, &path, json!({"credential": {"user_id": other.as_str()}})).await.expect(403);
    let body = json!({"credential": {"user_id": other.as_str(), "type": "cert", "blob": "planted"}});
    cloud.post(&demo, "/v3/credentials", body).await.expect(403);
    cloud.delete(&admin, &path).await.expect(204);
    cloud.get(&admin, &path).await.expect(404);
}

#[tokio::test]
async fn the_blob_of_a_key_pair_has_an_access_key_and_a_project() {
    let cloud = Cloud::start().await;
    let demo = cloud.demo().await;
    for blob in ["garbage", "{}", "[]", "{\"access\": 1}"] {
        let body = json!({"credential": {"user_id": demo_id(&cloud), "type": "ec2", "blob": blob, "project_id": "p"}});
        cloud.post(&demo, "/v3/credentials", body).await.expect(400);
    }
    let body = json!({"credential": {"user_id": demo_id(&cloud), "type": "ec2", "blob": "{\"access\": \"a\", \"secret\": \"s\"}"}});
    cloud.post(&demo, "/v3/credentials", body).await.expect(400);
}

#[tokio::test]
async fn a_token_of_an_application_credential_stays_in_its_project() {
    let cloud = Cloud::start().await;
    let demo = cloud.demo().await;
    let body = json!({"credential": {"user_id": demo_id(&cloud), "type": "totp", "blob": "seed"}});
    let seed = cloud.post(&demo, "/v3/credentials", body).await.expect(201)["credential"]["id"].clone();
    let body = json!({"application_credential": {"name": "c", "unrestricted": true}});
    let path = format!("/v3/users/{}/application_credentials", demo_id(&cloud));
    let made = cloud.post(&demo, &path, body).await.expect(201)["application_credential"].clone();
    let part = json!({"id": made["id"], "secret": made["secret"]});
    let login = json!({"identity": {"methods": ["application_credential"], "application_credential": part}});
    let token = cloud.log_in(login).await.token();
    cloud.get(&token, &format!("/v3/credentials/{}", seed.as_str().unwrap())).await.expect(403);
    assert!(
        cloud.get(&token, "/v3/credentials").await.expect(200)["credentials"].as_array().unwrap().is_empty()
    );
}

/// The signature of an S3 request, version 4.
fn sign(secret: &str, text: &str, date: &str) -> String {
    use hmac::{Hmac, KeyInit as _, Mac as _};
    let mac = |key: &[u8], message: &str| {
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key).unwrap();
        mac.update(message.as_bytes());
        mac.finalize().into_bytes().to_vec()
    };
    let start = format!("AWS4{secret}").into_bytes();
    let key = [date, "RegionOne", "s3", "aws4_request"].iter().fold(start, |key, part| mac(&key, part));
    hex::encode(mac(&key, text))
}

#[tokio::test]
async fn a_signed_s3_request_gets_a_token_of_its_key_pair() {
    use base64::Engine as _;
    let cloud = Cloud::start().await;
    let (admin, demo) = (cloud.admin().await, cloud.demo().await);
    let made = pair(&cloud, &demo).await;
    let (access, secret) = (made["access"].as_str().unwrap(), made["secret"].as_str().unwrap());
    let text = "AWS4-HMAC-SHA256\n20251124T160000Z\n20251124/RegionOne/s3/aws4_request\nabc";
    let token = base64::engine::general_purpose::URL_SAFE.encode(text);
    let body =
        |signature: &str| json!({"credentials": {"access": access, "token": token, "signature": signature}});
    let good = sign(secret, text, "20251124");
    let answer = cloud.post(&admin, "/v3/s3tokens", body(&good)).await;
    let issued = answer.headers["x-subject-token"].to_str().unwrap().to_owned();
    assert_eq!(answer.expect(200)["token"]["project"]["name"], "demo");
    cloud.get(&issued, "/v3/auth/projects").await.expect(200);
    cloud.log_in(crate::cloud::by_token(&issued, json!("unscoped"))).await.expect(403);
    cloud.post(&admin, "/v3/s3tokens", body("00")).await.expect(401);
    cloud.post(&demo, "/v3/s3tokens", body(&good)).await.expect(403);
    cloud.advance(901);
    let admin = cloud.admin().await;
    cloud.post(&admin, "/v3/s3tokens", body(&good)).await.expect(401);
    cloud.post(&admin, "/v3/ec2tokens", json!({"credentials": {"access": "unknown"}})).await.expect(404);
}
