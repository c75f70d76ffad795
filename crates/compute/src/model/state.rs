//! What users see of a server's state: a pure function of intent, place, observation and fault.
//!
//! ```text
//!             reached 0          reached         stop/pause           resize
//!   create ──▶ BUILD ──────────▶ ACTIVE ◀──────▶ SHUTOFF, PAUSED   ACTIVE ──▶ RESIZE ──▶ VERIFY_RESIZE
//!                │ fault           │ fault            │                          confirm │   │ revert
//!                └────▶ ERROR ◀────┴──────────────────┘                          ACTIVE ◀┘   └▶ REVERT_RESIZE ──▶ ACTIVE
//!   delete from anywhere: task `deleting`, then DELETED.   A fault that goes away takes ERROR with it.
//! ```

use kogge_node_api::InstanceState;
use kogge_resource::words;

use crate::model::server::{Doing, Power, Server, Shelf, ShelfPlace};

words! {
    /// Nova's `vm_state`: what the server is when nothing goes on.
    pub enum VmState {
        /// Never ran.
        Building = "building",
        /// Runs.
        Active = "active",
        /// Stands still.
        Paused = "paused",
        /// Does not run, and goes on from its memory.
        Suspended = "suspended",
        /// Does not run.
        Stopped = "stopped",
        /// Has another shape that waits to be confirmed.
        Resized = "resized",
        /// Runs from another disk, so that its own can be mended.
        Rescued = "rescued",
        /// Is off, with a picture of its disk.
        Shelved = "shelved",
        /// Is on no host.
        ShelvedOffloaded = "shelved_offloaded",
        /// Was deleted, and can be brought back.
        SoftDeleted = "soft-delete",
        /// Is not as it should be.
        Error = "error",
        /// Is gone.
        Deleted = "deleted",
    }
}

/// All that users see of a server's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    /// What it is.
    pub vm_state: VmState,
    /// What goes on.
    pub task_state: Option<&'static str>,
    /// Nova's number: 0 none, 1 running, 3 paused, 4 shut down, 6 crashed.
    pub power_state: i64,
    /// The word that users know.
    pub status: &'static str,
}

/// The state of `server` as users see it.
#[must_use]
pub fn view(server: &Server) -> View {
    let vm_state = vm_state(server);
    let task_state = task_state(server, vm_state);
    View { vm_state, task_state, power_state: power_state(server), status: status(vm_state, task_state) }
}

fn vm_state(server: &Server) -> VmState {
    let intent = &server.intent;
    let moving = server.observed.reached < intent.generation;
    if server.deleted_at.is_some() {
        return VmState::Deleted;
    }
    if intent.reclaim_at.is_some() {
        return VmState::SoftDeleted;
    }
    if intent.called_broken || server.fault().is_some() {
        return VmState::Error;
    }
    if let Some(shelf) = &intent.shelf {
        return on_shelf(server, shelf).0;
    }
    if !server.was_built() {
        return VmState::Building;
    }
    let rescued = intent.rescue.is_some() && !(moving && intent.doing == Doing::Rescuing);
    if rescued || (moving && intent.doing == Doing::Unrescuing) {
        return VmState::Rescued;
    }
    let waits_for_confirmation =
        intent.resized_from.is_some() && !(moving && intent.doing == Doing::Resizing);
    if waits_for_confirmation || (moving && intent.doing == Doing::Reverting) {
        return VmState::Resized;
    }
    match server.observed.state {
        InstanceState::Running => VmState::Active,
        InstanceState::Paused => VmState::Paused,
        InstanceState::Suspended => VmState::Suspended,
        InstanceState::Stopped | InstanceState::Crashed => VmState::Stopped,
        InstanceState::Building if intent.power == Power::Stopped => VmState::Stopped,
        InstanceState::Building if intent.power == Power::Paused => VmState::Paused,
        InstanceState::Building => VmState::Active,
    }
}

