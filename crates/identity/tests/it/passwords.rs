//! Changing passwords, expiry, lockout, rate limits.

use kogge_identity::{IdentityConfig, SecurityConfig};
use serde_json::json;

use crate::cloud::{Answer, Cloud, password, password_of};

async fn with(security: SecurityConfig) -> Cloud {
    Cloud::with(IdentityConfig {
        security: SecurityConfig { bcrypt_cost: 4, ..security },
        ..IdentityConfig::for_test()
    })
    .await
}

async fn change(cloud: &Cloud, old: &str, new: &str) -> Answer {
    let id = cloud.identity.seeded_user("demo").unwrap();
    let body = json!({"user": {"original_password": old, "password": new}});
    cloud.post("", &format!("/v3/users/{id}/password"), body).await
}

#[tokio::test]
async fn a_user_changes_the_own_password_and_old_tokens_end() {
    let cloud = Cloud::start().await;
    let demo = cloud.demo().await;
    change(&cloud, "demo-password", "second").await.expect(204);
    assert_eq!(cloud.get(&demo, "/v3/auth/projects").await.status, 401);
    cloud.log_in(password("demo")).await.expect(401);
    cloud.advance(1);
    let token = cloud.log_in(password_of("demo", "second")).await.token();
    cloud.get(&token, "/v3/auth/projects").await.expect(200);
}

#[tokio::test]
async fn the_last_passwords_cannot_come_back_at_once() {
    let cloud = Cloud::start().await;
    change(&cloud, "demo-password", "second").await.expect(204);
    change(&cloud, "second", "second").await.expect(400);
    let refused = change(&cloud, "second", "demo-password").await.expect(400);
    assert!(refused["error"]["message"].as_str().unwrap().contains("must be unique is 2"));
    change(&cloud, "second", "third").await.expect(204);
    change(&cloud, "third", "demo-password").await.expect(204);
}

#[tokio::test]
async fn a_wrong_old_password_and_an_unknown_user_look_the_same() {
    let cloud = Cloud::start().await;
    let wrong = change(&cloud, "wrong", "x").await.expect(401);
    let body = json!({"user": {"original_password": "x", "password": "y"}});
    assert_eq!(cloud.post("", "/v3/users/nobody/password", body).await.expect(401), wrong);
    let half = json!({"user": {"password": "y"}});
    cloud.post("", "/v3/users/nobody/password", half).await.expect(400);
}

#[tokio::test]
async fn a_locked_password_and_a_young_one_are_not_changed() {
    let cloud = with(SecurityConfig { minimum_password_age_days: 1, ..SecurityConfig::default() }).await;
    let admin = cloud.admin().await;
    change(&cloud, "demo-password", "second").await.expect(204);
    change(&cloud, "second", "third").await.expect(400);
    cloud.advance(86_400);
    let id = cloud.identity.seeded_user("demo").unwrap();
    let locked = json!({"user": {"options": {"lock_password": true}}});
    let admin = if cloud.get(&admin, "/v3/users").await.status == 401 { cloud.admin().await } else { admin };
    cloud.patch(&admin, &format!("/v3/users/{id}"), locked).await.expect(200);
    change(&cloud, "second", "third").await.expect(400);
}

#[tokio::test]
async fn passwords_of_the_wrong_length_are_refused() {
    let cloud = with(SecurityConfig { minimum_password_length: 8, ..SecurityConfig::default() }).await;
    let admin = cloud.admin().await;
    for (password, status) in
        [("short".to_owned(), 400), ("x".repeat(129), 403), ("long enough".to_owned(), 201)]
    {
        let user = json!({"user": {"name": format!("u{status}"), "password": password}});
        cloud.post(&admin, "/v3/users", user).await.expect(status);
    }
}

#[tokio::test]
async fn an_expired_password_says_so_to_who_knows_it_and_can_be_changed() {
    let cloud = with(SecurityConfig { password_expires_days: 30, ..SecurityConfig::default() }).await;
    change(&cloud, "demo-password", "second").await.expect(204);
    let token = cloud.log_in(password_of("demo", "second")).await.expect(201);
    assert_eq!(token["token"]["user"]["password_expires_at"], "2025-12-24T16:00:00.000000");
    cloud.advance(30 * 86_400);
    let expired = cloud.log_in(password_of("demo", "second")).await.expect(401);
    assert!(expired["error"]["message"].as_str().unwrap().contains("expired"));
    let wrong = cloud.log_in(password_of("demo", "wrong")).await.expect(401);
    assert!(!wrong["error"]["message"].as_str().unwrap().contains("expired"));
    change(&cloud, "second", "third").await.expect(204);
}

#[tokio::test]
async fn an_account_locks_after_wrong_passwords_and_opens_again() {
    let cloud =
        with(SecurityConfig { lockout_attempts: 2, lockout_seconds: 5, ..SecurityConfig::default() }).await;
    for _ in 0..2 {
        cloud.log_in(password_of("demo", "wrong")).await.expect(401);
    }
    let locked = cloud.log_in(password("demo")).await.expect(401);
    assert_eq!(locked["error"]["message"], "The request you have made requires authentication.");
    cloud.log_in(password("alt_demo")).await.expect(201);
    change(&cloud, "demo-password", "x").await.expect(401);
    cloud.advance(5);
    cloud.log_in(password("demo")).await.expect(201);
}

#[tokio::test]
async fn too_many_logins_of_one_account_are_429_with_retry_after() {
    let cloud = with(SecurityConfig { logins_per_minute: 3, ..SecurityConfig::default() }).await;
    for _ in 0..3 {
        cloud.log_in(password_of("demo", "wrong")).await.expect(401);
    }
    let answer = cloud.log_in(password("demo")).await;
    assert!(answer.headers.contains_key("retry-after"));
    answer.expect(429);
    cloud.log_in(password("alt_demo")).await.expect(201);
}

#[tokio::test]
async fn a_password_set_by_an_administrator_may_have_to_be_changed_first() {
    let cloud =
        with(SecurityConfig { change_password_upon_first_use: true, ..SecurityConfig::default() }).await;
    let admin = cloud.admin().await;
    let user = json!({"user": {"name": "new", "password": "first"}});
    let id = cloud.post(&admin, "/v3/users", user).await.expect(201)["user"]["id"].clone();
    cloud.log_in(password_of("new", "first")).await.expect(401);
    let body = json!({"user": {"original_password": "first", "password": "second"}});
    cloud.post("", &format!("/v3/users/{}/password", id.as_str().unwrap()), body).await.expect(204);
    cloud.log_in(password_of("new", "second")).await.expect(201);
}

#[tokio::test]
async fn multi_factor_rules_ask_for_a_whole_set_of_methods() {
    let cloud = Cloud::start().await;
    let admin = cloud.admin().await;
    let id = cloud.identity.seeded_user("demo").unwrap();
    let rules = |rules: serde_json::Value| json!({"user": {"options": {"multi_factor_auth_rules": rules}}});
    let user = format!("/v3/users/{id}");
    cloud.patch(&admin, &user, rules(json!([["password", "token"]]))).await.expect(200);
    cloud.log_in(password("demo")).await.expect(401);
    cloud.patch(&admin, &user, rules(json!([["password", "totp"], ["password"]]))).await.expect(200);
    cloud.log_in(password("demo")).await.expect(201);
}
