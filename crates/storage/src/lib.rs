//! Storage backends: where the data of volumes and snapshots are.
//!
//! The volume service decides *what* should be; a backend makes the data so. Every call may be repeated, also after a crash
//! in its middle: a disk is known by the id of what it belongs to, so that a retry finds what the first try made. A further
//! backend is one file that implements [`Backend`].
//!
//! ```text
//!   kogge-volume ── create, copy, extend, delete ──▶ Backend ──▶ files / Ceph / memory
//!                ◀── VolumePlace ── (to the node, which opens it by its own settings)
//! ```

mod backend;
mod contents;
mod draft;
mod error;
mod files;
mod incoming;
mod off;
mod rbd;
mod side;
mod sim;
mod sniff;
mod sparse;

pub use backend::{
    Adopted, Backend, BackendHandle, DiskId, ExportFormat, Facts, Feature, Foreign, Nature, NewDisk, Origin,
    Passphrase, RELEASED,
};
pub use contents::{Contents, Extent};
pub use error::StorageError;
pub use files::{FilesBackend, Layout};
pub use rbd::{RbdBackend, RbdSettings};
pub use sim::{SimFault, SimStorage};
