//! A run: Tempest as a child, its stream read as it comes, a report in the end.
//!
//! ```text
//!  start ─▶ stream ─▶ Tally ─▶ events ──────────────┐
//!    │ cancelled, or out of time: SIGINT, SIGTERM,  ├─▶ sweep what is left ─▶ Report
//!    │ SIGKILL to the whole group                   │
//!    └─ end of the stream ──────────────────────────┘
//! ```

mod results;
mod stream;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use kogge_clock::Clock;
use kogge_conform::report::FORMAT;
use kogge_conform::runner::scope_in_words;
use kogge_conform::{Entry, Events, NewEntry, Problem, Report, RunHead, RunId};
use secrecy::ExposeSecret;
use tokio::process::Command;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::accounts::{Account, Accounts};
use crate::conf::{self, Source};
use crate::group::Group;
use crate::list::Test;
use crate::lookup::{Facts, Wishes};
use crate::place::Place;
use crate::plan::{Planned, Tests};
use crate::sweep::{Marks, Of, PREFIX, Swept, sweep};
use crate::tempest::Tempest;

/// Everything that is known before Tempest starts.
pub struct Prepared {
    /// The run's id.
    pub run: RunId,
    /// Who runs it.
    pub accounts: Vec<Account>,
    /// Whether Tempest makes its own accounts.
    pub dynamic: bool,
    /// What the cloud has.
    pub facts: Facts,
    /// What was asked for.
    pub wishes: Wishes,
    /// Which tests were meant.
    pub tests: Tests,
    /// What runs and what cannot.
    pub planned: Planned,
    /// Who runs it, as configured.
    pub users: Vec<String>,
}

/// How to run.
pub struct Options {
    /// The longest that Tempest may take.
    pub deadline: Duration,
    /// The longest that removing what is left may take.
    pub cleanup_time: Duration,
    /// Stops Tempest; what it made is removed.
    pub cancel: CancellationToken,
    /// Ends at once; nothing is removed.
    pub abort: CancellationToken,
    /// For the times in the report.
    pub clock: Clock,
    /// The program and its version, for the report.
    pub program: String,
    /// The program's arguments, for the report.
    pub argv: Vec<String>,
    /// The cloud's name in the report; that of the configuration if absent.
    pub subject: Option<String>,
}

/// Why the run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    Itself,
    Cancelled,
    OutOfTime(Duration),
}

impl Prepared {
    /// What the names of all that the run makes begin with.
    #[must_use]
    pub fn prefix(&self) -> String {
        format!("{PREFIX}{}", self.run.short())
    }

    /// Writes everything that Tempest reads.
    ///
    /// # Errors
    /// If a file cannot be written, or a value cannot stand in one.
    pub fn write(&self, place: &Place) -> Result<(), Problem> {
        let prefix = self.prefix();
        let source = Source {
            facts: &self.facts,
            wishes: &self.wishes,
            admin: self.accounts.first().filter(|_| self.dynamic),
            folder: place.path(),
            prefix: &prefix,
        };
        place.write("tempest.conf", &conf::render(&source)?)?;
        if !self.dynamic {
            place.write(
                "accounts.yaml",
                &crate::accounts::yaml(&self.accounts, &self.facts.project_networks),
            )?;
        }
        let line = |test: &&Test| format!("^{}(\\[|$)\n", regex::escape(test.name));
        place.write("tests.txt", &self.planned.run.iter().map(line).collect::<String>())
    }
}

/// Signs in, looks the cloud through and makes the plan. Nothing is created.
///
/// # Errors
/// In words: which account, which list, which wish.
pub async fn prepare(accounts: &Accounts, wishes: Wishes, tests: Tests) -> Result<Prepared, Problem> {
    let signed = crate::accounts::sign_in(accounts).await?;
    if wishes.concurrency > 1 && !accounts.dynamic() {
        return Err(Problem::setup(
            "with ordinary accounts one worker runs at a time, since each needs four users of its own; leave \
             --jobs at 1, or give --admin-cloud",
        ));
    }
    let facts = crate::lookup::look(accounts, &signed, &wishes).await?;
    let planned = crate::plan::plan(accounts, &facts, &tests);
    if planned.all().is_empty() {
        return Err(Problem::setup(
            "no test of the list matches the expression of --tests, or the report of --resume has none",
        ));
    }
    Ok(Prepared {
        run: tests.interrupted().map_or_else(RunId::random, |interrupted| interrupted.earlier.run),
        dynamic: accounts.dynamic(),
        users: crate::resume::users(accounts),
        accounts: signed,
        facts,
        wishes,
        tests,
        planned,
    })
}

