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
    assert_eq!(made["secret"].as_str().unwrap().len(), 32);
    let path = format!("/v3/users/{}/credentials/OS-EC2", demo_id(&cloud));
    let one = format!("{path}/{}", made["access"].as_str().unwrap());
    let mut later = made.clone();
    later["secret"] = Value::Null;
    assert_eq!(cloud.get(&demo, &one).await.expect(200)["credential"], later, "the secret is shown once");
    assert_eq!(cloud.get(&demo, &path).await.expect(200)["credentials"], json!([later]));
    cloud.delete(&demo, &one).await.expect(204);
    cloud.get(&demo, &one).await.expect(404);
    cloud.delete(&demo, &one).await.expect(404);
}

#[tokio::test]
async fn the_secret_of_a_key_pair_is_not_shown_through_credentials_either() {
    let cloud = Cloud::start().await;
    let (admin, demo) = (cloud.admin().await, cloud.demo().await);
    let made = pair(&cloud, &demo).await;
    let listed = cloud.get(&demo, "/v3/credentials?type=ec2").await.expect(200)["credentials"][0].clone();
    let blob: Value = serde_json::from_str(listed["blob"].as_str().unwrap()).unwrap();
    assert_eq!(blob, json!({"access": made["access"], "secret": null, "trust_id": null}));
    let path = format!("/v3/credentials/{}", listed["id"].as_str().unwrap());
    for token in [&admin, &demo] {
        assert_eq!(cloud.get(token, &path).await.expect(200)["credential"], listed);
    }
    let moved = cloud.patch(&demo, &path, json!({"credential": {"colour": "red"}})).await.expect(200);
    assert_eq!(moved["credential"]["blob"], listed["blob"]);
    // what was read is written back: the secret stays
    cloud.patch(&demo, &path, json!({"credential": {"blob": listed["blob"]}})).await.expect(200);
    signs(&cloud, &admin, &made, made["secret"].as_str().unwrap()).await.expect(200);
    let blob = json!({"access": made["access"], "secret": "chosen", "trust_id": null}).to_string();
    let told = cloud.patch(&demo, &path, json!({"credential": {"blob": blob}})).await.expect(200);
    assert_eq!(told["credential"]["blob"], blob.as_str(), "who sets it sees it");
    signs(&cloud, &admin, &made, made["secret"].as_str().unwrap()).await.expect(401);
    signs(&cloud, &admin, &made, "chosen").await.expect(200);
}

#[tokio::test]
async fn an_operator_may_show_secrets_always_as_keystone_does() {
    let mut config = kogge_identity::IdentityConfig::for_test();
    config.security.show_ec2_secrets = true;
    let cloud = Cloud::with(config).await;
    let demo = cloud.demo().await;
    let made = pair(&cloud, &demo).await;
    let path = format!("/v3/users/{}/credentials/OS-EC2", demo_id(&cloud));
    assert_eq!(cloud.get(&demo, &path).await.expect(200)["credentials"], json!([made]));
    let listed = cloud.get(&demo, "/v3/credentials").await.expect(200);
    assert!(listed["credentials"][0]["blob"].as_str().unwrap().contains(made["secret"].as_str().unwrap()));
}

