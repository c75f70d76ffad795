//! `kogge man`: the pages of the manual, from the same tables as `--help`.

use std::path::Path;

use clap::CommandFactory;

use crate::cli::Cli;
use crate::exit::{Exit, Failure};

/// Writes `kogge.1`, `kogge-up.1`, `kogge-check-run.1` …, a page for each command.
///
/// # Errors
/// Where the directory cannot be written.
pub fn run(dir: &Path) -> Result<Exit, Failure> {
    let failed = |error| Failure::outside(&format!("writing pages into {}", dir.display()), error);
    std::fs::create_dir_all(dir).map_err(failed)?;
    clap_mangen::generate_to(Cli::command(), dir).map_err(failed)?;
    Ok(Exit::Pass)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names of the pages that a command and those below it must have.
    fn pages(command: &clap::Command, name: &str) -> Vec<String> {
        let mut names = vec![format!("{name}.1")];
        for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
            names.extend(pages(below, &format!("{name}-{}", below.get_name())));
        }
        names
    }

    #[test]
    fn every_command_that_help_shows_has_a_page_and_no_hidden_one() {
        let dir = tempfile::tempdir().unwrap();
        run(dir.path()).unwrap();
        for page in pages(&Cli::command(), "kogge") {
            let text = std::fs::read_to_string(dir.path().join(&page)).unwrap();
            assert!(text.contains(".TH ") && text.contains(".SH NAME"), "{page}: {text}");
        }
        assert!(!dir.path().join("kogge-man.1").exists());
    }
}
