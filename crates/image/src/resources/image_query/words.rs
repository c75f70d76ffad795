//! The words of a question, and the page among them: how many images, behind which, and in which order.

use std::collections::BTreeSet;

use kogge_db::filter::by;
use kogge_db::{Direction, Page, SortKey};

use crate::error::Error;

/// Images of a page if the client names no limit.
const DEFAULT_LIMIT: u32 = 25;
/// Most images of a page.
const MAX_LIMIT: u32 = 1000;
/// What a list can be sorted by.
pub(super) const SORT_KEYS: &[SortKey] = &[
    SortKey { name: "name", expression: "COALESCE(name, '')" },
    by("status"),
    SortKey { name: "container_format", expression: "COALESCE(container_format, '')" },
    SortKey { name: "disk_format", expression: "COALESCE(disk_format, '')" },
    SortKey { name: "size", expression: "COALESCE(size, -1)" },
    by("id"),
    by("created_at"),
    by("updated_at"),
];

/// Names with values, in the order in which they came; a name may come again.
pub(super) struct Words<'a>(pub(super) Vec<(&'a str, &'a str)>);

impl<'a> Words<'a> {
    /// The first value of `name`.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        self.all(name).next()
    }

    /// Every value of `name`.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| *key == name).map(|(_, value)| *value)
    }
}

pub(super) fn wrong(message: impl Into<String>) -> Error {
    Error::invalid(message)
}

/// The page that is asked for.
pub(super) fn page(words: &Words<'_>) -> Result<Page, Error> {
    let limit = match words.get("limit") {
        None => DEFAULT_LIMIT,
        Some(text) => {
            let limit: i64 = text.trim().parse().map_err(|_| wrong("limit param must be an integer"))?;
            u32::try_from(limit.min(MAX_LIMIT.into())).map_err(|_| wrong("limit param must be positive"))?
        }
    };
    let marker = words.get("marker").filter(|marker| !marker.is_empty()).map(str::to_owned);
    let mut sort = sort(words)?;
    // a key that comes again decides nothing any more
    let mut known = BTreeSet::new();
    sort.retain(|(key, _)| known.insert(key.clone()));
    Ok(Page { limit: Some(limit), marker, sort, reverse: false })
}

/// `sort=name:asc,size` or `sort_key=name&sort_dir=asc&…`; without direction it is descending.
fn sort(words: &Words<'_>) -> Result<Vec<(String, Direction)>, Error> {
    let keys: Vec<&str> = words.all("sort_key").collect();
    let directions: Vec<&str> = words.all("sort_dir").collect();
    if let Some(sort) = words.get("sort") {
        if !keys.is_empty() || !directions.is_empty() {
            return Err(wrong("Old and new sorting syntax cannot be combined"));
        }
        let one = |part: &str| {
            let (name, way) = part.split_once(':').unwrap_or((part, "desc"));
            Ok((key(name)?, direction(if way.is_empty() { "desc" } else { way })?))
        };
        return sort.trim().split(',').map(one).collect();
    }
    if directions.len() > 1 && directions.len() != keys.len() {
        return Err(wrong("Number of sort dirs does not match the number of sort keys"));
    }
    let keys = if keys.is_empty() && !directions.is_empty() { vec!["created_at"] } else { keys };
    let way = |index: usize| directions.get(index).or(directions.first()).copied().unwrap_or("desc");
    keys.iter().enumerate().map(|(index, name)| Ok((key(name)?, direction(way(index))?))).collect()
}

fn key(name: &str) -> Result<String, Error> {
    let name = name.trim();
    if SORT_KEYS.iter().any(|key| key.name == name) {
        return Ok(name.to_owned());
    }
    let available = SORT_KEYS.iter().map(|key| key.name).collect::<Vec<_>>().join(", ");
    Err(wrong(format!("Invalid sort key: {name}. It must be one of the following: {available}.")))
}

fn direction(text: &str) -> Result<Direction, Error> {
    match text.trim() {
        "asc" => Ok(Direction::Ascending),
        "desc" => Ok(Direction::Descending),
        other => Err(wrong(format!("Invalid sort direction: {other}"))),
    }
}
