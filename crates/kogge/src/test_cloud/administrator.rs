//! An administrator of a cloud under test, who breaks it in one place over the APIs, and puts it back.
//!
//! Works on any cloud: our own in a test process, and a real OpenStack (`scripts/parity`).

mod catalog;
mod flavors;
mod images;
mod reach;
mod roles;
mod state;
mod templates;
mod volume_types;

pub use reach::Reach;
pub use state::State;

use kogge_client::{Call, Client, Method};
use kogge_conform_iaas::proof::{Change, Mutation, sound_images};
use serde_json::{Value, json};

/// Entries that make a catalogue complete; nothing answers there, and no test of the catalogue asks.
pub(super) const NOWHERE: [&str; 3] = ["load-balancer", "block-storage", "object-store-s3"];

/// An administrator.
pub struct Administrator {
    client: Client,
    /// User and project of the member as whom the cloud is checked.
    member: (String, String),
}

impl Administrator {
    /// An administrator of the cloud of this client, which is checked as `member`.
    ///
    /// # Panics
    /// Where the member cannot sign in.
    pub async fn new(client: Client, member: &Client) -> Self {
        let token = member.token().await.unwrap_or_else(|error| panic!("the member signs in: {error}"));
        let project = token.project.as_ref().map(|project| project.id.clone());
        Self { client, member: (token.user.id.clone(), project.unwrap_or_default()) }
    }

    /// Gives the cloud the standard images, without which no testcase about images has much to judge.
    ///
    /// # Panics
    /// Where the cloud refuses.
    pub async fn add_images(&self) {
        for image in sound_images() {
            images::create(self, &image).await;
        }
    }

    /// Gives the catalogue the entries of services that the cloud does not have.
    ///
    /// # Panics
    /// Where the cloud refuses.
    pub async fn complete_catalog(&self) {
        for kind in
            catalog::kinds(self).await.iter().filter(|kind| reach::OLD_STORAGE.contains(&kind.as_str()))
        {
            catalog::remove_service(self, kind).await;
        }
        let there = catalog::kinds(self).await;
        for kind in NOWHERE.iter().filter(|kind| !there.iter().any(|known| known == *kind)) {
            catalog::add_service(self, kind, "http://127.0.0.1:1/").await;
        }
    }

    /// Makes a cloud whose default rules are sound one that every mutation expects: all standard flavors, the standard
    /// images and no others, one volume type that makes claims, and block storage under one name in a whole catalogue.
    ///
    /// # Panics
    /// Where the cloud refuses.
    pub async fn make_sound(&self) {
        flavors::make_sound(self).await;
        images::change(self, &Change::NoImages).await;
        self.add_images().await;
        volume_types::make_sound(self).await;
        self.complete_catalog().await;
    }

    /// Breaks the cloud.
    ///
    /// # Panics
    /// Where the cloud refuses, or the mutation is none that can be [carried out](Reach::covers) over APIs.
    pub async fn mutate(&self, mutation: &Mutation) {
        for change in &mutation.changes {
            match change {
                Change::FlavorFigure { .. }
                | Change::FlavorSpec { .. }
                | Change::NewFlavor(_)
                | Change::NoFlavor(_) => flavors::change(self, change).await,
                Change::Image { .. } | Change::NewImage { .. } | Change::NoImage(_) | Change::NoImages => {
                    images::change(self, change).await;
                }
                Change::NewTemplate(_) | Change::NoTemplate(..) => templates::change(self, change).await,
                Change::TypeDescription(_) | Change::NewType { .. } => {
                    volume_types::change(self, change).await;
                }
                Change::Roles(roles) => self.set_roles(roles).await,
                other => catalog::change(self, other).await,
            }
        }
    }

    /// Sends a request that must succeed. Compute speaks a version that shows extra specs in lists.
    async fn must(&self, method: Method, service: &str, path: &str, body: &Value) -> Value {
        let mut call = speaking(self.client.call(method.clone(), service, path), service);
        if !body.is_null() {
            call = call.json(body);
        }
        let answer = call.send().await.unwrap_or_else(|error| panic!("{method} {service} {path}: {error}"));
        let text = String::from_utf8_lossy(&answer.bytes);
        assert!(answer.status.is_success(), "{method} {service} {path} {body}: {} {text}", answer.status);
        serde_json::from_slice(&answer.bytes).unwrap_or(Value::Null)
    }

    /// Deletes.
    async fn delete(&self, service: &str, path: &str) {
        self.must(Method::DELETE, service, path, &Value::Null).await;
    }

    /// A whole list.
    async fn list(&self, service: &str, path: &str, key: &str, filter: &[(&str, &str)]) -> Vec<Value> {
        let list = self.client.list(service, path, key);
        let filtered = |call| filter.iter().fold(call, |call: Call, (key, value)| call.query(key, value));
        let list = list.with(|call| filtered(speaking(call, service))).collect().await;
        list.unwrap_or_else(|error| panic!("GET {service} {path}: {error}"))
    }
}

fn speaking(call: Call, service: &str) -> Call {
    if service == "compute" { call.microversion("2.61") } else { call }
}

/// The only object that fits.
fn only(all: Vec<Value>, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
    let found = all.iter().find(|object| fits(object)).cloned();
    found.unwrap_or_else(|| panic!("no {what} in {}", json!(all)))
}

fn id(object: &Value) -> &str {
    object["id"].as_str().unwrap_or_else(|| panic!("no id in {object}"))
}

/// What of an object its maker decides.
fn pick(object: &Value, keys: &[&str]) -> Value {
    keys.iter().map(|key| ((*key).to_owned(), object[*key].clone())).collect()
}
