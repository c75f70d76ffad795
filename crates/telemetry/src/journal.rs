//! Logging into systemd's journal.
//!
//! Where standard error goes into the journal, systemd says so (`JOURNAL_STREAM`, systemd.exec(5)). The journal notes the
//! time by itself and reads the priority of a line from `<N>` at its begin (sd-daemon(3)): so lines have neither time nor
//! level there, and `journalctl -p warning` finds what it should.

use std::fmt;

use nix::sys::stat::fstat;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::{Format, Full, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// Whether what is written to standard error goes into the journal.
#[must_use]
pub fn into_journal() -> bool {
    let Ok(facts) = fstat(std::io::stderr()) else { return false };
    std::env::var("JOURNAL_STREAM").is_ok_and(|stream| is_stream(&stream, facts.st_dev, facts.st_ino))
}

/// Whether `JOURNAL_STREAM` names this file: it is inherited, also by programs whose output goes elsewhere.
fn is_stream(named: &str, device: u64, inode: u64) -> bool {
    named.split_once(':').is_some_and(|(dev, ino)| dev.parse() == Ok(device) && ino.parse() == Ok(inode))
}

/// Lines that begin with their priority.
pub(crate) struct Marked<F>(pub(crate) F);

impl Marked<Format<Full, ()>> {
    /// Text without what the journal knows by itself.
    pub(crate) fn text<T>(format: Format<Full, T>) -> Self {
        Self(format.without_time().with_level(false))
    }
}

/// The priorities of syslog(3): error, warning, informational, debug.
const fn priority(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        Level::DEBUG | Level::TRACE => 7,
    }
}

impl<S, N, F> FormatEvent<S, N> for Marked<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        write!(writer, "<{}>", priority(*event.metadata().level()))?;
        self.0.format_event(context, writer, event)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[test]
    fn only_the_named_file_is_the_journal() {
        assert!(is_stream("8:123", 8, 123));
        for other in ["8:124", "9:123", "8", "", ":", "8:123:1", "a:b"] {
            assert!(!is_stream(other, 8, 123), "{other}");
        }
    }

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, part: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(part);
            Ok(part.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_has_its_priority_and_neither_time_nor_level() {
        let written = Written::default();
        let to = written.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(Level::TRACE)
            .with_ansi(false)
            .with_writer(move || to.clone())
            .map_event_format(Marked::text)
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::error!(server.id = 7, "it broke");
            tracing::warn!("it may break");
            tracing::info!("it works");
            tracing::debug!("it ticks");
        });
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        let target = "kogge_telemetry::journal::tests:";
        let wanted = format!(
            "<3>{target} it broke server.id=7\n<4>{target} it may break\n<6>{target} it works\n<7>{target} it ticks\n"
        );
        assert_eq!(text, wanted);
    }
}