#[tokio::test]
async fn a_pair_without_a_secret_signs_nothing() {
    let cloud = Cloud::start().await;
    let (admin, demo) = (cloud.admin().await, cloud.demo().await);
    let project = cloud.identity.seeded_project("demo").unwrap();
    let body = json!({"user_id": demo_id(&cloud), "type": "ec2", "project_id": project.as_str(),
        "blob": "{\"access\": \"bare\"}"});
    cloud.post(&demo, "/v3/credentials", json!({ "credential": body })).await.expect(201);
    signs(&cloud, &admin, &json!({"access": "bare"}), "").await.expect(401);
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

#[tokio::test]
async fn one_credential_that_cannot_be_opened_costs_nobody_the_others() {
    let cloud = Cloud::start().await;
    let (admin, demo) = (cloud.admin().await, cloud.demo().await);
    let lost = pair(&cloud, &demo).await;
    let kept = pair(&cloud, &demo).await;
    cloud.lose_credential(&crate::restricted::id_of(&lost)).await;
    let ec2 = format!("/v3/users/{}/credentials/OS-EC2", demo_id(&cloud));
    for (token, path) in [(&admin, "/v3/credentials"), (&demo, "/v3/credentials"), (&demo, ec2.as_str())] {
        let listed = cloud.get(token, path).await.expect(200)["credentials"].clone();
        assert_eq!(listed.as_array().unwrap().len(), 1, "{path}");
        assert!(listed.to_string().contains(kept["access"].as_str().unwrap()), "{path}");
    }
    let noted = cloud.damaged_rows();
    assert_eq!(noted, [("identity_credentials".to_owned(), crate::restricted::id_of(&lost))]);
    let one = format!("/v3/credentials/{}", crate::restricted::id_of(&lost));
    cloud.delete(&demo, &one).await.expect(204);
}

#[tokio::test]
async fn one_user_does_not_fill_the_memory_with_revocations() {
    let cloud = Cloud::start().await;
    let demo = cloud.demo().await;
    let alt = cloud.log_in(scoped("alt_demo", json!({"project": in_default("alt_demo")}))).await.token();
    let mut refused = false;
    for _ in 0..1000 {
        let token = cloud.log_in(crate::cloud::by_token(&demo, json!("unscoped"))).await.token();
        let answer = cloud.subject(&token, http::Method::DELETE, &token).await;
        refused = answer.status == 429;
        if refused {
            assert!(answer.headers.contains_key("retry-after"));
            break;
        }
    }
    assert!(refused, "a thousand at once");
    cloud.subject(&alt, http::Method::DELETE, &alt).await.expect(204);
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

/// Asks for a token by a request that `secret` signs for a pair.
async fn signs(cloud: &Cloud, service: &str, pair: &Value, secret: &str) -> crate::cloud::Answer {
    use base64::Engine as _;
    let text = "AWS4-HMAC-SHA256\n20251124T160000Z\n20251124/RegionOne/s3/aws4_request\nabc";
    let (token, signature) =
        (base64::engine::general_purpose::URL_SAFE.encode(text), sign(secret, text, "20251124"));
    let body = json!({"credentials": {"access": pair["access"], "token": token, "signature": signature}});
    cloud.post(service, "/v3/s3tokens", body).await
}

#[tokio::test]
async fn a_signature_is_good_around_its_date_and_one_without_a_date_never() {
    use base64::Engine as _;
    let cloud = Cloud::start().await;
    let (admin, demo) = (cloud.admin().await, cloud.demo().await);
    let made = pair(&cloud, &demo).await;
    let secret = made["secret"].as_str().unwrap();
    for (moment, status) in [
        ("20251124T154500Z", 200),
        ("20251124T154459Z", 401),
        ("20251124T161500Z", 200),
        ("20251124T161501Z", 401),
        ("20351124T160000Z", 401),
        ("", 401),
        ("soon", 401),
    ] {
        let date = moment.get(..8).unwrap_or("20251124");
        let text = format!("AWS4-HMAC-SHA256\n{moment}\n{date}/RegionOne/s3/aws4_request\nabc");
        let token = base64::engine::general_purpose::URL_SAFE.encode(&text);
        let signature = sign(secret, &text, date);
        let body = json!({"credentials": {"access": made["access"], "token": token, "signature": signature}});
        let answer = cloud.post(&admin, "/v3/s3tokens", body).await;
        assert_eq!(answer.status.as_u16(), status, "{moment}");
    }
}

#[tokio::test]
async fn a_version_2_signature_counts_from_the_date_that_it_covers() {
    use base64::Engine as _;
    use hmac::{Hmac, KeyInit as _, Mac as _};
    let cloud = Cloud::start().await;
    let (admin, demo) = (cloud.admin().await, cloud.demo().await);
    let made = pair(&cloud, &demo).await;
    let answer = async |timestamp: Option<&str>| {
        let mut params = json!({"SignatureVersion": "2", "SignatureMethod": "HmacSHA256"});
        let mut query = "SignatureMethod=HmacSHA256&SignatureVersion=2".to_owned();
        if let Some(timestamp) = timestamp {
            params["Timestamp"] = timestamp.into();
            query += &format!("&Timestamp={}", timestamp.replace(':', "%3A"));
        }
        let text = format!("GET\nhost\n/\n{query}");
        let mut mac =
            Hmac::<sha2::Sha256>::new_from_slice(made["secret"].as_str().unwrap().as_bytes()).unwrap();
        mac.update(text.as_bytes());
        let signature = base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes());
        // a header of the day that nobody signed
        let body = json!({"access": made["access"], "signature": signature, "verb": "GET", "host": "host",
            "path": "/", "params": params, "headers": {"X-Amz-Date": "20251124T160000Z"}});
        cloud.post(&admin, "/v3/ec2tokens", json!({ "credentials": body })).await.status.as_u16()
    };
    assert_eq!(answer(Some("2025-11-24T16:00:00Z")).await, 200);
    assert_eq!(answer(Some("2025-11-23T16:00:00Z")).await, 401);
    assert_eq!(answer(None).await, 401, "the header is not part of what was signed");
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
