//! What goes over the wire: serde structs and nothing else.

pub(super) mod application_credential;
pub(super) mod assignment;
pub(super) mod credential;
mod envelope;
pub(super) mod login;
pub(super) mod role;
pub(super) mod token;

pub(super) use envelope::{Collection, CollectionLinks, Links, Member};
