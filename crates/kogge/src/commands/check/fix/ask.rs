//! Asking before anything is changed.

use std::io::{IsTerminal, Write};

use crate::cli::fix::Fix;
use crate::exit::Failure;
use crate::output::Output;

/// Succeeds if the user agrees: by `--yes`, or by an answer on the terminal.
pub(super) async fn agreed(arguments: &Fix, output: Output, changes: usize) -> Result<(), Failure> {
    if arguments.yes {
        return Ok(());
    }
    let terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    if !terminal || output == Output::Json {
        let words = "nothing was changed: there is nobody to ask; look with --dry-run, then agree with --yes";
        return Err(Failure::Usage(words.to_owned()));
    }
    let _ = write!(std::io::stdout(), "Make these {changes} changes? [y/N] ");
    let _ = std::io::stdout().flush();
    let read = || {
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).map(|_| answer)
    };
    let answer = tokio::task::spawn_blocking(read).await.map_err(|error| Failure::Bug(error.to_string()))?;
    let answer = answer.map_err(|error| Failure::outside("reading the answer", error))?;
    if is_yes(&answer) { Ok(()) } else { Err(Failure::Usage("nothing was changed".to_owned())) }
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_yes_agrees() {
        assert!(is_yes("y\n") && is_yes(" YES \n"));
        assert!(!is_yes("") && !is_yes("\n") && !is_yes("no\n") && !is_yes("yesterday\n"));
    }

    #[tokio::test]
    async fn a_program_that_reads_json_is_never_asked() {
        let refused = agreed(&Fix::default(), Output::Json, 1).await.unwrap_err().to_string();
        assert!(refused.contains("--yes"), "{refused}");
        let yes = Fix { yes: true, ..Fix::default() };
        assert!(agreed(&yes, Output::Json, 1).await.is_ok());
    }
}
