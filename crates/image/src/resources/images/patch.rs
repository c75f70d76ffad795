//! JSON patches in Glance's two dialects. Source: `glance/api/v2/images.py`, `RequestDeserializer.update`.

use serde_json::{Map, Value};

use super::attribute::{attribute, base, excerpt, property, settable};
use crate::error::Error;
use crate::model::change::Change;

/// `{"replace": "/name", "value": …}`
const OLD: &str = "application/openstack-images-v2.0-json-patch";
/// `{"op": "replace", "path": "/name", "value": …}`
const NEW: &str = "application/openstack-images-v2.1-json-patch";
/// Most operations of one patch: enough to take all properties away and to set as many others.
const MOST: usize = 512;
/// Longest pointer, in bytes; names have 255 characters.
const LONGEST_POINTER: usize = 2048;
const OPERATIONS: [&str; 3] = ["add", "remove", "replace"];

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Version 2.0.
    Old,
    /// Version 2.1.
    New,
}

/// From the content type; 415 for any other.
pub(crate) fn dialect(content_type: &str) -> Result<Dialect, Error> {
    match content_type.split(';').next().unwrap_or("").trim() {
        OLD => Ok(Dialect::Old),
        NEW => Ok(Dialect::New),
        _ => {
            let message = format!("The content type of a patch is {NEW} or {OLD}.");
            Err(Error::BadData(message))
        }
    }
}

/// Reads a whole patch; one bad operation refuses it all.
pub(crate) fn changes(dialect: Dialect, body: &Value) -> Result<Vec<Change>, Error> {
    let wrong = |why: &str| Error::invalid(why);
    let Value::Array(operations) = body else {
        return Err(wrong("Request body must be a JSON array of operation objects."));
    };
    if operations.len() > MOST {
        return Err(wrong("A patch has 512 operations at most."));
    }
    let one = |operation: &Value| match operation {
        Value::Object(operation) => change(dialect, operation),
        _ => Err(wrong("Operations must be JSON objects.")),
    };
    operations.iter().map(one).collect()
}

fn change(dialect: Dialect, raw: &Map<String, Value>) -> Result<Change, Error> {
    let (operation, pointer) = match dialect {
        Dialect::Old => old_operation(raw)?,
        Dialect::New => new_operation(raw)?,
    };
    let path = decode(pointer)?;
    let deep =
        if path.first().is_some_and(|root| root == "locations") && operation != "replace" { 2 } else { 1 };
    let (Some(name), true) = (path.first(), path.len() == deep) else {
        let message = format!("Invalid JSON pointer for this resource: '/{}'", path.join("/"));
        return Err(Error::invalid(message));
    };
    if operation == "remove" {
        settable(name)?;
        return Ok(remove(name));
    }
    let value = raw.get("value").ok_or_else(|| {
        Error::invalid(format!("Operation \"{operation}\" requires a member named \"value\"."))
    })?;
    settable(name)?;
    write(dialect, operation, name, value)
}

fn remove(name: &str) -> Change {
    match base(name) {
        Some(known) => Change::Unset(known),
        None if name == "locations" => Change::Locations,
        None => Change::Remove(name.to_owned()),
    }
}

fn write(dialect: Dialect, operation: &str, name: &str, value: &Value) -> Result<Change, Error> {
    if name == "locations" {
        return Ok(Change::Locations);
    }
    let once = dialect == Dialect::Old && operation == "add";
    if let Some(known) = base(name) {
        let set = attribute(known, value)?;
        return Ok(if once { Change::AddTwice(known) } else { Change::Set(set) });
    }
    let value = property(name, value)?;
    Ok(match operation {
        "add" => Change::Add(name.to_owned(), value, once),
        _ => Change::Replace(name.to_owned(), value),
    })
}

fn old_operation(raw: &Map<String, Value>) -> Result<(&'static str, &str), Error> {
    let mut named = OPERATIONS.into_iter().filter(|name| raw.contains_key(*name));
    let refused = |count: &str| {
        let names = "member named \"add\", \"remove\", or \"replace\".";
        Error::invalid(format!("Operation objects must contain {count} {names}"))
    };
    let operation = named.next().ok_or_else(|| refused("exactly one"))?;
    if named.next().is_some() {
        return Err(refused("only one"));
    }
    Ok((operation, pointer(raw.get(operation), operation)?))
}

fn new_operation(raw: &Map<String, Value>) -> Result<(&'static str, &str), Error> {
    let available = OPERATIONS.join(", ");
    let Some(named) = raw.get("op").filter(|op| !op.is_null()) else {
        let message = format!(
            "Unable to find `op` in JSON Schema change. It must be one of the following: {available}."
        );
        return Err(Error::invalid(message));
    };
    let operation = OPERATIONS.into_iter().find(|known| named.as_str() == Some(*known)).ok_or_else(|| {
        let named = excerpt(&named.as_str().map_or_else(|| named.to_string(), str::to_owned));
        Error::invalid(format!("Invalid operation: `{named}`. It must be one of the following: {available}."))
    })?;
    Ok((operation, pointer(raw.get("path"), "path")?))
}

fn pointer<'r>(value: Option<&'r Value>, name: &str) -> Result<&'r str, Error> {
    value
        .and_then(Value::as_str)
        .ok_or_else(|| Error::invalid(format!("Unable to find '{name}' in JSON Schema change")))
}

