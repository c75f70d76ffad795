//! The driver: periods, bells, failures, leases.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use kogge_clock::Clock;
use kogge_db::{Db, DbOptions, Durability};
use kogge_task::{Driver, DriverOptions, Outcome, Report, Task, TaskError, Wake};

struct Counting {
    runs: Arc<AtomicU32>,
    wake: Wake,
    fails: bool,
}

#[async_trait]
impl Task for Counting {
    fn name(&self) -> &'static str {
        "count_runs"
    }
    fn period(&self) -> Duration {
        Duration::from_secs(3600)
    }
    fn wake(&self) -> Wake {
        self.wake.clone()
    }
    async fn run(&self) -> Result<Report, TaskError> {
        self.runs.fetch_add(1, Ordering::SeqCst);
        if self.fails {
            Err(TaskError::text("on purpose"))
        } else {
            Ok(Report { seen: 2, done: 1, more: false })
        }
    }
}

struct Bench {
    db: Db,
    runs: Arc<AtomicU32>,
    wake: Wake,
    _dir: tempfile::TempDir,
}

impl Bench {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let options = DbOptions::File { path: dir.path().join("t.sqlite"), durability: Durability::None };
        let db = Db::open(&options).await.unwrap();
        db.migrate(&[], &Clock::system()).await.unwrap();
        Self { db, runs: Arc::default(), wake: Wake::new(), _dir: dir }
    }

    fn driver(&self, owner: &str, fails: bool) -> Driver {
        let options = DriverOptions { db: self.db.clone(), clock: Clock::system(), owner: owner.to_owned() };
        let mut driver = Driver::new(options);
        driver.start(Arc::new(Counting { runs: Arc::clone(&self.runs), wake: self.wake.clone(), fails }));
        driver
    }

    async fn until_runs(&self, wanted: u32) {
        while self.runs.load(Ordering::SeqCst) < wanted {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

#[tokio::test]
async fn a_task_runs_at_the_start_and_when_woken() {
    let bench = Bench::new().await;
    let driver = bench.driver("one", false);
    bench.until_runs(1).await;
    bench.wake.wake();
    bench.until_runs(2).await;
    let status = driver.status();
    driver.stop().await;
    assert!(matches!(status[0].last, Outcome::Done { seen: 2, done: 1 } | Outcome::Waiting));
}

#[tokio::test]
async fn a_failure_is_told_with_its_reason() {
    let bench = Bench::new().await;
    let driver = bench.driver("one", true);
    bench.until_runs(1).await;
    loop {
        if let Outcome::Failed { because } = &driver.status()[0].last {
            assert_eq!(because, "on purpose");
            break;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    driver.stop().await;
}

#[tokio::test]
async fn only_one_of_two_processes_runs_an_exclusive_task() {
    let bench = Bench::new().await;
    let first = bench.driver("one", false);
    bench.until_runs(1).await;
    let second = bench.driver("two", false);
    loop {
        if second.status()[0].last == Outcome::Elsewhere {
            break;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(bench.runs.load(Ordering::SeqCst), 1);
    first.stop().await;
    second.stop().await;
}
