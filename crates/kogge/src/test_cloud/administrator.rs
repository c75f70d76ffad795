//! Breaking a test cloud in one place, over the APIs, as an administrator would.

mod catalog;
mod flavors;
mod images;

use http::Method;
use kogge_conform_iaas::proof::{Change, Mutation, NewTemplate, sound_images};
use serde_json::{Value, json};

use self::catalog::{add_service, change_catalog};
use self::flavors::change_flavors;
use self::images::{ITS_OWN, change_images, upload};
use super::{Session, TestCloud};

/// Entries that make the catalogue complete; nothing answers there, and no test of the catalogue asks.
const NOWHERE: [&str; 3] = ["load-balancer", "block-storage", "object-store-s3"];

impl TestCloud {
    /// Gives the cloud the standard images, without which no testcase about images has much to judge.
    ///
    /// # Panics
    /// Where the cloud refuses.
    pub async fn add_images(&self) {
        let admin = self.session("kogge-admin").await;
        for image in sound_images() {
            upload(&admin, &image).await;
        }
    }

    /// Gives the catalogue the entries of services that the cloud does not have.
    ///
    /// # Panics
    /// Where the cloud refuses.
    pub async fn complete_catalog(&self) {
        let admin = self.session("kogge-admin").await;
        for kind in NOWHERE {
            add_service(&admin, kind, "http://127.0.0.1:1/").await;
        }
    }

    /// Whether [`TestCloud::mutate`] can carry a mutation out: nothing in it needs a service that Kogge does not have,
    /// or a cloud that lies.
    #[must_use]
    pub fn can(mutation: &Mutation) -> bool {
        let settable = |key: &str| !ITS_OWN.contains(&key);
        mutation.changes.iter().all(|change| match change {
            Change::Image { key, .. } => settable(key),
            Change::NewImage { name, set, .. } => {
                // of two images of one name, the list shows the newer one first, the double the older one
                let is_new = !sound_images().iter().any(|image| image["name"] == *name);
                // community images of other projects are in nobody's list
                let unlisted = set.iter().any(|(_, value)| *value == "community");
                name.is_string() && is_new && !unlisted && set.iter().all(|(key, _)| settable(key))
            }
            // a flavor's name has an end; and of two that claim a name the last listed counts, in the order of their ids
            Change::NewFlavor(new) => new.name.len() <= 255 && (new.specs.is_empty() || takes_over(mutation)),
            Change::NoService(kind) | Change::NoEndpoints(kind) => *kind != "identity" && served(kind),
            Change::NewService(_, like) => served(like),
            Change::FlavorFigure { .. }
            | Change::FlavorSpec { .. }
            | Change::NoFlavor(_)
            | Change::NoImage(_)
            | Change::NoImages
            | Change::NewTemplate(_)
            | Change::NoTemplate(..) => true,
            _ => false,
        })
    }

    /// Breaks the cloud.
    ///
    /// # Panics
    /// Where the cloud refuses, or the mutation is none that it [can](TestCloud::can) carry out.
    pub async fn mutate(&self, mutation: &Mutation) {
        let admin = self.session("kogge-admin").await;
        for change in &mutation.changes {
            match change {
                Change::FlavorFigure { .. }
                | Change::FlavorSpec { .. }
                | Change::NewFlavor(_)
                | Change::NoFlavor(_) => change_flavors(&admin, change).await,
                Change::Image { .. } | Change::NewImage { .. } | Change::NoImage(_) | Change::NoImages => {
                    change_images(&admin, change).await;
                }
                Change::NewTemplate(_) | Change::NoTemplate(..) => change_templates(&admin, change).await,
                other => change_catalog(&admin, other).await,
            }
        }
    }
}

/// Whether a new flavor takes the place of one that goes.
fn takes_over(mutation: &Mutation) -> bool {
    mutation.changes.iter().any(|change| matches!(change, Change::NoFlavor(_)))
}

fn served(kind: &str) -> bool {
    NOWHERE.contains(&kind) || crate::cloud::catalog().iter().any(|service| service.kind == kind)
}

/// Sends a request that must succeed.
async fn must(admin: &Session, method: Method, path: &str, body: Value) -> Value {
    let answer = admin.send(method.clone(), path, Some(body.clone())).await;
    assert!((200..300).contains(&answer.status), "{method} {path} {body}: {} {}", answer.status, answer.body);
    answer.body
}

/// The objects of a list that fit.
async fn found(admin: &Session, path: &str, key: &str, fits: impl Fn(&Value) -> bool) -> Vec<Value> {
    let answer = admin.get(path).await;
    let all = answer.body[key].as_array().unwrap_or_else(|| panic!("GET {path}: {}", answer.body));
    let found: Vec<Value> = all.iter().filter(|object| fits(object)).cloned().collect();
    assert!(!found.is_empty(), "GET {path}: nothing fits in {}", answer.body);
    found
}

fn id(object: &Value) -> &str {
    object["id"].as_str().unwrap_or_else(|| panic!("no id in {object}"))
}

async fn change_templates(admin: &Session, change: &Change) {
    const PATH: &str = "/network/v2.0/default-security-group-rules";
    match change {
        Change::NewTemplate(new) => {
            must(admin, Method::POST, PATH, json!({"default_security_group_rule": template(new)})).await;
        }
        Change::NoTemplate(direction, ethertype) => {
            let fits = |rule: &Value| rule["direction"] == *direction && rule["ethertype"] == *ethertype;
            for rule in found(admin, PATH, "default_security_group_rules", fits).await {
                must(admin, Method::DELETE, &format!("{PATH}/{}", id(&rule)), Value::Null).await;
            }
        }
        other => panic!("{other:?} is no change of a template"),
    }
}

fn template(new: &NewTemplate) -> Value {
    json!({"direction": new.direction, "ethertype": new.ethertype, "protocol": new.protocol,
        "remote_group_id": new.remote_group_id, "remote_ip_prefix": new.remote_ip_prefix,
        "used_in_default_sg": new.used_in_default_sg, "used_in_non_default_sg": new.used_in_non_default_sg})
}
