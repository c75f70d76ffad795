//! Query strings of lists: filters, pages, sort keys, and the links to the pages beside.

use std::collections::BTreeMap;

use kogge_db::{Page, SortKey};
use kogge_http::{BaseUrl, Pairs};
use serde_json::{Value, json};

use crate::attributes::Body;
use crate::error::{Error, Result};
use crate::store::filter::ListQuery;

/// Most items of a page, also where the client asks for more or names no limit; a link leads on (as with upstream's
/// `pagination_max_limit`).
const MOST_PER_PAGE: u32 = 1000;
/// Most values of all filters of a list together; more make a statement that databases refuse.
const MOST_VALUES: usize = 500;

const NOT_FILTERS: &[&str] =
    &["fields", "limit", "marker", "page_reverse", "sort_key", "sort_dir", "verbose"];

/// Reads a list's query.
pub(crate) fn query(pairs: &Pairs, sort: &'static [SortKey]) -> Result<ListQuery> {
    Ok(ListQuery { filters: filters(pairs)?, page: page(pairs, sort)? })
}

fn filters(pairs: &Pairs) -> Result<BTreeMap<String, Vec<String>>> {
    if pairs.has("tenant_id") && pairs.has("project_id") {
        return Err(Error::project_filters());
    }
    let given = pairs.iter().filter(|(name, _)| !NOT_FILTERS.contains(name));
    let values: usize = given
        .map(|(name, value)| if name.contains("tags") { 1 + value.matches(',').count() } else { 1 })
        .sum();
    if values > MOST_VALUES {
        return Err(Error::Attribute(format!(
            "A list takes at most {MOST_VALUES} values of filters, not {values}."
        )));
    }
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in pairs.iter().filter(|(name, _)| !NOT_FILTERS.contains(name)) {
        let (name, value) = match name {
            "tenant_id" => ("project_id".to_owned(), value),
            // `fixed_ips=ip_address=10.0.0.5`
            "fixed_ips" => match value.split_once('=') {
                Some((part, value)) => (format!("fixed_ips/{part}"), value),
                None => {
                    return Err(Error::Attribute(format!(
                        "Invalid input for fixed_ips. Reason: '{value}' is no key=value pair."
                    )));
                }
            },
            _ => (name.to_owned(), value),
        };
        found.entry(name).or_default().push(value.to_owned());
    }
    Ok(found)
}

fn page(pairs: &Pairs, known: &'static [SortKey]) -> Result<Page> {
    let limit = match pairs.get("limit") {
        None | Some("" | "0" | "infinite") => MOST_PER_PAGE,
        Some(text) => text.parse::<u32>().map_err(|_| {
            Error::bad_request("limit", format!("Limit must be an integer 0 or greater and not '{text}'"))
        })?,
    };
    let limit = Some(limit.min(MOST_PER_PAGE));
    let rules =
        kogge_http::PageRules { max_limit: None, default_limit: None, sort_keys: known, strict_sort: true };
    let keys: Vec<&str> = pairs.all("sort_key").collect();
    if let Some(unknown) = keys.iter().find(|key| !known.iter().any(|k| k.name == **key)) {
        return Err(Error::Attribute(format!("['{unknown}'] is invalid attribute for sort_keys")));
    }
    // there is no default direction: Neutron refuses a key without one
    if pairs.all("sort_dir").count() != keys.len() {
        return Err(Error::Attribute("The number of sort_keys and sort_dirs must be same".to_owned()));
    }
    let sort = kogge_http::page(&without_limit(pairs), &rules)
        .map_err(|error| Error::Attribute(error.message().to_owned()))?;
    let marker = pairs.get("marker").filter(|marker| !marker.is_empty()).map(str::to_owned);
    Ok(Page { limit, marker, sort: sort.sort, reverse: sort.reverse })
}

fn without_limit(pairs: &Pairs) -> Pairs {
    let mut text = String::new();
    for (name, value) in
        pairs.iter().filter(|(name, _)| ["sort_key", "sort_dir", "page_reverse"].contains(name))
    {
        // names and values that matter here are plain words; others are refused below anyway
        let plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "_-:.".contains(c));
        let value = if plain(value) { value } else { "?" };
        text.push_str(&format!("{name}={value}&"));
    }
    Pairs::parse(&text)
}

/// The id in a body.
pub(crate) fn id_of(body: &Body) -> String {
    body.get("id").or_else(|| body.get("network_id")).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// `next` and `previous`, where the client asked for pages.
pub(crate) fn links(
    base: &BaseUrl,
    path: &str,
    pairs: &Pairs,
    page: &Page,
    ids: &[String],
    more: bool,
) -> Vec<Value> {
    if page.limit.is_none() {
        return Vec::new();
    }
    let link = |rel: &str, marker: &str, reverse: bool| {
        let plain = kogge_http::next_query(pairs, marker);
        let kept: Vec<&str> = plain.split('&').filter(|pair| !pair.starts_with("page_reverse=")).collect();
        let mut query = kept.join("&");
        if reverse {
            query.push_str("&page_reverse=True");
        }
        json!({"rel": rel, "href": base.join(&format!("/v2.0/{path}?{query}"))})
    };
    let mut links = Vec::new();
    if let Some(last) = ids.last().filter(|_| if page.reverse { page.marker.is_some() } else { more }) {
        links.push(link("next", last, false));
    }
    if let Some(first) = ids.first().filter(|_| if page.reverse { more } else { page.marker.is_some() }) {
        links.push(link("previous", first, true));
    }
    links
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::networks::NETWORK_SORT;

    fn read(text: &str) -> Result<ListQuery> {
        query(&Pairs::parse(text), NETWORK_SORT)
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
        let found = read("limit=2&marker=a&name=x").unwrap();
        let ids = ["b".to_owned(), "c".to_owned()];
        let both = links(&base, "networks", &pairs, &found.page, &ids, true);
        assert_eq!(both[0]["href"], "http://c/network/v2.0/networks?limit=2&name=x&marker=c");
        assert_eq!(
            both[1]["href"],
            "http://c/network/v2.0/networks?limit=2&name=x&marker=b&page_reverse=True"
        );
        assert_eq!(links(&base, "networks", &pairs, &found.page, &ids, false).len(), 1);
    }
}
