//! `kogge check`.

mod advice;
mod deliver;
mod e2e;
mod explain;
mod fix;
mod live;
mod manual;
mod outputs;
mod plan;
mod selection;
mod sign;
mod target;
mod upload;

use std::sync::Arc;

use kogge_clock::Clock;
use kogge_conform::redact::Names;
use kogge_conform::{ExitCode, Journal, Options, Report, Runner};
use kogge_conform_iaas::{AdvisoryOptions, AdvisorySweeper, Selected, beyond, sweep_all};
use tokio_util::sync::CancellationToken;

use crate::cli::{Check, CheckCommand};
use crate::exit::{Exit, Failure};
use crate::output::line;
use deliver::Delivery;
use live::Live;
use outputs::Outputs;
use selection::wanted;

/// Checks a cloud, or does what the command of its own says.
///
/// # Errors
/// Where the command line is wrong, or there is no such cloud.
pub async fn run(arguments: Check) -> Result<Exit, Failure> {
    match &arguments.command {
        None if arguments.fix.fix => Box::pin(fix::run(arguments)).await,
        None => check(arguments).await,
        Some(CheckCommand::Explain(what)) => explain::run(what),
        Some(CheckCommand::Upload(what)) => upload::run(what).await,
        Some(CheckCommand::Manual(what)) => manual::run(what),
        Some(CheckCommand::E2e(what)) => e2e::run(what).await,
    }
}

/// Checks a cloud, live, and writes the reports.
async fn check(arguments: Check) -> Result<Exit, Failure> {
    if arguments.clean {
        let client = target::client(&arguments)?;
        let more = advice::beyond(&arguments, Some(client.config()))?;
        return clean(&client, &target::journal()?, &more.options).await;
    }
    let clock = Clock::system();
    let mut outputs = Outputs::parse(&arguments.reports.output)?;
    let interrupted = selection::interrupted(&arguments)?;
    let selected = match &interrupted {
        Some(report) => selection::missing(report),
        None => selection::selected(&arguments, &clock).await?,
    };
    if arguments.plan {
        return plan::run(&arguments, selected, interrupted.as_ref(), &outputs);
    }
    let client = target::client(&arguments)?;
    let more = advice::beyond(&arguments, Some(client.config()))?;
    let Selected { plan, checks } = selected;
    let checks = beyond(checks, &plan, &more);
    let earlier = selection::earlier(interrupted.as_ref(), client.config())?;
    if let Some(file) = &arguments.resume {
        outputs.also(kogge_conform::render::Format::Json, file);
    }
    if arguments.reports.redact {
        outputs = outputs.redacting(Names::of(client.config()));
    }
    outputs.prepare()?;
    let delivery = Delivery::prepare(&arguments.reports, &outputs).await?;
    let cancel = cancelled_by_signal();
    let subject = interrupted.map(|report| report.run.subject);
    let options = Options {
        cancel: cancel.clone(),
        journal: Arc::new(target::journal()?),
        cleaner: Some(Arc::new(AdvisorySweeper::new(&more.options))),
        clock,
        plan,
        argv: std::env::args().skip(1).collect(),
        subject: arguments.reports.subject.clone().or(subject),
        earlier,
        ..Options::default()
    };
    let mut live = Live::new(checks.len(), outputs.clone());
    let report = Runner::new(client, options).run(checks, &mut live).await;
    live.end(&report);
    outputs.write(&report)?;
    if cancel.is_cancelled() {
        how_to_go_on(&outputs, "kogge check");
        return Ok(exit(&report));
    }
    delivery.run(exit(&report)).await
}

/// After a stop: an incomplete report is neither signed nor sent, since the monitor takes only one of each run.
fn how_to_go_on(outputs: &Outputs, command: &str) {
    match outputs.file(kogge_conform::render::Format::Json) {
        Some(_) if outputs.redacts() => {
            eprintln!(
                "a run whose report is not redacted can be gone on with after a stop: {command} --resume FILE"
            );
        }
        Some(file) => eprintln!("go on with: {command} --resume {}", file.display()),
        None => {
            eprintln!(
                "a run with --output json=FILE can be gone on with after a stop: {command} --resume FILE"
            );
        }
    }
}

/// The first Ctrl-C (or SIGTERM) lets the run clean up; the second ends it at once.
fn cancelled_by_signal() -> CancellationToken {
    let token = CancellationToken::new();
    let cancel = token.clone();
    tokio::spawn(async move {
        if crate::commands::signal::ended().await.is_ok() {
            eprintln!("stopping; what was created is being removed (Ctrl-C again ends at once)");
            cancel.cancel();
        }
        if crate::commands::signal::ended().await.is_ok() {
            std::process::exit(4);
        }
    });
    token
}

async fn clean(
    client: &kogge_client::Client,
    journal: &Journal,
    options: &AdvisoryOptions,
) -> Result<Exit, Failure> {
    let failed =
        sweep_all(client, journal, options).await.map_err(|problem| Failure::Outside(problem.to_string()))?;
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
