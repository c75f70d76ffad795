//! Queries of lists: every field that items show as a filter and as a key to sort by, pages, and what is unknown.

mod known;

use std::collections::BTreeSet;

use kogge::cloud::Door;
use kogge::test_cloud::Answer;
use kogge_http::{Access, RouteInfo};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::book::Case;
use super::exchanges::Asked;
use super::plain::is_hidden;
use super::reads::Read;
use super::scene::{NOTHING, Scene};
use super::versions;

/// The queries for a route, of which `plain` is the list without one.
pub(super) fn of(scene: &Scene, door: &Door, route: &RouteInfo, plain: &Answer) -> Vec<Read> {
    if route.access == Access::Public {
        return Vec::new();
    }
    let mine = known::QUERIES
        .iter()
        .filter(|(service, end, _)| *service == door.service && route.path.ends_with(end));
    let mut queries: Vec<(String, Option<String>)> = Vec::new();
    for query in mine.flat_map(|(_, _, queries)| queries.iter()) {
        let order = query.strip_prefix("sort=").or(query.strip_prefix("sort_key="));
        let order = order.map(|rest| rest.split([':', ',', '&']).next().unwrap_or_default().to_owned());
        queries.push(((*query).to_owned(), order));
    }
    if let Some((_, list)) = list_in(&plain.body)
        && list.iter().any(Value::is_object)
    {
        queries.extend(of_list(scene, list));
    }
    let newest = versions::newest(door);
    let people = ["admin", "member"];
    let reads = queries.iter().flat_map(|(query, order)| people.map(|who| (query, order, who)));
    let path = scene.path(door, route.path, &newest);
    reads
        .map(|(query, order, who)| Read {
            case: Case { what: format!("?{}", scene.names.text(query)), who, version: newest.clone() },
            asked: Asked::get(&format!("{path}?{}", filled(scene, query))),
            order: order.clone().filter(|_| orders(route)),
        })
        .collect()
}

/// The lists that can be ordered by any of their keys; others pass over the wish.
const ORDERED: [&str; 15] = [
    "/v2.0/networks",
    "/v2.0/subnets",
    "/v2.0/subnetpools",
    "/v2.0/address-scopes",
    "/v2.0/rbac-policies",
    "/v2.0/ports",
    "/v2.0/routers",
    "/v2.0/floatingips",
    "/v2.0/security-groups",
    "/v2.0/security-group-rules",
    "/v2/images",
    "/v2.1/servers",
    "/v2.1/servers/detail",
    "/v2.1/flavors",
    "/v2.1/flavors/detail",
];

fn orders(route: &RouteInfo) -> bool {
    ORDERED.contains(&route.path)
}

/// The list that a body holds.
fn list_in(body: &Value) -> Option<(&String, &Vec<Value>)> {
    let lists = body.as_object()?.iter().filter(|(name, _)| !name.ends_with("_links"));
    lists.filter_map(|(name, value)| Some((name, value.as_array()?))).next()
}

/// Puts ids of the fixture in the place of names.
fn filled(scene: &Scene, query: &str) -> String {
    let mut text = query.to_owned();
    while let Some((before, rest)) = text.split_once('<') {
        let Some((kind, after)) = rest.split_once('>') else { break };
        let id = match kind {
            "nothing" => NOTHING.to_owned(),
            "project" => scene.fixture.project.clone(),
            kind => scene.fixture.id(kind),
        };
        text = format!("{before}{id}{after}");
    }
    text
}

/// Queries for the fields that the items of a list show.
fn of_list(scene: &Scene, list: &[Value]) -> Vec<(String, Option<String>)> {
    let mut queries = Vec::new();
    let fields: BTreeSet<&String> =
        list.iter().filter_map(Value::as_object).flat_map(|map| map.keys()).collect();
    // an item that the fixture knows, so that each run takes the same
    let known = |item: &&Value| {
        ["id", "uuid"].iter().any(|id| item[id].as_str().is_some_and(|id| scene.names.of(id).is_some()))
    };
    let mine = list.iter().filter(known).min_by_key(|item| scene.names.body(item, None).to_string());
    let any = list.iter().min_by_key(|item| scene.names.form(item));
    let item = mine.or(any).unwrap_or(&Value::Null);
    for field in fields {
        let value = match &item[field] {
            _ if is_hidden(field) => "x".to_owned(),
            Value::String(text) if text.len() < 64 => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(word) => word.to_string(),
            _ => "x".to_owned(),
        };
        queries.push((format!("{field}={}", encoded(&value)), None));
        queries.push((format!("{field}=no-such"), None));
        for direction in ["asc", "desc"] {
            queries.push((format!("sort_key={field}&sort_dir={direction}"), Some(field.clone())));
        }
    }
    queries.extend(pages(list, item));
    for query in [
        &format!("marker={NOTHING}"),
        "limit=0",
        "limit=-1",
        "limit=x",
        "limit=100000",
        "sort_key=no_such",
        "sort_dir=asc",
        "no_such=1",
        "fields=id",
        "fields=no_such",
    ] {
        queries.push((query.to_owned(), None));
    }
    queries
}

/// Pages by name, where the names say in which order all items stand.
fn pages(list: &[Value], item: &Value) -> Vec<(String, Option<String>)> {
    let names: BTreeSet<&str> = list.iter().filter_map(|item| item["name"].as_str()).collect();
    let id = ["id", "uuid"].iter().find_map(|id| item[*id].as_str());
    let (Some(id), true) = (id, names.len() == list.len()) else { return Vec::new() };
    let pages = [format!("marker={id}"), "limit=2".to_owned(), format!("limit=2&marker={id}")];
    let backwards = format!("limit=2&marker={id}&page_reverse=true");
    let all = pages.into_iter().chain([backwards]);
    all.map(|page| (format!("sort_key=name&sort_dir=asc&{page}"), Some("name".to_owned()))).collect()
}

/// What a query escapes of a value; ids stay as they are.
const ESCAPED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b':');

fn encoded(value: &str) -> String {
    utf8_percent_encode(value, &ESCAPED).to_string()
}
