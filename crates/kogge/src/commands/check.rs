//! `kogge check`.

mod advice;
mod clean;
mod deliver;
mod e2e;
mod explain;
mod list;
mod live;
mod manual;
mod profile;
pub(in crate::commands) mod selection;
pub(in crate::commands) mod target;

use std::sync::Arc;
use std::time::Duration;

use kogge_client::CloudConfig;
use kogge_clock::Clock;
use kogge_conform::redact::Names;
use kogge_conform::{ExitCode, FailOn, Options, Report, RunId, Runner};
use kogge_conform_iaas::{AdvisoryOptions, AdvisorySweeper, Selected, beyond};

use crate::cli::{self, Check, CheckCommand, Run};
use crate::commands::outputs::Outputs;
use crate::commands::signal::Stop;
use crate::exit::{Exit, Failure};
use crate::output::tell;
use deliver::Delivery;
use live::{Detail, Live};
use profile::Profile;

/// Checks a cloud, or does what the command of its own says.
///
/// # Errors
/// Where the command line is wrong, or there is no such cloud.
pub async fn run(arguments: Check) -> Result<Exit, Failure> {
    match arguments.command {
        None => check(arguments.run).await,
        Some(CheckCommand::Run(what)) => check(*what).await,
        Some(CheckCommand::List(what)) => list::run(&what).await,
        Some(CheckCommand::Explain(what)) => explain::run(&what),
        Some(CheckCommand::Manual(what)) => manual::run(&what),
        Some(CheckCommand::Clean(what)) => clean::run(&what).await,
        Some(CheckCommand::E2e(what)) => e2e::run(&what).await,
    }
}

/// Checks a cloud, live, and writes the reports.
async fn check(arguments: Run) -> Result<Exit, Failure> {
    let Run { asked, reports, .. } = &arguments;
    let clock = Clock::system();
    let mut outputs = Outputs::parse(&reports.forms)?;
    let interrupted = selection::interrupted(asked, reports.subject.as_deref())?;
    let selected = match &interrupted {
        Some(report) => selection::missing(report),
        None => selection::selected(asked, &clock).await?,
    };
    let client = target::client(&asked.target)?;
    let profile = Profile::of(asked.profile.as_deref(), &asked.target, &client.config().name)?;
    let more = advice::beyond(&asked.advice, &profile, &asked.target, Some(client.config()))?;
    let Selected { plan, checks } = selected;
    let checks = beyond(checks, &plan, &more);
    let earlier = selection::earlier(interrupted.as_ref(), client.config())?;
    if let Some(file) = &asked.resume {
        outputs.also(kogge_conform::render::Format::Json, file);
    }
    if reports.redact {
        outputs = outputs.redacting(names(client.config(), &more.options));
    }
    outputs.prepare()?;
    let delivery = Delivery::prepare(reports, &outputs).await?;
    let stop = Stop::listen("what was created is being removed")?;
    let subject = interrupted.map(|report| report.run.subject);
    let run = earlier.as_ref().map_or_else(RunId::random, |earlier| earlier.run);
    let defaults = Options::default();
    let options = Options {
        run,
        parallel: arguments.jobs.or(profile.jobs).map_or(defaults.parallel, usize::from),
        cancel: stop.token(),
        time: arguments
            .timeout
            .or(profile.timeout)
            .map(|minutes| Duration::from_secs(60 * u64::from(minutes))),
        journal: Arc::new(target::journal(run)?),
        cleaner: Some(Arc::new(AdvisorySweeper::new(&more.options))),
        clock,
        plan,
        argv: std::env::args().skip(1).collect(),
        subject: reports.subject.clone().or(subject).or(profile.subject),
        earlier,
        ..defaults
    };
    let mut live = Live::new(checks.len(), outputs.clone(), Detail::of(arguments.quiet, arguments.verbose));
    let report = Runner::new(client, options).run(checks, &mut live).await;
    live.end(&report);
    let exit = exit(&report, fail_on(&arguments.fail_on));
    if let Err(failure) = outputs.write(&report) {
        // it hides no failed check
        if stop.exit().is_none() && matches!(exit, Exit::Pass | Exit::CouldNotRun) {
            return Err(failure);
        }
        tell!("kogge: {failure}");
        return Ok(stop.exit().unwrap_or(exit));
    }
    if report.run.stopped.is_some() || stop.exit().is_some() {
        how_to_go_on(&outputs, "kogge check");
        return Ok(stop.exit().unwrap_or(exit));
    }
    delivery.run(exit).await
}

/// The private names of all users of a run.
fn names(config: &CloudConfig, options: &AdvisoryOptions) -> Names {
    let managers = [&options.domain_managers.manager, &options.domain_managers.other];
    let managers = managers.into_iter().flatten().map(|client| client.config());
    std::iter::once(config).chain(managers).flat_map(Names::named).collect()
}

/// After a stop: an incomplete report is neither signed nor sent, since the monitor takes only one of each run.
fn how_to_go_on(outputs: &Outputs, command: &str) {
    match outputs.file(kogge_conform::render::Format::Json) {
        Some(_) if outputs.redacts() => {
            tell!(
                "a run whose report is not redacted can be gone on with after a stop: {command} --resume FILE"
            );
        }
        Some(file) => tell!("go on with: {command} --resume {}", file.display()),
        None => {
            tell!("a run with --report json=FILE can be gone on with after a stop: {command} --resume FILE");
        }
    }
}

fn fail_on(asked: &[cli::FailOn]) -> FailOn {
    let has = |what| asked.contains(&what);
    FailOn {
        main_only: has(cli::FailOn::Main),
        warnings: has(cli::FailOn::Warnings),
        advice: has(cli::FailOn::Advice),
        undecided: has(cli::FailOn::Undecided),
    }
}

fn exit(report: &Report, fail_on: FailOn) -> Exit {
    match kogge_conform::exit::exit_code_on(report, fail_on) {
        ExitCode::Pass => Exit::Pass,
        ExitCode::Bug => Exit::Bug,
        ExitCode::Usage => Exit::Usage,
        ExitCode::ChecksFailed => Exit::ChecksFailed,
        ExitCode::CouldNotRun => Exit::CouldNotRun,
    }
}
