//! The manners of Neutron: attribute tables with defaults, objects that come one or many at once, filters of any
//! attribute, pages that lead both ways.

pub mod check;
mod listing;
pub mod tags;

use std::borrow::Cow;

use kogge_http::{ApiError, Microversion};
use serde_json::{Map, Value};

use crate::dialect::named;
use crate::{Call, Dialect, Listing, Names, Op, Question, Refused, Service, Shape, Type, Wanted};

/// See the module's text.
#[derive(Debug, Clone, Copy)]
pub enum Neutron {}

/// Most things that one request creates: all of them are one transaction.
const MOST_AT_ONCE: usize = 200;

impl Dialect for Neutron {
    const UNKNOWN_FIRST: bool = true;

    fn check(name: &str, kind: &Type, _: Microversion, value: &Value) -> Result<Value, ApiError> {
        let value = value.clone();
        let checked = match kind {
            Type::Check(check) => check(value),
            Type::Nullable(_) if value.is_null() => Ok(value),
            Type::Nullable(inner) => return Self::check(name, inner, kogge_http::mv(0, 0), &value),
            Type::Bool => check::boolean(value),
            Type::Int(..) => check::integer(value),
            Type::Uuid => check::uuid(value),
            Type::Word(words) => check::one_of(value, words),
            Type::Name => check::text255(value),
            Type::Text(..) => check::filled_text(value),
            Type::Any | Type::Items(..) | Type::Object(_) | Type::Pairs => Ok(value),
        };
        checked.map_err(|refused| match refused {
            Refused::Because(reason) => {
                ApiError::bad_request(format!("Invalid input for {name}. Reason: {reason}."))
            }
            Refused::Fault(fault) => fault,
        })
    }

    fn missing(_: &str, _: &Value, name: &str) -> ApiError {
        let message = format!("Failed to parse request. Required attribute '{name}' not specified");
        ApiError::bad_request(message)
    }

    fn unexpected(_: &str, _: &Value, names: &[&str]) -> ApiError {
        ApiError::bad_request(format!("Unrecognized attribute(s) '{}'", names.join(", ")))
    }

    fn misplaced(name: &str, op: Op) -> ApiError {
        ApiError::bad_request(match op {
            Op::Create => format!("Attribute '{name}' not allowed in POST"),
            Op::Update => format!("Cannot update read-only attribute {name}"),
        })
    }

    /// `tenant_id` is an old name of `project_id`.
    fn object<'v>(name: &str, value: &'v Value) -> Result<Cow<'v, Map<String, Value>>, ApiError> {
        let Value::Object(body) = value else {
            return Err(ApiError::bad_request(format!("Object '{name}' contains invalid data")));
        };
        let Some(tenant) = body.get("tenant_id") else { return Ok(Cow::Borrowed(body)) };
        if body.get("project_id").is_some_and(|project| project != tenant) {
            return Err(ApiError::bad_request("'project_id' and 'tenant_id' do not match"));
        }
        let mut body = body.clone();
        if let Some(tenant) = body.remove("tenant_id") {
            body.insert("project_id".to_owned(), tenant);
        }
        Ok(Cow::Owned(body))
    }

    fn items(names: &Names, body: Value) -> Result<(Vec<Value>, bool), ApiError> {
        let mut body = members(body)?;
        match (body.remove(names.one), body.remove(names.many)) {
            (Some(one), _) => Ok((vec![one], false)),
            (None, Some(Value::Array(items))) if items.len() > MOST_AT_ONCE => Err(ApiError::bad_request(
                format!("At most {MOST_AT_ONCE} {} are created at once, not {}", names.many, items.len()),
            )),
            (None, Some(Value::Array(items))) if !items.is_empty() => {
                Ok((items.into_iter().map(|item| unwrapped(names, item)).collect(), true))
            }
            (None, Some(_)) => Err(ApiError::bad_request("Resources required")),
            (None, None) => Err(not_there(names)),
        }
    }

    fn item(names: &Names, body: Value) -> Result<Value, ApiError> {
        members(body)?.remove(names.one).ok_or_else(|| not_there(names))
    }

    fn wanted<S: Service>(rules: &Listing, call: &Call<S>) -> Result<Wanted, ApiError> {
        let query = listing::query(rules, &call.query)?;
        let fields = call.query.all("fields").map(str::to_owned).collect();
        Ok(Wanted { query, offset: None, fields })
    }

    fn fields<S: Service>(_: &Question, call: &Call<S>) -> Result<Vec<String>, ApiError> {
        Ok(call.query.all("fields").map(str::to_owned).collect())
    }

    fn beside<S: Service>(call: &Call<S>, names: &Names, _: &Listing, page: Shape<'_>) -> Map<String, Value> {
        let links = listing::links(&call.base, names.all, &call.query, &page);
        if links.is_empty() { Map::new() } else { named(&format!("{}_links", names.many), links) }
    }
}

