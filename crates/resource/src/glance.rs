//! The manners of Glance: objects stand in bodies without a name around them, and say which schema they have.

use std::borrow::Cow;

use http::StatusCode;
use kogge_http::{ApiError, Microversion};
use serde_json::{Map, Value};

use crate::dialect::named;
use crate::{Call, Dialect, Listing, Names, Pages, Refused, Service, Shape, Type, Wanted};

/// See the module's text.
#[derive(Debug, Clone, Copy)]
pub enum Glance {}

impl Dialect for Glance {
    const DEMANDS_IN_UPDATES: bool = true;
    const CREATED: StatusCode = StatusCode::OK;

    /// Every field of Glance has words of its own: those of the resource's check.
    fn check(_: &str, kind: &Type, _: Microversion, value: &Value) -> Result<Value, ApiError> {
        let Type::Check(check) = kind else { return Ok(value.clone()) };
        check(value.clone()).map_err(|refused| match refused {
            Refused::Because(why) => ApiError::bad_request(why),
            Refused::Fault(fault) => fault,
        })
    }

    fn missing(_: &str, _: &Value, name: &str) -> ApiError {
        let mut first = name.chars();
        let capital = first.next().map_or(String::new(), |c| c.to_uppercase().collect());
        ApiError::bad_request(format!("{capital}{} not specified", first.as_str()))
    }

    fn unexpected(_: &str, _: &Value, names: &[&str]) -> ApiError {
        ApiError::bad_request(format!("Additional properties are not allowed: {}", names.join(", ")))
    }

    fn object<'v>(name: &str, value: &'v Value) -> Result<Cow<'v, Map<String, Value>>, ApiError> {
        let message = || format!("Expected a {name}");
        value.as_object().map(Cow::Borrowed).ok_or_else(|| ApiError::bad_request(message()))
    }

    fn items(_: &Names, body: Value) -> Result<(Vec<Value>, bool), ApiError> {
        Ok((vec![body], false))
    }

    fn wanted<S: Service>(_: &Listing, _: &Call<S>) -> Result<Wanted, ApiError> {
        Ok(Wanted::default())
    }

    /// A list that has pages says where it begins.
    fn beside<S: Service>(_: &Call<S>, names: &Names, rules: &Listing, _: Shape<'_>) -> Map<String, Value> {
        let mut beside = named("schema", format!("/v2/schemas/{}", names.many));
        if rules.pages == Pages::Marker {
            beside.insert("first".to_owned(), names.all.into());
        }
        beside
    }

    fn member(_: &Names, view: Value) -> Value {
        view
    }
}
