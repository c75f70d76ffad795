//! `kogge report`: what can be done with a report once it is there.

mod diff;

use std::path::Path;

use kogge_conform::Report;
use kogge_conform::redact::Names;
use kogge_conform::render::json;

use super::outputs::Outputs;
use super::sign::{Signer, Verification, beside, verify};
use super::text_file::read_bounded;
use super::upload;
use crate::cli::ReportCommand;
use crate::cli::report::{Convert, Redact, Sign, Verify};
use crate::exit::{Exit, Failure};
use crate::output::line;

/// The longest report that is read again, in bytes: far more than one of ten thousand findings.
const LONGEST: u64 = 64 << 20;

/// Does it.
///
/// # Errors
/// Where a file is no report, or cannot be written.
pub async fn run(command: ReportCommand) -> Result<Exit, Failure> {
    match command {
        ReportCommand::Convert(what) => convert(&what),
        ReportCommand::Diff(what) => diff::run(&what),
        ReportCommand::Verify(what) => verified(&what),
        ReportCommand::Sign(what) => sign(&what).await,
        ReportCommand::Upload(what) => upload::run(&what).await,
        ReportCommand::Redact(what) => redact(&what),
    }
}

/// A report in its JSON form.
///
/// # Errors
/// In words, with the file's name.
pub(super) fn read_report(file: &Path) -> Result<Report, String> {
    let wrong = |because: String| format!("{}: {because}", file.display());
    let text = read_bounded(file, LONGEST).map_err(wrong)?;
    json::read(&text).map_err(wrong)
}

fn report(file: &Path) -> Result<Report, Failure> {
    read_report(file).map_err(Failure::Usage)
}

fn convert(what: &Convert) -> Result<Exit, Failure> {
    let outputs = Outputs::parse(&what.forms)?;
    outputs.prepare()?;
    outputs.write_all(&report(&what.file)?)?;
    Ok(Exit::Pass)
}

/// What the report itself calls its cloud is private, and what was named besides.
fn redact(what: &Redact) -> Result<Exit, Failure> {
    let report = report(&what.file)?;
    let cloud = std::iter::once(("cloud", report.run.cloud.clone()));
    let names = cloud.chain(what.name.iter().map(|name| ("name", name.clone()))).collect::<Names>();
    let outputs = Outputs::parse(&what.forms)?.redacting(names);
    outputs.prepare()?;
    outputs.write_all(&report)?;
    Ok(Exit::Pass)
}

fn verified(what: &Verify) -> Result<Exit, Failure> {
    let place = beside(&what.file);
    let wrong = |file: &Path, because: String| Failure::Usage(format!("{}: {because}", file.display()));
    let contents = read_bounded(&what.file, LONGEST).map_err(|because| wrong(&what.file, because))?;
    let signature = read_bounded(&place, LONGEST).map_err(|because| wrong(&place, because))?;
    let (word, exit) = match verify(&signature, contents.as_bytes()) {
        Verification::Good => ("good: it is as it was signed".to_owned(), Exit::Pass),
        Verification::Bad(because) => (format!("bad: {because}"), Exit::ChecksFailed),
        Verification::CannotSay(because) => (format!("cannot say: {because}"), Exit::CouldNotRun),
    };
    line(&format!("{}: {word}", place.display()));
    Ok(exit)
}

async fn sign(what: &Sign) -> Result<Exit, Failure> {
    let signature = Signer::open(&what.key).await?.sign(&what.file).await?;
    line(&format!("signed: {}", signature.display()));
    Ok(Exit::Pass)
}
