//! Rules, and functions that upper services call.

pub(crate) mod backends;
pub(crate) mod quota;
pub(crate) mod types;