fn task_state(server: &Server, vm_state: VmState) -> Option<&'static str> {
    if vm_state == VmState::Deleted {
        return None;
    }
    if server.intent.gone {
        return Some("deleting");
    }
    if vm_state == VmState::Error {
        return None;
    }
    if let Some(shelf) = &server.intent.shelf {
        return on_shelf(server, shelf).1;
    }
    if server.observed.reached >= server.intent.generation {
        return picturing(server);
    }
    match server.intent.doing {
        Doing::Spawning if server.placed.host.is_none() => Some("scheduling"),
        Doing::Spawning => Some("spawning"),
        Doing::PoweringOn => Some("powering-on"),
        Doing::PoweringOff => Some("powering-off"),
        Doing::Rebooting => Some("rebooting"),
        Doing::RebootingHard => Some("rebooting_hard"),
        Doing::Pausing => Some("pausing"),
        Doing::Unpausing => Some("unpausing"),
        Doing::Suspending => Some("suspending"),
        Doing::Resuming => Some("resuming"),
        Doing::Rebuilding if server.observed.disk < server.intent.disk => Some("rebuilding"),
        Doing::Rebuilding => Some("rebuild_spawning"),
        Doing::Resizing => Some("resize_finish"),
        Doing::Reverting => Some("resize_reverting"),
        Doing::Migrating => Some("migrating"),
        Doing::Rescuing => Some("rescuing"),
        Doing::Unrescuing => Some("unrescuing"),
        Doing::Shelving => Some("powering-on"),
        Doing::SoftDeleting => Some("soft-deleting"),
        Doing::Restoring => Some("restoring"),
        Doing::Updating => picturing(server),
    }
}

fn picturing(server: &Server) -> Option<&'static str> {
    let task = if server.backs_up() { "image_backup" } else { "image_uploading" };
    server.snapshot_pending().then_some(task)
}

/// What users see of a server on the shelf: what it is, and what goes on.
fn on_shelf(server: &Server, shelf: &Shelf) -> (VmState, Option<&'static str>) {
    let moving = server.observed.reached < server.intent.generation;
    match shelf.place {
        ShelfPlace::Kept if moving && server.intent.doing == Doing::Shelving => {
            (before(shelf), Some("shelving"))
        }
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

const fn power_state(server: &Server) -> i64 {
    if server.deleted_at.is_some() || !server.was_built() {
        return 0;
    }
    match server.observed.state {
        InstanceState::Building if server.intent.shelf.is_some() => 4,
        InstanceState::Building => 0,
        InstanceState::Running => 1,
        InstanceState::Paused => 3,
        // as libvirt says of a domain whose memory was saved
        InstanceState::Stopped | InstanceState::Suspended => 4,
        InstanceState::Crashed => 6,
    }
}

/// Nova's table from `vm_state` and `task_state` to the word that users know.
#[must_use]
pub fn status(vm_state: VmState, task_state: Option<&str>) -> &'static str {
    match (vm_state, task_state) {
        (VmState::Active, Some("rebooting")) => "REBOOT",
        (VmState::Active, Some("rebooting_hard")) => "HARD_REBOOT",
        (VmState::Active | VmState::Stopped | VmState::Error, Some("rebuilding" | "rebuild_spawning")) => {
            "REBUILD"
        }
        (VmState::Active | VmState::Stopped, Some("resize_finish")) => "RESIZE",
        (VmState::Active | VmState::Paused, Some("migrating")) => "MIGRATING",
        (VmState::Active, _) => "ACTIVE",
        (VmState::Building, _) => "BUILD",
        (VmState::Stopped, _) => "SHUTOFF",
        (VmState::Resized, Some("resize_reverting")) => "REVERT_RESIZE",
        (VmState::Resized, _) => "VERIFY_RESIZE",
        (VmState::Paused, _) => "PAUSED",
        (VmState::Suspended, _) => "SUSPENDED",
        (VmState::Rescued, _) => "RESCUE",
        (VmState::Shelved, _) => "SHELVED",
        (VmState::ShelvedOffloaded, _) => "SHELVED_OFFLOADED",
        (VmState::SoftDeleted, _) => "SOFT_DELETED",
        (VmState::Error, _) => "ERROR",
        (VmState::Deleted, _) => "DELETED",
    }
}

/// Every status that Nova knows. Filtering by another one is a mistake of the caller.
pub const STATUSES: &[&str] = &[
    "ACTIVE",
    "BUILD",
    "DELETED",
    "ERROR",
    "HARD_REBOOT",
    "MIGRATING",
    "PASSWORD",
    "PAUSED",
    "REBOOT",
    "REBUILD",
    "RESCUE",
    "RESIZE",
    "REVERT_RESIZE",
    "SHELVED",
    "SHELVED_OFFLOADED",
    "SHUTOFF",
    "SOFT_DELETED",
    "SUSPENDED",
    "VERIFY_RESIZE",
];

#[cfg(test)]
mod tests;
