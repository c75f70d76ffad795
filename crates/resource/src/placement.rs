//! The manners of Placement: what is made is told by its address, lists are whole, and answers bear the time of the last
//! change.

use std::borrow::Cow;

use http::StatusCode;
use kogge_http::{ApiError, BaseUrl, Microversion};
use serde_json::{Map, Value, json};

use crate::{Call, Dialect, Listing, Names, Refused, Service, Shape, Type, Wanted};

/// See the module's text.
#[derive(Debug, Clone, Copy)]
pub enum Manners {}

fn invalid(why: &str) -> ApiError {
    ApiError::bad_request(format!("JSON does not validate: {why}"))
}

impl Dialect for Manners {
    const CREATED: StatusCode = StatusCode::CREATED;

    fn check(_: &str, kind: &Type, _: Microversion, value: &Value) -> Result<Value, ApiError> {
        match kind {
            Type::Check(check) => check(value.clone()).map_err(|refused| match refused {
                Refused::Because(why) => invalid(&why),
                Refused::Fault(fault) => fault,
            }),
            Type::Text(..) | Type::Name if !value.is_string() => {
                Err(invalid(&format!("{value} is not of type 'string'")))
            }
            _ => Ok(value.clone()),
        }
    }

    fn missing(_: &str, _: &Value, name: &str) -> ApiError {
        invalid(&format!("'{name}' is a required property"))
    }

    fn unexpected(_: &str, _: &Value, names: &[&str]) -> ApiError {
        let names = names.join("', '");
        invalid(&format!("Additional properties are not allowed ('{names}' was unexpected)"))
    }

    fn object<'v>(_: &str, value: &'v Value) -> Result<Cow<'v, Map<String, Value>>, ApiError> {
        let why = || invalid(&format!("{value} is not of type 'object'"));
        value.as_object().map(Cow::Borrowed).ok_or_else(why)
    }

    fn items(_: &Names, body: Value) -> Result<(Vec<Value>, bool), ApiError> {
        Ok((vec![body], false))
    }

    fn wanted<S: Service>(_: &Listing, _: &Call<S>) -> Result<Wanted, ApiError> {
        Ok(Wanted::default())
    }

    fn collection<S: Service>(_: &Call<S>, names: &Names, _: &Listing, page: Shape<'_>) -> Value {
        json!({ names.many: page.items })
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
