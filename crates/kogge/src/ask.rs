//! Asking a yes-or-no question on the terminal, before anything is changed.

use std::io::{IsTerminal, Write};

use crate::exit::Failure;

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Agreed.
    Yes,
    /// Anything else.
    No,
    /// There is no terminal.
    Nobody,
}

/// Asks, if there is somebody to ask.
///
/// # Errors
/// Where the answer cannot be read.
pub async fn ask(question: &str) -> Result<Answer, Failure> {
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return Ok(Answer::Nobody);
    }
    let _ = write!(std::io::stdout(), "{question} [y/N] ");
    let _ = std::io::stdout().flush();
    let read = || {
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).map(|_| answer)
    };
    let answer = tokio::task::spawn_blocking(read).await.map_err(|error| Failure::Bug(error.to_string()))?;
    let answer = answer.map_err(|error| Failure::outside("reading the answer", error))?;
    Ok(if is_yes(&answer) { Answer::Yes } else { Answer::No })
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_is_one() {
        assert!(is_yes("y\n") && is_yes(" YES "));
        assert!(!is_yes("") && !is_yes("\n") && !is_yes("yep") && !is_yes("n"));
    }
}
