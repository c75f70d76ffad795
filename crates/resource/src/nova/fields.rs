//! Reading request bodies as strictly as Nova's JSON schemas, with their messages.
//!
//! A schema is a list of calls here: each takes one field, [`Fields::finish`] refuses what nobody took.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use kogge_http::ApiError;
use serde_json::{Map, Value};

use super::names::{is_description, is_name, uuid_like};
use super::python::{cut, repr};

/// Most items of a list in a body, where no smaller number holds.
const LIST: usize = 256;
/// Most pairs of a map in a body.
const PAIRS: usize = 256;

/// What readers answer.
pub type Read<T> = Result<T, ApiError>;

/// The fields of one JSON object.
pub struct Fields<'v> {
    name: String,
    value: &'v Value,
    map: &'v Map<String, Value>,
    taken: RefCell<BTreeSet<&'v str>>,
}

/// A refusal in the words of Nova's validator.
pub fn wrong(field: &str, value: &Value, why: &str) -> ApiError {
    if field.is_empty() {
        return ApiError::bad_request(why);
    }
    // a text stands there as it is, unlike in what is wrong with it
    let shown = value.as_str().map_or_else(|| repr(value), |text| cut(text.to_owned()));
    ApiError::bad_request(format!("Invalid input for field/attribute {field}. Value: {shown}. {why}"))
}

impl<'v> Fields<'v> {
    /// The fields of a body.
    pub fn of(value: &'v Value) -> Read<Self> {
        Self::named("", value)
    }

    /// The fields of what must be an object.
    ///
    /// # Errors
    /// 400.
    pub fn named(name: &str, value: &'v Value) -> Read<Self> {
        let map = value
            .as_object()
            .ok_or_else(|| wrong(name, value, &format!("{} is not of type 'object'", repr(value))))?;
        Ok(Self { name: name.to_owned(), value, map, taken: RefCell::default() })
    }

