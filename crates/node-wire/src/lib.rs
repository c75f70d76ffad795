//! The node protocol over HTTP/2 and mutual TLS: one request per call of [`kogge_node_api::Node`], and not one word more.
//!
//! ```text
//!   control plane                                                    another machine
//!   Arc<dyn Node> = WireNode ── POST /v1/apply, JSON, TLS ──▶ Server ── node.apply() ──▶ any Node
//!                    deadline, again where no answer came      bounds, fences, epochs are the node's own
//! ```
//!
//! What the trait promises makes the transport simple: every call may be repeated, doubled or late. So a call without
//! an answer is made again, and nothing has to be undone. Observations are long polls; images and disks are streams.
//!
//! Each side shows a certificate of the cloud's [`Authority`]: a node's is good for serving under its host's name only, the
//! control plane's for asking only. A node can therefore not command another one.

mod authority;
mod calls;
mod client;
mod server;
mod tls;

pub use authority::{Authority, Identity};
pub use client::{Deadlines, WireNode};
pub use server::{Server, router};

/// Why a connection cannot be prepared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{doing} failed: {because}")]
pub struct WireError {
    /// What was being done.
    pub doing: &'static str,
    /// Why it failed.
    pub because: String,
}

impl WireError {
    fn new(doing: &'static str, because: impl std::fmt::Display) -> Self {
        Self { doing, because: because.to_string() }
    }
}
