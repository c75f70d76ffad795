//! Removing what earlier runs left, by their journals. Runs that still run keep what is theirs.

use kogge_clock::Clock;
use kogge_conform::Journal;
use kogge_conform::journal::Ended;
use kogge_conform::printable::printable;
use kogge_conform_iaas::{Swept, sweep_all};

use super::profile::Profile;
use super::{advice, target};
use crate::cli::Clean;
use crate::exit::{Exit, Failure};
use crate::output::{line, tell};

/// Removes it, and says what is left.
pub(super) async fn run(what: &Clean) -> Result<Exit, Failure> {
    let journals = target::journals()?;
    let doing = format!("reading the journals in {}", journals.folder().display());
    let mut ended = journals.ended().map_err(|error| Failure::outside(&doing, error))?;
    if let Some(run) = &what.run {
        ended.journals.retain(|journal| journal.left().iter().any(|entry| entry.object.run.starts_with(run)));
    }
    if what.dry_run {
        return Ok(shown(&ended));
    }
    let client = target::client(&what.target)?;
    let profile = Profile::of(None, &what.target, &client.config().name)?;
    let more = advice::beyond(&what.advice, &profile, &what.target, Some(client.config()))?;
    let now = Clock::system().now();
    let mut swept = Swept::default();
    for journal in &ended.journals {
        let one = sweep_all(&client, journal, &more.options, now).await;
        let one = one.map_err(|problem| Failure::Outside(problem.to_string()))?;
        swept.settled += one.settled;
        swept.failed.extend(one.failed);
        swept.open.extend(one.open);
    }
    if ended.running > 0 {
        tell!("{} and keep what is theirs", counted(ended.running, "run is going on", "runs are going on"));
    }
    let elsewhere = ended.journals.iter().map(|journal| journal.left().len()).sum::<usize>();
    let elsewhere = elsewhere.saturating_sub(swept.failed.len() + swept.open.len());
    if elsewhere > 0 {
        tell!(
            "{} of other clouds, projects or users; see --dry-run",
            counted(elsewhere, "entry is", "entries are")
        );
    }
    swept.failed.extend(ended.unreadable);
    end(&swept)
}

/// What is written down, without asking any cloud.
fn shown(ended: &Ended) -> Exit {
    for entry in ended.journals.iter().flat_map(Journal::left) {
        let object = &entry.object;
        let id = entry.id.as_ref().map_or_else(String::new, |id| format!(" ({id})"));
        let text = format!("{} {}{id} on cloud {}", object.kind, object.name, object.cloud);
        line(&printable(&text));
    }
    ended.unreadable.iter().for_each(|text| tell!("kogge: {text}"));
    if ended.journals.is_empty() {
        line("Nothing of earlier runs is left.");
    }
    Exit::Pass
}

fn end(swept: &Swept) -> Result<Exit, Failure> {
    if !swept.failed.is_empty() {
        return Err(Failure::Outside(format!("could not be removed:\n  {}", swept.failed.join("\n  "))));
    }
    if swept.open.is_empty() {
        line("Nothing of earlier runs is left.");
        return Ok(Exit::Pass);
    }
    line(&format!("Not settled yet; look again later:\n  {}", swept.open.join("\n  ")));
    Ok(Exit::CouldNotRun)
}

fn counted(number: usize, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}
