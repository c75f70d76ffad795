//! The manners of Nova, which Cinder shares: bodies as strict as its JSON schemas, microversions, `limit` with `marker`
//! or `offset`.

mod fields;
mod names;
mod python;
pub mod query;

use std::borrow::Cow;

use http::StatusCode;
use kogge_db::Page;
use kogge_http::{ApiError, BaseUrl, Microversion, Pairs, next_query};
use serde::Serialize;
use serde_json::{Map, Value, json};

pub use fields::{Fields, Read, additional, at_most, boolean, name, number, text, wrong};
pub use names::{is_description, is_name, uuid_like};
pub use python::repr;

use crate::body::Others;
use crate::dialect::named;
use crate::{
    Call, Dialect, Listing, Names, Op, Pages, Question, Refused, Schema, Service, Shape, Type, Wanted,
};

/// See the module's text.
#[derive(Debug, Clone, Copy)]
pub enum Nova {}

impl Dialect for Nova {
    const DEMANDS_IN_UPDATES: bool = true;
    const CREATED: StatusCode = StatusCode::OK;

    fn check(name: &str, kind: &Type, version: Microversion, value: &Value) -> Result<Value, ApiError> {
        Ok(match kind {
            Type::Any => value.clone(),
            Type::Nullable(_) if value.is_null() => Value::Null,
            Type::Nullable(inner) => return Self::check(name, inner, version, value),
            Type::Text(least, most) => text(name, value, *least, *most)?.into(),
            Type::Name => fields::name(name, value)?.into(),
            Type::Bool => boolean(name, value)?.into(),
            Type::Int(least, most) => number(name, value, *least, *most)?.into(),
            Type::Uuid => fields::uuid(name, value)?.into(),
            Type::Word(words) => fields::word(name, value, words)?.into(),
            Type::Items(inner, least, most) => items(name, inner, (*least, *most), version, value)?,
            Type::Object(fields) => {
                let schema = Schema { name: "", fields, others: Others::Refused };
                schema.read_as::<Self>(name, Op::Create, version, value)?.into_values().into()
            }
            Type::Pairs => json!(Fields::named(name, value)?.pairs()?),
            Type::Check(check) => check(value.clone()).map_err(|refused| match refused {
                Refused::Because(why) => wrong(name, value, &why),
                Refused::Fault(fault) => fault,
            })?,
        })
    }

    fn missing(object: &str, whole: &Value, name: &str) -> ApiError {
        wrong(object, whole, &format!("'{name}' is a required property"))
    }

    fn unexpected(object: &str, whole: &Value, names: &[&str]) -> ApiError {
        wrong(object, whole, &additional(names))
    }

    fn object<'v>(name: &str, value: &'v Value) -> Result<Cow<'v, Map<String, Value>>, ApiError> {
        let why = || wrong(name, value, &format!("{} is not of type 'object'", repr(value)));
        value.as_object().map(Cow::Borrowed).ok_or_else(why)
    }

    fn items(names: &Names, body: Value) -> Result<(Vec<Value>, bool), ApiError> {
        let fields = Fields::of(&body)?;
        let item = fields.required(names.one, fields.take(names.one))?.clone();
        fields.finish()?;
        Ok((vec![item], false))
    }

    fn wanted<S: Service>(rules: &Listing, call: &Call<S>) -> Result<Wanted, ApiError> {
        let (pairs, most) = (&call.query, call.service.most_per_page());
        let filters: Vec<&str> = rules.filters.iter().flat_map(|part| part.iter().map(|f| f.name)).collect();
        if let Some(strict) = rules.strict_since {
            let pages: &[&str] = match rules.pages {
                Pages::Whole => &[],
                Pages::Marker if rules.sort.is_empty() => &["limit", "marker"],
                Pages::Marker => &["limit", "marker", "sort_key", "sort_dir"],
                Pages::Offset => &["limit", "offset"],
            };
            let known: Vec<&str> = [rules.words, pages, &filters].concat();
            query::only(pairs, &known, call.version, strict)?;
        }
        let mut wanted = Wanted::default();
        for name in filters.iter().filter(|name| pairs.has(name)) {
            let values = pairs.all(name).map(str::to_owned).collect();
            wanted.query.filters.insert((*name).to_owned(), values);
        }
        wanted.query.page = match rules.pages {
            Pages::Marker if has_pages(rules, call.version) => query::page(pairs, most, rules.sort)?,
            Pages::Offset => {
                let limit = query::natural(pairs, "limit")?.and_then(|limit| u32::try_from(limit).ok());
                wanted.offset = Some(query::natural(pairs, "offset")?.unwrap_or(0));
                // 0 is no limit
                let limit = limit.filter(|limit| *limit > 0).map_or(most, |limit| limit.min(most));
                Page { limit: Some(limit), ..Page::default() }
            }
            _ => Page { limit: Some(most), ..Page::default() },
        };
        Ok(wanted)
    }

    fn fields<S: Service>(rules: &Question, call: &Call<S>) -> Result<Vec<String>, ApiError> {
        if let Some(strict) = rules.strict_since {
            query::only(&call.query, rules.words, call.version, strict)?;
        }
        Ok(Vec::new())
    }

    fn beside<S: Service>(
        call: &Call<S>,
        names: &Names,
        rules: &Listing,
        page: Shape<'_>,
    ) -> Map<String, Value> {
        let linked = rules.pages == Pages::Marker && has_pages(rules, call.version) && page.more;
        let Some((_, last)) = page.ends.filter(|_| linked) else { return Map::new() };
        let next = next(&call.base, call.uri.path(), &call.query, &last);
        named(&format!("{}_links", names.many), json!([next]))
    }
}

fn has_pages(rules: &Listing, version: Microversion) -> bool {
    rules.pages_since.is_none_or(|since| version.has(since))
}

fn items(
    name: &str,
    kind: &Type,
    (least, most): (usize, usize),
    version: Microversion,
    value: &Value,
) -> Result<Value, ApiError> {
    let list = fields::list(name, value)?;
    let refuse = |why: &str| wrong(name, value, &format!("{} {why}", repr(value)));
    if list.len() < least {
        return Err(refuse(if list.is_empty() { "should be non-empty" } else { "is too short" }));
    }
    if list.len() > most {
        return Err(refuse("is too long"));
    }
    let check = |(index, item): (usize, &Value)| Nova::check(&index.to_string(), kind, version, item);
    list.iter().enumerate().map(check).collect()
}

/// A link.
#[derive(Debug, Clone, Serialize)]
pub struct Link {
    /// What it leads to.
    pub rel: &'static str,
    /// Where.
    pub href: String,
}

/// The link to the page behind `last`; `path` is that of the list.
#[must_use]
pub fn next(base: &BaseUrl, path: &str, pairs: &Pairs, last: &str) -> Link {
    Link { rel: "next", href: base.join(&format!("{path}?{}", next_query(pairs, last))) }
}
