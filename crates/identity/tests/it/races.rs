//! What may happen once happens once, though a hundred try at the same moment.

use futures_util::future::join_all;
use kogge_identity::{IdentityConfig, SecurityConfig};
use serde_json::{Value, json};

use crate::cloud::{Cloud, password, password_of};

const AT_ONCE: usize = 100;

fn config(security: SecurityConfig) -> IdentityConfig {
    let security = SecurityConfig { bcrypt_cost: 4, ..security };
    IdentityConfig { security, ..IdentityConfig::for_test() }
}

fn demo_id(cloud: &Cloud) -> String {
    cloud.identity.seeded_user("demo").unwrap().to_string()
}

/// Sends the same body a hundred times at once; answers how many of each status came.
async fn at_once(cloud: &Cloud, token: &str, path: &str, body: impl Fn(usize) -> Value) -> Vec<(u16, usize)> {
    let all = (0..AT_ONCE).map(|number| cloud.post(token, path, body(number)));
    counted(join_all(all).await.iter().map(|answer| answer.status.as_u16()))
}

fn counted(statuses: impl Iterator<Item = u16>) -> Vec<(u16, usize)> {
    let mut counts = std::collections::BTreeMap::new();
    statuses.for_each(|status| *counts.entry(status).or_insert(0) += 1);
    counts.into_iter().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_guesses_at_once_no_more_are_looked_at_than_the_limit() {
    let cloud =
        Cloud::with(config(SecurityConfig { lockout_attempts: 10, ..SecurityConfig::default() })).await;
    let guesses = (0..AT_ONCE).map(|number| {
        let guess = if number == AT_ONCE - 1 { "demo-password".to_owned() } else { format!("bad{number}") };
        cloud.log_in(password_of("demo", &guess))
    });
    let answers = join_all(guesses).await;
    assert_eq!(counted(answers.iter().map(|answer| answer.status.as_u16())), [(401, AT_ONCE)]);
    cloud.log_in(password("demo")).await.expect(401);
    cloud.log_in(password("alt_demo")).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_right_logins_at_once_all_get_in_whatever_the_limit() {
    let cloud =
        Cloud::with(config(SecurityConfig { lockout_attempts: 2, ..SecurityConfig::default() })).await;
    let answers = join_all((0..AT_ONCE).map(|_| cloud.log_in(password("demo")))).await;
    assert_eq!(counted(answers.iter().map(|answer| answer.status.as_u16())), [(201, AT_ONCE)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_the_old_password_lock_too() {
    let cloud =
        Cloud::with(config(SecurityConfig { lockout_attempts: 10, ..SecurityConfig::default() })).await;
    let path = format!("/v3/users/{}/password", demo_id(&cloud));
    let guess = |number: usize| {
        let old = if number == AT_ONCE - 1 { "demo-password".to_owned() } else { format!("bad{number}") };
        json!({"user": {"original_password": old, "password": "mine"}})
    };
    assert_eq!(at_once(&cloud, "", &path, guess).await, [(401, AT_ONCE)]);
    cloud.log_in(password("demo")).await.expect(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_the_secret_of_an_application_credential_lock_it_and_not_its_user() {
    let cloud =
        Cloud::with(config(SecurityConfig { lockout_attempts: 10, ..SecurityConfig::default() })).await;
    let demo = cloud.demo().await;
    let path = format!("/v3/users/{}/application_credentials", demo_id(&cloud));
    let body = json!({"application_credential": {"name": "c", "secret": "weak"}});
    let made = cloud.post(&demo, &path, body).await.expect(201)["application_credential"]["id"].clone();
    let login = |secret: &str| {
        let part = json!({"id": made, "secret": secret});
        json!({"identity": {"methods": ["application_credential"], "application_credential": part}})
    };
    cloud.log_in(login("weak")).await.expect(201);
    let guesses = (0..AT_ONCE).map(|number| cloud.log_in(login(&format!("bad{number}"))));
    let answers = join_all(guesses).await;
    assert!(answers.iter().all(|answer| answer.status == 401));
    cloud.log_in(login("weak")).await.expect(401);
    cloud.log_in(password("demo")).await.expect(201);
    cloud.advance(1800);
    cloud.log_in(login("weak")).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_password_is_good_for_one_change() {
    let cloud = Cloud::with(config(SecurityConfig::default())).await;
    let path = format!("/v3/users/{}/password", demo_id(&cloud));
    let change = |number: usize| json!({"user": {"original_password": "demo-password", "password": format!("new{number}")}});
    assert_eq!(at_once(&cloud, "", &path, change).await, [(204, 1), (401, AT_ONCE - 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_given_once() {
    let cloud = Cloud::start().await;
    let (admin, demo) = (cloud.admin().await, cloud.demo().await);
    let project = cloud.identity.seeded_project("demo").unwrap();
    let blob = json!({"access": "same", "secret": "s"}).to_string();
    let pair =
        json!({"user_id": demo_id(&cloud), "type": "ec2", "project_id": project.as_str(), "blob": blob});
    let of_demo = format!("/v3/users/{}/application_credentials", demo_id(&cloud));
    for (token, path, body) in [
        (&admin, "/v3/users", json!({"user": {"name": "same"}})),
        (&admin, "/v3/groups", json!({"group": {"name": "same"}})),
        (&admin, "/v3/projects", json!({"project": {"name": "same"}})),
        (&admin, "/v3/domains", json!({"domain": {"name": "same"}})),
        (&admin, "/v3/roles", json!({"role": {"name": "same"}})),
        (&admin, "/v3/regions", json!({"region": {"id": "same"}})),
        (&demo, "/v3/credentials", json!({ "credential": pair })),
        (&demo, of_demo.as_str(), json!({"application_credential": {"name": "same"}})),
    ] {
        let counts = at_once(&cloud, token, path, |_| body.clone()).await;
        assert_eq!(counts, [(201, 1), (409, AT_ONCE - 1)], "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_users_total_is_not_passed() {
    let limits = SecurityConfig {
        application_credentials_per_user: 10,
        credentials_per_user: 10,
        ..SecurityConfig::default()
    };
    let cloud = Cloud::with(config(limits)).await;
    let demo = cloud.demo().await;
    let path = format!("/v3/users/{}/application_credentials", demo_id(&cloud));
    let body = |number: usize| json!({"application_credential": {"name": format!("n{number}")}});
    assert_eq!(at_once(&cloud, &demo, &path, body).await, [(201, 10), (403, AT_ONCE - 10)]);
    let project = cloud.identity.seeded_project("demo").unwrap();
    let pairs = format!("/v3/users/{}/credentials/OS-EC2", demo_id(&cloud));
    let body = |_| json!({"tenant_id": project.as_str()});
    assert_eq!(at_once(&cloud, &demo, &pairs, body).await, [(201, 10), (403, AT_ONCE - 10)]);
    let other = json!({"credential": {"user_id": demo_id(&cloud), "type": "cert", "blob": "b"}});
    cloud.post(&demo, "/v3/credentials", other).await.expect(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_and_grants_given_at_once_are_all_there() {
    let cloud = Cloud::start().await;
    let admin = cloud.admin().await;
    let project = cloud.identity.seeded_project("demo").unwrap();
    let tag =
        async |number: usize| cloud.put(&admin, &format!("/v3/projects/{project}/tags/t{number}")).await;
    let answers = join_all((0..AT_ONCE).map(tag)).await;
    let counts = counted(answers.iter().map(|answer| answer.status.as_u16()));
    assert_eq!(counts, [(201, 80), (400, AT_ONCE - 80)], "80 tags at most");
    let tags = cloud.get(&admin, &format!("/v3/projects/{project}/tags")).await.expect(200);
    assert_eq!(tags["tags"].as_array().unwrap().len(), 80);
    let reader = cloud.identity.snapshot().role_named("reader").unwrap().id.clone();
    let grant = format!("/v3/projects/{project}/users/{}/roles/{reader}", demo_id(&cloud));
    let before = cloud.identity.snapshot().assignments.len();
    let answers = join_all((0..AT_ONCE).map(|_| cloud.put(&admin, &grant))).await;
    assert!(answers.iter().all(|answer| answer.status == 204));
    assert_eq!(cloud.identity.snapshot().assignments.len(), before + 1);
    let answers = join_all((0..AT_ONCE).map(|_| cloud.delete(&admin, &grant))).await;
    let counts = counted(answers.iter().map(|answer| answer.status.as_u16()));
    assert_eq!(counts, [(204, 1), (404, AT_ONCE - 1)]);
}
