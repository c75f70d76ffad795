//! The runner: deadlines, stops, panics, shared failures, cleaning up, going on with an earlier run.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use kogge_client::config::Selection;
use kogge_client::{Client, CloudConfig, Environment};
use kogge_conform::exit::exit_code;
use kogge_conform::{
    Check, CheckResult, Cleaner, Context, Description, Earlier, Entry, Events, ExitCode, Journal, NewEntry,
    Options, OtherRun, Outcome, Plan, PlannedVersion, Problem, Removal, Report, Runner, Silent, Verdict,
};
use tokio_util::sync::CancellationToken;

fn client() -> Client {
    let vars = [("OS_AUTH_URL", "http://127.0.0.1:1"), ("OS_USER_ID", "u"), ("OS_PASSWORD", "geheim")];
    let env = Environment::new(vars, "/nonexistent");
    Client::new(CloudConfig::load(&env, &Selection::default()).unwrap()).unwrap()
}

#[derive(Clone, Copy)]
enum Does {
    Pass,
    Hang,
    Panic,
    CreateAndHang,
    SignIn,
}

struct Probe(Description, Does);

fn probe(id: &str, does: Does) -> Box<dyn Check> {
    let mut description = Description::reading(id, "a probe", "https://docs.example/x");
    description.deadline = Duration::from_millis(200);
    Box::new(Probe(description, does))
}

#[async_trait]
impl Check for Probe {
    fn description(&self) -> &Description {
        &self.0
    }

    async fn run(&self, context: &Context) -> Outcome {
        match self.1 {
            Does::Pass => Outcome::pass(),
            Does::Hang => std::future::pending().await,
            Does::Panic => panic!("oops"),
            Does::CreateAndHang => {
                let name = context.object_name("0117", "volume");
                let number = context.journal.intend(entry(context, &name)).unwrap();
                context.journal.made(number, "id-1").unwrap();
                std::future::pending().await
            }
            Does::SignIn => match context.client.token().await {
                Ok(_) => Outcome::pass(),
                Err(error) => Problem::from(error).into(),
            },
        }
    }
}

fn entry(context: &Context, name: &str) -> NewEntry {
    NewEntry {
        cloud: "c".into(),
        auth_url: "a".into(),
        project: None,
        run: context.run.to_string(),
        kind: "volume".into(),
        name: name.to_owned(),
    }
}

#[derive(Default)]
struct Broom {
    removed: Mutex<Vec<String>>,
    broken: bool,
}

#[async_trait]
impl Cleaner for Broom {
    async fn remove(&self, _: &Client, entry: &Entry) -> Result<Removal, Problem> {
        self.removed.lock().unwrap().push(entry.object.name.clone());
        if self.broken { Err(Problem::cloud("still in use")) } else { Ok(Removal::Gone) }
    }
}

async fn run(checks: Vec<Box<dyn Check>>, options: Options) -> Report {
    Runner::new(client(), options).run(checks, &mut Silent).await
}

fn verdicts(report: &Report) -> Vec<Verdict> {
    report.results.iter().map(|r| r.verdict).collect()
}

#[tokio::test]
async fn results_keep_the_order_of_the_checks() {
    let ids = ["c", "a", "b"];
    let report = run(ids.map(|id| probe(id, Does::Pass)).into(), Options::default()).await;
    assert_eq!(report.results.iter().map(|r| r.id.as_str()).collect::<Vec<_>>(), ids);
    assert_eq!(exit_code(&report), ExitCode::Pass);
    assert!(report.run.ended_at.is_some());
}

#[tokio::test]
async fn a_check_that_hangs_ends_at_its_deadline_and_harms_no_other() {
    let report = run(vec![probe("a", Does::Hang), probe("b", Does::Pass)], Options::default()).await;
    assert_eq!(verdicts(&report), [Verdict::CouldNotRun, Verdict::Pass]);
    assert!(report.results[0].reason.as_ref().unwrap().contains("not finished within"));
    assert_eq!(exit_code(&report), ExitCode::CouldNotRun);
}

#[tokio::test]
async fn a_check_that_breaks_is_a_bug_and_not_a_verdict_on_the_cloud() {
    let report = run(vec![probe("a", Does::Panic), probe("b", Does::Pass)], Options::default()).await;
    assert_eq!(verdicts(&report), [Verdict::CouldNotRun, Verdict::Pass]);
    assert!(report.results[0].bug && report.results[0].reason.as_ref().unwrap().contains("oops"));
    assert_eq!(exit_code(&report), ExitCode::Bug);
}

