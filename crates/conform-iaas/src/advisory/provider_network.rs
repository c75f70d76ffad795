//! SCS-0126, as far as an ordinary member can see without making anything.

use kogge_conform::{Context, ObjectRef, Problem};
use serde_json::Value;

use super::Notice;
use crate::lookup::text;

pub(super) async fn list(context: &Context, path: &str, key: &str) -> Result<Vec<Value>, Problem> {
    Ok(context.client.list("network", path, key).collect().await?)
}

pub(super) fn is(object: &Value, key: &str) -> bool {
    object.get(key) == Some(&Value::Bool(true))
}

pub(super) fn object(kind: &str, value: &Value) -> ObjectRef {
    let name = text(value, "name").unwrap_or_default();
    ObjectRef { name: format!("{kind} {name:?}"), id: text(value, "id") }
}

/// What is wrong with the number of things that should be exactly one.
fn exactly_one(kind: &str, all: &[&Value], expected: &'static str, fix: &'static str) -> Vec<Notice> {
    match all {
        [_] => Vec::new(),
        [] => {
            let none = ObjectRef { name: format!("{kind}s"), id: None };
            vec![Notice::violation(none, expected, "none", fix)]
        }
        many => many
            .iter()
            .map(|one| Notice::violation(object(kind, one), expected, format!("one of {}", many.len()), fix))
            .collect(),
    }
}

/// The standard provider network: external, default, and the only default.
pub(super) async fn standard_network(context: &Context) -> Result<Vec<Notice>, Problem> {
    let networks = list(context, "networks?router:external=true", "networks").await?;
    let defaults: Vec<&Value> =
        networks.iter().filter(|n| is(n, "router:external") && is(n, "is_default")).collect();
    let fix = "openstack network set --external --default NETWORK, as admin";
    Ok(exactly_one("network", &defaults, "exactly one external network with is_default", fix))
}

/// The IPv6 pool: shared, default, the only one, and wide enough for a /64 of each project.
pub(super) async fn ipv6_pool(context: &Context) -> Result<Vec<Notice>, Problem> {
    let pools = list(context, "subnetpools", "subnetpools").await?;
    let six = |pool: &&Value| pool.get("ip_version").and_then(Value::as_u64) == Some(6);
    let defaults: Vec<&Value> =
        pools.iter().filter(six).filter(|p| is(p, "shared") && is(p, "is_default")).collect();
    let fix = "openstack subnet pool create --share --default --pool-prefix <a /48 or so> --default-prefix-length 64";
    let mut notices =
        exactly_one("subnet pool", &defaults, "exactly one shared default IPv6 subnet pool", fix);
    let length = |pool: &Value, key: &str| match pool.get(key) {
        Some(Value::String(text)) => text.parse().ok(),
        other => other.and_then(Value::as_u64),
    };
    let narrow = defaults.iter().filter(|p| length(p, "max_prefixlen").is_some_and(|longest| longest < 64));
    notices.extend(narrow.map(|pool| {
        let found = format!("longest prefix {}", length(pool, "max_prefixlen").unwrap_or_default());
        let fix = "openstack subnet pool set --max-prefix-length 64 POOL";
        Notice::violation(
            object("subnet pool", pool),
            "subnets with a prefix of 64 bits can be had from it",
            found,
            fix,
        )
    }));
    Ok(notices)
}
