//! What the image service does. One file per kind of request; all begin with [`access`].

pub(crate) mod accept;
pub(crate) mod access;
pub(crate) mod bounds;
pub(crate) mod data;
pub(crate) mod holds;
pub(crate) mod images;
pub(crate) mod imports;
pub(crate) mod room;
pub(crate) mod snapshots;
pub(crate) mod stored;
pub(crate) mod usage;