/// Runs the tests, removes what they left, and reports. The order of results is that of the list.
///
/// # Errors
/// If Tempest cannot be started.
pub async fn run(
    prepared: &Prepared,
    tempest: &Tempest,
    place: &Place,
    options: &Options,
    events: &mut dyn Events,
) -> Result<Report, Problem> {
    let mut report = head(prepared, tempest, options);
    let descriptions: Vec<_> = prepared.planned.all().iter().map(|test| test.description()).collect();
    events.planned(&descriptions.iter().collect::<Vec<_>>());
    results::before(prepared, &mut report, events);
    events.updated(&report);
    if prepared.tests.interrupted().is_some() {
        // what the earlier part left would be in the way of its own quota; what stays is told in the end
        clean(prepared, place, options, events).await;
    }
    let stop = if prepared.planned.run.is_empty() {
        Stop::Itself
    } else {
        let group = start(prepared, tempest, place)?;
        let mut watch = stream::Watch::new(prepared, place, &mut report, events, options.clock.clone())?;
        let stop = watch.follow(group, options).await;
        watch.end(stop, &tempest.version, place);
        stop
    };
    report.run.stopped = results::stopped(stop);
    let swept = clean(prepared, place, options, events).await;
    let whole = stop == Stop::Itself && prepared.tests.interrupted().is_none();
    results::leftovers(&mut report, prepared, &swept, whole);
    if let (Some(account), false) = (prepared.accounts.first(), options.cancel.is_cancelled()) {
        report.run.api_versions = account.client.api_versions(VERSIONS).await;
    }
    report.run.ended_at = Some(options.clock.now().seconds_z());
    report.summarize();
    events.updated(&report);
    Ok(report)
}

fn head(prepared: &Prepared, tempest: &Tempest, options: &Options) -> Report {
    let account = prepared.accounts.first();
    let config = account.map(|account| account.client.config());
    let name = config.map(|config| config.name.clone()).unwrap_or_default();
    let interrupted = prepared.tests.interrupted();
    let begun = interrupted.map(|run| run.earlier.started_at.clone());
    let subject = options.subject.clone().or_else(|| Some(interrupted?.subject.clone()));
    Report {
        format: FORMAT,
        run: RunHead {
            uuid: prepared.run.to_string(),
            subject: subject.unwrap_or_else(|| name.clone()),
            cloud: name,
            auth_url: config.map(|config| config.auth_url.to_string()).unwrap_or_default(),
            project: config.map(|config| scope_in_words(&config.scope)).unwrap_or_default(),
            region: config.and_then(|config| config.region.clone()),
            api_versions: BTreeMap::new(),
            clock_offset_ms: None,
            users: prepared.users.clone(),
            started_at: begun.unwrap_or_else(|| options.clock.now().seconds_z()),
            ended_at: None,
            stopped: None,
            program: format!("{}, {}", options.program, tempest.version),
            argv: options.argv.clone(),
        },
        plan: results::plan(prepared, options),
        ..Report::default()
    }
}

/// Starts Tempest in the run's folder, as the leader of its own process group.
fn start(prepared: &Prepared, tempest: &Tempest, place: &Place) -> Result<Group, Problem> {
    let mut command = Command::new(&tempest.command);
    let conf: PathBuf = place.join("tempest.conf");
    command.args(["run", "--subunit", "--config-file"]).arg(conf);
    command.arg("--include-list").arg(place.join("tests.txt"));
    command.args(["--concurrency", &prepared.wishes.concurrency.max(1).to_string()]);
    command.current_dir(place.path()).stdin(Stdio::null()).stdout(Stdio::piped());
    command.stderr(place.create("run.err")?);
    // what describes our clouds is none of Tempest's business
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("OS_")) {
        command.env_remove(name);
    }
    command.env("PYTHONWARNINGS", "ignore").env("PYTHONUNBUFFERED", "1");
    Group::start(command)
}

async fn clean(prepared: &Prepared, place: &Place, options: &Options, events: &mut dyn Events) -> Swept {
    if options.abort.is_cancelled() {
        let prefix = prepared.prefix();
        return Swept {
            removed: 0,
            left: vec![format!("whatever begins with {prefix}: nothing was looked for")],
        };
    }
    let marks = Marks::of_run(Of::Run(prepared.run.short()), place.path());
    let run = prepared.run.to_string();
    let mut told = |text: &str| events.cleaning(&entry(&run, text));
    let work = sweep(&prepared.accounts, &marks, Instant::now() + options.cleanup_time, &mut told);
    tokio::select! {
        swept = work => swept,
        () = options.abort.cancelled() => {
            Swept { removed: 0, left: vec![format!("whatever begins with {}", prepared.prefix())] }
        }
    }
}

/// What the watcher of a run is told while things are removed.
fn entry(run: &str, text: &str) -> Entry {
    let (kind, name) = text.trim_start_matches("removing ").split_once(' ').unwrap_or((text, ""));
    let object = NewEntry {
        cloud: String::new(),
        auth_url: String::new(),
        project: None,
        run: run.to_owned(),
        kind: kind.to_owned(),
        name: name.to_owned(),
    };
    Entry { number: 0, object, id: None, looked: None }
}

/// How long a service may take to tell its version.
const VERSIONS: Duration = Duration::from_secs(5);

/// The passwords that must not get into a reason.
fn secrets(accounts: &[Account]) -> Vec<String> {
    accounts.iter().map(|account| account.password.expose_secret().to_owned()).collect()
}
