//! Scheduler hints of a new server.

use kogge_http::ApiError;
use serde_json::{Map, Value};

use crate::api::body::{Fields, Read, is_name, repr, uuid_like, wrong};
use crate::model::bounds;

/// Hints as they came.
pub(super) type Hints = Map<String, Value>;

/// The hints of a body, in either of their two spellings.
pub(super) fn hints(body: &Fields<'_>) -> Read<Option<Hints>> {
    let mut found = None;
    for name in ["OS-SCH-HNT:scheduler_hints", "os:scheduler_hints"] {
        if let Some(value) = body.take(name) {
            Fields::named(name, value)?;
            check(value)?;
            found = value.as_object().cloned();
        }
    }
    Ok(found)
}

fn check(hints: &Value) -> Read<()> {
    let many = hints.as_object().is_some_and(|map| map.len() > bounds::HINTS);
    if many || hints.to_string().len() > bounds::HINTS_BYTES {
        let most = format!("{} hints of {} bytes in all at most", bounds::HINTS, bounds::HINTS_BYTES);
        return Err(wrong("os:scheduler_hints", hints, &format!("it has too many properties: {most}")));
    }
    for name in ["group", "same_host", "different_host"] {
        let Some(value) = hints.get(name) else { continue };
        let texts: Vec<&Value> = value.as_array().map_or_else(|| vec![value], |list| list.iter().collect());
        if texts.len() > bounds::FILTERS {
            return Err(wrong(name, value, &format!("it is too long: {} at most", bounds::FILTERS)));
        }
        for one in texts {
            let good = one.as_str().is_some_and(|id| uuid_like(id).is_some());
            let why = || wrong(name, value, &format!("{} is not a 'uuid'", repr(one)));
            good.then_some(()).ok_or_else(why)?;
        }
    }
    if let Some(value) = hints.get("target_cell")
        && !value.as_str().is_some_and(is_name)
    {
        return Err(wrong("target_cell", value, "a name is expected"));
    }
    Ok(())
}

/// The server group among the hints: an id, or a list of one.
pub(super) fn group(hints: Option<&Hints>) -> Read<Option<String>> {
    let ids = match hints.and_then(|hints| hints.get("group")) {
        None => return Ok(None),
        Some(Value::Array(ids)) => ids.as_slice(),
        Some(id) => std::slice::from_ref(id),
    };
    match ids {
        [] => Ok(None),
        [id] => Ok(id.as_str().and_then(uuid_like)),
        _ => Err(ApiError::bad_request(
            "The hint group names more than one server group: a server is in one at most.",
        )),
    }
}
