//! What is written is what is read again, on both databases.

use std::sync::Arc;

use kogge_auth::Policies;
use kogge_clock::{Clock, Timestamp};
use kogge_db::Db;
use kogge_identity::{
    Identity, IdentityConfig, IdentityDeps, MIGRATIONS, RULE_SET, Secret, SeedAccounts, SeedService,
};

async fn open(db: &Db, dir: &std::path::Path) -> Identity {
    let (clock, _) = Clock::fake(Timestamp::from_seconds(1_764_000_000));
    let policies = Arc::new(Policies::compile(&[RULE_SET]).unwrap());
    let (db, data_dir, config) = (db.clone(), dir.to_owned(), IdentityConfig::for_test());
    Identity::open(IdentityDeps { db, clock, policies, data_dir, config }).await.unwrap()
}

async fn seeded(db: &Db, dir: &std::path::Path) -> Identity {
    db.migrate(&[MIGRATIONS], &Clock::system()).await.unwrap();
    let identity = open(db, dir).await;
    let accounts = SeedAccounts {
        admin: Some(Secret::new("p")),
        demo: Some(Secret::new("p")),
        ..SeedAccounts::default()
    };
    let service = SeedService { kind: "image".into(), name: "glance".into(), path: "/image".into() };
    identity.seed(accounts, &[service]).await.unwrap();
    identity
}

/// All documents, so that two states can be compared.
fn documents(identity: &Identity) -> Vec<String> {
    let snapshot = identity.snapshot();
    let mut all = vec![format!("version {}", snapshot.version)];
    all.extend(snapshot.projects.iter().map(|row| format!("{row:?}")));
    all.extend(snapshot.users.iter().map(|row| serde_json::to_string(row).unwrap()));
    all.extend(snapshot.roles.iter().map(|row| format!("{row:?}")));
    all.extend(snapshot.implications.iter().map(|row| format!("{row:?}")));
    all.extend(snapshot.assignments.iter().map(|row| format!("{row:?}")));
    all.extend(snapshot.services.iter().map(|row| format!("{row:?}")));
    all.extend(snapshot.endpoints.iter().map(|row| format!("{row:?}")));
    all
}

async fn on_both(check: impl AsyncFn(Db, &std::path::Path)) {
    for postgres in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        if let Some(db) = Db::for_test(dir.path(), postgres).await.unwrap() {
            check(db, dir.path()).await;
        }
    }
}

#[tokio::test]
async fn a_restart_reads_what_was_written() {
    on_both(async |db, dir| {
        let written = documents(&seeded(&db, dir).await);
        assert!(written.len() > 20);
        assert_eq!(documents(&open(&db, dir).await), written);
    })
    .await;
}

#[tokio::test]
async fn two_processes_write_in_turn_and_lose_nothing() {
    on_both(async |db, dir| {
        let one = seeded(&db, dir).await;
        let two = open(&db, dir).await;
        let more =
            |kind: &str| [SeedService { kind: kind.into(), name: kind.into(), path: format!("/{kind}") }];
        for round in 0..5 {
            one.seed(SeedAccounts::default(), &more(&format!("a{round}"))).await.unwrap();
            two.seed(SeedAccounts::default(), &more(&format!("b{round}"))).await.unwrap();
        }
        one.refresh().await.unwrap();
        assert_eq!(documents(&one), documents(&two));
        assert_eq!(one.snapshot().services.len(), 11);
    })
    .await;
}

#[tokio::test]
async fn writes_at_the_same_time_all_happen() {
    on_both(async |db, dir| {
        let identity = seeded(&db, dir).await;
        let tasks = (0..8).map(|number| {
            let identity = identity.clone();
            tokio::spawn(async move {
                let kind = format!("k{number}");
                let service =
                    SeedService { kind: kind.clone(), name: kind.clone(), path: format!("/{kind}") };
                identity.seed(SeedAccounts::default(), &[service]).await.unwrap();
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
        assert_eq!(identity.snapshot().services.len(), 9);
        assert_eq!(documents(&open(&db, dir).await), documents(&identity));
    })
    .await;
}

#[tokio::test]
async fn a_refresh_without_news_reads_nothing() {
    on_both(async |db, dir| {
        let identity = seeded(&db, dir).await;
        assert!(!identity.refresh().await.unwrap());
    })
    .await;
}
