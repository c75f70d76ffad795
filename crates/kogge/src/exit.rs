//! Exit codes, and what ends a command early.

use std::process::ExitCode;

/// How a command ended. Source: style.md §11; documented in the README.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done; all checks passed.
    Pass,
    /// A bug in us.
    Bug,
    /// The command line or the configuration is wrong.
    Usage,
    /// Checks failed.
    ChecksFailed,
    /// The outside did not let us: no cloud, no rights, no network.
    CouldNotRun,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Pass => 0,
            Exit::Bug => 1,
            Exit::Usage => 2,
            Exit::ChecksFailed => 3,
            Exit::CouldNotRun => 4,
        })
    }
}

/// What ends a command early, for its reader: what, why, what to try.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The user can mend it on the command line or in the file.
    #[error("{0}")]
    Usage(String),
    /// The outside does not let us.
    #[error("{0}")]
    Outside(String),
    /// It should not happen.
    #[error("{0} (this is a bug in kogge)")]
    Bug(String),
}

impl Failure {
    /// Its exit code.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::Outside(_) => Exit::CouldNotRun,
            Self::Bug(_) => Exit::Bug,
        }
    }

    /// A [`Failure::Outside`] that says what was tried.
    pub fn outside(tried: &str, because: impl std::fmt::Display) -> Self {
        Self::Outside(format!("{tried}: {because}"))
    }
}

impl From<kogge_config::ConfigError> for Failure {
    fn from(error: kogge_config::ConfigError) -> Self {
        Self::Usage(error.to_string())
    }
}
