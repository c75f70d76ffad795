//! What several checks look at: fetched once, judged once.

pub(crate) mod flavors;
pub(crate) mod images;
pub(crate) mod services;
pub(crate) mod volume_types;

use kogge_conform::Problem;
use serde_json::Value;

/// A text field; absent and null are `None`.
pub(crate) fn text(object: &Value, key: &str) -> Option<String> {
    object.get(key)?.as_str().map(str::to_owned)
}

/// A figure that must be there.
pub(crate) fn figure(kind: &str, object: &Value, key: &str) -> Result<u64, Problem> {
    let id = text(object, "id").unwrap_or_default();
    object.get(key).and_then(Value::as_u64).ok_or_else(|| {
        Problem::new(format!("{kind} {id}: {key} is no whole number, but {}", shown(object.get(key))))
    })
}

/// A value in a few words.
pub(crate) fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| "absent".to_owned(), |v| v.to_string().chars().take(60).collect())
}
