//! What goes over the wire: serde structs and nothing else.

pub(super) mod login;
pub(super) mod token;
