//! Bodies of answers that are worth a type.

pub(crate) mod address;
pub(crate) mod server;
