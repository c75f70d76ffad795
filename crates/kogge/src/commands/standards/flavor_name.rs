//! `kogge standards flavor-name`.

mod build;
mod explain;

use crate::cli::flavor_name::FlavorName;
use crate::exit::{Exit, Failure};

pub(super) fn run(command: FlavorName) -> Result<Exit, Failure> {
    match command {
        FlavorName::Parse(arguments) => explain::run(&arguments),
        FlavorName::For(arguments) => build::run(&arguments),
    }
}

/// The order of the parts, for people who write names by hand.
const ORDER: &str = "Parts come in one order only: vCPUs and their type (i behind it), RAM (u before o), disk, \
                     then _hypervisor, _hwv, _CPU, _GPU, _ib.";
