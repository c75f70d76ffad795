//! The manners of Keystone: unknown attributes are kept, filters have comparators, every object and every list has a
//! link to itself. Rows are in memory. Upstream: `keystone/server/flask/common.py`, `driver_hints`.

mod filter;

use std::borrow::Cow;

use http::Method;
use kogge_http::{ApiError, Microversion, next_query};
use serde_json::{Map, Value, json};

pub use filter::{Attributes, page, truth};

use crate::dialect::named;
use crate::{Absent, Call, Dialect, Field, Listing, Names, Op, Pages, Refused, Service, Shape, Type, Wanted};

/// See the module's text.
#[derive(Debug, Clone, Copy)]
pub enum Keystone {}

/// A refusal that names the field, and says what it is.
fn wrong(place: &str, why: &str) -> ApiError {
    let place = if place.is_empty() { String::new() } else { format!(" {place}") };
    ApiError::bad_request(format!("Invalid input for field/attribute{place}: {why}"))
}

/// What a value is, for people.
fn kind_of(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(truth) => format!("boolean `{truth}`"),
        Value::Number(number) if number.is_f64() => format!("floating point `{number}`"),
        Value::Number(number) => format!("integer `{number}`"),
        Value::String(text) => format!("string {text:?}"),
        Value::Array(_) => "sequence".to_owned(),
        Value::Object(_) => "map".to_owned(),
    }
}

fn expected(place: &str, value: &Value, what: &str) -> ApiError {
    wrong(place, &format!("invalid type: {}, expected {what}", kind_of(value)))
}

/// The value, if it is of the kind that the schema asks for.
fn check(name: &str, kind: &Type, value: &Value) -> Result<Value, ApiError> {
    let fits = match kind {
        Type::Nullable(_) if value.is_null() => return Ok(Value::Null),
        Type::Nullable(inner) => return check(name, inner, value),
        Type::Check(judge) => {
            return judge(value.clone()).map_err(|refused| match refused {
                Refused::Because(why) => wrong(name, &why),
                Refused::Fault(fault) => fault,
            });
        }
        Type::Any => Ok(()),
        Type::Text(..) | Type::Name | Type::Uuid => value.as_str().map(drop).ok_or("a string"),
        Type::Word(words) => match value.as_str() {
            Some(text) if !words.contains(&text) => {
                let known = words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
                return Err(wrong(name, &format!("unknown variant `{text}`, expected one of {known}")));
            }
            text => text.map(drop).ok_or("variant identifier"),
        },
        Type::Bool => value.as_bool().map(drop).ok_or("a boolean"),
        Type::Int(..) => value.as_i64().map(drop).ok_or("i64"),
        Type::Items(..) => value.as_array().map(drop).ok_or("a sequence"),
        Type::Object(_) | Type::Pairs => value.as_object().map(drop).ok_or("a map"),
    };
    if let (Type::Object(fields), Value::Object(members)) = (kind, value) {
        parts(name, fields, members)?;
    }
    if let (Type::Items(inner, ..), Value::Array(items)) = (kind, value) {
        let one = |(index, item)| check(&format!("{name}[{index}]"), inner, item);
        items.iter().enumerate().try_for_each(|item| one(item).map(drop))?;
    }
    fits.map(|()| value.clone()).map_err(|what| expected(name, value, what))
}

/// The members of an object that has these fields and no others.
fn parts(name: &str, fields: &[&[Field]], members: &Map<String, Value>) -> Result<(), ApiError> {
    let known = || fields.iter().flat_map(|part| part.iter());
    if let Some(other) = members.keys().find(|key| !known().any(|field| field.name == **key)) {
        let known: Vec<&str> = known().map(|field| field.name).collect();
        return Err(unknown(&format!("{name}.{other}"), other, &known));
    }
    for field in known() {
        match members.get(field.name) {
            Some(value) => drop(check(&format!("{name}.{}", field.name), &field.kind, value)?),
            None if matches!(field.absent, Absent::Required) => {
                return Err(wrong(name, &format!("missing field `{}`", field.name)));
            }
            None => {}
        }
    }
    Ok(())
}

/// A refusal of a member that is none of those.
fn unknown(place: &str, name: &str, known: &[&str]) -> ApiError {
    let one_of = if known.len() > 1 { "one of " } else { "" };
    wrong(place, &format!("unknown field `{name}`, expected {one_of}`{}`", known.join("`, `")))
}

impl Dialect for Keystone {
    const ASKS_FIRST: bool = true;
    const LOOKS_MARKERS_UP: bool = false;
    const UPDATE: Method = Method::PATCH;

    fn check(name: &str, kind: &Type, _: Microversion, value: &Value) -> Result<Value, ApiError> {
        check(name, kind, value)
    }

    /// Null in an update says nothing of an attribute, or takes it away.
    fn passes(field: &Field, op: Op, value: &Value) -> bool {
        op == Op::Update && value.is_null() && !matches!(field.kind, Type::Object(_) | Type::Pairs)
    }

    fn place(object: &str, name: &str) -> String {
        format!("{object}.{name}")
    }

