//! From packets to results: what each test of the list came to, and why.
//!
//! ```text
//!  exists ─▶ in progress ─▶ success, skip, fail                    a test
//!  setUpClass (C): skip, fail ─▶ every test of C that has not run  a class that could not be set up
//!  end of the stream ─▶ whatever has no end yet is not finished
//! ```

mod attachments;
mod reason;

use std::collections::BTreeMap;

use kogge_conform::{Finding, ObjectRef, Outcome, Severity, Verdict};

use crate::list::{self, Test};
use crate::subunit::{Packet, Piece, Status};
use attachments::Attachments;

/// How many lines about things beside the tests are kept.
const REMARKS: usize = 50;
/// How many bytes between packets are kept, for the case that Tempest says there why it did nothing.
const STRAY: usize = 4096;

/// Something happened that is worth showing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A test begins.
    Started(&'static Test),
    /// A test ended.
    Finished(&'static Test),
}

/// How one test came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Verdict, reason and finding.
    pub outcome: Outcome,
    /// How long it took, in milliseconds, by Tempest's own clock.
    pub elapsed_ms: u64,
}

#[derive(Debug, Default)]
struct State {
    seen: bool,
    started_micros: Option<u64>,
    ended: Option<Ended>,
}

/// Keeps count of all tests that were to run.
pub struct Tally {
    states: BTreeMap<&'static str, State>,
    attachments: Attachments,
    secrets: Vec<String>,
    remarks: Vec<String>,
    stray: Vec<u8>,
}

