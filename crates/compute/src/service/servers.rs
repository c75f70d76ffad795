//! Servers: finding them, and changing what they should be.

pub(crate) mod boot;
pub(crate) mod change;
pub(crate) mod console;
pub(crate) mod create;
pub(crate) mod deferred;
pub(crate) mod details;
pub(crate) mod find;
pub(crate) mod fixed_ips;
pub(crate) mod interfaces;
pub(crate) mod labels;
pub(crate) mod mapped;
pub(crate) mod migrate;
pub(crate) mod planned;
pub(crate) mod power;
pub(crate) mod remote;
pub(crate) mod rescue;
pub(crate) mod reshape;
pub(crate) mod shelve;
pub(crate) mod snapshot;
pub(crate) mod volumes;
pub(crate) mod wanted;
