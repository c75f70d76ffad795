//! The steps.

mod steps;

use std::path::Path;
use std::time::Duration;

use kogge_client::{Client, Method, encode_segment};
use serde_json::{Map, Value, json};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Stop;
use super::choose::text;
use super::shell::{answered, openstack, told};
use super::things::{Kind, Things};

/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(500);

/// A walk.
pub(super) struct Walk<'a> {
    pub(super) client: &'a Client,
    /// Asked between calls: one that is under way is waited for, so that what it makes is known.
    pub(super) cancel: &'a CancellationToken,
    /// What was made.
    pub(super) things: Things,
    /// What everything is called.
    pub(super) name: String,
    /// Whether guests are simulated, as far as is known.
    pub(super) simulated: bool,
    /// Where the key is kept.
    pub(super) place: &'a Path,
}

impl Walk<'_> {
    fn go_on(&self) -> Result<(), Stop> {
        if self.cancel.is_cancelled() { Err(Stop::Interrupted) } else { Ok(()) }
    }

    /// Makes a thing that bears our name, as `openstack WORDS` would; the object in the answer.
    async fn create(&mut self, kind: &'static Kind, words: &[&str], body: Value) -> Result<Value, Stop> {
        self.go_on()?;
        told(&openstack(words));
        self.things.announce(kind, &self.name, &self.name);
        let body = if kind.one.is_empty() { body } else { wrapped(kind.one, body) };
        let answer = self.client.request(Method::POST, kind.service, kind.path, None, Some(&body)).await?;
        let status = answer.status.as_u16();
        if (400..500).contains(&status) && status != 408 {
            self.things.refused();
        }
        let answer: Value = answer.success()?.json()?;
        let object = if kind.one.is_empty() { &answer } else { &answer[kind.one] };
        let id = object["id"].as_str().or_else(|| object["name"].as_str());
        let id = id.ok_or_else(|| Stop::Failed(format!("the new {} has no id", kind.words.join(" "))))?;
        self.things.made(id, None);
        Ok(object.clone())
    }

    /// Makes a thing and shows its id.
    async fn make(&mut self, kind: &'static Kind, words: &[&str], body: Value) -> Result<String, Stop> {
        let object = self.create(kind, words, body).await?;
        let id = text(&object, "id").to_owned();
        answered(&format!("id {id}"));
        Ok(id)
    }

    /// A call that changes what is ours already.
    async fn change(
        &self,
        method: Method,
        service: &str,
        path: &str,
        words: &[&str],
        body: Value,
    ) -> Result<Value, Stop> {
        self.go_on()?;
        told(&openstack(words));
        let answer = self.client.request(method, service, path, None, Some(&body)).await?.success()?;
        Ok(if answer.bytes.is_empty() { Value::Null } else { answer.json()? })
    }

    /// One of ours as it is now.
    async fn shown(&self, kind: &Kind, id: &str) -> Result<Value, Stop> {
        let path = format!("{}/{}", kind.path, encode_segment(id));
        let body: Value = self.client.get(kind.service, &path).await?.success()?.json()?;
        Ok(body[kind.one].clone())
    }

    /// Looks again and again until `look` finds something; `None` where it does not in time.
    async fn until<T>(
        &self,
        patience: Duration,
        mut look: impl AsyncFnMut() -> Result<Option<T>, Stop>,
    ) -> Result<Option<T>, Stop> {
        let end = Instant::now() + patience;
        loop {
            self.go_on()?;
            if let Some(found) = look().await? {
                return Ok(Some(found));
            }
            if Instant::now() > end {
                return Ok(None);
            }
            tokio::select! {
                () = self.cancel.cancelled() => {}
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
    }
}

fn wrapped(key: &str, body: Value) -> Value {
    Value::Object(Map::from_iter([(key.to_owned(), body)]))
}

/// The rule that lets a protocol in.
fn rule(group: &str, protocol: &str, port: Option<u16>) -> Value {
    let mut rule = json!({"security_group_id": group, "direction": "ingress", "ethertype": "IPv4",
        "protocol": protocol});
    if let Some(port) = port {
        rule["port_range_min"] = json!(port);
        rule["port_range_max"] = json!(port);
    }
    json!({ "security_group_rule": rule })
}
