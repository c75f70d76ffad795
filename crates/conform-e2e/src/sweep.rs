//! Removing what a run left in the cloud, and nothing else.
//!
//! Tempest removes what it makes, unless it is stopped or a test breaks; stopped, it leaves everything. What belongs to
//! the run is known by its [`Marks`].

mod found;
mod kinds;
mod marks;

use std::time::Duration;

use kogge_client::{Client, Error, Method, encode_segment};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::accounts::Account;
use kinds::{KINDS, Kind};

pub use found::{Everything, Found, find};
pub use marks::{Marks, Of};

/// What every run's prefix begins with. Short: with the eight digits of the run, the name of a test's class and two
/// numbers it becomes the name of a server, and the network service refuses one that is no DNS label (63 characters).
pub const PREFIX: &str = "ke2e-";
/// How long to wait between two looks.
const PAUSE: Duration = Duration::from_secs(1);

/// What became of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Swept {
    /// How many things were removed.
    pub removed: usize,
    /// What is still there, in words.
    pub left: Vec<String>,
}

/// Removes them as each account that may, kind by kind; each kind until none is left or the time has passed.
pub async fn sweep(
    accounts: &[Account],
    marks: &Marks,
    until: Instant,
    progress: &mut dyn FnMut(&str),
) -> Swept {
    let mut swept = Swept::default();
    for account in accounts.iter().filter(|account| account.role != "reader") {
        for kind in KINDS.iter().filter(|kind| account.role == "admin" || !kind.admin) {
            let mut broom = Broom { account, kind, marks, until, swept: &mut swept };
            broom.sweep(progress).await;
        }
    }
    swept
}

struct Broom<'a> {
    account: &'a Account,
    kind: &'static Kind,
    marks: &'a Marks,
    until: Instant,
    swept: &'a mut Swept,
}

impl Broom<'_> {
    async fn sweep(&mut self, progress: &mut dyn FnMut(&str)) {
        let mut before = 0;
        loop {
            let found = match self.find().await {
                Ok(found) => found,
                // a cloud without the service keeps nothing of ours
                Err(Error::NoEndpoint { .. }) => return,
                Err(error) => {
                    let text =
                        format!("{}s could not be listed: {}", self.kind.word, kogge_client::chain(&error));
                    self.swept.left.push(text);
                    return;
                }
            };
            self.swept.removed += before - found.len().min(before);
            if found.is_empty() {
                return;
            }
            before = found.len();
            let mut refused = String::new();
            for (id, name) in &found {
                progress(&format!("removing {} {name}", self.kind.word));
                if let Err(because) = self.remove(id).await {
                    refused = because;
                }
            }
            if Instant::now() >= self.until {
                self.give_up(&found, &refused);
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn give_up(&mut self, found: &[(String, String)], refused: &str) {
        for (id, name) in found {
            let why = if refused.is_empty() { "it did not vanish in time" } else { refused };
            self.swept.left.push(format!("{} {name} ({id}): {why}", self.kind.word));
        }
    }

    /// Ids and names of what is there.
    async fn find(&self) -> Result<Vec<(String, String)>, Error> {
        let found = found::of_kind(self.account, self.kind, self.marks).await?;
        Ok(found.into_iter().map(|thing| (thing.id, thing.name)).collect())
    }

    async fn remove(&self, id: &str) -> Result<(), String> {
        let client = &self.account.client;
        let told = |error: Error| kogge_client::chain(&error);
        if self.kind.word == "router" {
            empty_router(client, id).await.map_err(told)?;
        }
        let user = client.token().await.map_err(told)?.user.id.clone();
        let path =
            format!("{}/{}", self.kind.path.replace("{user}", &encode_segment(&user)), encode_segment(id));
        let answer = client.call(Method::DELETE, self.kind.service, &path).send().await.map_err(told)?;
        if answer.status.as_u16() == 404 {
            return Ok(());
        }
        answer.success().map(|_| ()).map_err(told)
    }
}

/// Takes a router's interfaces away, without which it cannot be deleted.
async fn empty_router(client: &Client, id: &str) -> Result<(), Error> {
    let ports: Vec<Value> =
        client.list("network", "ports", "ports").with(|call| call.query("device_id", id)).collect().await?;
    for port in ports {
        let owner = port.get("device_owner").and_then(Value::as_str).unwrap_or_default();
        let Some(port_id) = port.get("id").and_then(Value::as_str) else { continue };
        if owner.starts_with("network:router_interface") {
            let path = format!("routers/{}/remove_router_interface", encode_segment(id));
            let body = json!({ "port_id": port_id });
            client.request(Method::PUT, "network", &path, None, Some(&body)).await?;
        }
    }
    Ok(())
}
