//! Backups of a cloud on one machine, and bringing them back.
//!
//! ```text
//! TO/images/SHA512                      image data, once for all backups in TO
//! TO/20261130T004512Z/manifest.json     what the backup is made of, with digests; written last
//!                    /database          the database at one moment
//!                    /files/…           configuration, accounts, keys, the cloud's identity
//! ```
//!
//! A backup holds what the machine cannot make again: it is consistent while the cloud runs, for the database is read
//! in one moment, and image data never change once they are there. Guests' disks are not in it: a restore leaves those
//! of the machine alone. Everything in it is a secret.

mod copy;
mod database;
mod images;
mod make;
mod manifest;
mod restore;

pub use make::{Made, make};
pub use manifest::{Manifest, newest};
pub use restore::{Restored, interrupted, restore};

#[cfg(test)]
mod tests;
