//! The kernel, reached through `ip`, `nft`, `conntrack`, `/proc/sys` and two ioctls; always inside a namespace.

mod command;
mod device;
mod generation;
mod netns;
mod observe;

pub(crate) use command::{check_tools, run};
pub(crate) use device::{open_tap, without_checksum_offload};
pub(crate) use generation::generation;
pub(crate) use netns::{Netns, list};
pub(crate) use observe::{Neighbour, ObservedLink, ObservedNs, Route};
