//! What a process reads of others' writes is what a new process reads, and is not more than was written.

use std::path::Path;
use std::sync::Arc;

use kogge_auth::Policies;
use kogge_clock::{Clock, Timestamp};
use kogge_db::{Db, Executor as _, Query};

use crate::model::{Extra, Kind, Revocation, Role};
use crate::service::Draft;
use crate::token::{Method, Token, TokenScope};
use crate::{Identity, IdentityConfig, IdentityDeps, MIGRATIONS, RULE_SET};

async fn open(db: &Db, dir: &Path) -> Identity {
    let (clock, _) = Clock::fake(Timestamp::from_seconds(1_764_000_000));
    let policies = Arc::new(Policies::compile(&[RULE_SET]).unwrap());
    let (db, data_dir, config) = (db.clone(), dir.to_owned(), IdentityConfig::for_test());
    Identity::open(IdentityDeps { db, clock, policies, data_dir, config }).await.unwrap()
}

/// Runs a check on PostgreSQL, where several processes write.
async fn on_postgres(check: impl AsyncFnOnce(Db, &Path)) {
    let dir = tempfile::tempdir().unwrap();
    let Some(db) = Db::for_test(dir.path(), true).await.unwrap() else {
        eprintln!("skipped: KOGGE_TEST_POSTGRES is not set");
        return;
    };
    db.migrate(&[MIGRATIONS], &Clock::system()).await.unwrap();
    check(db, dir.path()).await;
}

fn role(id: usize, name: usize) -> Role {
    let (id, name) = (format!("{id:03}"), format!("role {name}"));
    Role { id, name, domain_id: None, description: None, immutable: None, extra: Extra::new() }
}

fn token(user: usize) -> Token {
    Token {
        user_id: format!("user {user}"),
        methods: vec![Method::Password],
        scope: TokenScope::Unscoped,
        application_credential_id: None,
        issued_at: Timestamp::from_seconds(1),
        expires_at: Timestamp::from_seconds(3600),
        audit_ids: vec!["a".to_owned()],
    }
}

fn revocation(user: usize) -> Revocation {
    let issued_before = Timestamp::from_seconds(2).as_micros();
    Revocation {
        id: format!("of {user}"),
        audit_id: None,
        user_id: Some(format!("user {user}")),
        project_id: None,
        issued_before,
        revoked_at: issued_before,
    }
}

/// What one can find out by looking.
fn seen(identity: &Identity) -> (i64, Vec<String>, Vec<Option<String>>, Vec<bool>) {
    let snapshot = identity.snapshot();
    let rows = snapshot.roles.iter().map(|role| format!("{role:?}")).collect();
    let named = (0..20).map(|name| snapshot.role_named(&format!("role {name}")).map(|role| role.id.clone()));
    let revoked = (0..10).map(|user| snapshot.is_revoked(&token(user))).collect();
    (snapshot.version, rows, named.collect(), revoked)
}

/// A write by chance: names move from role to role, revocations come and go.
fn change(draft: &mut Draft, chance: usize) {
    let (id, name) = (chance % 20, chance / 20 % 20);
    match chance % 7 {
        0 => draft.delete(Kind::Role, &format!("{id:03}")),
        1 => drop(draft.put(revocation(id % 10))),
        2 => draft.delete(Kind::Revocation, &format!("of {}", id % 10)),
        _ => {
            let holder = draft.role_named(&format!("role {name}")).map(|role| role.id.clone());
            holder.inspect(|holder| draft.delete(Kind::Role, holder));
            draft.put(role(id, name));
        }
    }
}

#[tokio::test]
async fn what_others_wrote_is_what_a_new_process_reads() {
    on_postgres(async |db, dir| {
        let (one, two) = (open(&db, dir).await, open(&db, dir).await);
        let mut chance: usize = 20_261_130;
        let mut next = || {
            chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            chance >> 33
        };
        for step in 0..300 {
            let by = if next() % 3 == 0 { &two } else { &one };
            let chances: Vec<usize> = (0..=next() % 3).map(|_| next()).collect();
            let done = by.write(|draft| {
                chances.iter().for_each(|chance| change(draft, *chance));
                Ok(())
            });
            done.await.unwrap();
            if next() % 4 == 0 {
                two.refresh().await.unwrap();
                one.refresh().await.unwrap();
                let new = seen(&open(&db, dir).await);
                assert_eq!((seen(&one), seen(&two)), (new.clone(), new), "step {step}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn reading_what_others_wrote_costs_the_same_however_much_there_is() {
    on_postgres(async |db, dir| {
        let (one, two) = (open(&db, dir).await, open(&db, dir).await);
        let many = one.write(|draft| {
            (0..3000).for_each(|id| drop(draft.put(role(id, id))));
            Ok(())
        });
        many.await.unwrap();
        two.refresh().await.unwrap();
        one.write(|draft| Ok(draft.put(role(7, 7777)))).await.unwrap();
        let before = (db.statements(), two.snapshot());
        assert!(two.refresh().await.unwrap());
        // its number, what changed, the one record
        assert_eq!(db.statements() - before.0, 3);
        assert_eq!(two.snapshot().role_named("role 7777").unwrap().id, "007");
        let same =
            |id: &str| Arc::ptr_eq(two.snapshot().roles.get(id).unwrap(), before.1.roles.get(id).unwrap());
        assert!(same("008") && !same("007"), "what did not change was not read");
        assert!(!two.refresh().await.unwrap(), "nothing is new");
    })
    .await;
}

#[tokio::test]
async fn who_is_too_far_behind_reads_everything() {
    on_postgres(async |db, dir| {
        let (one, two) = (open(&db, dir).await, open(&db, dir).await);
        for number in 0..3 {
            one.write(|draft| Ok(draft.put(role(number, number)))).await.unwrap();
        }
        // as if a thousand writes had come in between
        let forgotten = "DELETE FROM identity_changes WHERE version = 2";
        (&db).execute(Query::new(forgotten)).await.unwrap();
        assert!(two.refresh().await.unwrap());
        assert_eq!(seen(&two), seen(&one));
        one.write(|draft| Ok(draft.put(role(9, 9)))).await.unwrap();
        let old = "UPDATE identity_changes SET version = version - 1000";
        (&db).execute(Query::new(old)).await.unwrap();
        one.write(|draft| Ok(draft.put(role(10, 10)))).await.unwrap();
        let left = (&db).one(Query::new("SELECT count(*) AS n FROM identity_changes")).await.unwrap();
        assert_eq!(left.int("n").unwrap(), 1, "old ones are forgotten");
    })
    .await;
}
