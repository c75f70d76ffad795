//! Removing what a run created: by journal, by id or by the unique name, and nothing else.

use std::time::Duration;

use async_trait::async_trait;
use kogge_client::{Client, Method, encode_segment};
use kogge_clock::Timestamp;
use kogge_conform::runner::unsettled;
use kogge_conform::{Cleaner, Context, Entry, Journal, Problem, Removal};
use serde_json::{Value, json};

use crate::created::{Made, RBAC_POLICY, ROUTER, THINGS, Thing, id_of, place, show_by};
use crate::wait::{Look, until};

/// How long one thing may take to vanish.
const PATIENCE: Duration = Duration::from_secs(120);

/// Knows how to remove every kind of thing that the checks create.
#[derive(Debug, Default)]
pub struct Sweeper;

#[async_trait]
impl Cleaner for Sweeper {
    async fn remove(&self, client: &Client, entry: &Entry) -> Result<Removal, Problem> {
        let thing = THINGS
            .iter()
            .find(|thing| thing.word == entry.object.kind)
            .ok_or_else(|| Problem::ours(format!("this program makes no {:?}", entry.object.kind)))?;
        let ids = match &entry.id {
            Some(id) => vec![id.clone()],
            None => ids_by_name(client, thing, &entry.object.name).await?,
        };
        for id in &ids {
            remove_thing(client, thing, id).await?;
        }
        // it has no name to be found by, and goes with its network
        let found = !ids.is_empty() || thing.word == RBAC_POLICY.word;
        Ok(if found { Removal::Gone } else { Removal::NotSeen })
    }
}

/// What became of what earlier runs left.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Swept {
    /// How many things are settled.
    pub settled: usize,
    /// What could not be removed, in words.
    pub failed: Vec<String>,
    /// What is not there, but was never answered: it needs another look, in words.
    pub open: Vec<String>,
}

/// Removes what earlier runs left in this project of this cloud, by the journal.
///
/// Entries of other clouds and projects are left alone: from here they would only look as if they were gone.
///
/// # Errors
/// If the cloud gives no token.
pub async fn sweep(client: &Client, journal: &Journal, now: Timestamp) -> Result<Swept, Problem> {
    let mut swept = Swept::default();
    sweep_with(client, journal, &Sweeper, now, &mut swept).await?;
    Ok(swept)
}

/// As [`sweep`], by any cleaner.
pub(crate) async fn sweep_with(
    client: &Client,
    journal: &Journal,
    cleaner: &dyn Cleaner,
    now: Timestamp,
    swept: &mut Swept,
) -> Result<(), Problem> {
    let address = client.config().auth_url.to_string();
    let token = client.token().await?;
    let project = place(&token);
    let mine = |entry: &Entry| entry.object.auth_url == address && entry.object.project == project;
    for entry in journal.left().into_iter().filter(mine) {
        let removed = cleaner.remove(client, &entry).await;
        match removed.map(|removal| journal.settle(&entry, removal, now)) {
            Ok(None) => swept.settled += 1,
            Ok(Some(again)) => swept.open.push(unsettled(&entry, again)),
            Err(problem) => {
                swept.failed.push(format!("{} {}: {problem}", entry.object.kind, entry.object.name));
            }
        }
    }
    Ok(())
}

/// Removes a thing that the running check made, and notes it.
pub(crate) async fn remove(context: &Context, thing: &Thing, made: &Made) -> Result<(), Problem> {
    remove_as(context, &context.client, thing, made).await
}

/// As [`remove`], by another user than the one of the run.
pub(crate) async fn remove_as(
    context: &Context,
    client: &Client,
    thing: &Thing,
    made: &Made,
) -> Result<(), Problem> {
    remove_thing(client, thing, &made.id).await?;
    context.journal.gone(made.number);
    Ok(())
}

async fn ids_by_name(client: &Client, thing: &Thing, name: &str) -> Result<Vec<String>, Problem> {
    let all: Vec<Value> = match client.list(thing.service, thing.list, thing.many).collect().await {
        // a cloud without the service keeps nothing of ours
        Err(kogge_client::Error::NoEndpoint { .. }) => return Ok(Vec::new()),
        other => other?,
    };
    Ok(all.iter().filter(|o| o.get("name").and_then(Value::as_str) == Some(name)).filter_map(id_of).collect())
}

/// How a delete was answered.
pub(crate) enum Gone {
    /// It was not there any more.
    Already,
    /// It is going.
    Asked,
}

/// Deletes until it is gone.
async fn remove_thing(client: &Client, thing: &Thing, id: &str) -> Result<(), Problem> {
    if thing.word == ROUTER.word {
        empty_router(client, id).await?;
    }
    if thing.service == "identity" {
        return remove_from_identity(client, thing, id).await;
    }
    match delete(client, thing, id).await? {
        Gone::Already => Ok(()),
        Gone::Asked => vanish(client, thing, id).await,
    }
}

/// Asks for the deletion. A conflict (a volume still in use, a port still there) is waited out, and so is a lost call.
pub(crate) async fn delete(client: &Client, thing: &Thing, id: &str) -> Result<Gone, Problem> {
    let path = format!("{}/{}", thing.path, encode_segment(id));
    until(&format!("{} {id} is deleted", thing.word), PATIENCE, || async {
        let asked = async {
            let answer = client.call(Method::DELETE, thing.service, &path).send().await?;
            match answer.status.as_u16() {
                404 => Ok(Look::Found(Gone::Already)),
                // 400 and 409: block storage and network say so while something is still in use
                400 | 409 => Ok(Look::NotYet),
                _ => answer.success().map(|_| Look::Found(Gone::Asked)).map_err(Problem::from),
            }
        };
        Look::patient(asked.await)
    })
    .await
}

/// Waits until it is not shown any more.
pub(crate) async fn vanish(client: &Client, thing: &Thing, id: &str) -> Result<(), Problem> {
    until(&format!("{} {id} is gone", thing.word), PATIENCE, || async {
        let shown = show_by(client, thing, id).await;
        Look::patient(shown.map(|object| Look::of(object.is_none().then_some(()))))
    })
    .await
}

/// The identity service deletes at once, and hides what is gone behind 403 from all but its admins: then only the list
/// tells.
async fn remove_from_identity(client: &Client, thing: &Thing, id: &str) -> Result<(), Problem> {
    let path = format!("{}/{}", thing.path, encode_segment(id));
    let answer = client.call(Method::DELETE, thing.service, &path).send().await?;
    match answer.status.as_u16() {
        404 => return Ok(()),
        403 => {}
        _ => return answer.success().map(|_| ()).map_err(Problem::from),
    }
    let all: Vec<Value> = client.list(thing.service, thing.list, thing.many).collect().await?;
    if all.iter().any(|object| id_of(object).as_deref() == Some(id)) {
        answer.success()?;
    }
    Ok(())
}

/// Takes a router's interfaces away, without which it cannot be deleted.
async fn empty_router(client: &Client, id: &str) -> Result<(), Problem> {
    let ports: Vec<Value> =
        client.list("network", "ports", "ports").with(|call| call.query("device_id", id)).collect().await?;
    for port in ports {
        let owner = port.get("device_owner").and_then(Value::as_str).unwrap_or_default();
        let (true, Some(port_id)) = (owner.starts_with("network:router_interface"), id_of(&port)) else {
            continue;
        };
        let path = format!("routers/{}/remove_router_interface", encode_segment(id));
        let answer =
            client.request(Method::PUT, "network", &path, None, Some(&json!({"port_id": port_id}))).await?;
        if answer.status.as_u16() != 404 {
            answer.success()?;
        }
    }
    Ok(())
}
