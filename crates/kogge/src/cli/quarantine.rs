//! `kogge quarantine`.

use clap::{Args, Subcommand};
use kogge_ids::ServerId;

use super::Where;

/// `kogge quarantine`.
#[derive(Debug, Subcommand)]
pub enum Quarantine {
    /// List what is in quarantine on this machine, oldest first
    List(Where),
    /// Show everything about one of them
    Show {
        /// The server's id
        id: ServerId,
        /// Which cloud of this machine
        #[command(flatten)]
        place: Where,
    },
    /// Remove guests and their disks for good; the cloud must run
    Remove(Removal),
    /// List data of images that the database does not know
    Images(Where),
    /// Remove data of images for good
    RemoveImages(ImageRemoval),
}

/// `kogge quarantine remove-images`.
#[derive(Debug, Args)]
pub struct ImageRemoval {
    /// Names of the files, as `kogge quarantine images` lists them
    #[arg(required = true, value_name = "NAME")]
    pub names: Vec<String>,
    /// Which cloud of this machine
    #[command(flatten)]
    pub place: Where,
}

/// `kogge quarantine remove`.
#[derive(Debug, Args)]
pub struct Removal {
    /// The servers' ids
    #[arg(required_unless_present = "all", conflicts_with = "all", value_name = "ID")]
    pub ids: Vec<ServerId>,
    /// All that are in quarantine now
    #[arg(long)]
    pub all: bool,
    /// Which cloud of this machine
    #[command(flatten)]
    pub place: Where,
}