impl Tally {
    /// For these tests. None of the `secrets` gets into a reason.
    #[must_use]
    pub fn new(tests: &[&'static Test], secrets: Vec<String>) -> Self {
        let states = tests.iter().map(|test| (test.name, State::default())).collect();
        let secrets = secrets.into_iter().filter(|secret| !secret.is_empty()).collect();
        Self { states, secrets, attachments: Attachments::default(), remarks: Vec::new(), stray: Vec::new() }
    }

    /// Takes a piece of the stream.
    pub fn take(&mut self, piece: Piece) -> Vec<Event> {
        match piece {
            Piece::Packet(packet) => self.packet(packet),
            Piece::Noise(bytes) => {
                let room = STRAY.saturating_sub(self.stray.len());
                self.stray.extend(bytes.iter().take(room));
                Vec::new()
            }
        }
    }

    /// What a test came to; `None` if it has not ended.
    #[must_use]
    pub fn ended(&self, test: &Test) -> Option<&Ended> {
        self.states.get(test.name)?.ended.as_ref()
    }

    /// Whether Tempest knows the test.
    #[must_use]
    pub fn seen(&self, test: &Test) -> bool {
        self.states.get(test.name).is_some_and(|state| state.seen)
    }

    /// Whether Tempest named any test of ours.
    #[must_use]
    pub fn any_seen(&self) -> bool {
        self.states.values().any(|state| state.seen)
    }

    /// Failures beside the tests: the end of a class, a worker that died.
    #[must_use]
    pub fn remarks(&self) -> &[String] {
        &self.remarks
    }

    /// What was printed between the packets.
    #[must_use]
    pub fn stray(&self) -> String {
        reason::one_line(&String::from_utf8_lossy(&self.stray), &self.secrets)
    }

    fn packet(&mut self, packet: Packet) -> Vec<Event> {
        let Some(id) = packet.test else { return Vec::new() };
        if let Some((name, bytes)) = &packet.file {
            self.attachments.add(&id, name, bytes);
        }
        let Some(status) = packet.status else { return Vec::new() };
        if let Some(class) = class_of(&id, "setUpClass") {
            return self.class_ended(class, &id, status);
        }
        match list::find(&id).filter(|test| self.states.contains_key(test.name)) {
            Some(test) => self.test(test, &id, status, packet.at_micros),
            None => self.beside(&id, status),
        }
    }

    fn test(&mut self, test: &'static Test, id: &str, status: Status, at: Option<u64>) -> Vec<Event> {
        let outcome = self.outcome(test, id, status);
        let Some(state) = self.states.get_mut(test.name) else { return Vec::new() };
        state.seen = true;
        match outcome {
            None if status == Status::InProgress => {
                state.started_micros = at;
                vec![Event::Started(test)]
            }
            // the first end counts: whatever comes later is of no test that we know of
            Some(outcome) if state.ended.is_none() => {
                let micros = at.zip(state.started_micros).map_or(0, |(end, begin)| end.saturating_sub(begin));
                state.ended = Some(Ended { outcome, elapsed_ms: micros / 1000 });
                vec![Event::Finished(test)]
            }
            _ => Vec::new(),
        }
    }

    fn outcome(&mut self, test: &Test, id: &str, status: Status) -> Option<Outcome> {
        let outcome = match status {
            Status::Exists | Status::InProgress => return None,
            Status::Success | Status::ExpectedFail => Outcome::pass(),
            Status::Skip => Outcome::not_applicable(self.skipped(id)),
            Status::UnexpectedSuccess => failed(test, "it passed, although Tempest expects it to fail"),
            Status::Fail => failed(test, &self.why(id)),
        };
        self.attachments.forget(id);
        Some(outcome)
    }

    /// A class that could not be set up, or must not be, decides about its tests that have not run.
    fn class_ended(&mut self, class: &str, id: &str, status: Status) -> Vec<Event> {
        let outcome = match status {
            Status::Skip => Outcome::not_applicable(self.skipped(id)),
            Status::Fail => {
                Outcome::could_not_run(format!("its class could not be set up: {}", self.why(id)))
            }
            _ => return Vec::new(),
        };
        self.attachments.forget(id);
        let mut events = Vec::new();
        for test in list::tests().iter().filter(|test| test.class() == class) {
            let Some(state) = self.states.get_mut(test.name) else { continue };
            state.seen = true;
            if state.ended.is_none() {
                state.ended = Some(Ended { outcome: outcome.clone(), elapsed_ms: 0 });
                events.push(Event::Finished(test));
            }
        }
        events
    }

    fn beside(&mut self, id: &str, status: Status) -> Vec<Event> {
        if matches!(status, Status::Fail | Status::UnexpectedSuccess) && self.remarks.len() < REMARKS {
            let why = self.why(id);
            self.remarks.push(format!("{}: {why}", reason::one_line(id, &self.secrets)));
        }
        if status != Status::InProgress {
            self.attachments.forget(id);
        }
        Vec::new()
    }

    fn why(&self, id: &str) -> String {
        let text = self.attachments.traceback(id);
        let found = reason::of_traceback(&text, &self.secrets);
        if found.is_empty() { "Tempest gives no reason".to_owned() } else { found }
    }

    fn skipped(&self, id: &str) -> String {
        let found = reason::one_line(&self.attachments.reason(id), &self.secrets);
        if found.is_empty() { "Tempest skipped it without a reason".to_owned() } else { found }
    }
}

/// `setUpClass (tempest.api.….Class)` → the class.
fn class_of<'a>(id: &'a str, what: &str) -> Option<&'a str> {
    id.strip_prefix(what)?.trim_start().strip_prefix('(')?.strip_suffix(')')
}

fn failed(test: &Test, found: &str) -> Outcome {
    let finding = Finding {
        severity: Severity::Violation,
        rule: "scs-0128: Tempest must not report a failed test of the list".to_owned(),
        url: list::URL.to_owned(),
        object: ObjectRef { name: test.case().to_owned(), id: None },
        expected: "success or a skip".to_owned(),
        found: found.to_owned(),
        fix: String::new(),
    };
    Outcome { verdict: Verdict::Fail, findings: vec![finding], ..Outcome::pass() }
}

#[cfg(test)]
mod tests;
