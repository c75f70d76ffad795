//! Remote consoles, and who may open one.

use std::fmt::Write as _;

use kogge_clock::Timestamp;
use kogge_db::record;
use kogge_ids::ServerId;
use kogge_node_api::ConsoleKind;
use kogge_resource::words;
use sha2::{Digest as _, Sha256};

use crate::model::server::Server;
use crate::model::state;

words! {
    /// The consoles that there are, in Nova's words.
    pub enum ConsoleType {
        /// Screen, keyboard and pointer in a browser.
        NoVnc = "novnc",
        /// The serial line.
        Serial = "serial",
    }
}

impl ConsoleType {
    /// What the node calls it.
    #[must_use]
    pub const fn kind(self) -> ConsoleKind {
        match self {
            Self::NoVnc => ConsoleKind::Vnc,
            Self::Serial => ConsoleKind::Serial,
        }
    }
}

record! {
    /// The right to open a console of a server for a while, with a token that only its owner knows.
    pub ConsoleToken in "console_tokens" {
        /// SHA-256 of the token in hex.
        hash: String,
        /// Of which server.
        server as "server_id": ServerId,
        /// The host that it was on: on another one it is another console.
        host: String,
        /// Which console.
        kind: ConsoleType,
        /// Whether it was asked for over TLS: a page that was not may not open it.
        secure: bool,
        /// When it was asked for.
        created_at: Timestamp,
        /// When it ends.
        expires_at: Timestamp,
    }
}

/// What is kept of a token.
#[must_use]
pub fn hash(token: &str) -> String {
    Sha256::digest(token.as_bytes()).iter().fold(String::with_capacity(64), |mut text, byte| {
        // writing to a String cannot fail
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Why a server has no console now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoConsole {
    /// It does not run.
    NotReady,
    /// This goes on.
    Busy(&'static str),
}

/// The host on which a server has a console.
///
/// # Errors
/// Where it has none now.
pub fn host_of(server: &Server) -> Result<&str, NoConsole> {
    let view = state::view(server);
    match (server.placed.host.as_deref(), view.task_state) {
        (None, _) => Err(NoConsole::NotReady),
        (_, Some(task @ ("deleting" | "migrating"))) => Err(NoConsole::Busy(task)),
        // running, or standing still
        (Some(host), _) if matches!(view.power_state, 1 | 3) => Ok(host),
        _ => Err(NoConsole::NotReady),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_kept_as_its_sha_256() {
        assert_eq!(hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
