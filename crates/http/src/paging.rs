//! Pages in query strings.

use kogge_db::{Direction, Page, SortKey};

use crate::{ApiError, Pairs};

/// How a resource pages.
#[derive(Debug, Clone, Copy)]
pub struct PageRules {
    /// Most items of a page; also the default, where there is one.
    pub max_limit: Option<u32>,
    /// Items of a page if the client names no limit.
    pub default_limit: Option<u32>,
    /// What can be sorted by.
    pub sort_keys: &'static [SortKey],
    /// What an unknown sort key is: refused, or passed over.
    pub strict_sort: bool,
}

/// Takes `limit`, `marker`, `sort_key`/`sort_dir` (repeated), `sort=key:dir,…` and `page_reverse` out of the query.
///
/// # Errors
/// 400 for a limit that is no number from 0, and for unknown sort keys where the rules are strict.
pub fn page(pairs: &Pairs, rules: &PageRules) -> Result<Page, ApiError> {
    let limit = match pairs.get("limit") {
        Some(text) => Some(limit(text)?),
        None => rules.default_limit,
    };
    let limit = match (limit, rules.max_limit) {
        (Some(limit), Some(max)) => Some(limit.min(max)),
        (limit, max) => limit.or(max),
    };
    let reverse = pairs.get("page_reverse").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let marker = pairs.get("marker").filter(|marker| !marker.is_empty()).map(str::to_owned);
    Ok(Page { limit, marker, sort: sort(pairs, rules)?, reverse })
}

fn limit(text: &str) -> Result<u32, ApiError> {
    text.parse().map_err(|_| {
        ApiError::bad_request(format!("Invalid limit '{text}': it must be a number from 0 to {}.", u32::MAX))
    })
}

fn sort(pairs: &Pairs, rules: &PageRules) -> Result<Vec<(String, Direction)>, ApiError> {
    let mut found: Vec<(String, Option<String>)> = Vec::new();
    for list in pairs.all("sort") {
        for part in list.split(',').filter(|part| !part.is_empty()) {
            let (key, direction) =
                part.split_once(':').map_or((part, None), |(k, d)| (k, Some(d.to_owned())));
            found.push((key.trim().to_owned(), direction));
        }
    }
    let directions: Vec<&str> = pairs.all("sort_dir").collect();
    for (index, key) in pairs.all("sort_key").enumerate() {
        let direction = directions.get(index).or(directions.last()).map(|d| (*d).to_owned());
        found.push((key.to_owned(), direction));
    }
    let mut sort = Vec::with_capacity(found.len());
    for (key, direction) in found {
        if !rules.sort_keys.iter().any(|known| known.name == key) {
            if rules.strict_sort {
                return Err(ApiError::bad_request(format!("Invalid sort key: {key}")));
            }
            continue;
        }
        sort.push((key, self::direction(direction.as_deref())?));
    }
    Ok(sort)
}

fn direction(text: Option<&str>) -> Result<Direction, ApiError> {
    match text.map(str::trim) {
        None | Some("asc") => Ok(Direction::Ascending),
        Some("desc") => Ok(Direction::Descending),
        Some(other) => {
            Err(ApiError::bad_request(format!("Invalid sort direction '{other}': asc or desc is possible.")))
        }
    }
}

/// The query of the next page: the same one with another marker.
#[must_use]
pub fn next_query(pairs: &Pairs, marker: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs.iter().filter(|(name, _)| *name != "marker") {
        query.append_pair(name, value);
    }
    query.append_pair("marker", marker).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: PageRules = PageRules {
        max_limit: Some(1000),
        default_limit: None,
        sort_keys: &[
            SortKey { name: "name", expression: "name" },
            SortKey { name: "size", expression: "size" },
        ],
        strict_sort: true,
    };

    fn read(query: &str) -> Result<Page, ApiError> {
        page(&Pairs::parse(query), &RULES)
    }

    #[test]
    fn both_ways_to_sort() {
        let expected =
            vec![("name".to_owned(), Direction::Descending), ("size".to_owned(), Direction::Ascending)];
        assert_eq!(read("sort=name:desc,size:asc").unwrap().sort, expected);
        assert_eq!(read("sort_key=name&sort_dir=desc&sort_key=size&sort_dir=asc").unwrap().sort, expected);
    }

    #[test]
    fn limits_are_capped_and_nonsense_is_refused() {
        assert_eq!(read("limit=5000").unwrap().limit, Some(1000));
        assert_eq!(read("").unwrap().limit, Some(1000));
        assert!(read("limit=-1").is_err());
        assert!(read("limit=many").is_err());
        assert!(read("sort_key=password").is_err());
        assert!(read("sort_key=name&sort_dir=up").is_err());
    }

    #[test]
    fn the_next_query_keeps_everything_but_the_marker() {
        let pairs = Pairs::parse("name=a%20b&marker=old&limit=2");
        assert_eq!(next_query(&pairs, "new"), "name=a+b&limit=2&marker=new");
    }
}
