//! Key-value pairs of administrators (extra specs, qualities of service, specs of group types) as bodies have them.

use std::collections::BTreeMap;

use kogge_http::ApiError;
use kogge_resource::nova::{Read, repr, text, wrong};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::model::bounds::PAIRS;

/// Pairs.
pub(crate) type Specs = BTreeMap<String, String>;

/// Which keys are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keys {
    /// Without spaces and slashes.
    Tight,
    /// With both.
    Loose,
}

impl Keys {
    const fn pattern(self) -> &'static str {
        match self {
            Self::Tight => "^[a-zA-Z0-9-_:.]{1,255}$",
            Self::Loose => "^[a-zA-Z0-9-_:. /]{1,255}$",
        }
    }

    fn take(self, key: &str) -> bool {
        let loose = |byte| self == Self::Loose && matches!(byte, b' ' | b'/');
        let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b':' | b'.') || loose(b);
        (1..=255).contains(&key.len()) && key.bytes().all(good)
    }
}

/// The pairs of an object. A null is an empty text.
pub(crate) fn read(name: &str, value: &Value, keys: Keys) -> Read<Specs> {
    let object = value
        .as_object()
        .ok_or_else(|| wrong(name, value, &format!("{} is not of type 'object'", repr(value))))?;
    if object.len() > PAIRS {
        return Err(wrong(name, value, &format!("{} has too many properties", repr(value))));
    }
    let mut specs = Specs::new();
    for (key, value) in object {
        if !keys.take(key) {
            let why =
                format!("{} does not match any of the regexes: '{}'", repr(&key[..].into()), keys.pattern());
            return Err(ApiError::bad_request(why));
        }
        let text = if value.is_null() { String::new() } else { text(key, value, 0, 255)? };
        specs.insert(key.clone(), text);
    }
    Ok(specs)
}

/// A name of Cinder's types: not blank, with whatever spaces it has.
pub(crate) fn name(value: &Value) -> Read<String> {
    let name = text("name", value, 1, 255)?;
    if name.trim().is_empty() {
        let why = "An invalid 'name' value was provided. The 'name' can not be empty.";
        return Err(ApiError::bad_request(why));
    }
    Ok(name)
}

/// Adds pairs to others, up to the bound.
pub(crate) fn add(known: &mut Specs, more: Specs) -> Result<()> {
    known.extend(more);
    if known.len() <= PAIRS {
        Ok(())
    } else {
        Err(Error::input(format!("{PAIRS} specs are possible at most.")))
    }
}

/// A body that is one pair, whose key the path says too.
pub(crate) fn one(key: &str, body: &Value) -> Read<Specs> {
    let specs = read("", body, Keys::Tight)?;
    if specs.len() != 1 {
        let many =
            if specs.is_empty() { "does not have enough properties" } else { "has too many properties" };
        return Err(ApiError::bad_request(format!("{} {many}", repr(body))));
    }
    if !specs.contains_key(key) {
        return Err(ApiError::bad_request("Request body and URI mismatch"));
    }
    Ok(specs)
}
