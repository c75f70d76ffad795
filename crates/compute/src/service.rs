//! What compute does for callers: load, ask the policy, apply the rules, write the intent in one transaction, wake
//! the tasks. No HTTP, no JSON of the API, no waiting for nodes.

pub(crate) mod actions;
pub(crate) mod census;
pub(crate) mod counts;
pub(crate) mod flavors;
pub(crate) mod hosts;
pub(crate) mod passwords;
pub(crate) mod quotas;
pub(crate) mod servers;
pub(crate) mod sight;
pub(crate) mod story;
pub(crate) mod usage;
