//! A database of a version that added up what projects have each time.

use kogge_clock::{Clock, Timestamp};
use kogge_compute::MIGRATIONS;
use kogge_db::{Db, Executor, Migrations, Query};

const SERVER: &str = "INSERT INTO servers (id, project_id, user_id, name, hostname, image_id, image_properties, flavor_id, \
     shape, vcpus, ram_mib, spec, config_drive, reservation_id, launch_index, metadata, tags, nics, intent, observed, \
     status, vm_state, power_state, settled, created_at, updated_at, deleted_at, version) VALUES ($1, $2, 'u', 'n', 'h', \
     'i', '{}', 'f', '{}', $3, $4, '{}', FALSE, 'r', 0, '{}', '', '[]', '{}', '{}', 'ACTIVE', 'active', 1, TRUE, 0, 0, $5, 1)";

async fn scenario(postgres: bool) {
    let dir = tempfile::tempdir().unwrap();
    let Some(db) = Db::for_test(dir.path(), postgres).await.unwrap() else { return };
    let (clock, _) = Clock::fake(Timestamp::from_seconds(1_800_000_000));
    // compute's steps reach into the tables of the network
    let first = Migrations { owner: MIGRATIONS.owner, steps: &MIGRATIONS.steps[..4] };
    db.migrate(&[kogge_network::MIGRATIONS, first], &clock).await.unwrap();
    db.execute(Query::new("INSERT INTO quota_turns (project_id, turn) VALUES ('a', 9)")).await.unwrap();
    let servers = [
        ("1", "a", 2, 512, None),
        ("2", "a", 4, 1024, None),
        ("3", "b", 1, 64, None),
        ("4", "a", 8, 1, Some(5)),
    ];
    for (id, project, vcpus, ram, deleted) in servers {
        let insert =
            Query::new(SERVER).bind(id).bind(project).bind(vcpus).bind(ram).bind(deleted.map(i64::from));
        db.execute(insert).await.unwrap();
    }
    db.migrate(&[kogge_network::MIGRATIONS, MIGRATIONS], &clock).await.unwrap();
    assert_eq!(kogge_compute::miscounted(&db).await.unwrap(), Vec::<String>::new());
    let rows = db.all(Query::new("SELECT * FROM quota_moves ORDER BY project_id")).await.unwrap();
    let found: Vec<[i64; 3]> =
        rows.iter().map(|row| ["instances", "cores", "ram"].map(|name| row.int(name).unwrap())).collect();
    assert_eq!(found, [[2, 6, 1536], [1, 1, 64]], "what was deleted does not count");
}

#[tokio::test]
async fn servers_of_an_old_database_are_counted_sqlite() {
    scenario(false).await;
}

#[tokio::test]
async fn servers_of_an_old_database_are_counted_postgres() {
    scenario(true).await;
}
