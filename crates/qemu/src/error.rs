//! What can go wrong with QEMU and its tools.

use crate::qmp::QmpError;

/// A failure of QEMU or one of its tools, in words that may become a server's fault.
#[derive(Debug, thiserror::Error)]
pub enum QemuError {
    /// A program is missing or cannot be started.
    #[error("cannot start {program}: {because}; install the packages that this crate's README lists")]
    NoProgram {
        /// The program.
        program: String,
        /// The system's words.
        because: String,
    },
    /// A program ended with an error.
    #[error("{program} failed: {because}")]
    Failed {
        /// The program and what it was to do.
        program: String,
        /// The last lines of what it said.
        because: String,
    },
    /// A program did not end in time and was killed.
    #[error("{program} was not done after {seconds} s and was killed")]
    TooSlow {
        /// The program and what it was to do.
        program: String,
        /// The limit.
        seconds: u64,
    },
    /// QEMU ended before it answered.
    #[error("QEMU ended at its start: {because}")]
    DiedAtStart {
        /// The last lines of its log.
        because: String,
    },
    /// The accelerator that was ordered does not work.
    #[error("accelerator {wanted} does not work on this host: {because}; use accel = \"auto\" or \"tcg\"")]
    NoAccelerator {
        /// The accelerator.
        wanted: &'static str,
        /// What the probe saw.
        because: String,
    },
    /// The monitor refused or is gone.
    #[error(transparent)]
    Qmp(#[from] QmpError),
    /// All slots of a running guest are taken.
    #[error(
        "the guest has no free slot left for another device; it gets the device and new free slots when it is \
         stopped and started, or rebooted"
    )]
    NoSlot,
    /// A file could not be read or written.
    #[error("{what}: {because}")]
    File {
        /// The file and what was to be done with it.
        what: String,
        /// The system's words.
        because: std::io::Error,
    },
    /// The input can never work.
    #[error("{because}")]
    Refused {
        /// Why.
        because: String,
    },
}

impl QemuError {
    /// For `map_err` on file operations: `what` names the file and the deed.
    pub(crate) fn file(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |because| Self::File { what, because }
    }
}

/// The last lines of what a program said, at most 500 characters; `otherwise` where it said nothing.
pub(crate) fn last_words(said: &[u8], otherwise: &str) -> String {
    let text = String::from_utf8_lossy(said);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if lines.is_empty() {
        return otherwise.to_owned();
    }
    let words = lines[lines.len().saturating_sub(3)..].join("; ");
    let skip = words.chars().count().saturating_sub(500);
    words.chars().skip(skip).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_words_are_short() {
        assert_eq!(last_words(b"", "exit status: 1"), "exit status: 1");
        assert_eq!(last_words(b"a\n\nb\nc\nd\n", ""), "b; c; d");
        assert_eq!(last_words("ä".repeat(9_999).as_bytes(), "").chars().count(), 500);
    }
}
