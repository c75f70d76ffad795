//! Reading the inventory, with the look-ups that the checks use.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;
use kogge_client::{Client, encode_segment};
use kogge_conform::{Context, Journal, Problem, RunId, Shared};
use kogge_standards::flavors::SeenFlavor;
use kogge_standards::standard_flavors;
use kogge_standards::volume_types::SeenVolumeType;
use serde_json::Value;

use super::inventory::{HeldFlavor, HeldImages, HeldType, Inventory, Template};
use super::wishes::Wishes;
use crate::lookup;
use crate::steps::default_rules;

/// How many volume types are asked for their encryption at the same time.
const PARALLEL: usize = 8;

/// What of a template a copy has to keep.
const REST: [&str; 6] = [
    "protocol",
    "port_range_min",
    "port_range_max",
    "remote_ip_prefix",
    "remote_address_group_id",
    "description",
];

/// Reads what the wanted test cases look at. Nothing is changed.
///
/// # Errors
/// If the cloud gives no token. A list that cannot be read is a part of the inventory.
pub async fn look(
    client: &Client,
    now: kogge_clock::Timestamp,
    wishes: &Wishes,
) -> Result<Inventory, Problem> {
    let token = client.token().await?;
    let context = Context {
        client: client.clone(),
        started: now,
        run: RunId::random(),
        shared: Arc::new(Shared::default()),
        journal: Arc::new(Journal::in_memory()),
    };
    let now = Timestamp::from_microsecond(now.as_micros())
        .map_err(|error| Problem::ours(format!("the clock is out of range: {error}")))?;
    let wants = |prefixes: &[&str]| {
        wishes.testcases.iter().any(|testcase| prefixes.iter().any(|prefix| testcase.starts_with(prefix)))
    };
    let mut inventory = Inventory::empty(now);
    inventory.service_kinds = token.catalog.kinds();
    if wants(&["scs-0100-", "scs-0103-"]) {
        inventory.flavors = Box::pin(flavors(&context, wishes)).await;
    }
    if wants(&["scs-0102-", "scs-0104-"]) {
        inventory.images = Box::pin(images(&context)).await;
    }
    if wants(&["scs-0115-"]) {
        inventory.rules = rules(client).await;
    }
    if wants(&["scs-0114-"]) {
        inventory.volume_types = Box::pin(volume_types(client)).await;
    }
    Ok(inventory)
}

async fn flavors(context: &Context, wishes: &Wishes) -> Result<Vec<HeldFlavor>, Problem> {
    let list =
        context.client.list("compute", "flavors", "flavors").with(|call| call.query("is_public", "False"));
    let private: Vec<Value> = list.collect().await?;
    let private: BTreeSet<String> = private.iter().filter_map(|flavor| lookup::text(flavor, "id")).collect();
    let mut held = Vec::new();
    for seen in lookup::flavors::all(context).await?.0.iter().cloned() {
        let public = !private.contains(&seen.id);
        let asked = wishes.replace_flavors && public && has_wrong_sizes(&seen);
        // a flavor whose servers cannot be listed is not replaced
        let used = if asked { is_used(&context.client, &seen.id).await.ok() } else { None };
        held.push(HeldFlavor { seen, public, used });
    }
    Ok(held)
}

fn has_wrong_sizes(seen: &SeenFlavor) -> bool {
    standard_flavors().iter().filter(|standard| standard.name == seen.name).any(|standard| {
        (seen.vcpus, seen.ram_mib, seen.disk_gb)
            != (u64::from(standard.vcpus), standard.ram_mib, standard.disk_gib)
    })
}

/// Whether a server of any project has the flavor.
pub(super) async fn is_used(client: &Client, flavor: &str) -> Result<bool, Problem> {
    let list = client.list("compute", "servers", "servers");
    let list = list.with(|call| call.query("all_tenants", "1").query("flavor", flavor).query("limit", "1"));
    let mut servers = Box::pin(list.stream::<Value>());
    Ok(servers.next().await.transpose()?.is_some())
}

/// Private images of projects are not even asked for.
async fn images(context: &Context) -> Result<HeldImages, Problem> {
    let mut public = lookup::images::listed(context, Some("public")).await?;
    public.retain(|image| image.visibility == "public" && !image.hidden);
    let community = lookup::images::listed(context, Some("community")).await?.len();
    Ok(HeldImages { public, community })
}

async fn rules(client: &Client) -> Result<Option<Vec<Template>>, Problem> {
    match client.list("network", default_rules::PATH, default_rules::KEY).collect::<Value>().await {
        Ok(listed) => Ok(Some(listed.iter().map(template).collect())),
        Err(error) if default_rules::is_unknown(&error) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// A template as the network service shows it.
pub(super) fn template(listed: &Value) -> Template {
    let set = |key: &&str| {
        let value = listed.get(*key).filter(|value| !value.is_null() && value.as_str() != Some(""))?;
        Some(((*key).to_owned(), value.clone()))
    };
    Template { seen: default_rules::template(listed), rest: REST.iter().filter_map(set).collect() }
}

async fn volume_types(client: &Client) -> Result<Vec<HeldType>, Problem> {
    let listed: Vec<Value> = client.list("block-storage", "types", "volume_types").collect().await?;
    let public = listed.into_iter().filter(|kind| kind.get("is_public") != Some(&Value::Bool(false)));
    let reading = stream::iter(public).map(|kind| held_type(client, kind));
    reading.buffered(PARALLEL).try_collect().await
}

async fn held_type(client: &Client, listed: Value) -> Result<HeldType, Problem> {
    let id =
        lookup::text(&listed, "id").ok_or_else(|| Problem::cloud("a volume type in the list has no id"))?;
    let path = format!("types/{}/encryption", encode_segment(&id));
    let encryption: Value = client.get("block-storage", &path).await?.success()?.json()?;
    let specs = listed.get("extra_specs");
    let wish = specs.and_then(|specs| specs.get("replication_enabled")).and_then(Value::as_str);
    Ok(HeldType {
        seen: SeenVolumeType {
            name: lookup::text(&listed, "name").unwrap_or_default(),
            description: lookup::text(&listed, "description"),
        },
        encrypted: encryption.get("encryption_id").is_some_and(Value::is_string),
        replicated: wish.is_some_and(|wish| wish.trim().eq_ignore_ascii_case("<is> true")),
        id,
    })
}
