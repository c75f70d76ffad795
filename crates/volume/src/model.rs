//! What things are: no SQL, no HTTP, no caller.

pub mod attachment;
pub mod backup;
pub mod bounds;
pub mod doing;
pub(crate) mod export;
pub mod group;
pub mod group_snapshot;
pub mod message;
pub mod qos;
pub mod quota;
pub mod snapshot;
pub mod status;
pub mod story;
pub mod transfer;
pub mod volume;
pub mod volume_type;
