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
    /// Ctrl-C (SIGINT) ended it before it was done.
    Interrupted,
    /// SIGTERM ended it before it was done.
    Terminated,
}

impl Exit {
    /// What the shell sees: 0 to 4, and after a signal 128 more than its number, as from any program that it ends.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Bug => 1,
            Self::Usage => 2,
            Self::ChecksFailed => 3,
            Self::CouldNotRun => 4,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
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

    /// A [`Failure::outside`] that says all that an error is because of.
    pub(crate) fn caused(tried: &'static str) -> impl Fn(&dyn std::error::Error) -> Self {
        move |error| {
            let mut text = error.to_string();
            let mut source = error.source();
            while let Some(inner) = source {
                text.push_str(&format!(": {inner}"));
                source = inner.source();
            }
            Self::outside(tried, text)
        }
    }
}

impl From<kogge_config::ConfigError> for Failure {
    fn from(error: kogge_config::ConfigError) -> Self {
        Self::Usage(error.to_string())
    }
}
