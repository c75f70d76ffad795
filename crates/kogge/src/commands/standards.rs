//! `kogge standards`: what the SCS standards say, without any cloud.

mod diff;
mod documents;
mod flavor_name;
mod lint;
mod list;
mod scopes;
mod show;
mod testcases;
mod timeline;

use kogge_standards::scope::{IAAS, KAAS};
use serde::Serialize;

use crate::cli::standards::Standards;
use crate::exit::{Exit, Failure};
use crate::output::{self, Output, printable};

/// Runs one of its commands.
///
/// # Errors
/// Where the command line names what is not there, or a file cannot be read.
pub async fn run(command: Standards) -> Result<Exit, Failure> {
    let ended = match command {
        Standards::List(arguments) => list::run(&arguments).await,
        Standards::Show(arguments) => show::run(&arguments).await,
        Standards::Diff(arguments) => diff::run(&arguments).await,
        Standards::Timeline(arguments) => timeline::run(&arguments).await,
        Standards::FlavorName(command) => flavor_name::run(command),
        Standards::Lint(arguments) => lint::run(&arguments),
    };
    // names out of files and from the web stand in messages too
    ended.map_err(|failure| match failure {
        Failure::Usage(text) => Failure::Usage(printable(&text)),
        Failure::Outside(text) => Failure::Outside(printable(&text)),
        Failure::Bug(text) => Failure::Bug(printable(&text)),
    })
}

/// What to say to somebody who wants to check by a scope that is known, but that kogge has no checks for.
#[must_use]
pub fn without_checks(scope: &str) -> Option<String> {
    (scope == KAAS).then(|| {
        format!(
            "kogge has no checks for {scope} yet, only for {IAAS}; \
             `kogge standards show {scope}` tells what it asks for"
        )
    })
}

/// Prints a value as JSON, or as the text says. Files of others go into the text, so what would steer the terminal is
/// written out.
fn print<T: Serialize>(output: Output, value: &T, text: impl FnOnce(&T) -> String) -> Result<(), Failure> {
    output::show(output, value, |value| printable(&text(value)))
}

/// A table without frame; without a head where there is none.
fn table(head: &[&str], rows: Vec<Vec<String>>) -> String {
    let text = output::table(head, rows);
    let lines = text.lines().map(|line| line.strip_prefix(' ').unwrap_or(line));
    lines.skip(usize::from(head.is_empty())).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_begin_at_the_margin_with_or_without_a_head() {
        let rows = || vec![vec!["a".to_owned(), "bc".to_owned()], vec!["def".to_owned(), "g".to_owned()]];
        assert_eq!(table(&[], rows()), "a    bc\ndef  g");
        assert_eq!(table(&["x", "y"], rows()), "x    y\na    bc\ndef  g");
        assert_eq!(table(&["x"], vec![]), "x");
    }
}
