//! Watching Tempest: its stream into results and into a file, a stop if one is asked for or the time is over.

use std::fs::File;
use std::io::Write;
use std::time::Duration;

use kogge_clock::Clock;
use kogge_conform::{Events, Finding, ObjectRef, Problem, Report, Severity};
use tokio::io::AsyncReadExt;
use tokio::process::ChildStdout;
use tokio::time::Instant;

use super::{Options, Prepared, Stop, results, secrets};
use crate::group::{Group, STEPS};
use crate::list::{self, Test};
use crate::place::Place;
use crate::subunit::{Piece, Reader};
use crate::tally::{Event, Tally};

/// How much of the stream is kept in a file, in bytes.
const KEPT: u64 = 1 << 30;
/// How often the report is shown anew, at most.
const SHOWN: Duration = Duration::from_millis(200);
/// How long the leader may take to end after its stream has.
const LAST: Duration = Duration::from_secs(30);

pub(super) struct Watch<'a> {
    prepared: &'a Prepared,
    report: &'a mut Report,
    events: &'a mut dyn Events,
    clock: Clock,
    tally: Tally,
    copy: File,
    copied: u64,
    ending: String,
    /// When the report is to be shown anew, if something changed.
    show: Option<Instant>,
}

impl<'a> Watch<'a> {
    pub(super) fn new(
        prepared: &'a Prepared,
        place: &Place,
        report: &'a mut Report,
        events: &'a mut dyn Events,
        clock: Clock,
    ) -> Result<Self, Problem> {
        let tally = Tally::new(&prepared.planned.run, secrets(&prepared.accounts));
        let copy = place.create("run.subunit")?;
        Ok(Self {
            prepared,
            report,
            events,
            clock,
            tally,
            copy,
            copied: 0,
            ending: String::new(),
            show: None,
        })
    }

    /// Reads until the stream ends or the group has been stopped.
    pub(super) async fn follow(&mut self, mut group: Group, options: &Options) -> Stop {
        let Some(output) = group.output() else { return Stop::Itself };
        let stop = self.read(output, &group, options).await;
        let status = group.end(LAST).await;
        self.ending = status.map_or_else(|| "it did not end".to_owned(), |status| status.to_string());
        stop
    }

    async fn read(&mut self, mut output: ChildStdout, group: &Group, options: &Options) -> Stop {
        let mut reader = Reader::default();
        let mut buffer = vec![0; 64 * 1024];
        let mut stop = Stop::Itself;
        let mut steps = STEPS.iter();
        let mut next = Instant::now() + options.deadline;
        loop {
            tokio::select! {
                read = output.read(&mut buffer) => match read {
                    Ok(0) | Err(_) => break,
                    Ok(length) => {
                        let bytes = buffer.get(..length).unwrap_or_default();
                        self.keep(bytes);
                        reader.push(bytes).into_iter().for_each(|piece| self.take(piece));
                    }
                },
                () = options.abort.cancelled() => {
                    stop = Stop::Cancelled;
                    break;
                }
                () = options.cancel.cancelled(), if stop == Stop::Itself => {
                    stop = Stop::Cancelled;
                    next = Instant::now();
                }
                () = at(self.show) => self.show(),
                () = tokio::time::sleep_until(next) => {
                    if stop == Stop::Itself {
                        stop = Stop::OutOfTime(options.deadline);
                    }
                    let Some((signal, patience)) = steps.next() else { break };
                    group.signal(*signal);
                    next = Instant::now() + *patience;
                }
            }
        }
        reader.finish().into_iter().for_each(|piece| self.take(piece));
        stop
    }

    fn take(&mut self, piece: Piece) {
        for event in self.tally.take(piece) {
            match event {
                Event::Started(test) => self.events.started(&test.description()),
                Event::Finished(test) => self.finished(test),
            }
        }
    }

    fn finished(&mut self, test: &'static Test) {
        let Some(ended) = self.tally.ended(test).cloned() else { return };
        let result = results::ended(self.prepared, test, ended.outcome, ended.elapsed_ms);
        let result = result.ended_at(self.clock.now());
        self.events.finished(&result);
        self.put(result);
        self.show.get_or_insert_with(|| Instant::now() + SHOWN);
    }

    fn show(&mut self) {
        self.show = None;
        self.report.summarize();
        self.events.updated(self.report);
    }

    fn put(&mut self, result: kogge_conform::CheckResult) {
        if let Some(place) = self.report.results.iter_mut().find(|other| other.id == result.id) {
            *place = result;
        }
    }

    /// What has no end gets its reason; what happened beside the tests is noted on their classes.
    pub(super) fn end(&mut self, stop: Stop, version: &str, place: &Place) {
        let said = self.said(place);
        for test in &self.prepared.planned.run {
            if self.tally.ended(test).is_some() {
                continue;
            }
            let outcome =
                results::unfinished(stop, self.tally.seen(test), self.tally.any_seen(), version, &said);
            let result = results::ended(self.prepared, test, outcome, 0);
            self.events.finished(&result);
            self.put(result);
        }
        for remark in self.tally.remarks().to_vec() {
            self.remark(&remark);
        }
    }

    /// `tearDownClass (C): why` becomes a warning on the last test of C; anything else goes to the log.
    fn remark(&mut self, remark: &str) {
        let class = remark.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map(|(class, _)| class);
        let of_class = |id: &str| list::find(id).is_some_and(|test| Some(test.class()) == class);
        let Some(result) = self.report.results.iter_mut().rev().find(|result| of_class(&result.id)) else {
            tracing::warn!(remark, "Tempest failed beside its tests");
            return;
        };
        result.findings.push(Finding {
            severity: Severity::Warning,
            rule: "scs-0128: what a class makes is removed again".to_owned(),
            url: list::URL.to_owned(),
            object: ObjectRef { name: class.unwrap_or_default().to_owned(), id: None },
            expected: "a class that ends without an error".to_owned(),
            found: remark.to_owned(),
            fix: String::new(),
        });
    }

    /// How Tempest ended and the last that it printed, in one line.
    fn said(&self, place: &Place) -> String {
        let printed = std::fs::read(place.join("run.err")).unwrap_or_default();
        let printed = String::from_utf8_lossy(&printed[printed.len().saturating_sub(2000)..]).into_owned();
        let last: Vec<&str> = printed.lines().filter(|line| !line.trim().is_empty()).collect();
        let last = last[last.len().saturating_sub(2)..].join(" ");
        let stray = self.tally.stray();
        let text =
            [self.ending.as_str(), &last, &stray].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>();
        text.join("; ").chars().filter(|c| !c.is_control()).take(500).collect()
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.copied += bytes.len() as u64;
        // a full disk must not end the run; the results are in the report
        if self.copied <= KEPT
            && let Err(error) = self.copy.write_all(bytes)
        {
            tracing::warn!(%error, "the stream could not be kept");
            self.copied = KEPT;
        }
    }
}

/// Waits until then; for ever if there is no such moment.
async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
