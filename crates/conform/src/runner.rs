//! Running checks: beside each other where they only read, each with a deadline, all of them stoppable, and cleaned up after.

mod one;
mod queue;
mod resume;

use queue::Queue;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt;
use futures_util::stream::{FuturesUnordered, StreamExt};
use kogge_client::Client;
use kogge_clock::{Clock, Timestamp};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::check::{Check, Description};
use crate::context::{Context, RunId};
use crate::journal::{Entry, Journal, Removal};
use crate::lookups::Shared;
use crate::outcome::Outcome;
use crate::plan::Plan;
use crate::printable::printable;
use crate::problem::Problem;
use crate::report::{CheckResult, FORMAT, Report, RunHead};
use crate::verdict::Verdict;

pub use resume::{Earlier, OtherRun, scope_in_words};

/// Removes what a check created and did not remove itself. The catalogue crate knows how.
#[async_trait]
pub trait Cleaner: Send + Sync {
    /// Removes an object.
    async fn remove(&self, client: &Client, entry: &Entry) -> Result<Removal, Problem>;
}

/// Watches a run as it goes. Called from the runner's own task: be quick.
pub trait Events: Send {
    /// The run begins; these checks are going to run.
    fn planned(&mut self, _checks: &[&Description]) {}
    /// A check begins.
    fn started(&mut self, _check: &Description) {}
    /// A check ended.
    fn finished(&mut self, _result: &CheckResult) {}
    /// The report changed: the moment to write it to its file. It comes first when the run begins, then at most five
    /// times a second and not later than that after each check, and last when the run has ended.
    fn updated(&mut self, _report: &Report) {}
    /// A left-over object is being removed.
    fn cleaning(&mut self, _entry: &Entry) {}
}

/// Watches nothing.
#[derive(Debug, Default)]
pub struct Silent;

impl Events for Silent {}

/// How to run.
pub struct Options {
    /// The run's id, unless it goes on with an earlier one. Its journal is kept under it.
    pub run: RunId,
    /// How many checks run at the same time; those that may take long begin first. Default 64: checks that only read
    /// share their lists, so most of them wait for the same few calls. Experiments run one after the other.
    pub parallel: usize,
    /// Stops the run: running checks are dropped, left-overs removed, the report says what is missing.
    pub cancel: CancellationToken,
    /// How long the checks may take in all; without an end if absent. What has not ended by then has not finished.
    pub time: Option<Duration>,
    /// How long removing left-overs may take in all. Default 5 minutes.
    pub cleanup_time: Duration,
    /// What is created is written here first.
    pub journal: Arc<Journal>,
    /// Removes what is left.
    pub cleaner: Option<Arc<dyn Cleaner>>,
    /// For the run's "now".
    pub clock: Clock,
    /// What is going to be checked.
    pub plan: Plan,
    /// The program and its version, for the report.
    pub program: String,
    /// The program's arguments, for the report.
    pub argv: Vec<String>,
    /// The cloud's name in the report; the client's cloud name if absent.
    pub subject: Option<String>,
    /// An interrupted run to go on with; see [`Earlier`].
    pub earlier: Option<Earlier>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            run: RunId::random(),
            parallel: 64,
            cancel: CancellationToken::new(),
            time: None,
            cleanup_time: Duration::from_secs(300),
            journal: Arc::new(Journal::in_memory()),
            cleaner: None,
            clock: Clock::system(),
            plan: Plan::default(),
            program: concat!("kogge ", env!("CARGO_PKG_VERSION")).to_owned(),
            argv: Vec::new(),
            subject: None,
            earlier: None,
        }
    }
}

/// What is to be told about a create that was never answered.
#[must_use]
pub fn unsettled(entry: &Entry, again: Timestamp) -> String {
    let (kind, name) = (&entry.object.kind, &entry.object.name);
    format!(
        "{kind} {name}: its creation was not answered, and it is not there; a look after {} settles it",
        again.seconds_z()
    )
}

/// Time between two updates of a report while checks end. Most end together when their list is there; writing the
/// report for each of them would take longer than the checks.
const BETWEEN_UPDATES: Duration = Duration::from_millis(200);

/// How long a service may take to tell its version.
const VERSIONS: Duration = Duration::from_secs(5);

fn update(report: &mut Report, events: &mut dyn Events) {
    report.summarize();
    events.updated(report);
}

/// Runs checks against one cloud.
pub struct Runner {
    context: Context,
    options: Options,
}

impl Runner {
    /// A runner for one run.
    #[must_use]
    pub fn new(client: Client, options: Options) -> Self {
        let context = Context {
            client,
            started: options.clock.now(),
            run: options.earlier.as_ref().map_or(options.run, |earlier| earlier.run),
            shared: Arc::new(Shared::default()),
            journal: Arc::clone(&options.journal),
        };
        Self { context, options }
    }

    /// The run's id, which is part of the names of all that it creates.
    #[must_use]
    pub fn run_id(&self) -> RunId {
        self.context.run
    }

    /// Runs the checks, removes what is left, and reports. The order of results is the order of the checks.
    pub async fn run(&self, checks: Vec<Box<dyn Check>>, events: &mut dyn Events) -> Report {
        let mut report = self.empty_report(&checks);
        events.planned(&checks.iter().map(|c| c.description()).collect::<Vec<_>>());
        events.updated(&report);
        if self.options.earlier.is_some() {
            // what the interrupted run left would be in the way of its own quota
            self.clean(&mut report, events).await;
            report.leftovers.clear();
            report.unsettled.clear();
        }
        self.run_all(&checks, &mut report, events).await;
        self.clean(&mut report, events).await;
        self.look_around(&mut report.run).await;
        report.run.ended_at = Some(self.options.clock.now().seconds_z());
        report.summarize();
        events.updated(&report);
        report
    }

