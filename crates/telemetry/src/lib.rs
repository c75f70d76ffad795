//! Logs, and the Prometheus page.
//!
//! One line per request at the front door, dotted field names (`server.id`, `project.id`, `request.id`), errors
//! logged once, secrets never. Metrics have few labels, and never ids.

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::writer::BoxMakeWriter;

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
    /// Somebody else collects already.
    #[error("logs or metrics are collected already in this process")]
    Twice,
}

/// Starts logging to standard error. Call it once.
///
/// # Errors
/// [`TelemetryError`] for a wrong level or a second call.
pub fn start_logs(level: &str, json: bool) -> Result<(), TelemetryError> {
    let filter = EnvFilter::try_new(level)
        .map_err(|error| TelemetryError::Level { level: level.to_owned(), because: error.to_string() })?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(BoxMakeWriter::new(std::io::stderr))
        .with_ansi(false);
    let started = if json { builder.json().try_init() } else { builder.try_init() };
    started.map_err(|_| TelemetryError::Twice)
}

/// The metrics of this process.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

/// Bounds of the histograms, in seconds: 0.1 ms to 10 s.
const BOUNDS: &[f64] = &[0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0];

impl Metrics {
    /// Starts to collect. Only the first in a process sees anything.
    ///
    /// # Errors
    /// [`TelemetryError::Twice`] where another recorder is installed.
    pub fn start() -> Result<Self, TelemetryError> {
        let suffix = Matcher::Suffix("_seconds".to_owned());
        PrometheusBuilder::new()
            .set_buckets_for_metric(suffix, BOUNDS)
            .and_then(PrometheusBuilder::install_recorder)
            .map(Self)
            .map_err(|_| TelemetryError::Twice)
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

    #[test]
    fn a_wrong_level_is_named() {
        let error = start_logs("loud=very", false).unwrap_err();
        assert!(error.to_string().contains("loud=very"));
    }
}
