//! The network to the outside, the networks of the accounts' projects, and the extensions.

use kogge_client::Client;
use kogge_conform::Problem;
use serde_json::Value;

use super::{Facts, Wishes, text};
use crate::accounts::Account;

/// A network.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Network {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

pub(super) async fn choose(client: &Client, wishes: &Wishes, facts: &mut Facts) -> Result<(), Problem> {
    let list =
        client.list("network", "networks", "networks").with(|call| call.query("router:external", "true"));
    let listed: Vec<Value> = list.collect().await?;
    facts.external = external(&listed, wishes.external_network.as_deref())?;
    if facts.external.is_none() {
        facts.notes.push("there is no external network, so floating IPs are not tested".to_owned());
    }
    let extensions: Vec<Value> = client.list("network", "extensions", "extensions").collect().await?;
    facts.extensions = aliases(&extensions);
    Ok(())
}

/// The one asked for; else the default one; else the first that is up and has subnets.
fn external(listed: &[Value], wish: Option<&str>) -> Result<Option<Network>, Problem> {
    let flag = |network: &Value, key: &str| network.get(key).and_then(Value::as_bool);
    let outside = listed.iter().filter(|network| flag(network, "router:external") == Some(true));
    let mut usable: Vec<(&Value, Network)> =
        outside.filter_map(|network| Some((network, read(network)?))).collect();
    if let Some(wish) = wish {
        let named = usable.into_iter().find(|(_, network)| network.id == wish || network.name == wish);
        let found = named.map(|(_, network)| network);
        return found
            .map(Some)
            .ok_or_else(|| Problem::setup(format!("there is no external network {wish:?}")));
    }
    usable.retain(|(network, _)| flag(network, "admin_state_up") != Some(false) && has_subnets(network));
    usable.sort_by_key(|(network, _)| flag(network, "is_default") != Some(true));
    Ok(usable.into_iter().next().map(|(_, network)| network))
}

/// Aliases that cannot be mistaken for two.
fn aliases(listed: &[Value]) -> Vec<String> {
    let simple = |alias: &String| alias.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    let mut found: Vec<String> = listed.iter().filter_map(|e| text(e, "alias")).filter(simple).collect();
    found.sort();
    found.dedup();
    found
}

/// For each project the network in which the tests start servers.
pub(super) async fn of_projects(
    signed: &[Account],
    wishes: &Wishes,
    facts: &mut Facts,
) -> Result<(), Problem> {
    for account in signed {
        let known = facts.project_networks.iter().any(|(project, _)| *project == account.project_id);
        if known || facts.without_network.contains(&account.project) {
            continue;
        }
        let listed: Vec<Value> = account.client.list("network", "networks", "networks").collect().await?;
        match inner(&listed, &account.project_id, wishes.network.as_deref()) {
            Some(name) => facts.project_networks.push((account.project_id.clone(), name)),
            None => {
                facts.without_network.push(account.project.clone());
                facts.notes.push(format!(
                    "the project {:?} has no network with a subnet and a name of its own; servers of the tests get what \
                     the cloud gives them (make one with `openstack network create` and `openstack subnet create`)",
                    account.project
                ));
            }
        }
    }
    Ok(())
}

/// The name of a network of the project, else of a shared one. Tempest finds it by name, so no other may have it.
fn inner(listed: &[Value], project: &str, wish: Option<&str>) -> Option<String> {
    let flag = |network: &Value, key: &str| network.get(key).and_then(Value::as_bool) == Some(true);
    let own = |network: &Value| network.get("project_id").and_then(Value::as_str) == Some(project);
    let name = |network: &Value| text(network, "name");
    let once = |network: &Value| listed.iter().filter(|other| name(other) == name(network)).count() == 1;
    let mut usable: Vec<&Value> = listed
        .iter()
        .filter(|n| !flag(n, "router:external") && (own(n) || flag(n, "shared")) && has_subnets(n) && once(n))
        .filter(|n| wish.is_none_or(|wish| name(n).as_deref() == Some(wish)))
        .collect();
    usable.sort_by_key(|network| !own(network));
    usable.into_iter().find_map(name)
}

fn has_subnets(network: &Value) -> bool {
    network.get("subnets").and_then(Value::as_array).is_some_and(|subnets| !subnets.is_empty())
}

fn read(network: &Value) -> Option<Network> {
    Some(Network { id: text(network, "id")?, name: text(network, "name")? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn network(name: &str, project: &str) -> Value {
        json!({"id": format!("id-{name}"), "name": name, "project_id": project, "subnets": ["s"], "router:external": false,
            "shared": false, "admin_state_up": true})
    }

    fn outside(name: &str) -> Value {
        json!({"id": format!("id-{name}"), "name": name, "subnets": ["s"], "router:external": true})
    }

    #[test]
    fn the_default_external_network_is_preferred_and_a_wish_more() {
        let mut default = outside("b");
        default["is_default"] = json!(true);
        let listed = [outside("a"), default, network("c", "p")];
        assert_eq!(external(&listed, None).unwrap().unwrap().name, "b");
        assert_eq!(external(&listed, Some("id-a")).unwrap().unwrap().name, "a");
        assert!(external(&listed, Some("c")).unwrap_err().text().contains("\"c\""));
    }

    #[test]
    fn an_external_network_that_cannot_be_used_is_left_aside() {
        for (key, value) in [
            ("admin_state_up", json!(false)),
            ("subnets", json!([])),
            ("subnets", json!("s")),
            ("id", json!("a\nb")),
            ("name", json!(null)),
            ("router:external", json!("true")),
        ] {
            let mut bad = outside("a");
            bad[key] = value;
            assert_eq!(external(&[bad], None).unwrap(), None, "{key}");
        }
    }

    #[test]
    fn a_projects_own_network_comes_before_a_shared_one_and_needs_a_name_of_its_own() {
        let mut shared = network("shared", "other");
        shared["shared"] = json!(true);
        assert_eq!(inner(&[shared.clone(), network("mine", "p")], "p", None).as_deref(), Some("mine"));
        assert_eq!(
            inner(&[shared.clone(), network("mine", "p")], "p", Some("shared")).as_deref(),
            Some("shared")
        );
        let twice = [network("mine", "p"), network("mine", "q"), shared];
        assert_eq!(inner(&twice, "p", None).as_deref(), Some("shared"));
        assert_eq!(inner(&[network("theirs", "q"), json!(null), json!([])], "p", None), None);
    }

    #[test]
    fn an_alias_cannot_bring_another_with_it() {
        let listed = [
            json!({"alias": "router"}),
            json!({"alias": "a,b"}),
            json!({"alias": "x\ny"}),
            json!({"alias": 7}),
            json!({"alias": "router"}),
        ];
        assert_eq!(aliases(&listed), ["router"]);
    }
}
