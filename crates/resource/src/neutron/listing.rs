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
    let limit = match pairs.get("limit").filter(|text| is_bound(text)) {
        None => MOST_PER_PAGE,
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

/// True for a limit that bounds a page.
fn is_bound(limit: &str) -> bool {
    !matches!(limit, "" | "0" | "infinite")
}

/// `next` and `previous` of a page; `path` is that of the list.
///
/// As in Neutron (`get_pagination_links`), who asked for a limit finds an end where a page is not full: a full page leads on
/// though nothing may follow, and the first one leads back. Where we set the limit, links lead only to what is there.
pub(super) fn links(base: &BaseUrl, path: &str, pairs: &Pairs, shape: &Shape<'_>) -> Vec<Value> {
    let page = &shape.wanted.query.page;
    let ends = shape.ends.as_ref();
    let link = |rel: &str, marker: Option<&String>, reverse: bool| {
        let plain = kogge_http::next_query(pairs, marker.map_or("", String::as_str));
        let is_kept = |pair: &&str| !pair.starts_with("page_reverse=") && *pair != "marker=";
        let mut query = plain.split('&').filter(is_kept).collect::<Vec<&str>>().join("&");
        if reverse {
            query.push_str("&page_reverse=True");
        }
        json!({"rel": rel, "href": base.join(&format!("{path}?{query}"))})
    };
    let is_full =
        page.limit.is_some_and(|limit| usize::try_from(limit).is_ok_and(|limit| shape.count >= limit));
    let (ahead, behind) = match pairs.get("limit").is_some_and(is_bound) {
        true => (is_full, true),
        false => (shape.more, page.marker.is_some() && ends.is_some()),
    };
    let (next, previous) = if page.reverse { (behind, ahead) } else { (ahead, behind) };
    let mut links = Vec::new();
    if next {
        links.push(link("next", ends.map(|(_, last)| last), false));
    }
    if previous {
        links.push(link("previous", ends.map(|(first, _)| first), true));
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

    /// The links of a page of these, asked for so, as `rel query`.
    fn leading(text: &str, ids: &[&str], more: bool) -> Vec<String> {
        let base = BaseUrl::fixed("http://c", "/network");
        let wanted = Wanted { query: read(text).unwrap(), ..Wanted::default() };
        let ends = ids.first().zip(ids.last()).map(|(a, b)| ((*a).to_owned(), (*b).to_owned()));
        let shape = Shape { total: None, count: ids.len(), ends, more, wanted: &wanted };
        let found = links(&base, "/v2.0/networks", &Pairs::parse(text), &shape);
        let plain = |link: &Value| {
            let href = link["href"].as_str().unwrap().strip_prefix("http://c/network/v2.0/networks?");
            format!("{} {}", link["rel"].as_str().unwrap(), href.unwrap())
        };
        found.iter().map(plain).collect()
    }

    #[test]
    fn who_asked_for_a_limit_is_led_on_until_a_page_is_not_full() {
        let both = ["next limit=2&name=x&marker=c", "previous limit=2&name=x&marker=b&page_reverse=True"];
        assert_eq!(leading("limit=2&marker=a&name=x", &["b", "c"], false), both);
        assert_eq!(leading("limit=2&name=x", &["b", "c"], true), both, "the first page leads back too");
        let back = ["previous limit=2&marker=d&page_reverse=True"];
        assert_eq!(leading("limit=2&marker=c", &["d"], false), back);
        assert_eq!(leading("limit=2&marker=d", &[], false), ["previous limit=2&page_reverse=True"]);
        let on = ["next limit=2&marker=a"];
        assert_eq!(leading("limit=2&marker=b&page_reverse=True", &["a"], false), on);
    }

    #[test]
    fn links_of_our_own_pages_lead_only_to_what_is_there() {
        assert!(leading("name=x", &["a", "b"], false).is_empty());
        assert!(leading("marker=b", &[], false).is_empty());
        assert_eq!(leading("name=x", &["a", "b"], true), ["next name=x&marker=b"]);
        let back = ["previous name=x&marker=c&page_reverse=True"];
        assert_eq!(leading("name=x&marker=b", &["c"], false), back);
    }
}
