//! `kogge check list`: what would run, what each test needs and creates. Nothing is called.

use std::collections::BTreeSet;

use kogge_clock::Clock;
use kogge_conform::render::terminal;
use kogge_conform::{Description, Plan, Section};
use kogge_conform_iaas::beyond;
use serde::Serialize;

use super::profile::Profile;
use super::{advice, selection, target};
use crate::cli::ListChecks;
use crate::exit::{Exit, Failure};
use crate::output::{show, style, table, tell};

/// The plan for programs.
#[derive(Serialize)]
struct Planned<'a> {
    /// Scope, versions and selection.
    plan: &'a Plan,
    /// Every test that would run.
    checks: Vec<&'a Description>,
    /// How many would not run again, since an earlier run decided them.
    decided: usize,
}

/// Shows it: exactly what a run by the same words would run, with the same mistakes refused. Only where no cloud is
/// configured at all it is the plan of one that no question was answered for.
pub(super) async fn run(arguments: &ListChecks) -> Result<Exit, Failure> {
    let asked = &arguments.asked;
    let interrupted = selection::interrupted(asked, None)?;
    let selected = match &interrupted {
        Some(report) => selection::missing(report),
        None => selection::selected(asked, &Clock::system()).await?,
    };
    let config = match target::config(&asked.target) {
        Ok(config) => Some(config),
        Err(failure) if asked.target.cloud.is_some() || interrupted.is_some() => return Err(failure),
        Err(failure) => {
            tell!("kogge: {failure}; this is the plan for any cloud");
            None
        }
    };
    let earlier = match &config {
        Some(config) => selection::earlier(interrupted.as_ref(), config)?,
        None => None,
    };
    let name = config.as_ref().map_or("", |config| config.name.as_str());
    let profile = Profile::of(asked.profile.as_deref(), &asked.target, name)?;
    let more = advice::beyond(&asked.advice, &profile, &asked.target, config.as_ref())?;
    let checks = beyond(selected.checks, &selected.plan, &more);
    let all = checks.iter().map(|check| check.description());
    let again =
        |check: &&Description| earlier.as_ref().is_none_or(|earlier| earlier.decided(check).is_none());
    let missing: Vec<&Description> = all.filter(again).collect();
    let decided = checks.len() - missing.len();
    show(arguments.output, &Planned { plan: &selected.plan, checks: missing, decided }, rendered)?;
    Ok(Exit::Pass)
}

fn rendered(planned: &Planned<'_>) -> String {
    let mut text = terminal::versions(planned.plan);
    let sections = [
        (Section::Official, "test cases"),
        (Section::Advisory, "advisory checks, which decide nothing"),
        (Section::Manual, "questions to people, which decide nothing"),
    ];
    for (section, title) in sections {
        let checks: Vec<&Description> =
            planned.checks.iter().copied().filter(|check| check.section == section).collect();
        if !checks.is_empty() {
            text.push_str(&format!("\n{} {title}\n{}\n", checks.len(), listed(&checks)));
        }
    }
    if planned.decided > 0 {
        text.push_str(&format!("\n{} more are decided by the earlier run\n", planned.decided));
    }
    text.push_str(&format!("\n{}\nNothing was called: this is the plan.\n", conditions(&planned.checks)));
    text
}

fn listed(checks: &[&Description]) -> String {
    let row = |check: &&Description| {
        let minutes = check.deadline.as_secs().div_ceil(60);
        vec![terminal::plain(&check.id), check.wants(), check.makes(), format!("{minutes} min")]
    };
    table(&["test case", "needs", "creates for a while", "at most"], checks.iter().map(row).collect())
}

/// What the cloud and the project must have for all of it.
fn conditions(checks: &[&Description]) -> String {
    let services: BTreeSet<&str> = checks.iter().flat_map(|check| check.needs.iter().copied()).collect();
    // two tests may be one experiment, which needs its quota once
    let quota: BTreeSet<&str> = checks.iter().flat_map(|check| check.quota.iter().copied()).collect();
    let or_none = |set: BTreeSet<&str>| {
        if set.is_empty() { "none".to_owned() } else { set.into_iter().collect::<Vec<_>>().join("; ") }
    };
    let user = "an ordinary member of a project (role member, neither admin nor manager)";
    let services = format!("identity, and {}", or_none(services));
    let lines = [("user:", user), ("services:", &services), ("quota:", &or_none(quota))];
    lines.map(|(label, text)| hanging(&format!("{label:<10}"), text)).join("\n")
}

/// A text behind its label, within the width of the terminal where there is one.
fn hanging(label: &str, text: &str) -> String {
    style().width.map_or_else(|| format!("{label}{text}"), |width| terminal::hanging(width, label, text))
}
