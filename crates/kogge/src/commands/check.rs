//! `kogge check`.

mod explain;
mod live;
mod outputs;
mod target;

use std::sync::Arc;

use kogge_clock::Clock;
use kogge_conform::{ExitCode, Journal, Options, Report, Runner};
use kogge_conform_iaas::{Selected, Sweeper, Wanted, select, sweep};
use tokio_util::sync::CancellationToken;

use crate::cli::{Check, CheckCommand};
use crate::exit::{Exit, Failure};
use crate::output::line;
use live::Live;
use outputs::Outputs;

/// The one scope that kogge knows.
const SCOPE: &str = "scs-compatible-iaas";

/// Checks a cloud, or does what the command of its own says.
///
/// # Errors
/// Where the command line is wrong, or there is no such cloud.
pub async fn run(arguments: Check) -> Result<Exit, Failure> {
    match &arguments.command {
        None => check(arguments).await,
        Some(CheckCommand::Explain(what)) => explain::run(what),
    }
}

/// Checks a cloud, live, and writes the reports.
async fn check(arguments: Check) -> Result<Exit, Failure> {
    let clock = Clock::system();
    let outputs = Outputs::parse(&arguments.output)?;
    let wanted = wanted(&arguments, &clock)?;
    let client = target::client(&arguments)?;
    let journal = Arc::new(target::journal()?);
    if arguments.clean {
        return clean(&client, &journal).await;
    }
    let Selected { plan, checks } = select(&wanted).map_err(|error| Failure::Usage(error.to_string()))?;
    let options = Options {
        cancel: cancelled_by_signal(),
        journal,
        cleaner: Some(Arc::new(Sweeper)),
        clock,
        plan,
        argv: std::env::args().collect(),
        ..Options::default()
    };
    let mut live = Live::new(checks.len(), outputs.clone());
    let report = Runner::new(client, options).run(checks, &mut live).await;
    live.end(&report);
    outputs.write(&report)?;
    Ok(exit(&report))
}

fn wanted(arguments: &Check, clock: &Clock) -> Result<Wanted, Failure> {
    let (scope, version) =
        match arguments.scope.as_deref().map(|scope| scope.split_once('@').unwrap_or((scope, ""))) {
            None => (SCOPE, None),
            Some((scope, "")) => (scope, None),
            Some((scope, version)) => (scope, Some(version.to_owned())),
        };
    if scope != SCOPE {
        return Err(Failure::Usage(format!("there is no scope `{scope}`; kogge knows {SCOPE}")));
    }
    let today = || clock.now().seconds_z().chars().take(10).collect::<String>();
    let date = arguments.date.clone().unwrap_or_else(today);
    let date =
        date.parse().map_err(|_| Failure::Usage(format!("--date `{date}` is no day such as 2026-11-24")))?;
    Ok(Wanted { date, version, tests: arguments.tests.clone(), all: arguments.all })
}

/// The first Ctrl-C lets the run clean up; the second ends it at once.
fn cancelled_by_signal() -> CancellationToken {
    let token = CancellationToken::new();
    let cancel = token.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            eprintln!("stopping; what was created is being removed (Ctrl-C again ends at once)");
            cancel.cancel();
        }
        if tokio::signal::ctrl_c().await.is_ok() {
            std::process::exit(4);
        }
    });
    token
}

async fn clean(client: &kogge_client::Client, journal: &Journal) -> Result<Exit, Failure> {
    let failed = sweep(client, journal).await.map_err(|problem| Failure::Outside(problem.to_string()))?;
    if failed.is_empty() {
        line("Nothing of earlier runs is left.");
        return Ok(Exit::Pass);
    }
    Err(Failure::Outside(format!("could not be removed:\n  {}", failed.join("\n  "))))
}

fn exit(report: &Report) -> Exit {
    match kogge_conform::exit::exit_code(report) {
        ExitCode::Pass => Exit::Pass,
        ExitCode::Bug => Exit::Bug,
        ExitCode::Usage => Exit::Usage,
        ExitCode::ChecksFailed => Exit::ChecksFailed,
        ExitCode::CouldNotRun => Exit::CouldNotRun,
    }
}
