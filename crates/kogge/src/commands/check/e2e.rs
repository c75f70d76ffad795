//! `kogge check e2e`: SCS-0128 with the operator's Tempest.

mod accounts;
mod clean;
mod show;

use std::path::PathBuf;
use std::time::Duration;

use kogge_clock::Clock;
use kogge_conform::render::Format;
use kogge_conform::{FailOn, Problem, Verdict};
use kogge_conform_e2e::{
    Accounts, Interrupted, NotThisRun, Options, Place, Prepared, Tempest, Tests, Wishes, prepare,
};
use regex::Regex;
use tokio_util::sync::CancellationToken;

use super::live::{Detail, Live};
use super::selection;
use super::target::{state, user_folder};
use crate::cli::{EndToEnd, EndToEndCommand, RunEndToEnd};
use crate::commands::outputs::Outputs;
use crate::commands::signal::Stop;
use crate::exit::{Exit, Failure};
use crate::output::{line, tell};

/// How long removing what is left may take.
const CLEANUP: Duration = Duration::from_secs(600);

/// Sets Tempest up, runs it, and writes the reports; or does what the command of its own says.
///
/// # Errors
/// Where the command line is wrong, the cloud cannot be looked at, or Tempest cannot be had.
pub(super) async fn run(arguments: &EndToEnd) -> Result<Exit, Failure> {
    match &arguments.command {
        None => tests_of(&arguments.run).await,
        Some(EndToEndCommand::Clean(what)) => clean::run(what).await,
        Some(EndToEndCommand::Install(what)) => {
            line(&on_demand(&what.python).await?.command.display().to_string());
            Ok(Exit::Pass)
        }
    }
}

async fn tests_of(arguments: &RunEndToEnd) -> Result<Exit, Failure> {
    let mut outputs = outputs(arguments)?;
    let accounts = accounts::named(&arguments.accounts)?;
    let tests = tests(arguments, &accounts)?;
    if let Some(file) = &arguments.resume {
        outputs.also(Format::Json, file);
    }
    outputs.prepare()?;
    let prepared = prepare(&accounts, wishes(arguments), tests).await.map_err(outside)?;
    if arguments.redact {
        outputs = outputs.redacting(accounts::names(&accounts, &prepared));
    }
    let place = Place::make(&folder(arguments, &prepared)?).map_err(outside)?;
    prepared.write(&place).map_err(outside)?;
    let plan = outputs.shown_text(&show::plan(&prepared)).into_owned();
    if arguments.dry_run {
        line(plan.trim_end());
        line(&format!("Written to {}; nothing was started.", place.path().display()));
        return Ok(Exit::Pass);
    }
    let tempest = tempest(arguments).await?;
    tell!("{}", plan.trim_end());
    let files = format!("{}; files in {}", tempest.version, place.path().display());
    tell!("{}", outputs.shown_text(&files));
    let mut live = Live::new(prepared.planned.all().len(), outputs.clone(), Detail::Usual);
    let abort = CancellationToken::new();
    let at_once = abort.clone();
    let stop = Stop::listening("what Tempest made is being removed", move |_| at_once.cancel())?;
    let options = options(arguments, &stop, abort);
    let ran = kogge_conform_e2e::run(&prepared, &tempest, &place, &options, &mut live).await;
    if arguments.out.is_none() {
        place.forget_secrets().map_err(outside)?;
    }
    let report = ran.map_err(outside)?;
    live.end(&report);
    outputs.write(&report)?;
    if report.count(Verdict::NotFinished) > 0 {
        super::how_to_go_on(&outputs, "kogge check e2e");
    }
    Ok(stop.exit().unwrap_or_else(|| super::exit(&report, FailOn::default())))
}

/// The upstream suite has no test case for SCS-0128, and so no place for it in its report format.
fn outputs(arguments: &RunEndToEnd) -> Result<Outputs, Failure> {
    let forms = &arguments.forms;
    if forms.format == "yaml" || forms.report.iter().any(|text| text.starts_with("yaml=")) {
        let text = "yaml: the upstream suite has no test case for SCS-0128, so its report format has no place \
                    for these results; take json, junit, sarif, markdown or html";
        return Err(Failure::Usage(text.to_owned()));
    }
    Outputs::parse(forms)
}

/// Which tests: those of `--resume`, else those that `--tests` matches, else all.
fn tests(arguments: &RunEndToEnd, accounts: &Accounts) -> Result<Tests, Failure> {
    if let Some(file) = &arguments.resume {
        let report = selection::resumed(file)?;
        let wrong = |other: NotThisRun| Failure::Usage(format!("--resume {}: {other}", file.display()));
        return Ok(Tests::Of(Box::new(Interrupted::of(&report, accounts).map_err(wrong)?)));
    }
    let Some(text) = &arguments.tests else { return Ok(Tests::All) };
    let expression = Regex::new(text).map_err(|error| Failure::Usage(format!("--tests: {error}")))?;
    Ok(Tests::Matching(expression))
}

fn wishes(arguments: &RunEndToEnd) -> Wishes {
    let wishes = arguments.wishes.clone();
    let workers = if arguments.accounts.admin_cloud.is_some() { 2 } else { 1 };
    Wishes {
        image: wishes.image,
        flavor: wishes.flavor,
        flavor_alt: wishes.flavor_alt,
        external_network: wishes.external_network,
        network: wishes.network,
        ssh_user: wishes.ssh_user,
        password_history: wishes.password_history,
        checks_image_formats: wishes.image_formats_checked,
        build_timeout: wishes.build_timeout,
        concurrency: arguments.jobs.unwrap_or(workers),
    }
}

fn options(arguments: &RunEndToEnd, stop: &Stop, abort: CancellationToken) -> Options {
    Options {
        deadline: Duration::from_secs(u64::from(arguments.timeout) * 60),
        cleanup_time: CLEANUP,
        cancel: stop.token(),
        abort,
        clock: Clock::system(),
        program: concat!("kogge ", env!("CARGO_PKG_VERSION")).to_owned(),
        argv: std::env::args().skip(1).collect(),
        subject: arguments.subject.clone(),
    }
}

/// Where the run's files are: `--out`, else a folder of its own in this user's state. A run that goes on has one more.
fn folder(arguments: &RunEndToEnd, prepared: &Prepared) -> Result<PathBuf, Failure> {
    if let Some(out) = &arguments.out {
        return Ok(out.clone());
    }
    let state = state().ok_or_else(|| Failure::Usage("no HOME: say where with --out DIR".to_owned()))?;
    let all = state.join("e2e");
    let short = prepared.run.short();
    let more = (2..=u32::MAX).map(|number| format!("{short}-{number}"));
    let mut free = std::iter::once(short.clone()).chain(more).map(|name| all.join(name));
    free.find(|folder| !folder.exists()).ok_or_else(|| Failure::Usage("say where with --out DIR".to_owned()))
}

async fn tempest(arguments: &RunEndToEnd) -> Result<Tempest, Failure> {
    if let Some(path) = &arguments.tempest {
        return Tempest::at(path).await.map_err(outside);
    }
    on_demand(&arguments.python).await
}

async fn on_demand(python: &str) -> Result<Tempest, Failure> {
    let cache = user_folder("XDG_CACHE_HOME", ".cache");
    let cache = cache.ok_or_else(|| Failure::Usage("no HOME: give --tempest PATH".to_owned()))?;
    Tempest::on_demand(&cache, python, &|text| tell!("{text}")).await.map_err(outside)
}

fn outside(problem: Problem) -> Failure {
    Failure::Outside(problem.to_string())
}
