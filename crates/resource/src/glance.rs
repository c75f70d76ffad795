//! The manners of Glance: objects stand in bodies without a name around them, and say which schema they have.

use std::borrow::Cow;
use std::collections::BTreeSet;

use http::StatusCode;
use kogge_db::{Direction, Page, SortKey};
use kogge_http::{ApiError, Microversion, Pairs, next_query};
use serde_json::{Map, Value};

use crate::dialect::named;
use crate::{Call, Dialect, Listing, Names, Pages, Refused, Service, Shape, Type, Wanted};

/// Items of a page if the client names no limit.
const DEFAULT_LIMIT: u32 = 25;
/// Most items of a page.
const MAX_LIMIT: u32 = 1000;

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

    fn wanted<S: Service>(rules: &Listing, call: &Call<S>) -> Result<Wanted, ApiError> {
        let mut wanted = Wanted::default();
        if rules.pages == Pages::Marker {
            wanted.query.page = page(&call.query, rules.sort)?;
        }
        let filters = rules.filters.iter().flat_map(|part| part.iter());
        for filter in filters.filter(|filter| call.query.has(filter.name)) {
            let values = call.query.all(filter.name).map(str::to_owned).collect();
            wanted.query.filters.insert(filter.name.to_owned(), values);
        }
        Ok(wanted)
    }

    /// A list that has pages says where it begins, and where it goes on.
    fn beside<S: Service>(
        call: &Call<S>,
        names: &Names,
        rules: &Listing,
        page: Shape<'_>,
    ) -> Map<String, Value> {
        let mut beside = named("schema", format!("/v2/schemas/{}", names.many));
        if rules.pages == Pages::Marker {
            beside.insert("first".to_owned(), first(names.all, &call.query).into());
            if let Some((_, last)) = page.ends.filter(|_| page.more) {
                let next = format!("{}?{}", names.all, next_query(&call.query, &last));
                beside.insert("next".to_owned(), next.into());
            }
        }
        beside
    }

    fn member(_: &Names, view: Value) -> Value {
        view
    }
}

/// The same question from its beginning.
fn first(path: &str, pairs: &Pairs) -> String {
    let whole = next_query(pairs, "");
    match whole.trim_end_matches("marker=").trim_end_matches('&') {
        "" => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

/// The page that is asked for: how many, behind which, and in which order.
///
/// # Errors
/// 400.
pub fn page(words: &Pairs, keys: &'static [SortKey]) -> Result<Page, ApiError> {
    let limit = match words.get("limit") {
        None => DEFAULT_LIMIT,
        Some(text) => {
            let limit: i64 =
                text.trim().parse().map_err(|_| ApiError::bad_request("limit param must be an integer"))?;
            u32::try_from(limit.min(MAX_LIMIT.into()))
                .map_err(|_| ApiError::bad_request("limit param must be positive"))?
        }
    };
    let marker = words.get("marker").filter(|marker| !marker.is_empty()).map(str::to_owned);
    let mut sort = sort(words, keys)?;
    // a key that comes again decides nothing any more
    let mut seen = BTreeSet::new();
    sort.retain(|(key, _)| seen.insert(key.clone()));
    Ok(Page { limit: Some(limit), marker, sort, reverse: false })
}

/// `sort=name:asc,size` or `sort_key=name&sort_dir=asc&…`; without direction it is descending.
fn sort(words: &Pairs, known: &'static [SortKey]) -> Result<Vec<(String, Direction)>, ApiError> {
    let keys: Vec<&str> = words.all("sort_key").collect();
    let directions: Vec<&str> = words.all("sort_dir").collect();
    if let Some(sort) = words.get("sort") {
        if !keys.is_empty() || !directions.is_empty() {
            return Err(ApiError::bad_request("Old and new sorting syntax cannot be combined"));
        }
        let one = |part: &str| {
            let (name, way) = part.split_once(':').unwrap_or((part, "desc"));
            Ok((key(name, known)?, direction(if way.is_empty() { "desc" } else { way })?))
        };
        return sort.trim().split(',').map(one).collect();
    }
    if directions.len() > 1 && directions.len() != keys.len() {
        return Err(ApiError::bad_request("Number of sort dirs does not match the number of sort keys"));
    }
    let keys = if keys.is_empty() && !directions.is_empty() { vec!["created_at"] } else { keys };
    let way = |index: usize| directions.get(index).or(directions.first()).copied().unwrap_or("desc");
    keys.iter().enumerate().map(|(index, name)| Ok((key(name, known)?, direction(way(index))?))).collect()
}

fn key(name: &str, known: &'static [SortKey]) -> Result<String, ApiError> {
    let name = name.trim();
    if known.iter().any(|key| key.name == name) {
        return Ok(name.to_owned());
    }
    let available = known.iter().map(|key| key.name).collect::<Vec<_>>().join(", ");
    Err(ApiError::bad_request(format!(
        "Invalid sort key: {name}. It must be one of the following: {available}."
    )))
}

fn direction(text: &str) -> Result<Direction, ApiError> {
    match text.trim() {
        "asc" => Ok(Direction::Ascending),
        "desc" => Ok(Direction::Descending),
        other => Err(ApiError::bad_request(format!("Invalid sort direction: {other}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_page_has_no_marker() {
        let first = |query: &str| super::first("/v2/images", &Pairs::parse(query));
        assert_eq!(first(""), "/v2/images");
        assert_eq!(first("marker=x"), "/v2/images");
        assert_eq!(first("limit=1&marker=x&name=a%26b"), "/v2/images?limit=1&name=a%26b");
    }
}
