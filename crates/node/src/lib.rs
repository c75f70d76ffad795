//! The node agent: one actor per instance, reconciled to its desired state.
//!
//! [`QemuNode`] implements [`kogge_node_api::Node`] with QEMU. Each instance has a directory, a record in it that is
//! written before anything is done, and an actor (a task that alone owns both). Whatever happens — a new desired
//! state, an event of the guest, a step that ended or failed, a timer — the actor looks at the record and at the
//! process and asks one pure function (`step::next`) what to do:
//!
//! ```text
//!             build            start                    take down
//!   nothing ────────▶ disks ──────────▶ guest runs ─────────────────▶ no process
//!                       ▲                │ pause ▲                      │
//!                       │                ▼       │ resume               │ start
//!                       │              paused ───┘      ◀───────────────┘
//!                       └─ destroyed from every state; guest off by itself or crashed: stays so until a
//!                          newer generation (or a reboot order) says otherwise
//! ```
//!
//! Network interfaces come and go while the guest runs (`nics`): the record names them first, then the tap is made behind
//! its port's rules, then the guest gets the device; and back in the opposite order.
//!
//! So do volumes (`volumes`): the record says what may be open before it is, and forgets it after it is closed. Their
//! files are opened by the agent (`volume_file`) and handed to QEMU open: they belong to no guest.
//!
//! What nobody asked for is never destroyed: it is kept in quarantine, and what cannot be understood is left alone.
//!
//! Guests outlive the agent: a restarted agent finds their processes by their directory and takes them over. After a
//! restart of the machine what ran is started again.

mod actor;
mod agent;
mod bases;
mod blocking;
mod cloud;
mod config;
mod consoles;
mod disks;
mod epoch;
mod host;
mod keys;
mod launch;
mod layout;
mod memory;
mod metadata;
mod networking;
mod nics;
mod open_volumes;
mod quarantine;
mod record;
mod rescue;
mod shut_down;
mod step;
mod survey;
mod users;
mod volume_file;
mod volumes;
mod wiring;

pub use agent::QemuNode;
pub use cloud::adopt;
pub use config::{NodeConfig, Patience, VolumeBackend};
pub use metadata::MetadataBook;
pub use quarantine::{instances, quarantined, running};
pub use shut_down::Guests;
pub use users::{UserRange, trial_user};
pub use wiring::{NoWiring, Wiring};