#[tokio::test]
async fn an_unreachable_cloud_is_named_and_no_secret_shown() {
    let report = run(vec![probe("a", Does::SignIn)], Options::default()).await;
    let reason = report.results[0].reason.clone().unwrap();
    assert_eq!(report.results[0].verdict, Verdict::CouldNotRun, "{reason}");
    assert!(
        reason.contains("POST http://127.0.0.1:1/v3/auth/tokens") || reason.contains("within"),
        "{reason}"
    );
    assert!(!format!("{report:?}").contains("geheim"));
}

#[tokio::test]
async fn what_a_check_leaves_is_removed() {
    let broom = Arc::new(Broom::default());
    let journal = Arc::new(Journal::in_memory());
    let options = Options { cleaner: Some(broom.clone()), journal: journal.clone(), ..Options::default() };
    let report = run(vec![probe("a", Does::CreateAndHang)], options).await;
    assert_eq!(broom.removed.lock().unwrap().len(), 1);
    assert!(report.leftovers.is_empty() && journal.left().is_empty());
}

#[tokio::test]
async fn what_cannot_be_removed_is_told_and_stays_in_the_journal() {
    let journal = Arc::new(Journal::in_memory());
    let broom = Arc::new(Broom { broken: true, ..Broom::default() });
    let options = Options { cleaner: Some(broom), journal: journal.clone(), ..Options::default() };
    let report = run(vec![probe("a", Does::CreateAndHang)], options).await;
    assert!(
        report.leftovers[0].contains("volume _scs-0117-") && report.leftovers[0].contains("still in use")
    );
    assert_eq!(journal.left().len(), 1);
}

#[tokio::test]
async fn what_another_run_left_is_left_alone() {
    let journal = Arc::new(Journal::in_memory());
    let stranger = NewEntry {
        cloud: "c".into(),
        auth_url: "a".into(),
        project: None,
        run: "another".into(),
        kind: "volume".into(),
        name: "n".into(),
    };
    journal.intend(stranger).unwrap();
    let broom = Arc::new(Broom::default());
    let options = Options { cleaner: Some(broom.clone()), journal: journal.clone(), ..Options::default() };
    run(vec![probe("a", Does::Pass)], options).await;
    assert!(broom.removed.lock().unwrap().is_empty());
    assert_eq!(journal.left().len(), 1);
}

#[tokio::test]
async fn a_stop_leaves_the_rest_unfinished_and_cleans_up() {
    let cancel = CancellationToken::new();
    let broom = Arc::new(Broom::default());
    let options =
        Options { cancel: cancel.clone(), parallel: 1, cleaner: Some(broom.clone()), ..Options::default() };
    let stop = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        cancel.cancel();
    };
    let checks = vec![probe("a", Does::Pass), probe("b", Does::CreateAndHang), probe("c", Does::Pass)];
    let (report, ()) = futures_util::join!(run(checks, options), stop);
    assert_eq!(verdicts(&report), [Verdict::Pass, Verdict::NotFinished, Verdict::NotFinished]);
    assert_eq!(broom.removed.lock().unwrap().len(), 1);
    assert_eq!(exit_code(&report), ExitCode::CouldNotRun);
}

#[tokio::test(start_paused = true)]
async fn when_its_time_has_passed_a_run_ends_and_says_so() {
    let time = Some(Duration::from_millis(50));
    let broom = Arc::new(Broom::default());
    let options = Options { time, parallel: 1, cleaner: Some(broom.clone()), ..Options::default() };
    let report = run(vec![probe("a", Does::CreateAndHang), probe("b", Does::Pass)], options).await;
    assert_eq!(verdicts(&report), [Verdict::NotFinished, Verdict::NotFinished]);
    let reasons: Vec<&str> = report.results.iter().map(|r| r.reason.as_deref().unwrap()).collect();
    assert_eq!(
        reasons,
        ["the run's time of 0 s had passed", "not started: the run's time of 0 s had passed"]
    );
    assert!(report.run.stopped.is_some() && report.results[0].checked_at.is_some());
    assert_eq!(report.results[1].checked_at, None, "it never began");
    assert_eq!(broom.removed.lock().unwrap().len(), 1);
    let whole = run(vec![probe("a", Does::Pass)], Options { time, ..Options::default() }).await;
    assert_eq!((whole.run.stopped, whole.results[0].revision), (None, 1));
}

