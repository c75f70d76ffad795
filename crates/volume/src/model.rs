//! What things are: no SQL, no HTTP, no caller.

pub(crate) mod attachment;
pub(crate) mod bounds;
pub(crate) mod doing;
pub mod quota;
pub(crate) mod snapshot;
pub(crate) mod status;
pub(crate) mod volume;
pub(crate) mod volume_type;
