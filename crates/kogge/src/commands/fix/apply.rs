//! `kogge fix apply`: makes what a plan says, as far as the cloud is still as it was then.

use std::path::{Path, PathBuf};

use kogge_clock::Clock;
use kogge_conform_iaas::fix::{Applied, Outcome, Plan, StoredPlan, apply};
use serde::Serialize;

use super::recheck::{self, Judge, Stand};
use super::record::Record;
use super::{administrator, show};
use crate::ask::{Answer, ask};
use crate::cli::fix::FixApply;
use crate::commands::check::target;
use crate::commands::signal::Stop;
use crate::commands::text_file::read_bounded;
use crate::exit::{Exit, Failure};
use crate::output::{Output, line, show as print};

/// The longest plan, in bytes.
const LONGEST: u64 = 64 << 20;

/// Everything there is to tell: the stable JSON form.
#[derive(Serialize)]
struct Told {
    cloud: String,
    user: String,
    #[serde(flatten)]
    plan: Plan,
    applied: Vec<Applied>,
    /// Where each change was written down before it was made.
    record: PathBuf,
    /// Why it does not tell all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_recorded: Option<String>,
    /// How the test cases concerned stood before and stand after.
    checked: Vec<Stand>,
    /// Who judged them.
    checked_by: String,
    /// Why they were not judged afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_checked: Option<String>,
}

/// Asks, makes the changes, judges again. Whatever ends it, what was done is told, and stands in the record.
pub(super) async fn run(arguments: &FixApply) -> Result<Exit, Failure> {
    let clock = Clock::system();
    let stored = read(&arguments.plan)?;
    let mut at = arguments.target.clone();
    at.cloud = at.cloud.or_else(|| Some(stored.cloud.clone()));
    let client = target::client(&at)?;
    let wrong = |error| Failure::Usage(format!("{}: {error}", arguments.plan.display()));
    stored.is_of(client.config().auth_url.as_str()).map_err(wrong)?;
    let user = administrator(&client).await?;
    let output = arguments.output;
    if output == Output::Text {
        line(&show::plan(&stored.cloud, &stored.plan));
    }
    if stored.plan.changes.is_empty() {
        return Ok(if stored.plan.advice.is_empty() { Exit::Pass } else { Exit::ChecksFailed });
    }
    if !agreed(arguments, stored.plan.changes.len()).await? {
        line("Nothing was changed.");
        return Ok(Exit::CouldNotRun);
    }
    let judge = Judge::new(arguments, &stored)?;
    let path = arguments.record.clone().unwrap_or_else(|| beside(&arguments.plan));
    let mut record = Record::open(&path, output, clock.clone())?;
    let stop = Stop::listen("the step under way is brought to its end")?;
    let before = judge.look(&client, &clock, &stop).await?;
    let applied = apply(&client, &stored.plan, &stop.token(), &mut record).await;
    // a second look that fails takes nothing away from what was done
    let after = judge.look(&client, &clock, &stop).await;
    let not_checked = after.as_ref().err().map(ToString::to_string);
    let told = Told {
        cloud: stored.cloud,
        user,
        plan: stored.plan,
        applied,
        record: path,
        not_recorded: record.trouble(),
        checked: recheck::pair(before, after.unwrap_or_default()),
        checked_by: judge.who(),
        not_checked,
    };
    match output {
        Output::Text => {
            line(show::end(&told.applied, &told.checked, &told.checked_by).trim_end());
            line(&format!(
                "What was changed, and what there was before, stands in {}.",
                told.record.display()
            ));
            if let Some(because) = &told.not_recorded {
                line(&format!("The record does not tell how all of it ended: {because}"));
            }
            told.not_checked.iter().for_each(|because| line(&format!("Not judged afterwards: {because}")));
        }
        Output::Json => print(output, &told, |_| String::new())?,
    }
    Ok(stop.exit().unwrap_or_else(|| exit(&told)))
}

fn read(file: &Path) -> Result<StoredPlan, Failure> {
    let wrong = |because: String| Failure::Usage(format!("{}: {because}", file.display()));
    let text = read_bounded(file, LONGEST).map_err(wrong)?;
    StoredPlan::read(&text).map_err(|error| wrong(error.to_string()))
}

/// Where the record is, unless the user says so.
fn beside(plan: &Path) -> PathBuf {
    let mut name = plan.as_os_str().to_owned();
    name.push(".record");
    name.into()
}

async fn agreed(arguments: &FixApply, changes: usize) -> Result<bool, Failure> {
    if arguments.yes {
        return Ok(true);
    }
    let nobody = || {
        let words = "nothing was changed: there is nobody to ask; look at the plan, then agree with --yes";
        Failure::Usage(words.to_owned())
    };
    if arguments.output == Output::Json {
        return Err(nobody());
    }
    match ask(&format!("Make these {changes} changes?")).await? {
        Answer::Yes => Ok(true),
        Answer::No => Ok(false),
        Answer::Nobody => Err(nobody()),
    }
}

fn exit(told: &Told) -> Exit {
    let undone = told.applied.iter().any(|applied| applied.outcome != Outcome::Done);
    if undone || told.not_checked.is_some() || told.not_recorded.is_some() {
        Exit::CouldNotRun
    } else if !told.plan.advice.is_empty() || told.checked.iter().any(|stand| !stand.passes) {
        Exit::ChecksFailed
    } else {
        Exit::Pass
    }
}
