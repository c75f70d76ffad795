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
