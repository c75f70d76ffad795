//! Documents that cannot be read: the start goes on without them, and nothing opens by their absence.

use std::sync::Arc;

use http::Method;
use kogge_auth::Policies;
use kogge_clock::{Clock, Timestamp};
use kogge_db::{Db, Executor, Query};
use kogge_identity::{
    Identity, IdentityConfig, IdentityDeps, MIGRATIONS, RULE_SET, Secret, SeedAccounts, SeedService,
};

use crate::cloud::{Cloud, in_default, scoped};

async fn open(db: &Db, dir: &std::path::Path) -> Identity {
    let (clock, _) = Clock::fake(Timestamp::from_seconds(1_764_000_000));
    let policies = Arc::new(Policies::compile(&[RULE_SET]).unwrap());
    let (db, data_dir, config) = (db.clone(), dir.to_owned(), IdentityConfig::for_test());
    let identity = Identity::open(IdentityDeps { db, clock, policies, data_dir, config }).await.unwrap();
    let accounts = SeedAccounts {
        admin: Some(Secret::new("p")),
        demo: Some(Secret::new("p")),
        ..SeedAccounts::default()
    };
    let service = SeedService { kind: "image".into(), name: "glance".into(), path: "/image".into() };
    identity.seed(accounts, &[service]).await.unwrap();
    identity
}

macro_rules! spoil_one_of {
    ($($table:literal),*) => {
        [$(($table, concat!("UPDATE ", $table, " SET doc = '{' WHERE id = (SELECT MIN(id) FROM ", $table, ")"))),*]
    };
}

#[tokio::test]
async fn one_bad_document_of_any_kind_does_not_stop_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let db = Db::for_test(dir.path(), false).await.unwrap().unwrap();
    db.migrate(&[MIGRATIONS], &Clock::system()).await.unwrap();
    drop(open(&db, dir.path()).await);
    let tables = spoil_one_of![
        "identity_projects",
        "identity_users",
        "identity_roles",
        "identity_implications",
        "identity_assignments",
        "identity_regions",
        "identity_services",
        "identity_endpoints"
    ];
    for (table, spoil) in tables {
        assert_eq!(db.execute(Query::new(spoil)).await.unwrap(), 1, "{table}");
        let identity = open(&db, dir.path()).await;
        assert!(db.damage().rows().iter().any(|row| row.table == table), "{table}");
        // and once more, from what that start left
        drop(open(&db, dir.path()).await);
        drop(identity);
    }
}

#[tokio::test]
async fn an_account_that_cannot_be_read_is_not_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let db = Db::for_test(dir.path(), false).await.unwrap().unwrap();
    db.migrate(&[MIGRATIONS], &Clock::system()).await.unwrap();
    let demo = open(&db, dir.path()).await.seeded_user("demo").unwrap();
    let spoil = Query::new("UPDATE identity_users SET doc = '{' WHERE id = $1");
    assert_eq!(db.execute(spoil.bind(&demo)).await.unwrap(), 1);
    let identity = open(&db, dir.path()).await;
    assert!(identity.seeded_user("demo").is_none());
    assert!(identity.seeded_user("admin").is_some());
    let row = db.one(Query::new("SELECT doc FROM identity_users WHERE id = $1").bind(&demo)).await.unwrap();
    assert_eq!(row.text("doc").unwrap(), "{");
}

#[tokio::test]
async fn a_revocation_that_cannot_be_read_ends_every_token_from_before() {
    let cloud = Cloud::start().await;
    let admin = cloud.admin().await;
    let (revoked, other) = (cloud.demo().await, cloud.demo().await);
    assert_eq!(cloud.subject(&revoked, Method::DELETE, &revoked).await.status, 204);
    assert_eq!(cloud.subject(&admin, Method::GET, &other).await.status, 200);
    let spoil = Query::new("UPDATE identity_revocations SET doc = 'x'");
    assert_eq!(cloud.db.execute(spoil).await.unwrap(), 1);
    cloud.advance(5);
    let next = cloud.second_process().await;
    next.advance(5);
    let admin = next.admin().await;
    assert_eq!(next.subject(&admin, Method::GET, &revoked).await.status, 404);
    assert_eq!(next.subject(&admin, Method::GET, &other).await.status, 404);
    let demo = scoped("demo", serde_json::json!({"project": in_default("demo")}));
    assert_eq!(next.log_in(demo).await.status, 201);
}

#[tokio::test]
async fn the_name_of_an_account_that_cannot_be_read_is_taken() {
    let cloud = Cloud::start().await;
    let demo = cloud.identity.seeded_user("demo").unwrap();
    let spoil = Query::new("UPDATE identity_users SET doc = '{' WHERE id = $1");
    assert_eq!(cloud.db.execute(spoil.bind(&demo)).await.unwrap(), 1);
    let next = cloud.second_process().await;
    let admin = next.admin().await;
    let user = |name: &str| serde_json::json!({"user": {"name": name}});
    next.post(&admin, "/v3/users", user("demo")).await.expect(409);
    next.post(&admin, "/v3/users", user("another")).await.expect(201);
}
