//! `kogge standards lint`.

use std::io::Read;
use std::path::Path;

use kogge_standards::lint::{Complaint, File, Level, is_document, lint};
use serde::Serialize;

use super::print;
use crate::cli::standards::Lint;
use crate::exit::{Exit, Failure};

/// Documents are some 100 kB at most.
const MOST_BYTES: u64 = 4 << 20;

/// What was looked at and found.
#[derive(Debug, Serialize)]
struct Found {
    documents: usize,
    errors: usize,
    warnings: usize,
    complaints: Vec<Complaint>,
}

/// Exit code 3 where a rule is broken.
pub(super) fn run(arguments: &Lint) -> Result<Exit, Failure> {
    let files = read(&arguments.folder)?;
    if files.is_empty() {
        return Err(Failure::Usage(format!("{} holds no file scs-*.md", arguments.folder.display())));
    }
    let views: Vec<_> = files.iter().map(|(name, content)| File { name, content }).collect();
    let mut complaints = lint(&views);
    complaints.retain(|complaint| arguments.advice || complaint.level != Level::Advice);
    let count = |level| complaints.iter().filter(|complaint| complaint.level == level).count();
    let found = Found {
        documents: files.len(),
        errors: count(Level::Error),
        warnings: count(Level::Warning),
        complaints,
    };
    print(arguments.print.output, &found, text)?;
    Ok(if found.errors == 0 { Exit::Pass } else { Exit::ChecksFailed })
}

fn text(found: &Found) -> String {
    let mut text = String::new();
    for complaint in &found.complaints {
        let Complaint { level, rule, file, line, message, fix } = complaint;
        let line = line.map_or_else(String::new, |line| format!(":{line}"));
        text.push_str(&format!("{file}{line}: {}: {message} [{rule}]\n    {fix}\n", level.word()));
    }
    let Found { documents, errors, warnings, .. } = found;
    let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    text.push_str(&format!(
        "{}: {}, {}",
        plural(*documents, "document"),
        plural(*errors, "error"),
        plural(*warnings, "warning")
    ));
    text
}

/// The documents of a folder, with their contents.
fn read(folder: &Path) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let wrong = |path: &Path, error: std::io::Error| Failure::Usage(format!("{}: {error}", path.display()));
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| wrong(folder, error))? {
        let entry = entry.map_err(|error| wrong(folder, error))?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if !is_document(&name) {
            continue;
        }
        let path = entry.path();
        // opening a pipe would wait for ever
        if !std::fs::metadata(&path).map_err(|error| wrong(&path, error))?.is_file() {
            return Err(Failure::Usage(format!("{}: not a file", path.display())));
        }
        let file = std::fs::File::open(&path).map_err(|error| wrong(&path, error))?;
        let mut content = Vec::new();
        file.take(MOST_BYTES + 1).read_to_end(&mut content).map_err(|error| wrong(&path, error))?;
        if content.len() as u64 > MOST_BYTES {
            return Err(Failure::Usage(format!("{}: longer than {MOST_BYTES} bytes", path.display())));
        }
        files.push((name, content));
    }
    Ok(files)
}
