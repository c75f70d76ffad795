//! What the token of an application credential touches of its user's secrets.

use http::Method;
use serde_json::{Value, json};

use crate::cloud::{Cloud, by_token, in_default};

/// `demo` with an application credential that has the role reader, its token, and secrets made with the password.
struct Scene {
    cloud: Cloud,
    demo: String,
    user_id: String,
    credential: Value,
    token: String,
    pair: Value,
    other: Value,
    rule_id: String,
}

fn user_id(cloud: &Cloud) -> String {
    cloud.identity.seeded_user("demo").unwrap().to_string()
}

async fn application_credential(cloud: &Cloud, token: &str, body: Value) -> Value {
    let path = format!("/v3/users/{}/application_credentials", user_id(cloud));
    let body = json!({ "application_credential": body });
    cloud.post(token, &path, body).await.expect(201)["application_credential"].clone()
}

async fn token_of(cloud: &Cloud, credential: &Value) -> String {
    let part = json!({"id": credential["id"], "secret": credential["secret"]});
    let identity = json!({"methods": ["application_credential"], "application_credential": part});
    cloud.log_in(json!({ "identity": identity })).await.token()
}

async fn key_pair(cloud: &Cloud, token: &str) -> Value {
    let project = cloud.identity.seeded_project("demo").unwrap();
    let path = format!("/v3/users/{}/credentials/OS-EC2", user_id(cloud));
    cloud.post(token, &path, json!({"tenant_id": project.as_str()})).await.expect(201)["credential"].clone()
}

async fn scene(unrestricted: bool) -> Scene {
    let cloud = Cloud::start().await;
    let demo = cloud.demo().await;
    let body = json!({"name": "ci", "roles": [{"name": "reader"}], "unrestricted": unrestricted});
    let credential = application_credential(&cloud, &demo, body).await;
    let rule = json!({"service": "compute", "method": "GET", "path": "/v2.1/servers"});
    let other = application_credential(&cloud, &demo, json!({"name": "other", "access_rules": [rule]})).await;
    let token = token_of(&cloud, &credential).await;
    let pair = key_pair(&cloud, &demo).await;
    let rule_id = other["access_rules"][0]["id"].as_str().unwrap().to_owned();
    Scene { user_id: user_id(&cloud), cloud, demo, credential, token, pair, other, rule_id }
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap()
}

/// The id of the credential that a key pair is.
pub(crate) fn id_of(pair: &Value) -> String {
    use sha2::Digest as _;
    hex::encode(sha2::Sha256::digest(text(pair, "access")))
}

/// Every route below which secrets of users lie.
const SECRETS: [&str; 3] = ["/credentials", "/application_credentials", "/access_rules"];

#[tokio::test]
async fn a_restricted_credential_reaches_no_secret_by_any_route() {
    let scene = scene(false).await;
    let cloud = &scene.cloud;
    let before = cloud.identity.snapshot().version;
    let mut seen = 0;
    for route in kogge_identity::routes().table() {
        if !SECRETS.iter().any(|part| route.path.contains(part)) {
            continue;
        }
        let credential_id = if route.path.contains("OS-EC2") {
            text(&scene.pair, "access").to_owned()
        } else {
            id_of(&scene.pair)
        };
        let path = route
            .path
            .replace("{user_id}", &scene.user_id)
            .replace("{credential_id}", &credential_id)
            .replace("{application_credential_id}", text(&scene.other, "id"))
            .replace("{access_rule_id}", &scene.rule_id);
        let body = match (&route.method, route.path) {
            (&Method::POST, "/v3/credentials") => {
                Some(json!({"credential": {"user_id": scene.user_id, "type": "totp", "blob": "seed"}}))
            }
            (&Method::PATCH, "/v3/credentials/{credential_id}") => {
                Some(json!({"credential": {"blob": "{}"}}))
            }
            (&Method::POST, path) if path.ends_with("OS-EC2") => {
                Some(json!({"tenant_id": cloud.identity.seeded_project("demo").unwrap().as_str()}))
            }
            (&Method::POST, _) => Some(json!({"application_credential": {"name": "child"}})),
            _ => None,
        };
        let answer = cloud.call(&scene.token, route.method.clone(), &path, body).await;
        let list_of_own = route.method == Method::GET
            && (route.path.ends_with("/application_credentials") || route.path.ends_with("/access_rules"));
        let expected = if list_of_own { 200 } else { 403 };
        assert_eq!(answer.status.as_u16(), expected, "{} {path}: {}", route.method, answer.body);
        let body = answer.body.to_string();
        for secret in [text(&scene.pair, "secret"), text(&scene.other, "id"), &scene.rule_id] {
            assert!(!body.contains(secret), "{} {path} shows {secret}: {body}", route.method);
        }
        seen += 1;
    }
    assert!(seen >= 16, "only {seen} routes");
    assert_eq!(cloud.identity.snapshot().version, before, "nothing was written");
}

