//! What carries the marks of runs, before anything is removed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kogge_client::{Error, encode_segment};
use kogge_clock::Timestamp;
use serde_json::Value;

use super::kinds::{KINDS, Kind};
use super::marks::{Marks, Of, run_in};
use crate::accounts::Account;

/// No run lasts longer by default, its cleaning included. What is younger may be in use.
const IN_USE: Duration = Duration::from_secs(24 * 3600);

/// A thing that carries a mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What it is.
    pub kind: &'static str,
    /// Its id.
    pub id: String,
    /// Its name, safe to show.
    pub name: String,
    /// When it was made, where the cloud says so.
    pub created: Option<Timestamp>,
}

/// All of them, once each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Everything {
    /// What may be removed.
    pub things: Vec<Found>,
    /// What was left out, and what could not be looked at, in words.
    pub told: Vec<String>,
}

/// Finds what carries the marks. Of all runs only those are meant that are surely over: a run that made something within
/// the last day, or of which nobody knows when, has to be named.
pub async fn find(accounts: &[Account], marks: &Marks, now: Timestamp) -> Everything {
    let mut all = Everything::default();
    let mut seen = BTreeSet::new();
    for account in accounts.iter().filter(|account| account.role != "reader") {
        for kind in KINDS.iter().filter(|kind| account.role == "admin" || !kind.admin) {
            match of_kind(account, kind, marks).await {
                Ok(found) => {
                    let new = found.into_iter().filter(|thing| seen.insert((thing.kind, thing.id.clone())));
                    all.things.extend(new);
                }
                Err(Error::NoEndpoint { .. }) => {}
                Err(error) => {
                    all.told.push(format!(
                        "{}s could not be listed: {}",
                        kind.word,
                        kogge_client::chain(&error)
                    ));
                }
            }
        }
    }
    if marks.of == Of::All { surely_over(all, now) } else { all }
}

fn surely_over(mut all: Everything, now: Timestamp) -> Everything {
    let mut newest: BTreeMap<String, Option<Timestamp>> = BTreeMap::new();
    for thing in &all.things {
        if let Some(run) = run_in(&thing.name) {
            let entry = newest.entry(run.to_owned()).or_default();
            *entry = (*entry).max(thing.created);
        }
    }
    let over =
        |run: &str| newest.get(run).copied().flatten().is_some_and(|created| created.plus(IN_USE) < now);
    all.things.retain(|thing| run_in(&thing.name).is_some_and(over));
    let kept = newest.keys().filter(|run| !over(run));
    all.told.extend(kept.map(|run| {
        format!("run {run} made something within the last day, or nobody knows when: name it to remove it")
    }));
    all
}

/// What an account sees of one kind.
pub(super) async fn of_kind(
    account: &Account,
    kind: &'static Kind,
    marks: &Marks,
) -> Result<Vec<Found>, Error> {
    let user = &account.client.token().await?.user.id;
    let path = kind.list.replace("{user}", &encode_segment(user));
    let list = account.client.list(kind.service, &path, kind.key);
    let everywhere = account.role == "admin" && kind.all_projects;
    let list = if everywhere { list.with(|call| call.query("all_tenants", "1")) } else { list };
    let all: Vec<Value> = list.collect().await?;
    Ok(all.iter().filter_map(|object| marked(object, kind, marks)).collect())
}

fn marked(object: &Value, kind: &'static Kind, marks: &Marks) -> Option<Found> {
    let object = kind.inner.map_or(Some(object), |inner| object.get(inner))?;
    let text = |key: &str| object.get(key).and_then(Value::as_str);
    let id = text(kind.id)?;
    // ports of routers and of DHCP go with their owners
    let free = !text("device_owner").unwrap_or_default().starts_with("network:");
    (free && marks.fit(object, id)).then(|| Found {
        kind: kind.word,
        id: id.to_owned(),
        name: text("name").unwrap_or("without a name").chars().filter(|c| !c.is_control()).collect(),
        created: text("created_at").or(text("created")).and_then(time),
    })
}

/// A time as one of the services writes it: with or without zone and fractions.
fn time(text: &str) -> Option<Timestamp> {
    let seconds = text.get(..19)?;
    format!("{seconds}Z").parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn now() -> Timestamp {
        "2026-11-24T08:00:00Z".parse().unwrap()
    }

    fn thing(name: &str, created: Option<&str>) -> Found {
        Found { kind: "server", id: name.into(), name: name.into(), created: created.and_then(time) }
    }

    #[test]
    fn of_all_runs_only_those_go_that_are_surely_over() {
        let things = vec![
            thing("ke2e-11111111-old", Some("2026-11-20T08:00:00Z")),
            thing("ke2e-11111111-user", None),
            thing("ke2e-22222222-old", Some("2026-11-20T08:00:00.000000")),
            thing("ke2e-22222222-young", Some("2026-11-24T07:59:00Z")),
            thing("ke2e-33333333-user", None),
        ];
        let left = surely_over(Everything { things, told: Vec::new() }, now());
        let names: Vec<_> = left.things.iter().map(|thing| thing.name.as_str()).collect();
        assert_eq!(names, ["ke2e-11111111-old", "ke2e-11111111-user"]);
        assert_eq!(left.told.len(), 2);
    }

    #[test]
    fn a_tenants_own_things_are_never_found() {
        let all = Marks { of: Of::All, ..Marks::default() };
        let found = |name: &str| marked(&json!({"id": "i", "name": name}), &KINDS[0], &all).is_some();
        for name in [
            "ke2e-shop",
            "ke2e-",
            "ke2e-1234567",
            "ke2e-12345678",
            "ke2e-1234567g-x",
            "ke2e-ABCDEF12-x",
            "x-ke2e-12345678-y",
        ] {
            assert!(!found(name), "{name}");
        }
        assert!(found("ke2e-12ab5678-tempest-server"));
    }
}
