//! Allocating and freeing on both databases.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use kogge_clock::{Clock, Timestamp};
use kogge_db::{Db, Executor, Migrations, Query};
use kogge_ids::{HostId, ProjectId, ProviderId, ServerId, UserId};
use kogge_placement::{Error, Inventory, MEMORY_MB, MIGRATIONS, Placement, Request, Resources, VCPU};

struct Cloud {
    db: Db,
    placement: Placement,
    _dir: tempfile::TempDir,
}

async fn cloud(postgres: bool) -> Option<Cloud> {
    let dir = tempfile::tempdir().unwrap();
    let db = Db::for_test(dir.path(), postgres).await.unwrap()?;
    let (clock, _) = Clock::fake(Timestamp::from_seconds(1_000_000));
    db.migrate(&[MIGRATIONS], &clock).await.unwrap();
    let placement = Placement::new(db.clone(), clock);
    Some(Cloud { db, placement, _dir: dir })
}

macro_rules! on_both {
    ($($name:ident($cloud:ident) $body:block)*) => {$(
        mod $name {
            use super::*;
            async fn body($cloud: Cloud) $body
            #[tokio::test]
            async fn sqlite() { body(cloud(false).await.unwrap()).await }
            #[tokio::test]
            async fn postgres() { if let Some(cloud) = cloud(true).await { body(cloud).await } }
        }
    )*};
}

const OLD: &[&str] = &[
    "INSERT INTO resource_providers (id, name, generation, root_id, created_at, updated_at) VALUES \
     ('9c6dd4f4-6ee4-4a3f-8ae2-7e3e6c4a1b01', 'host', 1, '9c6dd4f4-6ee4-4a3f-8ae2-7e3e6c4a1b01', 0, 0)",
    "INSERT INTO inventories (provider_id, resource_class, total, reserved, min_unit, max_unit, step_size, \
     allocation_ratio, updated_at) VALUES \
     ('9c6dd4f4-6ee4-4a3f-8ae2-7e3e6c4a1b01', 'VCPU', 4, 0, 1, 4, 1, 1.0, 0), \
     ('9c6dd4f4-6ee4-4a3f-8ae2-7e3e6c4a1b01', 'MEMORY_MB', 4096, 0, 1, 4096, 1, 1.0, 0)",
    "INSERT INTO placement_consumers (id, project_id, user_id, generation, created_at) VALUES ('a', 'p', 'u', 1, 0), \
     ('b', 'p', 'u', 1, 0)",
    "INSERT INTO allocations (consumer_id, provider_id, resource_class, used, updated_at) VALUES \
     ('a', '9c6dd4f4-6ee4-4a3f-8ae2-7e3e6c4a1b01', 'VCPU', 1, 0), \
     ('b', '9c6dd4f4-6ee4-4a3f-8ae2-7e3e6c4a1b01', 'VCPU', 2, 0)",
];

async fn upgrade(postgres: bool) {
    let dir = tempfile::tempdir().unwrap();
    let Some(db) = Db::for_test(dir.path(), postgres).await.unwrap() else { return };
    let (clock, _) = Clock::fake(Timestamp::from_seconds(1_000_000));
    let first = Migrations { owner: MIGRATIONS.owner, steps: &MIGRATIONS.steps[..1] };
    db.migrate(&[first], &clock).await.unwrap();
    for sql in OLD {
        db.execute(Query::new(sql)).await.unwrap();
    }
    db.migrate(&[MIGRATIONS], &clock).await.unwrap();
    assert_eq!(kogge_placement::miscounted(&db).await.unwrap(), Vec::<String>::new());
    let supplies = Placement::new(db, clock).supplies().await.unwrap();
    assert_eq!(supplies[0].used, amounts(3, 0));
}

#[tokio::test]
async fn allocations_of_an_old_database_are_counted_sqlite() {
    upgrade(false).await;
}

#[tokio::test]
async fn allocations_of_an_old_database_are_counted_postgres() {
    upgrade(true).await;
}

fn amounts(vcpus: i64, memory: i64) -> Resources {
    Resources::from([(VCPU.to_owned(), vcpus), (MEMORY_MB.to_owned(), memory)])
}

