//! What commands print: short text for people, stable JSON for programs.

use std::io::{IsTerminal, Write};

use clap::ValueEnum;
use kogge_conform::printable::steers_a_terminal;
use kogge_conform::render::terminal::Style;
use serde::Serialize;

use crate::exit::Failure;

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Default)]
pub enum Output {
    /// For people.
    #[default]
    Text,
    /// For programs; stable.
    Json,
}

/// How wide text for people may be, and whether it is coloured: as the terminal is, and NO_COLOR says.
#[must_use]
pub fn style() -> Style {
    let terminal = std::io::stdout().is_terminal();
    let coloured = terminal
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
    // what goes into a file or a pipe is searched by lines
    Style { width: terminal.then(|| textwrap::termwidth().max(40)), coloured, verbose: false }
}

/// Prints one line.
pub fn line(text: &str) {
    // a reader that went away is no reason to fail
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Says on standard error what went wrong, if anybody listens there.
pub fn complain(text: &str) {
    // the priority of an error, for a journal: of each line, as it knows no longer texts
    let mark = if kogge_telemetry::into_journal() { "<3>" } else { "" };
    let text = text.replace('\n', &format!("\n{mark}"));
    let _ = writeln!(std::io::stderr(), "{mark}kogge: {text}");
}

/// One line for people on standard error, beside what is printed; as `eprintln!`, but a reader that went away ends nothing.
macro_rules! tell {
    ($($text:tt)*) => {
        $crate::output::to_people(format_args!($($text)*))
    };
}
pub(crate) use tell;

/// What [`tell`] does.
pub(crate) fn to_people(text: std::fmt::Arguments<'_>) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Prints `value` as JSON, or as `text` says.
///
/// # Errors
/// Where the value is no JSON, which is a bug.
pub fn show<T: Serialize>(output: Output, value: &T, text: impl FnOnce(&T) -> String) -> Result<(), Failure> {
    match output {
        Output::Text => line(text(value).trim_end()),
        Output::Json => {
            line(&serde_json::to_string_pretty(value).map_err(|error| Failure::Bug(error.to_string()))?);
        }
    }
    Ok(())
}

/// The text with everything that steers a terminal but the line feed written out.
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if steers_a_terminal(c) && c != '\n' { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    shown
}

/// A table with a head, without frame.
#[must_use]
pub fn table(head: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_header(head.iter().copied());
    table.add_rows(rows);
    if let Some(width) = style().width {
        let width = u16::try_from(width).unwrap_or(u16::MAX);
        table.set_content_arrangement(comfy_table::ContentArrangement::Dynamic).set_width(width);
    }
    let text = table.to_string();
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_written_out() {
        assert_eq!(printable("a\u{1b}[31mb\nü\u{202e}"), "a\\u{1b}[31mb\nü\\u{202e}");
    }
}
