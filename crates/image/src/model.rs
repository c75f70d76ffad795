//! Plain types of images and the pure rules about them.

pub(crate) mod change;
pub(crate) mod image;
pub(crate) mod member;
pub(crate) mod status;
pub(crate) mod task;
pub(crate) mod visibility;
