//! The manners of Cinder: those of Nova in bodies and refusals; lists sort by `sort`, newest first, page by marker and
//! by offset at once, refuse unknown filters since 3.31 and say how many there are since 3.45.

use std::borrow::Cow;

use http::StatusCode;
use kogge_db::filter::{BadFilter, apply};
use kogge_db::{Direction, Executor as _, ListError, Page, Record};
use kogge_http::{ApiError, Microversion, Pairs, mv};
use serde_json::{Map, Value, json};

use crate::dialect::named;
use crate::nova::{Nova, next, text};
use crate::{Call, Dialect, Error, List, Listing, Names, Pages, Question, Service, Shape, Sql, Type, Wanted};

/// Unknown filters are refused, and `name~` finds parts of names.
const STRICT_FILTERS: Microversion = mv(3, 31);
/// Lists say how many there are on all pages, for whoever asks.
const COUNTS: Microversion = mv(3, 45);
/// Parameters of every list.
const PAGING: [&str; 8] =
    ["limit", "marker", "offset", "sort", "sort_key", "sort_dir", "all_tenants", "with_count"];

/// See the module's text.
#[derive(Debug, Clone, Copy)]
pub enum Cinder {}

impl Dialect for Cinder {
    const DEMANDS_IN_UPDATES: bool = true;
    const CREATED: StatusCode = StatusCode::OK;

    /// Names may be empty, and lose spaces at their ends.
    fn check(name: &str, kind: &Type, version: Microversion, value: &Value) -> Result<Value, ApiError> {
        match kind {
            Type::Name => Ok(text(name, value, 0, 255)?.trim().into()),
            Type::Nullable(_) if value.is_null() => Ok(Value::Null),
            Type::Nullable(inner) => Self::check(name, inner, version, value),
            kind => Nova::check(name, kind, version, value),
        }
    }

    fn missing(object: &str, whole: &Value, name: &str) -> ApiError {
        Nova::missing(object, whole, name)
    }

    fn unexpected(object: &str, whole: &Value, names: &[&str]) -> ApiError {
        Nova::unexpected(object, whole, names)
    }

    fn object<'v>(name: &str, value: &'v Value) -> Result<Cow<'v, Map<String, Value>>, ApiError> {
        Nova::object(name, value)
    }

    fn items(names: &Names, body: Value) -> Result<(Vec<Value>, bool), ApiError> {
        Nova::items(names, body)
    }

    fn wanted<S: Service>(rules: &Listing, call: &Call<S>) -> Result<Wanted, ApiError> {
        let pairs = &call.query;
        let filters: Vec<&str> = rules.filters.iter().flat_map(|part| part.iter().map(|f| f.name)).collect();
        let known =
            |name: &str| PAGING.contains(&name) || rules.words.contains(&name) || filters.contains(&name);
        let unknown: Vec<&str> = pairs.iter().map(|(name, _)| name).filter(|name| !known(name)).collect();
        if !unknown.is_empty() && call.version.has(rules.strict_since.unwrap_or(STRICT_FILTERS)) {
            let why = format!("Invalid filters {} are found in query options.", unknown.join(","));
            return Err(ApiError::bad_request(why));
        }
        let mut wanted = Wanted::default();
        for name in filters.iter().filter(|name| pairs.has(name)) {
            let values = pairs.all(name).map(str::to_owned).collect();
            wanted.query.filters.insert((*name).to_owned(), values);
        }
        let most = call.service.most_per_page();
        let pages =
            rules.pages != Pages::Whole && rules.pages_since.is_none_or(|since| call.version.has(since));
        if !pages {
            wanted.query.page = Page { limit: Some(most), ..Page::default() };
            return Ok(wanted);
        }
        let marker = pairs.get("marker").filter(|marker| !marker.is_empty()).map(str::to_owned);
        let limit = number(pairs, "limit")?.map_or(most, |limit| limit.min(most));
        wanted.query.page = Page { limit: Some(limit), marker, sort: sort(pairs, rules)?, reverse: false };
        wanted.offset = number(pairs, "offset")?.filter(|offset| *offset > 0).map(u64::from);
        Ok(wanted)
    }

    fn fields<S: Service>(rules: &Question, call: &Call<S>) -> Result<Vec<String>, ApiError> {
        Nova::fields(rules, call)
    }

    fn beside<S: Service>(
        call: &Call<S>,
        names: &Names,
        rules: &Listing,
        page: Shape<'_>,
    ) -> Map<String, Value> {
        let mut beside = Map::new();
        // a page as long as was asked for has a next one, be it empty: clients count on that
        let limit = page.wanted.query.page.limit;
        let full = limit.is_some_and(|limit| u32::try_from(page.count).is_ok_and(|count| count >= limit));
        if rules.pages != Pages::Whole
            && (page.more || full)
            && let Some((_, last)) = &page.ends
        {
            let next = next(&call.base, call.uri.path(), &call.query, last);
            let links = rules.links.map_or_else(|| format!("{}_links", names.many), str::to_owned);
            beside = named(&links, json!([next]));
        }
        if let Some(total) = page.total {
            beside.insert("count".to_owned(), total.into());
        }
        beside
    }
}