#[tokio::test]
async fn a_restricted_credential_sees_itself_and_what_bounds_it() {
    let scene = scene(false).await;
    let all = format!("/v3/users/{}/application_credentials", scene.user_id);
    let listed = scene.cloud.get(&scene.token, &all).await.expect(200);
    assert_eq!(listed["application_credentials"].as_array().unwrap().len(), 1);
    assert_eq!(listed["application_credentials"][0]["id"], scene.credential["id"]);
    let itself = format!("{all}/{}", text(&scene.credential, "id"));
    scene.cloud.get(&scene.token, &itself).await.expect(200);
    scene.cloud.delete(&scene.token, &itself).await.expect(403);
    let rules = ["GET", "DELETE"].map(
        |method| json!({"service": "identity", "method": method, "path": "/v3/users/*/access_rules/**"}),
    );
    let list = json!({"service": "identity", "method": "GET", "path": "/v3/users/*/access_rules"});
    let body = json!({"name": "bounded", "access_rules": [rules[0], rules[1], list]});
    let bounded = application_credential(&scene.cloud, &scene.demo, body).await;
    let token = token_of(&scene.cloud, &bounded).await;
    let path = format!("/v3/users/{}/access_rules", scene.user_id);
    let seen = scene.cloud.get(&token, &path).await.expect(200);
    assert_eq!(seen["access_rules"].as_array().unwrap().len(), 3, "not the rule of the other one");
    let own = text(&seen["access_rules"][0], "id").to_owned();
    scene.cloud.get(&token, &format!("{path}/{own}")).await.expect(200);
    scene.cloud.get(&token, &format!("{path}/{}", scene.rule_id)).await.expect(403);
    scene.cloud.delete(&token, &format!("{path}/{own}")).await.expect(403);
}

#[tokio::test]
async fn a_restricted_credential_gets_no_other_token() {
    let scene = scene(false).await;
    for scope in [json!("unscoped"), json!({"project": in_default("demo")}), json!({"system": {"all": true}})]
    {
        scene.cloud.log_in(by_token(&scene.token, scope)).await.expect(403);
    }
}

#[tokio::test]
async fn an_unrestricted_credential_touches_the_pairs_that_it_made_and_no_other() {
    let scene = scene(true).await;
    let cloud = &scene.cloud;
    let body = json!({"name": "writer", "unrestricted": true});
    let writer = application_credential(cloud, &scene.demo, body).await;
    let writer = token_of(cloud, &writer).await;
    let own = key_pair(cloud, &writer).await;
    let paths = |pair: &Value| {
        let ec2 = format!("/v3/users/{}/credentials/OS-EC2/{}", scene.user_id, text(pair, "access"));
        (ec2, format!("/v3/credentials/{}", id_of(pair)))
    };
    let (ec2, credential) = paths(&own);
    cloud.get(&writer, &ec2).await.expect(200);
    cloud.get(&writer, &credential).await.expect(200);
    for foreign in [&scene.pair, &own] {
        let (ec2, credential) = paths(foreign);
        let blob = json!({"access": foreign["access"], "secret": "mine", "trust_id": null}).to_string();
        cloud.get(&scene.token, &ec2).await.expect(403);
        cloud.delete(&scene.token, &ec2).await.expect(403);
        cloud.get(&scene.token, &credential).await.expect(403);
        cloud.patch(&scene.token, &credential, json!({"credential": {"blob": blob}})).await.expect(403);
        cloud.delete(&scene.token, &credential).await.expect(403);
    }
    let listed = cloud.get(&scene.token, "/v3/credentials").await.expect(200);
    assert_eq!(listed["credentials"], json!([]));
    let listed = cloud.get(&writer, "/v3/credentials").await.expect(200);
    assert_eq!(listed["credentials"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_binds_a_pair_to_its_application_credential_stays_on_it() {
    let scene = scene(true).await;
    let cloud = &scene.cloud;
    let body = json!({"name": "writer", "unrestricted": true});
    let writer = token_of(cloud, &application_credential(cloud, &scene.demo, body).await).await;
    let own = key_pair(cloud, &writer).await;
    let path = format!("/v3/credentials/{}", id_of(&own));
    let free = json!({"access": own["access"], "secret": own["secret"], "trust_id": null}).to_string();
    cloud.patch(&writer, &path, json!({"credential": {"blob": free}})).await.expect(400);
    cloud.patch(&writer, &path, json!({"credential": {"type": "cert"}})).await.expect(400);
    cloud.patch(&writer, &path, json!({"credential": {"type": "cert", "blob": free}})).await.expect(400);
    let project = cloud.identity.seeded_project("alt_demo").unwrap();
    cloud.patch(&writer, &path, json!({"credential": {"project_id": project.as_str()}})).await.expect(403);
}
