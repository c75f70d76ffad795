//! What goes over the wire for logins and tokens: serde structs and nothing else.

pub(super) mod login;
pub(super) mod token;