    /// Takes a field; absent is `None`, null is not.
    pub fn take(&self, name: &str) -> Option<&'v Value> {
        let (key, value) = self.map.get_key_value(name)?;
        self.taken.borrow_mut().insert(key.as_str());
        Some(value)
    }

    /// True where the field is there.
    pub fn has(&self, name: &str) -> bool {
        self.map.contains_key(name)
    }

    fn missing(&self, name: &str) -> ApiError {
        wrong(&self.name, self.value, &format!("'{name}' is a required property"))
    }

    /// Makes an optional field required.
    pub fn required<T>(&self, name: &str, found: Option<T>) -> Read<T> {
        found.ok_or_else(|| self.missing(name))
    }

    /// A field that is an object, and must be there.
    pub fn object(&self, name: &str) -> Read<Fields<'v>> {
        let value = self.required(name, self.take(name))?;
        Fields::named(name, value)
    }

    /// A text of `least` to `most` characters.
    pub fn text(&self, name: &str, least: usize, most: usize) -> Read<Option<String>> {
        self.take(name).map(|value| text(name, value, least, most)).transpose()
    }

    /// As [`Fields::text`], where null is possible.
    pub fn text_or_null(&self, name: &str, least: usize, most: usize) -> Read<Option<Option<String>>> {
        match self.take(name) {
            Some(Value::Null) => Ok(Some(None)),
            Some(value) => text(name, value, least, most).map(|text| Some(Some(text))),
            None => Ok(None),
        }
    }

    /// A name of Nova: 1 to 255 printable characters without space at the ends.
    pub fn name(&self, name: &str) -> Read<Option<String>> {
        self.take(name).map(|value| self::name(name, value)).transpose()
    }

    /// A description: printable characters, or null.
    pub fn description(&self, most: usize) -> Read<Option<Option<String>>> {
        let found = self.text_or_null("description", 0, most)?;
        if let Some(Some(text)) = &found
            && !is_description(text)
        {
            let value = Value::from(text.as_str());
            return Err(wrong("description", &value, "only printable characters are possible"));
        }
        Ok(found)
    }

    /// A boolean, also in the spellings that Nova takes.
    pub fn boolean(&self, name: &str) -> Read<Option<bool>> {
        self.take(name).map(|value| boolean(name, value)).transpose()
    }

    /// A whole number, or its digits as text, from `least` to `most`.
    pub fn number(&self, name: &str, least: i64, most: i64) -> Read<Option<i64>> {
        self.take(name).map(|value| number(name, value, least, most)).transpose()
    }

    /// A number, or null.
    pub fn number_or_null(&self, name: &str, least: i64, most: i64) -> Read<Option<Option<i64>>> {
        match self.take(name) {
            Some(Value::Null) => Ok(Some(None)),
            Some(value) => number(name, value, least, most).map(|number| Some(Some(number))),
            None => Ok(None),
        }
    }

    /// A UUID in any spelling that Nova takes, written the usual way.
    pub fn uuid(&self, name: &str) -> Read<Option<String>> {
        self.take(name).map(|value| uuid(name, value)).transpose()
    }

    /// An IP address.
    pub fn address<T: std::str::FromStr>(&self, name: &str, kind: &str) -> Read<Option<T>> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let found = text(name, value, 0, 64)?;
        let why = || format!("{} is not a '{kind}'", repr(value));
        found.parse().map(Some).map_err(|_| wrong(name, value, &why()))
    }

    /// One of a few words.
    pub fn word(&self, name: &str, words: &[&str]) -> Read<Option<String>> {
        self.take(name).map(|value| word(name, value, words)).transpose()
    }

    /// A list of a bounded number of items.
    pub fn list(&self, name: &str) -> Read<Option<&'v Vec<Value>>> {
        self.take(name).map(|value| list(name, value)).transpose()
    }

    /// A list of objects.
    pub fn objects(&self, name: &str) -> Read<Option<Vec<Fields<'v>>>> {
        let Some(list) = self.list(name)? else { return Ok(None) };
        list.iter().map(|value| Fields::named(name, value)).collect::<Read<Vec<_>>>().map(Some)
    }

    /// Key-value pairs of Nova's metadata.
    pub fn metadata(&self, name: &str) -> Read<Option<BTreeMap<String, String>>> {
        let Some(value) = self.take(name) else { return Ok(None) };
        Fields::named(name, value)?.pairs().map(Some)
    }

    /// Refuses more fields than any map may have.
    fn check_count(&self) -> Read<()> {
        if self.map.len() <= PAIRS {
            return Ok(());
        }
        let why = format!("{} has too many properties: {} at most", repr(self.value), PAIRS);
        Err(wrong(&self.name, self.value, &why))
    }

    /// All fields as metadata.
    pub fn pairs(&self) -> Read<BTreeMap<String, String>> {
        self.check_count()?;
        let mut pairs = BTreeMap::new();
        for (key, value) in self.map {
            self.check_key(key)?;
            pairs.insert(key.clone(), text(key, value, 0, 255)?);
        }
        Ok(pairs)
    }

    /// All fields, where numbers are values too (extra specs).
    pub fn specs(&self) -> Read<BTreeMap<String, String>> {
        self.check_count()?;
        let mut pairs = BTreeMap::new();
        for (key, value) in self.map {
            self.check_key(key)?;
            let text = match value {
                Value::Number(number) => number.to_string(),
                other => text(key, other, 0, 255)?,
            };
            pairs.insert(key.clone(), text);
        }
        Ok(pairs)
    }

    fn check_key(&self, key: &str) -> Read<()> {
        if is_metadata_key(key) {
            return Ok(());
        }
        let pattern = "'^[a-zA-Z0-9-_:. ]{1,255}$'";
        Err(wrong(&self.name, self.value, &format!("'{key}' does not match any of the regexes: {pattern}")))
    }

    /// All fields of an object whose values may be null.
    pub fn nullable_pairs(&self) -> Read<Vec<(String, Option<String>)>> {
        self.check_count()?;
        let mut pairs = Vec::new();
        for (key, value) in self.map {
            self.check_key(key)?;
            let value = if value.is_null() { None } else { Some(text(key, value, 0, 255)?) };
            pairs.push((key.clone(), value));
        }
        Ok(pairs)
    }

    /// The refusal of a body that names no action that there is.
    pub fn no_action(&self) -> ApiError {
        let name = self.map.keys().next().map_or("", String::as_str);
        ApiError::bad_request(format!("There is no such action: {name}"))
    }

    /// Refuses what nobody took.
    pub fn finish(&self) -> Read<()> {
        let taken = self.taken.borrow();
        let extra: Vec<&str> =
            self.map.keys().map(String::as_str).filter(|key| !taken.contains(key)).collect();
        if extra.is_empty() {
            return Ok(());
        }
        Err(wrong(&self.name, self.value, &additional(&extra)))
    }
}