    fn missing(object: &str, _: &Value, name: &str) -> ApiError {
        wrong(object, &format!("missing field `{name}`"))
    }

    fn unexpected(object: &str, _: &Value, names: &[&str]) -> ApiError {
        wrong(object, &format!("unknown field `{}`", names.join("`, `")))
    }

    fn unknown(object: &str, _: &Value, names: &[&str], known: &[&str]) -> ApiError {
        let name = names.first().copied().unwrap_or_default();
        unknown(&format!("{object}.{name}"), name, known)
    }

    fn object<'v>(name: &str, value: &'v Value) -> Result<Cow<'v, Map<String, Value>>, ApiError> {
        value.as_object().map(Cow::Borrowed).ok_or_else(|| expected(name, value, "an object"))
    }

    fn items(names: &Names, body: Value) -> Result<(Vec<Value>, bool), ApiError> {
        let Value::Object(mut body) = body else { return Err(expected("", &body, "an object")) };
        if let Some(other) = body.keys().find(|key| *key != names.one) {
            return Err(unknown(other, other, &[names.one]));
        }
        let missing = || wrong("", &format!("missing field `{}`", names.one));
        body.remove(names.one).map(|item| (vec![item], false)).ok_or_else(missing)
    }

    /// Names that the list cannot be filtered by are passed over, as Keystone does.
    fn wanted<S: Service>(rules: &Listing, call: &Call<S>) -> Result<Wanted, ApiError> {
        filter::wanted(rules, &call.query)
    }

    fn beside<S: Service>(call: &Call<S>, _: &Names, rules: &Listing, page: Shape<'_>) -> Map<String, Value> {
        let next = page.ends.filter(|_| page.more).map(|(_, last)| {
            format!("{}?{}", call.base.join(call.uri.path()), next_query(&call.query, &last))
        });
        let itself = call.uri.path_and_query().map_or_else(|| call.uri.path(), |whole| whole.as_str());
        let links = json!({ "next": next, "self": call.base.join(itself), "previous": null });
        let mut beside = named("links", links);
        if page.more && rules.pages != Pages::Whole {
            beside.insert("truncated".to_owned(), true.into());
        }
        beside
    }
}

/// The links of an object: `{"self": …}`; `path` is inside the service.
#[must_use]
pub fn links<S>(call: &Call<S>, path: &str) -> Value {
    json!({ "self": call.base.join(path) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Schema;

    const REGION: Schema = Schema::open(
        "region",
        &[&[
            Field::optional("id", Type::Nullable(&Type::Text(0, 255))),
            Field::required("name", Type::Text(0, 255)),
            Field::optional("enabled", Type::Bool),
        ]],
    );

    #[test]
    fn refusals_name_the_field_and_what_it_is() {
        let say = |body: Value| {
            let read = REGION.read::<Keystone>(Op::Create, kogge_http::mv(0, 0), &body);
            read.map_or_else(|error| error.message().to_owned(), |_| "accepted".to_owned())
        };
        assert_eq!(
            say(json!({"name": 1})),
            "Invalid input for field/attribute region.name: invalid type: integer `1`, expected a string"
        );
        assert_eq!(
            say(json!({"name": "a", "enabled": "x"})),
            "Invalid input for field/attribute region.enabled: invalid type: string \"x\", expected a boolean"
        );
        assert_eq!(say(json!({})), "Invalid input for field/attribute region: missing field `name`");
        assert_eq!(
            say(json!([])),
            "Invalid input for field/attribute region: invalid type: sequence, expected an object"
        );
        assert_eq!(say(json!({"name": "a", "id": null, "colour": 1})), "accepted");
    }

    #[test]
    fn null_says_nothing_in_updates_but_of_what_has_parts() {
        const OBJECT: Type = Type::Object(&[&[Field::optional("a", Type::Bool)]]);
        const BODY: Schema = Schema::open(
            "role",
            &[&[Field::required("name", Type::Text(0, 255)), Field::optional("o", OBJECT)]],
        );
        let read = |op, body: Value| BODY.read::<Keystone>(op, kogge_http::mv(0, 0), &body);
        assert!(read(Op::Update, json!({"name": null})).is_ok());
        assert!(read(Op::Create, json!({"name": null})).is_err());
        for bad in [json!(null), json!([]), json!({"a": 1}), json!({"b": true})] {
            assert!(read(Op::Update, json!({"o": bad})).is_err(), "{bad}");
        }
        assert!(read(Op::Update, json!({"o": {"a": true}})).is_ok());
    }

    #[test]
    fn a_body_prints_names_and_no_values() {
        let body = json!({"name": "hunter2", "colour": "hunter3"});
        let read = REGION.read::<Keystone>(Op::Create, kogge_http::mv(0, 0), &body).unwrap();
        let printed = format!("{read:?}");
        assert!(printed.contains("name") && printed.contains("colour") && !printed.contains("hunter"));
    }

    #[test]
    fn unknown_attributes_are_kept() {
        let body = json!({"name": "a", "colour": 1});
        let read = REGION.read::<Keystone>(Op::Create, kogge_http::mv(0, 0), &body).unwrap();
        assert_eq!(read.others["colour"], 1);
    }
}