    /// A report in which nothing is finished, but for what an earlier run decided.
    fn empty_report(&self, checks: &[Box<dyn Check>]) -> Report {
        let unfinished = |description: &Description| {
            self.options
                .earlier
                .as_ref()
                .and_then(|earlier| earlier.decided(description))
                .unwrap_or_else(|| CheckResult::new(description, Outcome::not_finished("not started"), 0))
        };
        let mut report = Report {
            format: FORMAT,
            run: self.head(),
            plan: self.options.plan.clone(),
            results: checks.iter().map(|check| unfinished(check.description())).collect(),
            ..Report::default()
        };
        report.summarize();
        report
    }

    fn head(&self) -> RunHead {
        let config = self.context.client.config();
        let begun = self.options.earlier.as_ref().map(|earlier| earlier.started_at.clone());
        RunHead {
            uuid: self.context.run.to_string(),
            subject: self.options.subject.clone().unwrap_or_else(|| config.name.clone()),
            cloud: config.name.clone(),
            auth_url: config.auth_url.to_string(),
            project: scope_in_words(&config.scope),
            region: config.region.clone(),
            api_versions: BTreeMap::new(),
            clock_offset_ms: None,
            users: Vec::new(),
            started_at: begun.unwrap_or_else(|| self.context.started.seconds_z()),
            ended_at: None,
            stopped: None,
            program: self.options.program.clone(),
            argv: self.options.argv.clone(),
        }
    }

    /// Notes what the cloud is. Nothing is asked of a cloud that a stopped run may be hanging on.
    async fn look_around(&self, head: &mut RunHead) {
        if self.options.cancel.is_cancelled() {
            return;
        }
        head.api_versions = self.context.client.api_versions(VERSIONS).await;
        // a cloud that nobody could sign in to has told no time
        head.clock_offset_ms = match self.context.client.token().now_or_never() {
            Some(Ok(token)) => token.clock_offset_ms,
            _ => None,
        };
    }

    async fn run_all(&self, checks: &[Box<dyn Check>], report: &mut Report, events: &mut dyn Events) {
        let mut waiting = Queue::new(checks);
        let end = one::End::of(&self.options);
        let mut running = FuturesUnordered::new();
        // when the last update was, and whether something is new since then
        let (mut told, mut news) = (Instant::now(), false);
        loop {
            while running.len() < self.options.parallel.max(1) && end.reason().is_none() {
                let Some((index, check)) = waiting.next() else { break };
                let end = &end;
                if report.results[index].resumed {
                    events.finished(&report.results[index]);
                    waiting.ended(check.description());
                    continue;
                }
                events.started(check.description());
                running.push(Box::pin(async move {
                    (index, one::run(check, &self.context, end, &self.options.clock).await)
                }));
            }
            let ended = tokio::select! {
                biased;
                ended = running.next() => ended,
                // the rest may take long, or be killed: what is known by then must be on disk
                () = tokio::time::sleep_until(told + BETWEEN_UPDATES), if news => {
                    update(report, events);
                    (told, news) = (Instant::now(), false);
                    continue;
                }
            };
            let Some((index, result)) = ended else { break };
            waiting.ended(checks[index].description());
            events.finished(&result);
            report.results[index] = result;
            news = true;
            if told.elapsed() >= BETWEEN_UPDATES {
                update(report, events);
                (told, news) = (Instant::now(), false);
            }
        }
        if let Some(reason) = end.reason() {
            let unfinished = |result: &&mut CheckResult| result.verdict == Verdict::NotFinished;
            for result in report.results.iter_mut().filter(unfinished) {
                if result.checked_at.is_none() {
                    result.reason = Some(format!("not started: {reason}"));
                }
                report.run.stopped = Some(reason.clone());
            }
            news = true;
        }
        if news {
            update(report, events);
        }
    }

    /// Removes what this run left, the newest first.
    async fn clean(&self, report: &mut Report, events: &mut dyn Events) {
        let run = self.context.run.to_string();
        let left: Vec<Entry> =
            self.context.journal.left().into_iter().filter(|e| e.object.run == run).collect();
        let until = Instant::now() + self.options.cleanup_time;
        for entry in left {
            events.cleaning(&entry);
            let removed = match &self.options.cleaner {
                Some(cleaner) => tokio::time::timeout_at(until, cleaner.remove(&self.context.client, &entry))
                    .await
                    .unwrap_or_else(|_| Err(Problem::ours("there was no time left"))),
                None => Err(Problem::ours("nobody knows how to remove it")),
            };
            let (kind, name) = (&entry.object.kind, &entry.object.name);
            match removed {
                Ok(removal) => {
                    let now = self.options.clock.now();
                    if let Some(again) = self.context.journal.settle(&entry, removal, now) {
                        report.unsettled.push(unsettled(&entry, again));
                    }
                }
                Err(problem) => {
                    let problem = printable(&self.context.client.without_secrets(problem.text()));
                    report.leftovers.push(format!("{kind} {name}: {problem}"));
                }
            }
        }
    }
}
