//! Steps about flavors.

use std::collections::BTreeMap;

use kogge_client::{Client, Error, Method, encode_segment};
use kogge_conform::Problem;
use serde_json::{Value, json};

use super::{delete, refusal, send};
use crate::fix::action::NewFlavor;
use crate::fix::look::is_used;
use crate::lookup::text;

const SERVICE: &str = "compute";

/// Creates a flavor and sets its extra specs.
pub(super) async fn create(client: &Client, new: &NewFlavor) -> Result<(), Problem> {
    let body = json!({"flavor": {
        "name": new.name, "vcpus": new.vcpus, "ram": new.ram_mib, "disk": new.disk_gb,
        "os-flavor-access:is_public": true,
    }});
    let answer = client.call(Method::POST, SERVICE, "flavors").json(&body).send().await?;
    let id = match answer.success() {
        Ok(made) => text(&made.json::<Value>()?["flavor"], "id"),
        // an earlier try may have got this far
        Err(error @ Error::Status { status: 409, .. }) => match existing(client, new).await? {
            None => return Err(refusal(error)),
            found => found,
        },
        Err(error) => return Err(refusal(error)),
    };
    let id = id.ok_or_else(|| Problem::new(format!("the new flavor {:?} shows no id", new.name)))?;
    set_specs(client, &id, &new.extra_specs).await
}

/// The id of a public flavor that is the new one already, but for its extra specs.
async fn existing(client: &Client, new: &NewFlavor) -> Result<Option<String>, Problem> {
    let flavors: Vec<Value> = client.list(SERVICE, "flavors/detail", "flavors").collect().await?;
    let figure = |flavor: &Value, key: &str| flavor.get(key).and_then(Value::as_u64);
    let same = |flavor: &&Value| {
        text(flavor, "name").as_ref() == Some(&new.name)
            && figure(flavor, "vcpus") == Some(new.vcpus)
            && figure(flavor, "ram") == Some(new.ram_mib)
            && figure(flavor, "disk") == Some(new.disk_gb)
    };
    Ok(flavors.iter().find(same).and_then(|flavor| text(flavor, "id")))
}

/// Deletes a flavor and creates it anew, unless a server got it in the meantime.
pub(super) async fn replace(client: &Client, id: &str, with: &NewFlavor) -> Result<(), Problem> {
    if is_used(client, id).await? {
        return Err(Problem::new(format!(
            "flavor {:?} got a server since the plan was made: resize that server, then run again",
            with.name
        )));
    }
    delete(client, SERVICE, &format!("flavors/{}", encode_segment(id))).await?;
    let gone = |problem: Problem| {
        Problem(format!(
            "flavor {:?} is deleted and could not be created anew (run again): {problem}",
            with.name
        ))
    };
    create(client, with).await.map_err(gone)
}

pub(super) async fn set_specs(
    client: &Client,
    id: &str,
    specs: &BTreeMap<String, String>,
) -> Result<(), Problem> {
    let path = format!("flavors/{}/os-extra_specs", encode_segment(id));
    send(client, Method::POST, SERVICE, &path, &json!({"extra_specs": specs})).await.map(drop)
}

pub(super) async fn unset_spec(client: &Client, id: &str, key: &str) -> Result<(), Problem> {
    let path = format!("flavors/{}/os-extra_specs/{}", encode_segment(id), encode_segment(key));
    delete(client, SERVICE, &path).await
}