impl Cloud {
    async fn host(&self, name: &str, vcpus: i64, memory: i64) -> ProviderId {
        let id = self.placement.ensure_provider(HostId::random(), name).await.unwrap();
        let mut tx = self.db.begin().await.unwrap();
        let inventory = [Inventory::new(VCPU, vcpus), Inventory::new(MEMORY_MB, memory)];
        self.placement.set_inventory_in(&mut tx, id, &inventory).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    async fn take(&self, at: ProviderId, project: &ProjectId, vcpus: i64) -> Result<ServerId, Error> {
        let server = ServerId::random();
        let mut tx = self.db.begin().await.unwrap();
        let user = UserId::random();
        self.placement.allocate_in(&mut tx, server, project, &user, at, &amounts(vcpus, 512)).await?;
        tx.commit().await.unwrap();
        Ok(server)
    }
}

on_both! {
    a_server_takes_room_and_gives_it_back(c) {
        let host = c.host("one", 4, 2048).await;
        let project = ProjectId::random();
        let server = c.take(host, &project, 2).await.unwrap();
        assert_eq!(c.placement.usage(&project).await.unwrap(), amounts(2, 512));
        assert_eq!(c.placement.usage(&ProjectId::random()).await.unwrap(), Resources::new());
        let found = c.placement.candidates(&Request::default()).await.unwrap().unwrap();
        assert_eq!(found[0].free, amounts(2, 1536));
        let mut tx = c.db.begin().await.unwrap();
        c.placement.free_in(&mut tx, server).await.unwrap();
        c.placement.free_in(&mut tx, server).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(c.placement.usage(&project).await.unwrap(), Resources::new());
        assert!(c.placement.allocations_of(server).await.unwrap().is_empty());
    }

    allocating_twice_for_one_server_counts_once(c) {
        let host = c.host("one", 2, 2048).await;
        let (server, project, user) = (ServerId::random(), ProjectId::random(), UserId::random());
        for _ in 0..3 {
            let mut tx = c.db.begin().await.unwrap();
            c.placement.allocate_in(&mut tx, server, &project, &user, host, &amounts(2, 512)).await.unwrap();
            tx.commit().await.unwrap();
        }
        assert_eq!(c.placement.usage(&project).await.unwrap(), amounts(2, 512));
    }

    an_allocation_that_does_not_fit_changes_nothing(c) {
        let host = c.host("one", 1, 2048).await;
        let project = ProjectId::random();
        let refused = c.take(host, &project, 2).await.unwrap_err();
        assert!(matches!(refused, Error::NoRoom { .. }));
        assert!(refused.to_string().contains("one: needs 2 vCPUs, 1 of 1 free"), "{refused}");
        assert_eq!(c.placement.usage(&project).await.unwrap(), Resources::new());
        let missing = c.take(ProviderId::random(), &project, 1).await.unwrap_err();
        assert!(matches!(missing, Error::NotFound { .. }));
    }

    many_at_once_never_take_more_than_there_is(c) {
        let host = c.host("one", 5, 1 << 20).await;
        let project = ProjectId::random();
        let c = std::sync::Arc::new(c);
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let (c, project) = (c.clone(), project.clone());
            tasks.spawn(async move { c.take(host, &project, 1).await.is_ok() });
        }
        let taken = tasks.join_all().await.into_iter().filter(|ok| *ok).count();
        assert_eq!(taken, 5);
        assert_eq!(c.placement.usage(&project).await.unwrap()[VCPU], 5);
    }

    a_move_frees_only_the_old_host(c) {
        let (old, new) = (c.host("old", 4, 2048).await, c.host("new", 4, 2048).await);
        let project = ProjectId::random();
        let server = c.take(old, &project, 1).await.unwrap();
        let mut tx = c.db.begin().await.unwrap();
        c.placement.allocate_in(&mut tx, server, &project, &UserId::random(), new, &amounts(1, 512)).await.unwrap();
        c.placement.free_at_in(&mut tx, server, old).await.unwrap();
        tx.commit().await.unwrap();
        let held = c.placement.allocations_of(server).await.unwrap();
        assert!(held.iter().all(|one| one.provider == new));
        assert_eq!(held.len(), 2);
    }

    candidates_inside_a_transaction_see_its_own_writes(c) {
        let host = c.host("one", 1, 2048).await;
        let mut tx = c.db.begin().await.unwrap();
        let (server, project, user) = (ServerId::random(), ProjectId::random(), UserId::random());
        c.placement.allocate_in(&mut tx, server, &project, &user, host, &amounts(1, 512)).await.unwrap();
        let request = Request::amounts(&[(VCPU, 1)]);
        let refused = c.placement.candidates_in(&mut tx, &request).await.unwrap().unwrap_err();
        assert_eq!(refused.rejected, [("one".to_owned(), "needs 1 vCPUs, 0 of 1 free".to_owned())]);
        drop(tx);
        assert!(c.placement.candidates(&request).await.unwrap().is_ok());
    }

    a_class_that_is_taken_away_while_used_takes_nothing_more(c) {
        let host = c.host("one", 4, 2048).await;
        let project = ProjectId::random();
        c.take(host, &project, 1).await.unwrap();
        let mut tx = c.db.begin().await.unwrap();
        c.placement.set_inventory_in(&mut tx, host, &[Inventory::new(MEMORY_MB, 4096)]).await.unwrap();
        assert!(c.placement.remove_provider_in(&mut tx, host).await.is_err());
        tx.commit().await.unwrap();
        assert!(matches!(c.take(host, &project, 1).await, Err(Error::NoRoom { .. })));
    }

    a_host_keeps_its_provider_when_it_is_renamed(c) {
        let host = HostId::random();
        let first = c.placement.ensure_provider(host, "a").await.unwrap();
        assert_eq!(c.placement.ensure_provider(host, "b").await.unwrap(), first);
        assert_eq!(c.placement.ensure_provider(host, "b").await.unwrap(), first);
        assert!(matches!(c.placement.ensure_provider(HostId::random(), "b").await, Err(Error::Duplicate(_))));
        let names: Vec<String> = c.placement.supplies().await.unwrap().into_iter().map(|s| s.provider.name).collect();
        assert_eq!(names, ["b"]);
    }

    traits_decide_too(c) {
        let host = c.host("one", 4, 2048).await;
        let traits = ["CUSTOM_SSD".to_owned()].into();
        let mut tx = c.db.begin().await.unwrap();
        c.placement.set_traits_in(&mut tx, host, &traits).await.unwrap();
        tx.commit().await.unwrap();
        let wants = |name: &str| Request { required: [name.to_owned()].into(), ..Request::default() };
        assert!(c.placement.candidates(&wants("CUSTOM_SSD")).await.unwrap().is_ok());
        assert!(c.placement.candidates(&wants("CUSTOM_GPU")).await.unwrap().is_err());
    }
}
