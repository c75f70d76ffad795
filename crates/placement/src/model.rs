//! Plain types of placement, and the pure question whether something fits.

pub(crate) mod bounds;
pub(crate) mod fit;
pub(crate) mod inventory;
pub(crate) mod names;
pub(crate) mod provider;
pub(crate) mod request;
