//! What is said in each call: the arguments of the trait's functions as JSON.
//!
//! An answer is JSON with status 200. What the node itself could not or would not do is a
//! [`kogge_node_api::NodeError`] with status 422; every other status is trouble on the way, after which the call is made
//! again where it may help.

use std::time::Duration;

use http::StatusCode;
use kogge_ids::ServerId;
use kogge_node_api::{
    ConsoleKind, Cursor, DesiredInstance, Epoch, ImageHead, NetworkingChange, SetAside, Slot,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Marks an error of the node's.
pub(crate) const SAID_NO: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
/// Carries [`PutImage`] or [`OpenConsole`] in base64, since the body is a stream.
pub(crate) const ORDER: &str = "kogge-order";
/// Carries the length of a disk's copy.
pub(crate) const BYTES: &str = "kogge-bytes";
/// Longest JSON text that a node reads, in bytes: the networking of some ten thousand ports.
pub(crate) const LONGEST_ORDER: usize = 32 << 20;
/// Longest JSON text that a control plane reads, in bytes.
pub(crate) const LONGEST_ANSWER: usize = 64 << 20;
/// Longest wait for a change that a node grants.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(120);

/// Of a call without arguments.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Nothing {}

/// Of `take_command`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TakeCommand {
    pub at_least: Epoch,
    /// Which call it is: said twice, it is still one.
    pub claim: Uuid,
}

/// Of `apply`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Apply {
    pub by: Epoch,
    pub desired: DesiredInstance,
}

/// Of `remove`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Remove {
    pub by: Epoch,
    pub id: ServerId,
    pub generation: i64,
}

/// Of `observe_since`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ObserveSince {
    pub cursor: Option<Cursor>,
    /// Milliseconds.
    pub wait: u64,
}

/// Of `set_aside`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Aside {
    pub by: Epoch,
    pub id: ServerId,
    pub note: SetAside,
}

/// Of `take_back` and `discard`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    pub by: Epoch,
    pub id: ServerId,
}

/// Of `console_output`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Console {
    pub id: ServerId,
    pub lines: Option<u32>,
}

/// Of `open_console`, in the header [`ORDER`], since the body is what goes to the console.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct OpenConsole {
    pub id: ServerId,
    pub kind: ConsoleKind,
}

/// Of `export_disk`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Export {
    pub id: ServerId,
    #[serde(default = "Slot::root")]
    pub slot: Slot,
}

/// Of `put_image`, in the header [`ORDER`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PutImage {
    pub by: Epoch,
    pub head: ImageHead,
}

/// Of `apply_networking`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ApplyNetworking {
    pub by: Epoch,
    pub change: NetworkingChange,
}
