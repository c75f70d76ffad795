//! The manners of Placement: what is made is told by its address, lists are whole, and answers bear the time of the last
//! change.

use std::borrow::Cow;

use http::StatusCode;
use kogge_http::{ApiError, BaseUrl, Microversion};
use serde_json::{Map, Value};

use crate::nova::{additional, repr, uuid_like};
use crate::{Call, Dialect, Listing, Names, Op, Refused, Schema, Service, Shape, Type, Wanted};

/// See the module's text.
#[derive(Debug, Clone, Copy)]
pub enum Manners {}

/// A refusal in the words of placement's validator.
#[must_use]
pub fn invalid(why: &str) -> ApiError {
    ApiError::bad_request(format!("JSON does not validate: {why}"))
}

/// The members of an object that is keyed by names: each name `is_key`, whose `pattern` a refusal tells; at most `most`.
///
/// # Errors
/// 400.
pub fn keyed<'v>(
    value: &'v Value,
    (is_key, pattern): (fn(&str) -> bool, &str),
    most: usize,
) -> Result<&'v Map<String, Value>, ApiError> {
    let wrong = |why: &str| invalid(&format!("{} {why}", repr(value)));
    let members = value.as_object().ok_or_else(|| wrong("is not of type 'object'"))?;
    if members.len() > most {
        return Err(wrong("has too many properties"));
    }
    match members.keys().find(|name| !is_key(name)) {
        Some(name) => Err(invalid(&format!("'{name}' does not match any of the regexes: '{pattern}'"))),
        None => Ok(members),
    }
}

fn checked(kind: &Type, version: Microversion, value: &Value) -> Result<Value, ApiError> {
    let wrong = |why: &str| Err(invalid(&format!("{} {why}", repr(value))));
    match (kind, value) {
        (Type::Nullable(_), Value::Null) => Ok(Value::Null),
        (Type::Nullable(inner), _) => checked(inner, version, value),
        (Type::Check(check), _) => check(value.clone()).map_err(|refused| match refused {
            Refused::Because(why) => invalid(&why),
            Refused::Fault(fault) => fault,
        }),
        (Type::Uuid, Value::String(text)) => match uuid_like(text) {
            Some(id) => Ok(id.into()),
            None => wrong("is not a 'uuid'"),
        },
        (Type::Text(least, _), Value::String(text)) if text.chars().count() < *least => {
            wrong("should be non-empty")
        }
        (Type::Text(_, most), Value::String(text)) if text.chars().count() > *most => wrong("is too long"),
        (Type::Text(..) | Type::Name, Value::String(text)) if text.contains('\0') => {
            Err(ApiError::bad_request("A text contains the character NUL."))
        }
        (Type::Text(..) | Type::Name | Type::Uuid, other) if !other.is_string() => {
            wrong("is not of type 'string'")
        }
        (Type::Int(least, most), _) => match whole(value) {
            None => wrong("is not of type 'integer'"),
            Some(number) if number < *least => wrong(&format!("is less than the minimum of {least}")),
            Some(number) if number > *most => wrong(&format!("is greater than the maximum of {most}")),
            Some(number) => Ok(number.into()),
        },
        (Type::Items(inner, least, most), Value::Array(items)) => {
            if items.len() < *least || items.len() > *most {
                return wrong(if items.len() < *least { "should be non-empty" } else { "is too long" });
            }
            items.iter().map(|item| checked(inner, version, item)).collect()
        }
        (Type::Items(..), _) => wrong("is not of type 'array'"),
        (Type::Object(fields), _) => {
            let schema = Schema::new("", fields);
            Ok(schema.read::<Manners>(Op::Create, version, value)?.into_values().into())
        }
        _ => Ok(value.clone()),
    }
}

/// A whole number, also where it is written as `4.0`.
fn whole(value: &Value) -> Option<i64> {
    let float = || value.as_f64().filter(|number| number.fract() == 0.0 && number.abs() < 9e15);
    #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
    value.as_i64().or_else(|| float().map(|number| number as i64))
}

