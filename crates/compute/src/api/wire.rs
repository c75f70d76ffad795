//! Bodies of answers that are worth a type.

pub(crate) mod address;
mod parts;
pub(crate) mod server;
