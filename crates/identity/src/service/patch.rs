//! Changes of attributes that are not named by a type.

use super::bounds::checked_extra;
use crate::error::Result;
use crate::model::Extra;

/// Adds and replaces the unknown attributes of an update; `null` stays as such, as in Keystone.
///
/// # Errors
/// 400 where they become too many or too large, all together.
pub(crate) fn merge(old: &Extra, new: Extra) -> Result<Extra> {
    let mut merged = old.clone();
    if new.is_empty() {
        return Ok(merged);
    }
    merged.extend(new);
    checked_extra(merged)
}

/// A field of an update: absent, null, or set. The service has its own so that it knows nothing of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Change<T> {
    /// Stays as it is.
    #[default]
    Keep,
    /// Back to nothing.
    Clear,
    /// A new value.
    Set(T),
}

impl<T> Change<T> {
    /// The value after the change.
    pub(super) fn apply(self, old: Option<T>) -> Option<T> {
        match self {
            Self::Keep => old,
            Self::Clear => None,
            Self::Set(value) => Some(value),
        }
    }
}
