//! Attributes of an image as JSON values: types and ranges of the image schema.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::error::Error;
use crate::model::change::Attribute;
use crate::model::image::{CONTAINER_FORMATS, DISK_FORMATS, RESERVED_PREFIX};
use crate::model::visibility::Visibility;

/// Attributes that nobody sets.
const READ_ONLY: [&str; 13] = [
    "created_at",
    "updated_at",
    "status",
    "checksum",
    "size",
    "virtual_size",
    "direct_url",
    "self",
    "file",
    "schema",
    "id",
    "os_hash_algo",
    "os_hash_value",
];
const RESERVED: [&str; 3] = ["location", "deleted", "deleted_at"];
const BASE: [&str; 10] = [
    "name",
    "visibility",
    "protected",
    "os_hidden",
    "owner",
    "disk_format",
    "container_format",
    "min_disk",
    "min_ram",
    "tags",
];
/// Longest name, owner, tag, and name of a property, in characters.
const LONGEST: usize = 255;
/// Longest value of a property, in bytes: what Glance's column holds.
const LONGEST_VALUE: usize = 65_535;
/// How much of a client's text an answer repeats, in characters.
const EXCERPT: usize = 200;

/// The name of a base attribute, as a constant.
pub(crate) fn base(name: &str) -> Option<&'static str> {
    BASE.into_iter().find(|known| *known == name)
}

/// 403 for what cannot be set at all.
pub(crate) fn settable(name: &str) -> Result<(), Error> {
    let refused = |why: &str| Err(Error::forbidden(format!("Attribute '{}' is {why}.", excerpt(name))));
    if READ_ONLY.contains(&name) || name == "stores" {
        return refused("read-only");
    }
    if RESERVED.contains(&name) || name.starts_with(RESERVED_PREFIX) {
        return refused("reserved");
    }
    Ok(())
}

/// 400 in the words of Glance.
pub(crate) fn mismatch(why: impl std::fmt::Display) -> Error {
    let why = excerpt(&why.to_string());
    Error::invalid(format!("Provided object does not match schema 'image': {why}"))
}

/// The beginning of a text that a client sent, for an answer to it.
pub(crate) fn excerpt(text: &str) -> String {
    match text.char_indices().nth(EXCERPT) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Reads a base attribute.
pub(crate) fn attribute(name: &'static str, value: &Value) -> Result<Attribute, Error> {
    Ok(match name {
        "name" => Attribute::Name(optional_text(name, value)?),
        "owner" => Attribute::Owner(optional_text(name, value)?),
        "visibility" => Attribute::Visibility(visibility(value)?),
        "protected" => Attribute::Protected(boolean(name, value)?),
        "os_hidden" => Attribute::Hidden(boolean(name, value)?),
        "disk_format" => Attribute::DiskFormat(format(name, value, &DISK_FORMATS)?),
        "container_format" => Attribute::ContainerFormat(format(name, value, &CONTAINER_FORMATS)?),
        "min_disk" => Attribute::MinDisk(number(name, value)?),
        "min_ram" => Attribute::MinRam(number(name, value)?),
        _ => Attribute::Tags(tags(value)?),
    })
}

/// Reads the name and value of a further property.
pub(crate) fn property(name: &str, value: &Value) -> Result<String, Error> {
    let Value::String(text) = value else {
        let name = excerpt(name);
        return Err(mismatch(format!("property '{name}': {value} is not of type 'string'")));
    };
    if text.len() > LONGEST_VALUE {
        let name = excerpt(name);
        return Err(mismatch(format!("property '{name}' is too long: {LONGEST_VALUE} bytes at most")));
    }
    if name.chars().count() > LONGEST {
        return Err(Error::invalid("Custom property should not be greater than 255 characters."));
    }
    plain(name)?;
    plain(text)?;
    Ok(text.clone())
}

/// Reads a tag.
pub(crate) fn tag(text: &str) -> Result<(), Error> {
    plain(text)?;
    short(text)
}

fn plain(text: &str) -> Result<(), Error> {
    if text.contains('\0') { Err(mismatch("a text contains the character NUL")) } else { Ok(()) }
}

fn short(text: &str) -> Result<(), Error> {
    if text.chars().count() <= LONGEST {
        return Ok(());
    }
    let start: String = text.chars().take(40).collect();
    Err(mismatch(format!("'{start}…' is too long: {LONGEST} characters at most")))
}

fn optional_text(name: &str, value: &Value) -> Result<Option<String>, Error> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => {
            plain(text)?;
            short(text)?;
            Ok(Some(text.clone()))
        }
        other => Err(mismatch(format!("{other} is not of type 'null', 'string' (attribute '{name}')"))),
    }
}