/// The validator's words for fields that are not in a schema.
pub fn additional(extra: &[&str]) -> String {
    let list = extra.iter().map(|key| format!("'{key}'")).collect::<Vec<_>>().join(", ");
    let verb = if extra.len() == 1 { "was" } else { "were" };
    format!("Additional properties are not allowed ({list} {verb} unexpected)")
}

fn is_metadata_key(key: &str) -> bool {
    (1..=255).contains(&key.len())
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b':' | b'.' | b' '))
}

/// Refuses a list of more than `most` items.
pub fn at_most(name: &str, value: &Value, list: &[Value], most: usize) -> Read<()> {
    if list.len() <= most {
        return Ok(());
    }
    Err(wrong(name, value, &format!("{} is too long: {most} at most", repr(value))))
}

/// A text of `least` to `most` characters.
pub fn text(name: &str, value: &Value, least: usize, most: usize) -> Read<String> {
    let Some(found) = value.as_str() else {
        return Err(wrong(name, value, &format!("{} is not of type 'string'", repr(value))));
    };
    let length = found.chars().count();
    if length < least {
        let why = if least == 1 { "should be non-empty" } else { "is too short" };
        return Err(wrong(name, value, &format!("{} {why}", repr(value))));
    }
    if length > most {
        return Err(wrong(name, value, &format!("{} is too long", repr(value))));
    }
    Ok(found.to_owned())
}

/// A name of Nova: 1 to 255 printable characters without space at the ends.
pub fn name(name: &str, value: &Value) -> Read<String> {
    let found = text(name, value, 1, 255)?;
    if is_name(&found) {
        return Ok(found);
    }
    let why = "An invalid 'name' value was provided. The name must be: printable characters. Can not start or \
               end with whitespace.";
    Err(ApiError::bad_request(why))
}

/// A UUID in any spelling that Nova takes, written the usual way.
pub(super) fn uuid(name: &str, value: &Value) -> Read<String> {
    let found = text(name, value, 0, 255)?;
    uuid_like(&found).ok_or_else(|| wrong(name, value, &format!("{} is not a 'uuid'", repr(value))))
}

/// One of a few words.
pub(super) fn word(name: &str, value: &Value, words: &[&str]) -> Read<String> {
    let found = value.as_str().filter(|word| words.contains(word));
    let list = words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(", ");
    let why = || wrong(name, value, &format!("{} is not one of [{list}]", repr(value)));
    found.map(str::to_owned).ok_or_else(why)
}

/// A list of a bounded number of items.
pub(super) fn list<'v>(name: &str, value: &'v Value) -> Read<&'v Vec<Value>> {
    let why = || wrong(name, value, &format!("{} is not of type 'array'", repr(value)));
    let list = value.as_array().ok_or_else(why)?;
    at_most(name, value, list, LIST)?;
    Ok(list)
}

/// A boolean, also in the spellings that Nova takes.
pub fn boolean(name: &str, value: &Value) -> Read<bool> {
    match value {
        Value::Bool(value) => Ok(*value),
        Value::String(word) => match word.as_str() {
            "True" | "TRUE" | "true" | "1" | "ON" | "On" | "on" | "YES" | "Yes" | "yes" => Ok(true),
            "False" | "FALSE" | "false" | "0" | "OFF" | "Off" | "off" | "NO" | "No" | "no" => Ok(false),
            _ => Err(wrong(name, value, &format!("{} is not a boolean", repr(value)))),
        },
        _ => Err(wrong(name, value, &format!("{} is not of type 'boolean', 'string'", repr(value)))),
    }
}

/// A whole number, or its digits as text.
pub fn number(name: &str, value: &Value, least: i64, most: i64) -> Read<i64> {
    let found = match value {
        Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
        Value::String(digits) if !digits.is_empty() => digits.parse().ok(),
        _ => None,
    };
    let why = |why: String| wrong(name, value, &why);
    let found = found.ok_or_else(|| why(format!("{} is not of type 'integer', 'string'", repr(value))))?;
    if found < least {
        return Err(why(format!("{found} is less than the minimum of {least}")));
    }
    if found > most {
        return Err(why(format!("{found} is greater than the maximum of {most}")));
    }
    Ok(found)
}

#[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
