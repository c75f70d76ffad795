//! Why a transfer came to nothing.

use std::io;
use std::time::Duration;

/// Why a transfer came to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReceiveError {
    /// More bytes than allowed.
    #[error("it is larger than {0} bytes")]
    TooLong(u64),
    /// The project's quota has no room for more.
    #[error("its project's quota has no room for it")]
    NoRoom,
    /// The sender drips.
    #[error("less than {0} bytes per second came")]
    Slow(u64),
    /// The sender fell silent.
    #[error("nothing came for {} seconds", .0.as_secs())]
    Idle(Duration),
    /// The sender broke off.
    #[error("the transfer broke off: {0}")]
    Broken(String),
    /// The first bytes are dangerous.
    #[error("{0}")]
    Dangerous(String),
    /// The receiver was told to stop.
    #[error("the transfer was given up")]
    GivenUp,
    /// The disk failed or is full.
    #[error("the image store failed: {0}")]
    Disk(#[from] io::Error),
}
