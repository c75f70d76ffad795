//! What images, members and imports look like on the wire.

pub(super) mod attribute;
pub(super) mod image;
pub(super) mod patch;
