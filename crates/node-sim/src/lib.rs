//! A whole hypervisor in memory, with faults and delays on demand.
//!
//! [`SimNode`] keeps the contract of [`kogge_node_api::Node`] without a process, a file or a root right:
//!
//! ```text
//!            apply            work done                 desired: stopped
//!   (none) ────────▶ Building ─────────▶ Running ◀────────────────────────▶ Stopped
//!                        │ fault            │  ▲ ▲
//!                        ▼                  │  │ └────────▶ Paused
//!                 Building + fault          ▼  │ newer generation
//!                                        Crashed
//! ```
//!
//! Work takes the time that [`Delays`] says, by the given clock; nothing runs in between, so an instance costs its
//! record only. Faults are ordered through [`Faults`], events of a guest's life through methods of [`SimNode`].

mod config;
mod console;
mod digest;
mod disk;
mod events;
mod faults;
mod images;
mod instance;
mod live;
mod node;
mod screen;
mod volumes;
mod work;

pub use config::{Delays, SimConfig};
pub use digest::MembersDigest;
pub use faults::{Call, Faults, Times};
pub use node::SimNode;
