//! Rows of the image service. No function here opens a transaction.

pub(crate) mod holds;
pub(crate) mod images;
pub(crate) mod stored;
pub(crate) mod tasks;
pub(crate) mod usage;
