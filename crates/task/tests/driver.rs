//! The driver: periods, bells, failures, leases.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use kogge_clock::Clock;
use kogge_db::{Db, DbOptions, Durability, Executor, Newcomer, Process, Query};
use kogge_task::{Driver, DriverOptions, Outcome, Report, Task, TaskError, TaskStatus, Wake};

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

    async fn process(&self, name: &str) -> Process {
        let who = Newcomer { name: name.to_owned(), place: name.to_owned(), address: name.to_owned() };
        self.db.enter(who, &Clock::system()).await.unwrap()
    }

    async fn driver(&self, owner: &str, fails: bool) -> Driver {
        let mut driver = Driver::new(DriverOptions::new(self.process(owner).await));
        driver.start(Arc::new(Counting { runs: Arc::clone(&self.runs), wake: self.wake.clone(), fails }));
        driver
    }

    async fn until_runs(&self, wanted: u32) {
        while self.runs.load(Ordering::SeqCst) < wanted {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

/// Waits until the only task of a driver is as wanted.
async fn until(driver: &Driver, wanted: impl Fn(&TaskStatus) -> bool) -> TaskStatus {
    loop {
        let status = driver.status().remove(0);
        if wanted(&status) {
            return status;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn a_task_runs_at_the_start_and_when_woken() {
    let bench = Bench::new().await;
    let driver = bench.driver("one", false).await;
    bench.until_runs(1).await;
    bench.wake.wake();
    bench.until_runs(2).await;
    let done = until(&driver, |status| status.runs == 2).await;
    assert_eq!(done.last, Outcome::Done { seen: 2, done: 1 });
    assert!(done.last_success.is_some() && !done.overdue);
    driver.stop().await;
}

#[tokio::test]
async fn a_failure_is_told_with_its_reason() {
    let bench = Bench::new().await;
    let driver = bench.driver("one", true).await;
    bench.until_runs(1).await;
    let failed = until(&driver, |status| status.runs == 1).await;
    assert_eq!(failed.last, Outcome::Failed { because: "on purpose".to_owned() });
    assert_eq!((failed.failures, failed.last_success), (1, None));
    driver.stop().await;
}

#[tokio::test]
async fn only_one_of_two_processes_runs_an_exclusive_task() {
    let bench = Bench::new().await;
    let first = bench.driver("one", false).await;
    bench.until_runs(1).await;
    let second = bench.driver("two", false).await;
    until(&second, |status| status.last == Outcome::Elsewhere).await;
    assert_eq!(bench.runs.load(Ordering::SeqCst), 1);
    first.stop().await;
    second.stop().await;
}

#[tokio::test]
async fn a_runner_that_was_killed_comes_back() {
    let bench = Bench::new().await;
    let driver = bench.driver("one", false).await;
    bench.until_runs(1).await;
    assert!(driver.kill("count_runs"));
    bench.until_runs(2).await;
    assert_eq!(until(&driver, |status| status.restarts > 0).await.restarts, 1);
    driver.stop().await;
}

#[tokio::test]
async fn a_runner_that_panics_itself_comes_back() {
    /// The driver asks for the period after each run; the first answer is a panic there.
    struct Tricky(Counting, AtomicU32);
    #[async_trait]
    impl Task for Tricky {
        fn name(&self) -> &'static str {
            "count_runs"
        }
        fn period(&self) -> Duration {
            let asked = self.1.fetch_add(1, Ordering::SeqCst);
            assert!(asked != 2, "on purpose, in the runner");
            self.0.period()
        }
        fn wake(&self) -> Wake {
            self.0.wake()
        }
        async fn run(&self) -> Result<Report, TaskError> {
            self.0.run().await
        }
    }
    let bench = Bench::new().await;
    let mut driver = Driver::new(DriverOptions::new(bench.process("one").await));
    let counting = Counting { runs: Arc::clone(&bench.runs), wake: bench.wake.clone(), fails: false };
    driver.start(Arc::new(Tricky(counting, AtomicU32::new(0))));
    bench.until_runs(2).await;
    assert_eq!(until(&driver, |status| status.restarts > 0).await.restarts, 1);
    driver.stop().await;
}

/// Hangs in its first run.
struct Hanging(Counting);

#[async_trait]
impl Task for Hanging {
    fn name(&self) -> &'static str {
        "hang_once"
    }
    fn period(&self) -> Duration {
        Duration::from_millis(10)
    }
    fn wake(&self) -> Wake {
        self.0.wake()
    }
    async fn run(&self) -> Result<Report, TaskError> {
        if self.0.runs.load(Ordering::SeqCst) == 0 {
            self.0.runs.fetch_add(1, Ordering::SeqCst);
            std::future::pending::<()>().await;
        }
        self.0.run().await
    }
}

#[tokio::test]
async fn a_run_that_hangs_is_overdue_then_aborted_and_run_again() {
    let bench = Bench::new().await;
    let options = DriverOptions {
        patience: Duration::from_millis(300),
        ..DriverOptions::new(bench.process("one").await)
    };
    let mut driver = Driver::new(options);
    let counting = Counting { runs: Arc::clone(&bench.runs), wake: bench.wake.clone(), fails: false };
    driver.start(Arc::new(Hanging(counting)));
    let hung = until(&driver, |status| status.failures > 0).await;
    assert!(matches!(&hung.last, Outcome::Failed { because } if because.contains("hung")), "{hung:?}");
    assert!(hung.overdue);
    let well = until(&driver, |status| status.last_success.is_some()).await;
    assert!(!well.overdue && well.failures == 0, "{well:?}");
    driver.stop().await;
}

/// Stands still in its first run, for ever; counts the others.
struct Standing(Counting);

#[async_trait]
impl Task for Standing {
    fn name(&self) -> &'static str {
        "stand_still"
    }
    fn period(&self) -> Duration {
        Duration::from_millis(10)
    }
    fn wake(&self) -> Wake {
        self.0.wake()
    }
    fn longest_run(&self) -> Duration {
        Duration::from_secs(3600)
    }
    async fn run(&self) -> Result<Report, TaskError> {
        self.0.runs.fetch_add(1, Ordering::SeqCst);
        std::future::pending().await
    }
}

/// Another process declares this one dead in the middle of a run, and takes the lease over.
#[tokio::test]
async fn a_run_whose_lease_is_lost_is_ended() {
    let bench = Bench::new().await;
    let process = bench.process("one").await;
    let mut driver = Driver::new(DriverOptions::new(process.clone()));
    let counting = Counting { runs: Arc::clone(&bench.runs), wake: bench.wake.clone(), fails: false };
    driver.start(Arc::new(Standing(counting)));
    bench.until_runs(1).await;
    let silent = Query::new("UPDATE processes SET alive_until = 1 WHERE name = 'one'");
    (&bench.db).execute(silent).await.unwrap();
    let other = bench.process("two").await;
    assert!(matches!(other.lease("task/stand_still").await.unwrap(), kogge_db::Lease::Held(_)));
    process.renew().await.unwrap();
    let ended = until(&driver, |status| status.failures > 0 || status.last == Outcome::Elsewhere).await;
    assert!(
        matches!(&ended.last, Outcome::Failed { because } if because.contains("lease"))
            || ended.failures == 0,
        "{ended:?}"
    );
    until(&driver, |status| status.last == Outcome::Elsewhere).await;
    assert_eq!(bench.runs.load(Ordering::SeqCst), 1, "and is not begun again here");
    driver.stop().await;
}

/// A task that fails here again and again is left to another process.
#[tokio::test]
async fn what_fails_three_times_may_be_taken_by_another_process() {
    let bench = Bench::new().await;
    let failing = bench.driver("one", true).await;
    until(&failing, |status| status.failures >= 3).await;
    let able = bench.driver("two", false).await;
    until(&able, |status| status.last_success.is_some()).await;
    until(&failing, |status| status.last == Outcome::Elsewhere).await;
    failing.stop().await;
    able.stop().await;
}

/// A run that goes on for ever does not keep the process.
#[tokio::test]
async fn stopping_does_not_wait_for_ever() {
    let bench = Bench::new().await;
    let mut driver = Driver::new(DriverOptions::new(bench.process("one").await));
    let counting = Counting { runs: Arc::clone(&bench.runs), wake: bench.wake.clone(), fails: false };
    driver.start(Arc::new(Standing(counting)));
    bench.until_runs(1).await;
    tokio::time::timeout(Duration::from_secs(60), driver.stop()).await.unwrap();
}