fn visibility(value: &Value) -> Result<Visibility, Error> {
    let known = value.as_str().and_then(|text| text.parse().ok());
    known.ok_or_else(|| {
        mismatch(format!("{value} is not one of ['community', 'public', 'private', 'shared']"))
    })
}

fn boolean(name: &str, value: &Value) -> Result<bool, Error> {
    value.as_bool().ok_or_else(|| mismatch(format!("{value} is not of type 'boolean' (attribute '{name}')")))
}

fn format(name: &str, value: &Value, known: &[&str]) -> Result<Option<String>, Error> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) if known.contains(&text.as_str()) => Ok(Some(text.clone())),
        other => Err(mismatch(format!(
            "{other} is not one of [None, '{}'] (attribute '{name}')",
            known.join("', '")
        ))),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "whole and in range")]
fn number(name: &str, value: &Value) -> Result<i64, Error> {
    let whole = value.as_f64().filter(|number| number.fract() == 0.0 && number.abs() <= f64::from(i32::MAX));
    let number = value.as_i64().or(whole.map(|number| number as i64));
    let Some(number) = number else {
        return Err(mismatch(format!("{value} is not of type 'integer' (attribute '{name}')")));
    };
    if number < 0 {
        let why = "Cannot be a negative value";
        return Err(Error::invalid(format!("Invalid value '{number}' for parameter '{name}': {why}")));
    }
    if number > i64::from(i32::MAX) {
        let why = format!("must be less than or equal to {}", i32::MAX);
        return Err(Error::invalid(format!("Invalid value '{number}' for parameter '{name}': {why}")));
    }
    Ok(number)
}

fn tags(value: &Value) -> Result<BTreeSet<String>, Error> {
    let Value::Array(list) = value else {
        return Err(mismatch(format!("{value} is not of type 'array' (attribute 'tags')")));
    };
    let one = |value: &Value| match value {
        Value::String(text) => tag(text).map(|()| text.clone()),
        other => Err(mismatch(format!("{other} is not of type 'string' (a tag)"))),
    };
    list.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn status(result: Result<impl std::fmt::Debug, Error>) -> u16 {
        kogge_http::ApiError::from(result.unwrap_err()).kind().status().as_u16()
    }

    #[test]
    fn wrong_types_and_ranges_are_400() {
        for (name, value) in [
            ("name", json!(1)),
            ("name", json!("x".repeat(256))),
            ("name", json!("a\0b")),
            ("visibility", json!("everybody")),
            ("visibility", json!(null)),
            ("protected", json!("true")),
            ("os_hidden", json!(1)),
            ("disk_format", json!("wrong")),
            ("container_format", json!("wrong")),
            ("min_disk", json!("1")),
            ("min_disk", json!(1.5)),
            ("min_ram", json!(-1)),
            ("min_ram", json!(1u64 << 40)),
            ("min_ram", json!(1e300)),
            ("min_ram", json!(true)),
            ("tags", json!("a")),
            ("tags", json!([1])),
            ("tags", json!(["x".repeat(256)])),
            ("owner", json!({})),
        ] {
            assert_eq!(status(attribute(name, &value)), 400, "{name} {value}");
        }
        assert_eq!(status(property("a", &json!(null))), 400);
        assert_eq!(status(property("a", &json!(1))), 400);
        assert_eq!(status(property(&"n".repeat(256), &json!("x"))), 400);
        assert_eq!(status(property("a", &json!("v".repeat(65_536)))), 400);
        assert!(property("a", &json!("v".repeat(65_535))).is_ok());
    }

    #[test]
    fn an_answer_repeats_little_of_what_was_sent() {
        let long = "\u{e4}".repeat(100_000);
        let answers = [
            attribute("protected", &json!(long)).unwrap_err(),
            property(&long, &json!(1)).unwrap_err(),
            settable(&format!("os_glance{long}")).unwrap_err(),
        ];
        for answer in answers {
            assert!(answer.to_string().len() < 1000, "{answer}");
        }
        assert_eq!(excerpt("short"), "short");
    }

    #[test]
    fn good_values_are_read() {
        assert_eq!(attribute("min_ram", &json!(512.0)).unwrap(), Attribute::MinRam(512));
        assert_eq!(attribute("disk_format", &json!(null)).unwrap(), Attribute::DiskFormat(None));
        assert_eq!(attribute("tags", &json!(["a", "a"])).unwrap(), Attribute::Tags(["a".into()].into()));
        let name = "\u{1F600}".repeat(255);
        assert_eq!(attribute("name", &json!(name)).unwrap(), Attribute::Name(Some(name)));
    }

    #[test]
    fn what_nobody_sets_is_403() {
        for name in ["id", "status", "self", "stores", "location", "deleted", "os_glance_importing_to_stores"]
        {
            assert_eq!(status(settable(name)), 403, "{name}");
        }
        assert!(settable("os_distro").is_ok());
    }
}
