//! `kogge check --plan`: what would run, what each test needs and creates. Nothing is called.

use std::collections::BTreeSet;

use kogge_conform::render::{Format, terminal};
use kogge_conform::{Check, Description, Plan, Section};
use serde::Serialize;

use super::outputs::Outputs;
use crate::exit::{Exit, Failure};
use crate::output::{Output, show, table};

/// The plan for programs.
#[derive(Serialize)]
struct Planned<'a> {
    /// Scope, versions and selection.
    plan: &'a Plan,
    /// Every test that would run.
    checks: Vec<&'a Description>,
}

/// Shows it.
pub(super) fn run(plan: &Plan, checks: &[Box<dyn Check>], outputs: &Outputs) -> Result<Exit, Failure> {
    let output = match outputs.only() {
        Some(Format::Text) => Output::Text,
        Some(Format::Json) => Output::Json,
        _ => {
            return Err(Failure::Usage(
                "--plan is shown as --output text or json, and in no file".to_owned(),
            ));
        }
    };
    let planned = Planned { plan, checks: checks.iter().map(|check| check.description()).collect() };
    show(output, &planned, rendered)?;
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
    format!(
        "user:     an ordinary member of a project (role member, neither admin nor manager)\n\
         services: identity, and {}\nquota:    {}",
        or_none(services),
        or_none(quota)
    )
}