fn members(body: Value) -> Result<Map<String, Value>, ApiError> {
    match body {
        Value::Object(body) => Ok(body),
        _ => Err(ApiError::bad_request("Body contains invalid data")),
    }
}

/// An item of a bulk body: it may be wrapped in its name, as it would be alone.
fn unwrapped(names: &Names, item: Value) -> Value {
    match item {
        Value::Object(mut members) => match members.remove(names.one) {
            Some(inner) => inner,
            None => Value::Object(members),
        },
        other => other,
    }
}

fn not_there(names: &Names) -> ApiError {
    ApiError::bad_request(format!("Unable to find '{}' in request body", names.one))
}

/// `If-Match: revision_number=5`.
///
/// # Errors
/// 400 for another form.
pub fn revision<S>(call: &Call<S>) -> Result<Option<i64>, ApiError> {
    let Some(value) = call.headers.get(http::header::IF_MATCH) else { return Ok(None) };
    revision_of(value.to_str().unwrap_or_default()).map(Some)
}

fn revision_of(text: &str) -> Result<i64, ApiError> {
    let number = text.trim().trim_matches('"').strip_prefix("revision_number=");
    let message = "Revision number etag must be in the format of revision_number=<int>";
    let number = number.and_then(|number| number.trim().parse().ok());
    number.ok_or_else(|| ApiError::bad_request(message))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Absent, Body, Field, Schema};

    const NETWORK: Schema = Schema::new(
        "network",
        &[&[
            Field::shown("id"),
            Field::post("project_id", Absent::Unset, Type::Check(check::project)),
            Field::both("name", Absent::Text(""), Type::Check(check::text255)),
            Field::both("admin_state_up", Absent::Bool(true), Type::Check(check::boolean)),
            Field::both("shared", Absent::Bool(false), Type::Check(check::boolean)),
            Field::both("mtu", Absent::Int(0), Type::Check(check::non_negative)),
        ]],
    );

    fn network(op: Op, body: Value) -> Result<Body, ApiError> {
        NETWORK.read::<Neutron>(op, kogge_http::mv(0, 0), &body)
    }

    #[test]
    fn defaults_are_filled_in_and_explicit_ones_noted() {
        let read = network(Op::Create, json!({"name": "n", "shared": "true", "mtu": 0})).unwrap();
        assert_eq!((read.truth("shared"), read.truth("admin_state_up")), (Some(true), Some(true)));
        assert_eq!(read.explicit, ["name", "shared"]);
        let read = network(Op::Update, json!({"shared": false})).unwrap();
        assert_eq!(read.explicit, ["shared"]);
        assert_eq!(read.into_values().len(), 1);
    }

    #[test]
    fn items_of_a_bulk_body_may_be_wrapped_each() {
        const NAMES: Names = Names::new("network", "networks", "", "");
        let body = json!({"networks": [{"network": {"name": "a"}}, {"name": "b"}, 5]});
        let (items, many) = Neutron::items(&NAMES, body).unwrap();
        assert!(many);
        assert_eq!(items, [json!({"name": "a"}), json!({"name": "b"}), json!(5)]);
        assert!(Neutron::items(&NAMES, json!({"networks": []})).is_err());
    }

    #[test]
    fn upstreams_words_for_wrong_attributes() {
        let say = |op, body| network(op, body).unwrap_err().message().to_owned();
        assert_eq!(say(Op::Create, json!({"x": 1})), "Unrecognized attribute(s) 'x'");
        assert_eq!(say(Op::Create, json!({"id": "1"})), "Attribute 'id' not allowed in POST");
        assert_eq!(say(Op::Update, json!({"id": "1"})), "Cannot update read-only attribute id");
        assert!(say(Op::Create, json!({"name": 5})).starts_with("Invalid input for name. Reason: '5'"));
        assert_eq!(
            say(Op::Create, json!({"project_id": "a", "tenant_id": "b"})),
            "'project_id' and 'tenant_id' do not match"
        );
    }

    #[test]
    fn rules_are_asked_for_named_attributes_and_their_parts() {
        const PORT: Schema = Schema::new(
            "port",
            &[&[
                Field::both("name", Absent::Text(""), Type::Any),
                Field::both("network_id", Absent::Required, Type::Any),
                Field::both("fixed_ips", Absent::Unset, Type::Any),
            ]],
        );
        let body = json!({"network_id": "n", "name": "", "fixed_ips": [{"ip_address": "10.0.0.1"}]});
        let read = PORT.read::<Neutron>(Op::Create, kogge_http::mv(0, 0), &body).unwrap();
        assert_eq!(read.field_rules(), ["fixed_ips", "fixed_ips:ip_address"]);
    }

    #[test]
    fn if_match_has_one_form() {
        assert_eq!(revision_of("revision_number=5").unwrap(), 5);
        assert_eq!(revision_of("\"revision_number=5\"").unwrap(), 5);
        assert!(revision_of("5").is_err() && revision_of("revision_number=x").is_err());
    }
}
