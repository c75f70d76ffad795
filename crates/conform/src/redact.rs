//! A report without what is private about the cloud and its user, to show to others.
//!
//! Ids, addresses, host names, keys, and the names that the client's configuration gives (cloud, user, project, domain,
//! host) become `id-1`, `place-2` …, the same text the same number, so that a reader can still see what belongs together.
//! Verdicts, names of flavors and images, the run's id and the report's subject stay: the subject is what the report is
//! about, and is chosen for being shown (`--subject`). One that nobody chose is the cloud's name, and goes with it.

mod names;
mod pattern;

use std::collections::HashMap;

use crate::finding::Finding;
use crate::report::{CheckResult, Report, RunHead};

pub use names::Names;

/// Redacts the reports and results of one run. It remembers its numbers, so that all of them agree.
#[derive(Debug, Default)]
pub struct Redactor {
    names: Names,
    seen: HashMap<String, String>,
}

/// The same report without what is private. See [`Redactor`] for several of one run.
#[must_use]
pub fn redacted(report: &Report, names: Names) -> Report {
    Redactor::new(names).report(report)
}

impl Redactor {
    /// One that knows these names.
    #[must_use]
    pub fn new(names: Names) -> Self {
        Self { names, seen: HashMap::new() }
    }

    /// The report without what is private. It can no longer be resumed.
    #[must_use]
    pub fn report(&mut self, report: &Report) -> Report {
        let mut report = report.clone();
        // the run's id is the report's own and says nothing about the cloud
        self.seen.insert(report.run.uuid.clone(), report.run.uuid.clone());
        report.redacted = true;
        report.run = self.head(report.run);
        report.results.iter_mut().for_each(|result| self.change(result));
        let left = report.leftovers.iter_mut().chain(&mut report.unsettled);
        left.for_each(|left| *left = self.text(left));
        report
    }

    /// Every field by name, so that a new one cannot be forgotten.
    fn head(&mut self, head: RunHead) -> RunHead {
        let RunHead {
            uuid,
            subject,
            cloud,
            auth_url,
            project,
            region,
            api_versions,
            clock_offset_ms,
            users,
            started_at,
            ended_at,
            stopped,
            program,
            argv,
        } = head;
        let hidden = if cloud.is_empty() {
            String::new()
        } else {
            stand_in(&mut self.seen, "cloud", &cloud.to_lowercase())
        };
        RunHead {
            // chosen for being shown, unless nobody chose it
            subject: if subject == cloud { hidden.clone() } else { subject },
            argv: argv.iter().map(|argument| self.argument(argument, &cloud, &hidden)).collect(),
            auth_url: self.text(&auth_url),
            project: self.text(&project),
            region: region.map(|region| stand_in(&mut self.seen, "region", &region.to_lowercase())),
            api_versions,
            clock_offset_ms,
            users: users.iter().map(|user| self.text(user)).collect(),
            cloud: hidden,
            uuid,
            started_at,
            ended_at,
            stopped,
            program,
        }
    }

    /// One result without what is private.
    #[must_use]
    pub fn result(&mut self, result: &CheckResult) -> CheckResult {
        let mut result = result.clone();
        self.change(&mut result);
        result
    }

    /// Any text without what is private.
    #[must_use]
    pub fn text(&mut self, text: &str) -> String {
        let named = self.names.replace(text, &mut self.seen);
        pattern::replace(&named, &mut self.seen)
    }

    /// Testcase, title and addresses of standards come from the scope, which is public.
    fn change(&mut self, result: &mut CheckResult) {
        result.reason = result.reason.take().map(|reason| self.text(&reason));
        for Finding { object, expected, found, fix, .. } in &mut result.findings {
            object.id = object.id.take().map(|id| self.text(&id));
            for text in [&mut object.name, expected, found, fix] {
                *text = self.text(text);
            }
        }
    }

    /// A word of the command line; of a path only the last part stays, since folders tell who somebody is.
    fn argument(&mut self, argument: &str, cloud: &str, hidden: &str) -> String {
        let value = argument.rsplit_once('=').map_or(argument, |(_, value)| value);
        if !cloud.is_empty() && value == cloud {
            return argument.replace(cloud, hidden);
        }
        if argument.contains("://") {
            return self.text(argument);
        }
        let shortened: Vec<String> = argument
            .split(',')
            .map(|part| {
                let (key, value) = part.split_once('=').map_or(("", part), |(key, value)| (key, value));
                let file = value.rsplit('/').next().unwrap_or_default();
                if key.is_empty() { file.to_owned() } else { format!("{key}={file}") }
            })
            .collect();
        self.text(&shortened.join(","))
    }
}

/// The stand-in for a text: the same one for the same text.
fn stand_in(seen: &mut HashMap<String, String>, kind: &str, whole: &str) -> String {
    let next = seen.len() + 1;
    seen.entry(whole.to_owned()).or_insert_with(|| format!("{kind}-{next}")).clone()
}

#[cfg(test)]
mod tests;
