//! Where ids stand in requests.

use serde_json::Value;

use super::world::World;
use crate::isolation::fixture::{Fixture, UNKNOWN, kind_of_parameter};

/// A place for an id.
pub(super) struct Place {
    /// How the golden file calls it.
    pub(super) label: String,
    /// What it is the id of.
    pub(super) kind: &'static str,
    /// The id that stands there in a good request.
    pub(super) own: String,
    /// Where it stands.
    pub(super) at: Where,
}

/// Where a place is.
pub(super) enum Where {
    /// This part of the path of the table.
    Path(usize),
    /// This field of the query.
    Query(String),
    /// This pointer in the body of this number.
    Body(usize, String),
}

/// Parameters of paths that are no ids of things of projects, users or domains.
const NAMES: [&str; 14] = [
    "{tag}",
    "{key}",
    "{value}",
    "{alias}",
    "{network}",
    "{store}",
    "{class}",
    "{consumer}",
    "{request}",
    "{region_id}",
    "{service_id}",
    "{endpoint_id}",
    "{name}",
    "{implied_role_id}",
];

/// Collections whose members belong to the cloud.
const OF_THE_CLOUD: [&str; 6] =
    ["agents", "os-hypervisors", "os-services", "os-aggregates", "default-security-group-rules", "tasks"];

/// The parameters of a path.
pub(super) fn of_path(path: &str, own: &Fixture) -> Vec<Place> {
    let parts: Vec<&str> = path.split('/').collect();
    let mut found = Vec::new();
    for (index, pair) in parts.windows(2).enumerate() {
        let keypair = pair[0] == "os-keypairs";
        if !pair[1].starts_with('{')
            || OF_THE_CLOUD.contains(&pair[0])
            || (NAMES.contains(&pair[1]) && !keypair)
        {
            continue;
        }
        let name = kind_of_parameter(pair[0], path);
        let Some(kind) = World::kind(name) else { continue };
        found.push(Place { label: pair[1].to_owned(), kind, own: own.id(name), at: Where::Path(index + 1) });
    }
    found
}

/// Fields that look like ids and are none of a thing that belongs to somebody.
const NO_IDS: [&str; 4] = ["service_id", "domain_id", "user_id", "secondary_backend_id"];

/// The fields of good bodies that hold an id of the world; `complain` hears of those that look so and hold none.
pub(super) fn of_bodies(bodies: &[Value], world: &World, complain: &mut dyn FnMut(String)) -> Vec<Place> {
    let mut found: Vec<Place> = Vec::new();
    for (number, body) in bodies.iter().enumerate() {
        let mut leaves = Vec::new();
        walk(body, String::new(), &mut leaves);
        for (pointer, text) in leaves {
            let label = pointer.trim_start_matches('/').replace('/', ".");
            match world.kind_of(&text) {
                Some(kind) if !found.iter().any(|place| place.label == label) => {
                    found.push(Place { label, kind, own: text, at: Where::Body(number, pointer) });
                }
                Some(_) => {}
                None => {
                    let key = pointer.rsplit('/').find(|part| part.parse::<usize>().is_err()).unwrap_or("");
                    if looks_like_an_id(key, &text) && !NO_IDS.contains(&key) {
                        complain(format!("the field {label} looks like an id: give it one of the fixture"));
                    }
                }
            }
        }
    }
    found
}

fn looks_like_an_id(key: &str, text: &str) -> bool {
    key.ends_with("_id") || key.ends_with("Ref") || key == "uuid" || text == UNKNOWN
}

fn walk(value: &Value, pointer: String, leaves: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) => leaves.push((pointer, text.clone())),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, format!("{pointer}/{index}"), leaves);
            }
        }
        Value::Object(map) => {
            for (key, item) in map {
                walk(item, format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")), leaves);
            }
        }
        _ => {}
    }
}

/// Fields of queries that no item shows.
const QUERIES: [(&str, &str, &str, &str); 20] = [
    ("network", "/v2.0/ports", "fixed_ips=subnet_id%3D", "subnets"),
    ("network", "/v2.0/ports", "security_groups", "security-groups"),
    ("network", "/v2.0/floatingips", "port_id", "ports"),
    ("network", "/v2.0/floatingips", "router_id", "routers"),
    ("network", "/v2.0/security-group-rules", "remote_group_id", "security-groups"),
    ("compute", "/v2.1/servers", "image", "images"),
    ("compute", "/v2.1/servers", "flavor", "flavors"),
    ("compute", "/v2.1/servers", "uuid", "servers"),
    ("compute", "/v2.1/servers", "project_id", "projects"),
    ("compute", "/v2.1/servers", "all_tenants=1&project_id", "projects"),
    ("compute", "/v2.1/servers", "user_id", "users"),
    ("compute", "/v2.1/servers", "reservation_id", "servers"),
    ("compute", "/v2.1/servers/detail", "project_id", "projects"),
    ("compute", "/v2.1/os-keypairs", "user_id", "users"),
    ("compute", "/v2.1/limits", "tenant_id", "projects"),
    ("compute", "/v2.1/os-quota-sets/{project}", "user_id", "users"),
    ("image", "/v2/images", "member_status=all&owner", "projects"),
    ("identity", "/v3/role_assignments", "user.id", "users"),
    ("identity", "/v3/role_assignments", "scope.project.id", "projects"),
    ("identity", "/v3/projects", "parent_id", "projects"),
];

/// The fields by which a list may be filtered: those that its items show an id of the world in, those that are known
/// besides, and the marker.
pub(super) fn of_list(service: &str, path: &str, list: &Value, world: &World) -> Vec<Place> {
    let mut fields: Vec<(String, &'static str, String)> = Vec::new();
    let items = list.as_object().into_iter().flatten().filter_map(|(_, value)| value.as_array()).flatten();
    for (name, value) in items.filter_map(Value::as_object).flatten() {
        let Some(text) = value.as_str() else { continue };
        if let Some(kind) = world.kind_of(text) {
            fields.push((name.clone(), kind, text.to_owned()));
            if name == "id" {
                fields.push(("marker".to_owned(), kind, text.to_owned()));
            }
        }
    }
    let more = QUERIES.iter().filter(|(of, at, _, _)| *of == service && *at == path);
    fields.extend(more.map(|(_, _, name, kind)| ((*name).to_owned(), *kind, world.own.id(kind))));
    // of several ids in one field the own one: the order of random ids must not decide
    fields.sort_by_key(|(name, kind, text)| (name.clone(), *text != world.own.id(kind), *kind, text.clone()));
    fields.dedup_by(|a, b| a.0 == b.0);
    let place = |(name, kind, own): (String, &'static str, String)| Place {
        label: format!("?{name}"),
        kind,
        own,
        at: Where::Query(name),
    };
    fields.into_iter().map(place).collect()
}
