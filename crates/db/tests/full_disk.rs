//! A disk that fills up, and has room again: on a small file system of the test's own.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use std::path::Path;

use kogge_clock::Clock;
use kogge_db::{Db, DbOptions, Durability, Executor, Migration, Migrations, Outage, Query};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};

const STEPS: Migrations = Migrations {
    owner: "test",
    steps: &[Migration {
        version: 1,
        name: "t",
        sql: "CREATE TABLE t (id TEXT NOT NULL PRIMARY KEY, x TEXT);\n",
    }],
};

/// Runs `body` where `dir` is a file system of one MiB. Mounts are seen by this thread and its children alone.
fn on_a_small_disk<F: Future<Output = ()>>(body: impl FnOnce(std::path::PathBuf) -> F + Send + 'static) {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("skipped: mounting a small file system needs root");
        return;
    }
    let run = move || {
        let dir = tempfile::tempdir().unwrap();
        unshare(CloneFlags::CLONE_NEWNS).unwrap();
        let none = None::<&Path>;
        mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none).unwrap();
        mount(Some("tmpfs"), dir.path(), Some("tmpfs"), MsFlags::empty(), Some("size=1m")).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(body(dir.path().to_owned()));
        drop(runtime);
        nix::mount::umount2(dir.path(), nix::mount::MntFlags::MNT_DETACH).unwrap();
    };
    std::thread::spawn(run).join().unwrap();
}

fn fill(dir: &Path) {
    use std::io::Write;
    let mut file = std::fs::File::create(dir.join("ballast")).unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
    while file.write_all(&[0; 1]).is_ok() {}
}

async fn write(db: &Db, id: &str) -> Result<(), kogge_db::DbError> {
    let mut tx = db.begin().await?;
    let insert = "INSERT INTO t (id, x) VALUES ($1, $2)";
    for part in 0..20 {
        tx.execute(Query::new(insert).bind(format!("{id}{part}")).bind("x".repeat(8000))).await?;
    }
    tx.commit().await
}

async fn count(db: &Db) -> i64 {
    db.one(Query::new("SELECT count(*) AS n FROM t")).await.unwrap().int("n").unwrap()
}

#[test]
fn writes_work_again_when_there_is_room_again_and_reads_go_on() {
    on_a_small_disk(|dir| async move {
        let options = DbOptions::File { path: dir.join("k.sqlite"), durability: Durability::Full };
        let db = Db::open(&options).await.unwrap();
        db.migrate(&[STEPS], &Clock::system()).await.unwrap();
        write(&db, "before").await.unwrap();
        fill(&dir);
        for round in 0..5 {
            let error = write(&db, &format!("full{round}-")).await.unwrap_err();
            assert_eq!(error.outage(), Some(Outage::Full), "{error:?}");
            assert_eq!(count(&db).await, 20, "reads go on, and nothing of the failed write is there");
        }
        std::fs::remove_file(dir.join("ballast")).unwrap();
        write(&db, "after").await.unwrap();
        assert_eq!(count(&db).await, 40);
        db.close().await;
    });
}

#[test]
fn what_follows_in_a_transaction_that_met_a_full_disk_never_stands_alone() {
    on_a_small_disk(|dir| async move {
        let options = DbOptions::File { path: dir.join("k.sqlite"), durability: Durability::Full };
        let db = Db::open(&options).await.unwrap();
        db.migrate(&[STEPS], &Clock::system()).await.unwrap();
        fill(&dir);
        let mut tx = db.begin().await.unwrap();
        let insert = "INSERT INTO t (id, x) VALUES ($1, $2)";
        let mut refused = Ok(0);
        for part in 0..10_000 {
            // more than the cache holds: SQLite must spill, and finds no room
            refused = tx.execute(Query::new(insert).bind(format!("{part}")).bind("x".repeat(8000))).await;
            if refused.is_err() {
                break;
            }
        }
        assert_eq!(refused.unwrap_err().outage(), Some(Outage::Full));
        std::fs::remove_file(dir.join("ballast")).unwrap();
        let late = tx.execute(Query::new(insert).bind("late").bind("x")).await;
        assert_eq!(late.unwrap_err().outage(), Some(Outage::Full));
        assert!(tx.commit().await.is_err());
        assert_eq!(count(&db).await, 0);
        write(&db, "after").await.unwrap();
        db.close().await;
    });
}
