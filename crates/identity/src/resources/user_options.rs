//! The options of users.

use kogge_resource::Body;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::model::{Extra, UserOptions};
use crate::service::{checked_count, checked_id};

/// The options as a body changes them; `null` takes one away.
///
/// # Errors
/// 400 for unknown options and wrong types.
pub(super) fn changed(old: &UserOptions, body: &Body) -> Result<UserOptions> {
    let refused =
        |error: serde_json::Error| Error::Invalid(format!("Invalid input for field 'options': {error}"));
    let Value::Object(mut all) = serde_json::to_value(old).map_err(refused)? else {
        return Ok(old.clone());
    };
    all.extend(body.read::<Extra>("options").unwrap_or_default());
    all.retain(|_, value| !value.is_null());
    let options: UserOptions = serde_json::from_value(Value::Object(all)).map_err(refused)?;
    for rule in bounded(options.multi_factor_auth_rules.as_ref())? {
        for method in bounded(Some(rule))? {
            checked_id("options", method)?;
        }
    }
    Ok(options)
}

/// The rules of an option, or the methods of a rule.
fn bounded<T>(list: Option<&Vec<T>>) -> Result<&[T]> {
    const MOST: usize = 16;
    let list = list.map_or(&[][..], Vec::as_slice);
    checked_count("options", list.len(), MOST).map(|()| list)
}