impl Dialect for Manners {
    const DEMANDS_IN_UPDATES: bool = true;
    const ASKS_BEFORE_READING: bool = true;
    const CREATED: StatusCode = StatusCode::CREATED;

    fn check(_: &str, kind: &Type, version: Microversion, value: &Value) -> Result<Value, ApiError> {
        checked(kind, version, value)
    }

    fn missing(_: &str, _: &Value, name: &str) -> ApiError {
        invalid(&format!("'{name}' is a required property"))
    }

    fn unexpected(_: &str, _: &Value, names: &[&str]) -> ApiError {
        invalid(&additional(names))
    }

    fn object<'v>(_: &str, value: &'v Value) -> Result<Cow<'v, Map<String, Value>>, ApiError> {
        let why = || invalid(&format!("{} is not of type 'object'", repr(value)));
        value.as_object().map(Cow::Borrowed).ok_or_else(why)
    }

    fn items(_: &Names, body: Value) -> Result<(Vec<Value>, bool), ApiError> {
        Ok((vec![body], false))
    }

    fn wanted<S: Service>(_: &Listing, _: &Call<S>) -> Result<Wanted, ApiError> {
        Ok(Wanted::default())
    }

    fn beside<S: Service>(_: &Call<S>, _: &Names, _: &Listing, _: Shape<'_>) -> Map<String, Value> {
        Map::new()
    }

    fn member(_: &Names, view: Value) -> Value {
        view
    }
}

/// The path of an address inside placement, without host, as links have it.
#[must_use]
pub fn path_of(base: &BaseUrl, path: &str) -> String {
    let whole = base.join(path);
    let after = whole.split_once("://").map_or(whole.as_str(), |(_, rest)| rest);
    after.find('/').and_then(|at| after.get(at..)).unwrap_or(path).to_owned()
}

#[cfg(test)]
mod tests {
    use kogge_http::mv;
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_refused_in_the_words_of_pythons_validator() {
        let why = |kind: Type, value: Value| {
            checked(&kind, mv(1, 0), &value)
                .map_err(|error| error.message().to_owned())
                .err()
                .unwrap_or_default()
        };
        let text = Type::Text(0, 3);
        assert_eq!(why(text, json!("abc")), "");
        assert_eq!(why(text, json!("abcd")), "JSON does not validate: 'abcd' is too long");
        assert_eq!(why(text, json!(null)), "JSON does not validate: None is not of type 'string'");
        assert_eq!(why(text, json!("a\0")), "A text contains the character NUL.");
        assert_eq!(why(Type::Uuid, json!("x")), "JSON does not validate: 'x' is not a 'uuid'");
        assert_eq!(why(Type::Uuid, json!(7)), "JSON does not validate: 7 is not of type 'string'");
        assert_eq!(why(Type::Nullable(&Type::Uuid), json!(null)), "");
        let list = Type::Items(&Type::Int(1, 3), 1, 2);
        assert_eq!(why(list, json!([1, 3.0])), "");
        assert_eq!(why(list, json!([])), "JSON does not validate: [] should be non-empty");
        assert_eq!(why(list, json!([1, 2, 3])), "JSON does not validate: [1, 2, 3] is too long");
        assert_eq!(why(list, json!([4])), "JSON does not validate: 4 is greater than the maximum of 3");
        assert_eq!(why(list, json!([1.5])), "JSON does not validate: 1.5 is not of type 'integer'");
        assert_eq!(why(list, json!({})), "JSON does not validate: {} is not of type 'array'");
        let id = checked(&Type::Uuid, mv(1, 0), &json!("{11111111-2222-4333-8444-00000000000A}")).unwrap();
        assert_eq!(id, "11111111-2222-4333-8444-00000000000a");
    }

    #[test]
    fn links_have_the_prefix_but_no_host() {
        let base = BaseUrl::fixed("https://cloud.example:8770/os", "/placement");
        assert_eq!(path_of(&base, "/traits"), "/os/placement/traits");
    }
}
