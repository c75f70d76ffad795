//! Query strings of lists: filters, pages, sort keys, and the links to the pages beside.

use std::collections::BTreeMap;

use kogge_db::{Direction, ListQuery, Page};
use kogge_http::{ApiError, BaseUrl, Pairs};
use serde_json::{Value, json};

use crate::{Listing, Shape};

type Result<T> = std::result::Result<T, ApiError>;

/// Most items of a page, also where the client asks for more or names no limit; a link leads on (as with upstream's
/// `pagination_max_limit`).
const MOST_PER_PAGE: u32 = 1000;
/// Most values of all filters of a list together; more make a statement that databases refuse.
const MOST_VALUES: usize = 500;

const NOT_FILTERS: &[&str] =
    &["fields", "limit", "marker", "page_reverse", "sort_key", "sort_dir", "verbose"];

fn bad(message: impl Into<String>) -> ApiError {
    ApiError::bad_request(message)
}

/// Reads a list's query.
pub(super) fn query(rules: &Listing, pairs: &Pairs) -> Result<ListQuery> {
    Ok(ListQuery { filters: filters(rules, pairs)?, page: page(rules, pairs)? })
}

fn filters(rules: &Listing, pairs: &Pairs) -> Result<BTreeMap<String, Vec<String>>> {
    if pairs.has("tenant_id") && pairs.has("project_id") {
        return Err(
            bad("Both tenant_id and project_id passed as filters.").named("TenantIdProjectIdFilterConflict")
        );
    }
    let given = pairs.iter().filter(|(name, _)| !NOT_FILTERS.contains(name));
    let values: usize = given
        .map(|(name, value)| if name.contains("tags") { 1 + value.matches(',').count() } else { 1 })
        .sum();
    if values > MOST_VALUES {
        return Err(bad(format!("A list takes at most {MOST_VALUES} values of filters, not {values}.")));
    }
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in pairs.iter().filter(|(name, _)| !NOT_FILTERS.contains(name)) {
        let (name, value) = match name {
            "tenant_id" => ("project_id".to_owned(), value),
            // `fixed_ips=ip_address=10.0.0.5`
            _ if has_parts(rules, name) => match value.split_once('=') {
                Some((part, value)) => (format!("{name}/{part}"), value),
                None => {
                    let reason = format!("'{value}' is no key=value pair");
                    return Err(bad(format!("Invalid input for {name}. Reason: {reason}.")));
                }
            },
            _ => (name.to_owned(), value),
        };
        found.entry(name).or_default().push(value.to_owned());
    }
    Ok(found)
}

/// True where it is the parts of the attribute that can be filtered by.
fn has_parts(rules: &Listing, name: &str) -> bool {
    let is_part = |filter: &str| filter.strip_prefix(name).is_some_and(|rest| rest.starts_with('/'));
    rules.filters.iter().flat_map(|part| part.iter()).any(|filter| is_part(filter.name))
}

fn page(rules: &Listing, pairs: &Pairs) -> Result<Page> {
    let limit = match pairs.get("limit") {
        None | Some("" | "0" | "infinite") => MOST_PER_PAGE,
        Some(text) => text.parse::<u32>().map_err(|_| {
            let message = format!("Limit must be an integer 0 or greater and not '{text}'");
            bad(format!("Bad limit request: {message}.")).named("BadRequest")
        })?,
    };
    let marker = pairs.get("marker").filter(|marker| !marker.is_empty()).map(str::to_owned);
    let reverse = pairs.get("page_reverse").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    Ok(Page { limit: Some(limit.min(MOST_PER_PAGE)), marker, sort: sort(rules, pairs)?, reverse })
}

fn sort(rules: &Listing, pairs: &Pairs) -> Result<Vec<(String, Direction)>> {
    let (keys, ways): (Vec<&str>, Vec<&str>) =
        (pairs.all("sort_key").collect(), pairs.all("sort_dir").collect());
    if let Some(unknown) = keys.iter().find(|key| !rules.sort.iter().any(|known| known.name == **key)) {
        return Err(bad(format!("['{unknown}'] is invalid attribute for sort_keys")));
    }
    // there is no default direction: Neutron refuses a key without one
    if ways.len() != keys.len() {
        return Err(bad("The number of sort_keys and sort_dirs must be same"));
    }
    let way = |text: &str| match text.trim() {
        "asc" => Ok(Direction::Ascending),
        "desc" => Ok(Direction::Descending),
        other => Err(bad(format!("Invalid sort direction '{other}': asc or desc is possible."))),
    };
    keys.iter().zip(ways).map(|(key, text)| Ok(((*key).to_owned(), way(text)?))).collect()
}

