//! The rules for the files of documents (SCS-0001): names, front matter, and how documents refer to each other.
//!
//! A set of files has an error here if, and only if, the community's own linter of 2026-08-21 complains about it or
//! breaks off at it; that one bundles several errors of a file into one, so counts may differ. Rules that it does not
//! know come as [`Level::Advice`].

use std::collections::BTreeMap;

use serde::Serialize;

mod advice;
mod front_matter;
mod name;
mod rules;

pub use front_matter::FrontMatter;

/// A file of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct File<'a> {
    /// Its name, without a folder.
    pub name: &'a str,
    /// What is in it.
    pub content: &'a [u8],
}

/// How much a complaint weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// A rule is broken.
    Error,
    /// Tolerated, better changed.
    Warning,
    /// What SCS-0001 asks for and the community's linter does not look at.
    Advice,
}

impl Level {
    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Advice => "advice",
        }
    }
}

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Complaint {
    /// How much it weighs.
    pub level: Level,
    /// Short name of the rule, such as `stable-needs-date`.
    pub rule: &'static str,
    /// Name of the file.
    pub file: String,
    /// Line, from 1 on, where there is one to point at.
    pub line: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub fix: String,
}

impl Complaint {
    fn new(level: Level, rule: &'static str, file: &str, message: String, fix: impl Into<String>) -> Self {
        Self { level, rule, file: file.to_owned(), line: None, message, fix: fix.into() }
    }

    fn error(rule: &'static str, file: &str, message: String, fix: impl Into<String>) -> Self {
        Self::new(Level::Error, rule, file, message, fix)
    }

    fn at(mut self, line: Option<usize>) -> Self {
        self.line = line;
        self
    }
}

/// Whether the linter looks at a file of this name at all.
pub fn is_document(name: &str) -> bool {
    name.starts_with("scs-") && name.ends_with(".md")
}

/// Looks at the documents of a folder; files of other names are passed over. Complaints come in the order of file
/// names, each file's errors first.
pub fn lint(files: &[File<'_>]) -> Vec<Complaint> {
    let mut files: Vec<_> = files.iter().filter(|file| is_document(file.name)).collect();
    files.sort_by_key(|file| file.name);
    let names: Vec<&str> = files.iter().map(|file| file.name).collect();
    let mut stable: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut complaints = Vec::new();
    for file in &files {
        complaints.extend(name::check(file.name));
        match FrontMatter::read(file) {
            Ok(front) => {
                complaints.extend(rules::check(file.name, &front, &names));
                complaints.extend(advice::check(file, &front, &names));
                if rules::is_main(file.name) && front.text("status") == Some("Stable") {
                    stable.entry(file.name.get(4..8).unwrap_or_default()).or_default().push(file.name);
                }
            }
            Err(complaint) => complaints.push(*complaint),
        }
    }
    complaints.extend(name::duplicates(&names));
    complaints
        .extend(stable.into_values().filter(|files| files.len() > 1).map(|files| several_stable(&files)));
    complaints.sort_by(|a, b| (&a.file, a.level, a.line).cmp(&(&b.file, b.level, b.line)));
    complaints
}

fn several_stable(files: &[&str]) -> Complaint {
    let last = files.last().copied().unwrap_or_default();
    Complaint::error(
        "one-stable-version",
        last,
        format!("{} versions of one document are Stable: {}", files.len(), files.join(", ")),
        "deprecate the older ones (status Deprecated, deprecated_at, replaced_by)",
    )
}

#[cfg(test)]
mod tests;
