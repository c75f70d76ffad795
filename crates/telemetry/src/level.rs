//! `log.level`: which lines are written.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;

use crate::TelemetryError;

/// Reads a filter: levels (`info`), and levels of parts of the program (`kogge_compute=debug`), with commas between.
/// A word that is no level is refused: the library behind takes it for a part of the program, and says nothing.
///
/// # Errors
/// [`TelemetryError::Level`].
pub fn level_filter(given: &str) -> Result<EnvFilter, TelemetryError> {
    let wrong = |because: String| TelemetryError::Level { level: given.to_owned(), because };
    let parts: Vec<&str> = given.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
    for part in &parts {
        let level = part.rsplit_once('=').map_or(*part, |(_, level)| level);
        if level.parse::<LevelFilter>().is_err() {
            return Err(wrong(format!(
                "`{level}` is none of error, warn, info, debug, trace, off; parts of the program are written as \
                 kogge_compute=debug"
            )));
        }
    }
    if parts.is_empty() {
        return Err(wrong("it is empty".to_owned()));
    }
    EnvFilter::try_new(parts.join(",")).map_err(|error| wrong(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_and_parts_are_read_and_slips_are_refused() {
        for good in ["info", "INFO", "warn,kogge_compute=debug", "off", "info, kogge_db=trace"] {
            assert!(level_filter(good).is_ok(), "{good}");
        }
        for bad in ["inof", "kogge_compute", "info,kogge_compute=lots", "loud=very", "", "infos,warn"] {
            let error = level_filter(bad).unwrap_err().to_string();
            assert!(error.contains(bad), "{error}");
        }
    }
}
