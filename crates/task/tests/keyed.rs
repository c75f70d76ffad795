//! Keyed work: each key for itself.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on must stop")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use kogge_clock::Clock;
use kogge_db::{Db, DbOptions, Durability, Newcomer, Process};
use kogge_task::{Bells, Driver, DriverOptions, KeyedTask, Report, TaskError, TaskStatus, trouble};

/// Counts runs by key. The key `hangs` hangs, `fails` fails, `panics` panics; `troubled` has trouble with an item.
#[derive(Default)]
struct Hosts {
    runs: Arc<Mutex<BTreeMap<String, u32>>>,
    bells: Bells,
    due: Arc<Mutex<Vec<String>>>,
    longest: Option<Duration>,
}

#[async_trait]
impl KeyedTask for Hosts {
    fn name(&self) -> &'static str {
        "visit_hosts"
    }
    fn period(&self) -> Duration {
        Duration::from_millis(20)
    }
    fn bells(&self) -> Bells {
        self.bells.clone()
    }
    async fn due(&self) -> Result<Vec<String>, TaskError> {
        Ok(std::mem::take(&mut *self.due.lock().unwrap()))
    }
    fn longest_run(&self) -> Duration {
        self.longest.unwrap_or(Duration::from_secs(3600))
    }
    fn farewell(&self) -> Duration {
        Duration::from_millis(10)
    }
    async fn run(&self, key: &str) -> Result<Report, TaskError> {
        *self.runs.lock().unwrap().entry(key.to_owned()).or_default() += 1;
        match key {
            "hangs" => std::future::pending().await,
            "fails" => Err(TaskError::text("on purpose")),
            "panics" => panic!("on purpose"),
            "troubled" => {
                trouble("item 7", "is broken");
                Ok(Report { seen: 2, done: 1, more: false })
            }
            _ => Ok(Report { seen: 1, done: 1, more: false }),
        }
    }
}

struct Bench {
    runs: Arc<Mutex<BTreeMap<String, u32>>>,
    due: Arc<Mutex<Vec<String>>>,
    bells: Bells,
    driver: Driver,
    process: Process,
    _dir: tempfile::TempDir,
}

impl Bench {
    async fn new(longest: Option<Duration>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let options = DbOptions::File { path: dir.path().join("t.sqlite"), durability: Durability::None };
        let db = Db::open(&options).await.unwrap();
        let clock = Clock::system();
        db.migrate(&[], &clock).await.unwrap();
        let who = Newcomer { name: "one".into(), place: "here".into(), address: "one".into() };
        let process = db.enter(who, &clock).await.unwrap();
        let hosts = Hosts { longest, ..Hosts::default() };
        let (runs, due, bells) = (Arc::clone(&hosts.runs), Arc::clone(&hosts.due), hosts.bells.clone());
        let mut driver = Driver::new(DriverOptions::new(process.clone()));
        driver.start_keyed(Arc::new(hosts));
        Self { runs, due, bells, driver, process, _dir: dir }
    }

    fn runs(&self, key: &str) -> u32 {
        self.runs.lock().unwrap().get(key).copied().unwrap_or_default()
    }

    async fn until(&self, wanted: impl Fn(&Self, &TaskStatus) -> bool) -> TaskStatus {
        loop {
            let status = self.driver.status().remove(0);
            if wanted(self, &status) {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

#[tokio::test]
async fn keys_run_when_they_are_due_and_when_they_are_rung() {
    let bench = Bench::new(None).await;
    bench.due.lock().unwrap().push("a".to_owned());
    bench.until(|bench, _| bench.runs("a") == 1).await;
    bench.bells.ring("b");
    bench.until(|bench, _| bench.runs("b") == 1).await;
    bench.due.lock().unwrap().push("a".to_owned());
    bench.until(|bench, status| bench.runs("a") == 2 && status.last_success.is_some()).await;
    bench.driver.stop().await;
}

#[tokio::test]
async fn a_key_that_hangs_fails_or_panics_costs_the_others_nothing() {
    let bench = Bench::new(None).await;
    for bad in ["hangs", "fails", "panics"] {
        bench.bells.ring(bad);
    }
    bench.until(|_, status| status.failures == 2).await;
    for round in 1..=20 {
        for bad in ["hangs", "fails", "panics", "good"] {
            bench.bells.ring(bad);
        }
        bench.until(|bench, _| bench.runs("good") >= round).await;
    }
    assert_eq!(bench.runs("hangs"), 1, "its second run waits for the end of the first");
    let status = bench.until(|_, status| status.keys.as_ref().is_some_and(|keys| keys.failing == 2)).await;
    let keys = status.keys.unwrap();
    assert_eq!(keys.running, 1);
    let failing = keys.shown.iter().find(|key| key.key == "fails").unwrap();
    assert_eq!(failing.because, "on purpose");
    assert!(!status.overdue, "the others are well");
    bench.driver.stop().await;
}

#[tokio::test]
async fn a_run_that_hangs_is_ended_and_tried_again() {
    let bench = Bench::new(Some(Duration::from_millis(20))).await;
    bench.bells.ring("hangs");
    let status = bench.until(|bench, _| bench.runs("hangs") == 2).await;
    assert!(status.keys.is_some());
    let hung = bench.until(|_, status| status.keys.as_ref().is_some_and(|keys| !keys.shown.is_empty())).await;
    assert!(hung.keys.unwrap().shown[0].because.contains("it hung"));
    bench.driver.stop().await;
}

#[tokio::test]
async fn the_trouble_of_an_item_fails_no_run_and_is_shown() {
    let bench = Bench::new(None).await;
    bench.bells.ring("troubled");
    let status = bench.until(|_, status| !status.troubles.is_empty()).await;
    assert_eq!((&*status.troubles[0].item, &*status.troubles[0].because), ("item 7", "is broken"));
    assert_eq!(status.failures, 0);
    bench.driver.stop().await;
}

#[tokio::test]
async fn stopping_does_not_wait_for_a_run_that_goes_on() {
    let bench = Bench::new(None).await;
    bench.bells.ring("hangs");
    bench.until(|bench, _| bench.runs("hangs") == 1).await;
    tokio::time::timeout(Duration::from_secs(5), bench.driver.stop()).await.unwrap();
}

#[tokio::test]
async fn a_dispatcher_that_was_killed_comes_back() {
    let bench = Bench::new(None).await;
    bench.bells.ring("a");
    bench.until(|bench, _| bench.runs("a") == 1).await;
    assert!(bench.driver.kill("visit_hosts"));
    bench.until(|_, status| status.restarts == 1).await;
    bench.bells.ring("a");
    bench.until(|bench, _| bench.runs("a") == 2).await;
    bench.driver.stop().await;
}

#[tokio::test]
async fn a_process_that_may_be_dead_ends_its_runs_and_begins_none() {
    let bench = Bench::new(None).await;
    bench.bells.ring("hangs");
    bench.until(|bench, _| bench.runs("hangs") == 1).await;
    bench.process.leave().await.unwrap();
    bench.until(|_, status| status.failures == 1).await;
    bench.bells.ring("late");
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(bench.runs("late"), 0);
    bench.process.renew().await.unwrap();
    bench.until(|bench, _| bench.runs("late") == 1).await;
    bench.driver.stop().await;
}
