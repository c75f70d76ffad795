//! What several checks look at: fetched once, judged once.

pub(crate) mod flavors;
pub(crate) mod images;
pub(crate) mod services;
pub(crate) mod volume_types;

use futures_util::future::BoxFuture;
use kogge_conform::{Context, Problem};
use serde_json::Value;

/// Fetches within one and a half times the time of a call, pages and all. The failure is remembered like a value: a
/// cloud that answers slowly for ever must not keep each check waiting anew.
pub(crate) async fn within<T>(
    context: &Context,
    what: &str,
    fetch: BoxFuture<'_, Result<T, Problem>>,
) -> Result<T, Problem> {
    let patience = context.client.limits().call.mul_f32(1.5);
    let mut fetch = fetch;
    tokio::time::timeout(patience, &mut fetch).await.unwrap_or_else(|_| {
        let calls: Vec<String> = context.client.in_flight().iter().map(ToString::to_string).collect();
        let calls = calls.join(", ");
        Err(Problem::ours(format!("the {what} were not read within {patience:?}; waiting for {calls}")))
    })
}

/// A text field; absent and null are `None`.
pub(crate) fn text(object: &Value, key: &str) -> Option<String> {
    object.get(key)?.as_str().map(str::to_owned)
}

/// A figure that must be there.
pub(crate) fn figure(kind: &str, object: &Value, key: &str) -> Result<u64, Problem> {
    let id = text(object, "id").unwrap_or_default();
    object.get(key).and_then(Value::as_u64).ok_or_else(|| {
        Problem::cloud(format!("{kind} {id}: {key} is no whole number, but {}", shown(object.get(key))))
    })
}

/// A value in a few words.
pub(crate) fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| "absent".to_owned(), |v| v.to_string().chars().take(60).collect())
}