/// A JSON pointer, of which Glance takes a limited form.
fn decode(pointer: &str) -> Result<Vec<String>, Error> {
    let wrong = |why: &str| Err(Error::invalid(format!("Pointer `{}` {why}.", excerpt(pointer))));
    if pointer.len() > LONGEST_POINTER {
        return wrong("is too long");
    }
    let Some(rest) = pointer.strip_prefix('/') else { return wrong("does not start with \"/\"") };
    if !rest.is_empty() && rest.ends_with('/') {
        return wrong("end with \"/\"");
    }
    let parts: Vec<&str> = rest.split('/').collect();
    if parts.len() > 1 && parts.iter().any(|part| part.trim().is_empty()) {
        return wrong("contains adjacent \"/\"");
    }
    if !escapes_are_known(rest) {
        return wrong("contains \"~\" not part of a recognized escape sequence");
    }
    Ok(parts.iter().map(|part| part.replace("~1", "/").replace("~0", "~").trim().to_owned()).collect())
}

fn escapes_are_known(text: &str) -> bool {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('~') {
        if !after.starts_with(['0', '1']) {
            return false;
        }
        rest = after;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::change::Attribute;
    use proptest::prelude::*;
    use serde_json::json;

    fn read(body: Value) -> Result<Vec<Change>, u16> {
        changes(Dialect::New, &body)
            .map_err(|error| kogge_http::ApiError::from(error).kind().status().as_u16())
    }

    fn read_old(body: Value) -> Result<Vec<Change>, u16> {
        changes(Dialect::Old, &body)
            .map_err(|error| kogge_http::ApiError::from(error).kind().status().as_u16())
    }

    #[test]
    fn both_dialects_say_the_same() {
        let expected = Ok(vec![Change::Set(Attribute::Name(Some("x".into())))]);
        assert_eq!(read(json!([{ "op": "replace", "path": "/name", "value": "x" }])), expected);
        assert_eq!(read(json!([{ "op": "add", "path": "/name", "value": "x" }])), expected);
        assert_eq!(read_old(json!([{ "replace": "/name", "value": "x" }])), expected);
        assert_eq!(read_old(json!([{ "add": "/name", "value": "x" }])), Ok(vec![Change::AddTwice("name")]));
    }

    #[test]
    fn properties_and_their_escapes() {
        let added = read(json!([{ "op": "add", "path": "/a~1b~0c", "value": "1" }]));
        assert_eq!(added, Ok(vec![Change::Add("a/b~c".into(), "1".into(), false)]));
        assert_eq!(
            read(json!([{ "op": "remove", "path": "/os_distro" }])),
            Ok(vec![Change::Remove("os_distro".into())])
        );
        assert_eq!(read(json!([{ "op": "remove", "path": "/name" }])), Ok(vec![Change::Unset("name")]));
    }

    #[test]
    fn malformed_operations_are_400() {
        for body in [
            json!({}),
            json!("x"),
            json!([1]),
            json!([{}]),
            json!([{ "op": "move", "path": "/name" }]),
            json!([{ "op": 1, "path": "/name" }]),
            json!([{ "op": "add", "value": "x" }]),
            json!([{ "op": "add", "path": 1, "value": "x" }]),
            json!([{ "op": "add", "path": "name", "value": "x" }]),
            json!([{ "op": "add", "path": "/a/b", "value": "x" }]),
            json!([{ "op": "add", "path": "/a//b", "value": "x" }]),
            json!([{ "op": "add", "path": "/a/", "value": "x" }]),
            json!([{ "op": "add", "path": "//", "value": "x" }]),
            json!([{ "op": "add", "path": "/a~2", "value": "x" }]),
            json!([{ "op": "add", "path": "/a~", "value": "x" }]),
            json!([{ "op": "add", "path": "/name" }]),
            json!([{ "op": "add", "path": "/tags/-", "value": "x" }]),
            json!([{ "op": "replace", "path": "/a", "value": 1 }]),
        ] {
            assert_eq!(read(body.clone()), Err(400), "{body}");
        }
        let long = format!("/{}", "n".repeat(3000));
        assert_eq!(read(json!([{ "op": "remove", "path": long }])), Err(400));
        let one = json!({ "op": "remove", "path": "/a" });
        assert_eq!(read(json!(vec![one.clone(); 513])), Err(400));
        assert!(read(json!(vec![one; 512])).is_ok());
        assert_eq!(read_old(json!([{ "add": "/a", "remove": "/b", "value": "x" }])), Err(400));
        assert_eq!(read_old(json!([{ "op": "add", "path": "/a", "value": "x" }])), Err(400));
    }

    #[test]
    fn read_only_and_reserved_attributes_are_403() {
        for name in ["status", "id", "size", "deleted", "os_glance_stage_host"] {
            assert_eq!(
                read(json!([{ "op": "add", "path": format!("/{name}"), "value": "x" }])),
                Err(403),
                "{name}"
            );
            assert_eq!(read(json!([{ "op": "remove", "path": format!("/{name}") }])), Err(403), "{name}");
        }
    }

    #[test]
    fn only_the_two_content_types_are_patches() {
        assert_eq!(dialect(NEW).unwrap(), Dialect::New);
        assert_eq!(
            dialect("application/openstack-images-v2.0-json-patch; charset=utf-8").unwrap(),
            Dialect::Old
        );
        assert!(matches!(dialect("application/json"), Err(Error::BadData(_))), "415");
    }

    proptest! {
        #[test]
        fn arbitrary_pointers_never_panic(path in "[/~a-z0-9 \u{e4}\0]{0,12}", op in "add|remove|replace|x") {
            let _ = read(json!([{ "op": op, "path": path, "value": "x" }]));
            let _ = read_old(json!([{ op: path, "value": "x" }]));
        }
    }
}