/// How many a list has on all its pages, where its client asks `with_count`: what [`List::total`] answers.
///
/// # Errors
/// Where the caller may not list, or a filter cannot be read.
pub async fn total<R: List>(call: &Call<R::Service>, wanted: &Wanted) -> Result<Option<i64>, Error<R>>
where
    R::Service: Sql,
    R::Row: Record,
{
    let Some(word) = call.query.get("with_count").filter(|_| call.version.has(COUNTS)) else {
        return Ok(None);
    };
    match word.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" | "t" | "y" => {}
        "false" | "0" | "no" | "off" | "f" | "n" => return Ok(None),
        _ => {
            let bad = BadFilter { name: "with_count".to_owned(), value: Some(word.to_owned()) };
            return Err(ListError::from(bad).into());
        }
    }
    let select = R::whose(call)?.of(R::Row::select(), R::LIST.own);
    let select = apply(select, R::LIST.filters, &wanted.query).map_err(ListError::from)?;
    let counted = call.service.db().one(select.columns("COUNT(*) AS n").query()).await;
    let counted = counted.and_then(|row| row.int("n"));
    Ok(Some(counted.map_err(ListError::from)?))
}

fn number(pairs: &Pairs, name: &str) -> Result<Option<u32>, ApiError> {
    let Some(text) = pairs.get(name) else { return Ok(None) };
    match text.trim().parse::<i128>() {
        Err(_) => Err(ApiError::bad_request(format!("{name} param must be an integer"))),
        Ok(number) if number < 0 => Err(ApiError::bad_request(format!("{name} param must be positive"))),
        Ok(number) => match u32::try_from(number) {
            Ok(number) => Ok(Some(number)),
            Err(_) if name == "limit" => Ok(Some(u32::MAX)),
            Err(_) => Err(ApiError::bad_request(format!("{name} param is too large"))),
        },
    }
}

/// By which keys, each the greatest first unless something else is said.
fn sort(pairs: &Pairs, rules: &Listing) -> Result<Vec<(String, Direction)>, ApiError> {
    let mut asked: Vec<(&str, &str)> = Vec::new();
    match pairs.get("sort") {
        Some(_) if pairs.has("sort_key") || pairs.has("sort_dir") => {
            let why = "The 'sort_key' and 'sort_dir' parameters are deprecated and cannot be used with the 'sort' \
                       parameter.";
            return Err(ApiError::bad_request(why));
        }
        Some(list) => {
            asked.extend(list.split(',').map(|part| part.split_once(':').unwrap_or((part, "desc"))))
        }
        None if pairs.has("sort_key") || pairs.has("sort_dir") => {
            let key = pairs.get("sort_key").unwrap_or("created_at");
            asked.push((key, pairs.get("sort_dir").unwrap_or("desc")));
        }
        None => {}
    }
    let mut sort = Vec::with_capacity(asked.len());
    for (key, direction) in asked {
        let (key, direction) = (key.trim(), direction.trim());
        if !rules.sort.iter().any(|known| known.name == key) {
            return Err(ApiError::bad_request(format!("Invalid sort key: {key}")));
        }
        let direction = match direction {
            "asc" => Direction::Ascending,
            "desc" => Direction::Descending,
            other => {
                let why = format!("Unknown sort direction, must be one of: asc, desc; not {other}");
                return Err(ApiError::bad_request(why));
            }
        };
        sort.push((key.to_owned(), direction));
    }
    Ok(sort)
}
