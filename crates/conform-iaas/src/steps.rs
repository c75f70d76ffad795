//! Checks that have to do something to find out: each creates, looks, and removes what it created.

pub(crate) mod backup;
pub(crate) mod default_rules;
pub(crate) mod key_manager;
pub(crate) mod swift_s3;
