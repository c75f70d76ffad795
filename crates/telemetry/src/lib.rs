//! Logs, and the Prometheus page.
//!
//! One line per request at the front door, dotted field names (`server.id`, `project.id`, `request.id`), errors
//! logged once, secrets never. Lines are written by a thread of their own ([`Logs`]): whatever happens to the log, the
//! cloud goes on. Metrics have few labels, and never ids.

mod file;
mod journal;
mod level;
mod lines;

pub use file::{LogFile, open_log};
pub use journal::into_journal;
pub use level::level_filter;

use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use journal::Marked;
use lines::{Lines, StandardError};

/// Telemetry could not be started.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter for levels does not parse.
    #[error("log.level `{level}` is not understood: {because}")]
    Level {
        /// What was given.
        level: String,
        /// Why not.
        because: String,
    },
    /// The log cannot be opened.
    #[error("the log {path} cannot be opened")]
    File {
        /// Its path.
        path: String,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// Somebody else collects already.
    #[error("logs or metrics are collected already in this process")]
    Twice,
}

/// How to log.
#[derive(Debug, Clone)]
pub struct LogOptions {
    /// Which lines: see [`level_filter`].
    pub level: String,
    /// JSON instead of text.
    pub json: bool,
    /// To which file; `None` for standard error, in the journal's manner where that goes into the journal.
    pub file: Option<LogFile>,
}

/// The log of this process.
#[derive(Clone)]
pub struct Logs(Lines);

impl Logs {
    /// Starts logging. Call it once. From then on nobody who logs ever waits or fails for the log, and panics are
    /// logged instead of printed.
    ///
    /// # Errors
    /// [`TelemetryError`] for a wrong level, a file that cannot be opened, or a second call.
    pub fn start(options: &LogOptions) -> Result<Self, TelemetryError> {
        let filter = level_filter(&options.level)?;
        let lines = match &options.file {
            Some(place) => file::Rotating::open(place.clone()).and_then(Lines::start),
            None => Lines::start(StandardError),
        };
        let lines = lines.map_err(|source| TelemetryError::File {
            path: options.file.as_ref().map_or_else(String::new, |place| place.path.display().to_string()),
            source,
        })?;
        let builder =
            tracing_subscriber::fmt().with_env_filter(filter).with_writer(lines.clone()).with_ansi(false);
        let started = match (options.file.is_none() && into_journal(), options.json) {
            (false, false) => builder.try_init(),
            (false, true) => builder.json().try_init(),
            (true, false) => builder.map_event_format(Marked::text).try_init(),
            (true, true) => builder.json().map_event_format(Marked).try_init(),
        };
        started.map_err(|_| TelemetryError::Twice)?;
        std::panic::set_hook(Box::new(|panic| {
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            let because = panic.payload_as_str().unwrap_or("without words");
            let thread = std::thread::current();
            tracing::error!(place, thread = thread.name().unwrap_or("?"), because, "panic: this is a bug");
        }));
        Ok(Self(lines))
    }

    /// Lets go of the file and opens what is at its place now (after a tool moved it). Nothing happens for standard
    /// error.
    pub fn reopen(&self) {
        self.0.reopen();
    }

    /// Waits until what was logged is written, but not for ever.
    pub fn flush(&self) {
        self.0.flush(Duration::from_millis(500));
    }
}

/// The metrics of this process.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

/// How often what was measured is put into its histogram.
const UPKEEP: Duration = Duration::from_secs(5);
/// Bounds of the histograms, in seconds: 0.1 ms to 10 s.
const BOUNDS: &[f64] = &[0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0];

impl Metrics {
    /// Starts to collect. Only the first in a process sees anything.
    ///
    /// # Errors
    /// [`TelemetryError::Twice`] where another recorder is installed.
    pub fn start() -> Result<Self, TelemetryError> {
        let suffix = Matcher::Suffix("_seconds".to_owned());
        let collected = PrometheusBuilder::new()
            .set_buckets_for_metric(suffix, BOUNDS)
            .and_then(PrometheusBuilder::install_recorder)
            .map_err(|_| TelemetryError::Twice)?;
        // what was measured is kept one by one until it is put into its histogram: also where nobody asks for the page
        let kept = collected.clone();
        let upkeep = move || {
            loop {
                std::thread::sleep(UPKEEP);
                kept.run_upkeep();
            }
        };
        // without that thread the page does it
        let _ = std::thread::Builder::new().name("metrics".to_owned()).spawn(upkeep);
        Ok(Self(collected))
    }

    /// The page for Prometheus.
    #[must_use]
    pub fn page(&self) -> String {
        self.0.run_upkeep();
        self.0.render()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_shows_what_was_counted() {
        let collected = Metrics::start().unwrap();
        metrics::counter!("kogge_test_total").increment(3);
        assert!(collected.page().contains("kogge_test_total 3"));
        assert!(Metrics::start().is_err());
    }
}