#[tokio::test]
async fn what_an_earlier_run_decided_is_not_checked_again() {
    let earlier = run(vec![probe("a", Does::Pass), probe("b", Does::Hang)], Options::default()).await;
    let options = Options { earlier: Some(resumable(&earlier)), ..Options::default() };
    let report = run(vec![probe("a", Does::Panic), probe("b", Does::Pass)], options).await;
    assert_eq!(verdicts(&report), [Verdict::Pass, Verdict::Pass]);
    assert_eq!(report.results.iter().map(|r| r.resumed).collect::<Vec<_>>(), [true, false]);
    assert_eq!((&report.run.uuid, &report.run.started_at), (&earlier.run.uuid, &earlier.run.started_at));
}

fn resumable(report: &Report) -> Earlier {
    Earlier::of(report, client().config()).unwrap()
}

#[tokio::test]
async fn what_an_interrupted_run_left_goes_before_the_rest_runs() {
    let (broom, journal) = (Arc::new(Broom::default()), Arc::new(Journal::in_memory()));
    // without a cleaner nothing is removed: as if the process had been killed
    let options = Options { journal: journal.clone(), ..Options::default() };
    let killed = run(vec![probe("a", Does::CreateAndHang)], options).await;
    assert_eq!((journal.left().len(), killed.leftovers.len()), (1, 1));
    let options = Options {
        earlier: Some(resumable(&killed)),
        journal: journal.clone(),
        cleaner: Some(broom.clone()),
        ..Options::default()
    };
    let report = run(vec![probe("a", Does::Pass)], options).await;
    assert_eq!((verdicts(&report), report.leftovers.len()), (vec![Verdict::Pass], 0));
    assert_eq!((broom.removed.lock().unwrap().len(), journal.left().len()), (1, 0));
}

#[tokio::test]
async fn only_the_same_cloud_and_project_go_on() {
    let report = run(vec![probe("a", Does::Pass)], Options::default()).await;
    let refused = |change: &dyn Fn(&mut Report)| {
        let mut other = report.clone();
        change(&mut other);
        Earlier::of(&other, client().config()).unwrap_err()
    };
    assert!(refused(&|r| r.run.auth_url = "https://elsewhere/".into()).to_string().contains("elsewhere"));
    assert!(matches!(refused(&|r| r.run.project = "project x".into()), OtherRun::OtherCloud { .. }));
    assert!(matches!(refused(&|r| r.run.uuid = "../x".into()), OtherRun::NoId(_)));
    let redacted = kogge_conform::redact::redacted(&report, Default::default());
    assert_eq!(Earlier::of(&redacted, client().config()).unwrap_err(), OtherRun::Redacted);
}

#[derive(Default)]
struct Watcher {
    seen: Vec<String>,
    updates: Vec<usize>,
}

impl Events for Watcher {
    fn started(&mut self, check: &Description) {
        self.seen.push(format!("started {}", check.id));
    }

    fn finished(&mut self, result: &CheckResult) {
        self.seen.push(format!("finished {}", result.id));
    }

    fn updated(&mut self, report: &Report) {
        self.updates.push(report.count(Verdict::NotFinished));
    }
}

#[tokio::test(start_paused = true)]
async fn a_report_exists_from_the_first_moment_and_grows_some_times_a_second() {
    let mut watcher = Watcher::default();
    let mut slow = Description::reading("c", "a slow probe", "https://docs.example/x");
    slow.deadline = Duration::from_secs(5);
    let checks = vec![probe("a", Does::Pass), probe("b", Does::Pass), Box::new(Probe(slow, Does::Hang))];
    let report = Runner::new(client(), Options::default()).run(checks, &mut watcher).await;
    // what may take longest begins first, and stands where it was asked for
    let seen = ["started c", "started a", "started b", "finished a", "finished b", "finished c"];
    assert_eq!(watcher.seen, seen);
    assert_eq!(report.results.iter().map(|r| r.id.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
    // a and b end at once and are told together, while c still hangs; then c, then the end
    assert_eq!(watcher.updates, [3, 1, 0, 0]);
}

#[tokio::test]
async fn a_version_is_only_as_good_as_its_worst_testcase() {
    let version = PlannedVersion {
        version: "v1".into(),
        validity: "effective".into(),
        targets: [("main".to_owned(), vec!["a".to_owned(), "not-selected".to_owned()])].into(),
    };
    let plan = Plan { versions: vec![version], ..Plan::default() };
    let report = run(vec![probe("a", Does::Pass)], Options { plan, ..Options::default() }).await;
    assert_eq!(report.summary[0].targets["main"].word(), "INCOMPLETE");
}
