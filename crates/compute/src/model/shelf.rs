//! Servers on the shelf: off, and after a while away from their host, from where an image of their disk brings them back.
//!
//! ```text
//!   shelve ──▶ off, picture taken ──▶ Kept ──(shelveOffload, or its time)──▶ Leaving ──▶ Away
//!                                      │ unshelve                                         │ unshelve
//!                                      ▼                                                  ▼
//!                                    Waking ──────────────▶ ACTIVE ◀───────────────── Returning
//! ```

use kogge_ids::ImageId;
use serde::{Deserialize, Serialize};

use super::server::{BirthDisk, Power, Server};
use super::state::VmState;

/// A server on the shelf.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shelf {
    /// The picture of its disk.
    pub image: ImageId,
    /// What its power was.
    pub power: Power,
    /// Where it is.
    pub place: ShelfPlace,
    /// When it leaves its host, in microseconds; nothing for not by itself.
    pub leaves_at: Option<i64>,
    /// What its disk is made from when it comes back: known once it leaves, for the image may be deleted after that.
    pub disk: Option<BirthDisk>,
}

/// Where a server on the shelf is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShelfPlace {
    /// On its host.
    Kept,
    /// On its way from its host.
    Leaving,
    /// On no host.
    Away,
    /// On its way back, from no host.
    Returning,
    /// On its way back, on its host.
    Waking,
}

impl Shelf {
    /// Whether it is to be found a host.
    #[must_use]
    pub const fn wants_host(&self) -> bool {
        matches!(self.place, ShelfPlace::Returning)
    }

    /// Whether it is done with once what was asked for is reached.
    #[must_use]
    pub const fn is_left(&self) -> bool {
        matches!(self.place, ShelfPlace::Returning | ShelfPlace::Waking)
    }
}

/// What users see of a server on the shelf: what it is, and what goes on.
#[must_use]
pub fn view(server: &Server, shelf: &Shelf) -> (VmState, Option<&'static str>) {
    let moving = server.observed.reached < server.intent.generation;
    match shelf.place {
        ShelfPlace::Kept if moving => (before(shelf), Some("shelving")),
        ShelfPlace::Kept if server.snapshot_pending() => (before(shelf), Some("shelving_image_uploading")),
        ShelfPlace::Kept => (VmState::Shelved, None),
        ShelfPlace::Leaving => (VmState::Shelved, Some("shelving_offloading")),
        ShelfPlace::Away => (VmState::ShelvedOffloaded, None),
        ShelfPlace::Waking => (VmState::Shelved, Some("powering-on")),
        ShelfPlace::Returning if server.placed.host.is_none() => {
            (VmState::ShelvedOffloaded, Some("unshelving"))
        }
        ShelfPlace::Returning => (VmState::ShelvedOffloaded, Some("spawning")),
    }
}

/// What it was when it was shelved.
const fn before(shelf: &Shelf) -> VmState {
    match shelf.power {
        Power::Running => VmState::Active,
        Power::Stopped => VmState::Stopped,
        Power::Paused => VmState::Paused,
        Power::Suspended => VmState::Suspended,
    }
}
