//! What compute asks of the services below it, in compute's own words, so that their types stay in these files.

pub(crate) mod floating_ips;
pub(crate) mod groups;
pub(crate) mod image;
pub(crate) mod network;
pub(crate) mod volume;
