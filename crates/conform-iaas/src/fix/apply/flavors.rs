//! Steps about flavors.

use std::collections::BTreeMap;

use kogge_client::{Answer, Client, Error, Method, encode_segment};
use kogge_conform::Problem;
use serde_json::{Map, Value, json};

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
    let id = id.ok_or_else(|| Problem::cloud(format!("the new flavor {:?} shows no id", new.name)))?;
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

/// Deletes a flavor and creates it anew under the same id, unless a server got it in the meantime. Names of flavors are
/// unique, so the new one cannot come first; if it cannot be made, the old one comes back. `deletes` is told all of the
/// old one before it goes.
pub(super) async fn replace(
    client: &Client,
    id: &str,
    with: &NewFlavor,
    deletes: &mut (dyn FnMut(&Value) -> Result<(), Problem> + Send),
) -> Result<(), Problem> {
    if is_used(client, id).await? {
        return Err(Problem::cloud(format!(
            "flavor {:?} got a server since the plan was made: resize that server, then plan anew",
            with.name
        )));
    }
    let path = format!("flavors/{}", encode_segment(id));
    let old = whole(client, &path).await?;
    let mut new = old.clone();
    new.figures = [("vcpus", with.vcpus), ("ram", with.ram_mib), ("disk", with.disk_gb)]
        .map(|(key, value)| (key.to_owned(), json!(value)));
    new.specs.extend(with.extra_specs.clone());
    deletes(&json!({"flavor": old.body(id)["flavor"], "extra_specs": old.specs}))?;
    delete(client, SERVICE, &path).await?;
    let Err(problem) = new.make(client, id).await else { return Ok(()) };
    // the new one may be half made, without its specs
    let back = async {
        delete(client, SERVICE, &path).await?;
        old.make(client, id).await
    };
    let back = back.await;
    Err(problem.reworded(|words| match back {
        Ok(()) => format!("{words}; the old flavor {:?} is back", with.name),
        Err(lost) => {
            let body = old.body(id);
            format!("{words}; and the old flavor, {body}, could not be brought back: {lost}")
        }
    }))
}

/// A flavor with everything that can be set of one.
#[derive(Clone)]
struct Whole {
    name: Value,
    figures: [(String, Value); 3],
    /// What has nothing to do with its size in the standard: swap, ephemeral disk, factor, and the description.
    rest: Map<String, Value>,
    specs: BTreeMap<String, String>,
}

/// What else there is to keep, and what stands for nothing there.
const REST: [(&str, &str); 4] =
    [("swap", "0"), ("OS-FLV-EXT-DATA:ephemeral", "0"), ("rxtx_factor", "1.0"), ("description", "")];

/// The microversion since which a flavor has a description.
const DESCRIBED: &str = "2.55";

async fn whole(client: &Client, path: &str) -> Result<Whole, Problem> {
    let described = client.call(Method::GET, SERVICE, path).microversion(DESCRIBED).send().await?;
    let answer = if described.status.is_success() { described } else { client.get(SERVICE, path).await? };
    let body: Value = answer.success().map_err(refusal)?.json()?;
    let flavor = body.get("flavor").unwrap_or(&Value::Null);
    let specs: Value = client.get(SERVICE, &format!("{path}/os-extra_specs")).await?.success()?.json()?;
    let rest = REST.iter().filter_map(|(key, nothing)| {
        let value = flavor.get(*key).filter(|value| !value.is_null())?;
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        // swap is shown as an empty text where there is none
        (!text.is_empty() && text != *nothing).then(|| ((*key).to_owned(), value.clone()))
    });
    Ok(Whole {
        name: flavor["name"].clone(),
        figures: ["vcpus", "ram", "disk"].map(|key| (key.to_owned(), flavor[key].clone())),
        rest: rest.collect(),
        specs: serde_json::from_value(specs["extra_specs"].clone()).unwrap_or_default(),
    })
}

impl Whole {
    fn body(&self, id: &str) -> Value {
        let mut flavor = self.rest.clone();
        flavor.extend(self.figures.iter().cloned());
        flavor.insert("name".to_owned(), self.name.clone());
        flavor.insert("id".to_owned(), json!(id));
        flavor.insert("os-flavor-access:is_public".to_owned(), json!(true));
        json!({"flavor": flavor})
    }

    async fn make(&self, client: &Client, id: &str) -> Result<(), Problem> {
        let call = client.call(Method::POST, SERVICE, "flavors").json(&self.body(id));
        let call = if self.rest.contains_key("description") { call.microversion(DESCRIBED) } else { call };
        call.send().await.and_then(Answer::success).map_err(refusal)?;
        if self.specs.is_empty() { Ok(()) } else { set_specs(client, id, &self.specs).await }
    }
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