/// `next` and `previous`; `path` is that of the list.
pub(super) fn links(base: &BaseUrl, path: &str, pairs: &Pairs, shape: &Shape<'_>) -> Vec<Value> {
    let (Some((first, last)), page) = (&shape.ends, &shape.wanted.query.page) else { return Vec::new() };
    let link = |rel: &str, marker: &str, reverse: bool| {
        let plain = kogge_http::next_query(pairs, marker);
        let kept: Vec<&str> = plain.split('&').filter(|pair| !pair.starts_with("page_reverse=")).collect();
        let mut query = kept.join("&");
        if reverse {
            query.push_str("&page_reverse=True");
        }
        json!({"rel": rel, "href": base.join(&format!("{path}?{query}"))})
    };
    let (goes_on, came_from) = (shape.more, page.marker.is_some());
    let (next, previous) = if page.reverse { (came_from, goes_on) } else { (goes_on, came_from) };
    let mut links = Vec::new();
    if next {
        links.push(link("next", last, false));
    }
    if previous {
        links.push(link("previous", first, true));
    }
    links
}

#[cfg(test)]
mod tests {
    use kogge_db::filter::{by, text};

    use super::*;
    use crate::Wanted;

    const RULES: Listing = Listing {
        filters: &[&[text("fixed_ips/ip_address", "address = ?")]],
        sort: &[by("name")],
        ..Listing::OWN
    };

    fn read(text: &str) -> Result<ListQuery> {
        query(&RULES, &Pairs::parse(text))
    }

    #[test]
    fn pages_filters_and_sort_keys_are_told_apart() {
        let found = read("name=a&name=b&limit=2&marker=m&sort_key=name&sort_dir=desc&fields=id&fixed_ips=ip_address%3D10.0.0.1").unwrap();
        assert_eq!(found.filters["name"], ["a", "b"]);
        assert_eq!(found.filters["fixed_ips/ip_address"], ["10.0.0.1"]);
        assert_eq!(found.filters.len(), 2);
        assert_eq!((found.page.limit, found.page.marker.as_deref()), (Some(2), Some("m")));
        assert_eq!(found.page.sort.len(), 1);
    }

    #[test]
    fn nonsense_in_pages_is_refused() {
        for text in [
            "limit=-1",
            "limit=x",
            "sort_key=colour",
            "sort_key=name",
            "sort_dir=asc",
            "sort_key=name&sort_dir=up",
            "sort_key=name&sort_dir=asc&sort_dir=asc",
            "tenant_id=a&project_id=b",
            "fixed_ips=x",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn pages_and_filters_are_bounded() {
        for text in ["limit=0", "", "limit=infinite", "limit=4000000000"] {
            assert_eq!(read(text).unwrap().page.limit, Some(MOST_PER_PAGE), "{text}");
        }
        assert!(read(&"id=a&".repeat(MOST_VALUES)).is_ok());
        assert!(read(&"id=a&".repeat(MOST_VALUES + 1)).is_err());
        assert!(read(&format!("tags=a{}", ",a".repeat(MOST_VALUES))).is_err());
    }

    #[test]
    fn links_lead_on_only_where_something_follows() {
        let base = BaseUrl::fixed("http://c", "/network");
        let pairs = Pairs::parse("limit=2&marker=a&name=x");
        let wanted = Wanted { query: read("limit=2&marker=a&name=x").unwrap(), ..Wanted::default() };
        let ends = Some(("b".to_owned(), "c".to_owned()));
        let mut shape = Shape { ends, more: true, wanted: &wanted };
        let both = links(&base, "/v2.0/networks", &pairs, &shape);
        assert_eq!(both[0]["href"], "http://c/network/v2.0/networks?limit=2&name=x&marker=c");
        assert_eq!(
            both[1]["href"],
            "http://c/network/v2.0/networks?limit=2&name=x&marker=b&page_reverse=True"
        );
        shape.more = false;
        assert_eq!(links(&base, "/v2.0/networks", &pairs, &shape).len(), 1);
    }
}
