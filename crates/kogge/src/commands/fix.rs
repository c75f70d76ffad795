//! `kogge check --fix`: what would have to change so that the cloud passes, and changing it.

mod ask;
mod recheck;
mod show;

use std::collections::BTreeSet;

use kogge_client::Client;
use kogge_clock::Clock;
use kogge_conform::Problem;
use kogge_conform_iaas::fix::{Applied, Outcome, Plan, Settings, Wishes, apply, look, plan};
use kogge_conform_iaas::select;
use serde::Serialize;

use super::{target, wanted};
use crate::cli::Check;
use crate::exit::{Exit, Failure};
use crate::output::{Output, line, show as print};
use recheck::{Judge, Stand};

/// Everything there is to tell: the stable JSON form.
#[derive(Serialize)]
struct Told {
    cloud: String,
    user: String,
    dry_run: bool,
    #[serde(flatten)]
    plan: Plan,
    applied: Vec<Applied>,
    /// How the test cases concerned stood before and stand after.
    checked: Vec<Stand>,
    /// Who judged them.
    checked_by: String,
}

/// Plans, asks, applies, judges again.
///
/// # Errors
/// Where the command line is wrong, there is no such cloud, or its user is no administrator.
pub(super) async fn run(arguments: Check) -> Result<Exit, Failure> {
    let clock = Clock::system();
    let output = output(&arguments)?;
    let wishes = wishes(&arguments, &clock)?;
    let client = target::client(&arguments)?;
    let user = administrator(&client).await?;
    let inventory = look(&client, clock.now(), &wishes).await.map_err(outside)?;
    let mut told = Told {
        cloud: client.config().name.clone(),
        user,
        dry_run: arguments.fix.dry_run,
        plan: plan(&inventory, &wishes),
        applied: Vec::new(),
        checked: Vec::new(),
        checked_by: String::new(),
    };
    if output == Output::Text {
        line(&show::plan(&told.cloud, &told.plan));
    }
    if !told.plan.changes.is_empty() && !told.dry_run {
        ask::agreed(&arguments.fix, output, told.plan.changes.len()).await?;
        let judge = Judge::new(&arguments, &wishes, &told.plan)?;
        let before = judge.look(&client, &clock).await?;
        told.applied = make(&client, &told.plan, output).await?;
        told.checked = recheck::pair(before, judge.look(&client, &clock).await?);
        told.checked_by = judge.who();
    }
    match output {
        Output::Text if told.applied.is_empty() => {}
        Output::Text => line(show::end(&told.applied, &told.checked, &told.checked_by).trim_end()),
        Output::Json => print(output, &told, |_| String::new())?,
    }
    Ok(exit(&told))
}

fn outside(problem: Problem) -> Failure {
    Failure::Outside(problem.to_string())
}

/// A plan has two forms only.
fn output(arguments: &Check) -> Result<Output, Failure> {
    match arguments.reports.output.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] | ["text"] => Ok(Output::Text),
        ["json"] => Ok(Output::Json),
        _ => Err(Failure::Usage("with --fix, --output is text or json, without a file".to_owned())),
    }
}

fn wishes(arguments: &Check, clock: &Clock) -> Result<Wishes, Failure> {
    let wanted = wanted(arguments, clock)?;
    let selected = select(&wanted).map_err(|error| Failure::Usage(error.to_string()))?;
    if let (true, Some(text)) = (selected.checks.is_empty(), &wanted.tests) {
        let words = "names only what decides nothing; --fix mends test cases of the scope";
        return Err(Failure::Usage(format!("--tests {text:?} {words}")));
    }
    let settings = Settings::parse(arguments.fix.set.iter().map(String::as_str))
        .map_err(|error| Failure::Usage(error.to_string()))?;
    Ok(Wishes {
        testcases: selected.checks.iter().map(|check| check.description().id.clone()).collect(),
        settings,
        replace_flavors: arguments.fix.replace_flavors,
        images: arguments.fix.images,
    })
}

/// The user's name, if it is an administrator's.
async fn administrator(client: &Client) -> Result<String, Failure> {
    let token = client.token().await.map_err(|error| Failure::Outside(kogge_client::chain(&error)))?;
    if token.roles.iter().any(|role| role.eq_ignore_ascii_case("admin")) {
        return Ok(token.user.name.clone());
    }
    Err(Failure::Outside(format!(
        "--fix changes what every project sees and needs role admin; user {:?} has the roles: {}. Name the cloud of \
         an administrator with --cloud (kogge-admin is that of `kogge up`)",
        token.user.name,
        token.roles.join(", ")
    )))
}

/// Applies the plan, live. Ctrl-C ends it between two steps, or in the middle of one that can be repeated.
async fn make(client: &Client, plan: &Plan, output: Output) -> Result<Vec<Applied>, Failure> {
    let mut watch = |applied: &Applied| {
        if output == Output::Text {
            line(&show::step(applied));
        }
    };
    tokio::select! {
        applied = apply(client, plan, &mut watch) => Ok(applied),
        stopped = tokio::signal::ctrl_c() => Err(match stopped {
            Ok(()) => Failure::Outside("stopped: some of the changes are made; run again for the rest".to_owned()),
            Err(error) => Failure::Bug(format!("Ctrl-C cannot be heard: {error}")),
        }),
    }
}

fn exit(told: &Told) -> Exit {
    let undone = told.applied.iter().any(|applied| applied.outcome != Outcome::Done);
    let planned: BTreeSet<&str> =
        told.plan.changes.iter().flat_map(|change| &change.testcases).map(String::as_str).collect();
    if undone {
        Exit::CouldNotRun
    } else if !told.plan.advice.is_empty()
        || (told.dry_run && !planned.is_empty())
        || told.checked.iter().any(|stand| !stand.passes)
    {
        Exit::ChecksFailed
    } else {
        Exit::Pass
    }
}
