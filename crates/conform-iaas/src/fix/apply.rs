//! Doing what a plan says, step by step.
//!
//! Each step may be done twice: what is already so is taken as done. Just before it what it overwrites is read again, and
//! where that is not as the plan has it, the step is refused. What replaces something is made before the old one goes,
//! where the service allows it, and where not, the old one comes back if the new one cannot be made. After a refusal the
//! other steps about the same object are skipped, for they may depend on it; steps about other objects go on.
//!
//! A stop comes between two steps: none is left half-way.

mod flavors;
mod images;
mod rules;

use std::collections::BTreeMap;
use std::io;

use kogge_client::{Answer, Client, Error, Method, encode_segment};
use kogge_conform::Problem;
use serde::Serialize;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::action::Action;
use super::desk::Change;
use super::overwritten::current;
use super::plan::Plan;

/// How one step ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// It is done.
    Done,
    /// The cloud did not do it.
    Refused {
        /// Which call, and what it said.
        because: String,
    },
    /// It was not tried, because an earlier step about the same object was refused.
    Skipped {
        /// The earlier refusal.
        because: String,
    },
    /// It was not tried, because the run ended before.
    Stopped {
        /// Why.
        because: String,
    },
}

/// Watches a plan being made, and keeps the record of it.
pub trait Watch: Send {
    /// A step is about to be made.
    ///
    /// # Errors
    /// If it cannot be written down. Then it is not made, and none after it.
    fn begins(&mut self, change: &Change) -> io::Result<()>;
    /// A step is about to delete something that it makes anew, and this is all of it.
    ///
    /// # Errors
    /// If it cannot be written down. Then it stays.
    fn deletes(&mut self, change: &Change, whole: &Value) -> io::Result<()>;
    /// A step has ended.
    fn ended(&mut self, applied: &Applied);
}

/// A step and its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Applied {
    /// The change.
    pub change: Change,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// Keeps no record: for clouds that nobody minds.
#[derive(Debug, Default)]
pub struct Unwatched;

impl Watch for Unwatched {
    fn begins(&mut self, _: &Change) -> io::Result<()> {
        Ok(())
    }

    fn deletes(&mut self, _: &Change, _: &Value) -> io::Result<()> {
        Ok(())
    }

    fn ended(&mut self, _: &Applied) {}
}

/// Executes a plan until it is through, or `cancel` ends it between two steps.
pub async fn apply(
    client: &Client,
    plan: &Plan,
    cancel: &CancellationToken,
    watch: &mut dyn Watch,
) -> Vec<Applied> {
    let mut refused: BTreeMap<String, String> = BTreeMap::new();
    let mut stopped: Option<String> = None;
    let mut all = Vec::new();
    for change in &plan.changes {
        if cancel.is_cancelled() && stopped.is_none() {
            stopped = Some("the run was stopped".to_owned());
        }
        let object = change.object.id.clone().unwrap_or_else(|| change.object.name.clone());
        let outcome = match (&stopped, refused.get(&object)) {
            (Some(because), _) => Outcome::Stopped { because: because.clone() },
            (None, Some(because)) => Outcome::Skipped { because: because.clone() },
            (None, None) => match watch.begins(change) {
                Ok(()) => made(client, change, cancel, watch).await,
                Err(error) => {
                    let because = unrecorded(&error);
                    stopped = Some(because.clone());
                    Outcome::Stopped { because }
                }
            },
        };
        if let Outcome::Refused { because } = &outcome {
            refused.insert(object, because.clone());
        }
        let applied = Applied { change: change.clone(), outcome };
        watch.ended(&applied);
        all.push(applied);
    }
    all
}

fn unrecorded(error: &io::Error) -> String {
    format!("the record of the changes cannot be written: {error}")
}

async fn made(
    client: &Client,
    change: &Change,
    cancel: &CancellationToken,
    watch: &mut dyn Watch,
) -> Outcome {
    let step = async {
        unchanged(client, change).await?;
        step(client, change, cancel, watch).await
    };
    match Box::pin(step).await {
        Ok(()) => Outcome::Done,
        Err(problem) => Outcome::Refused { because: problem.to_string() },
    }
}

/// Succeeds if what the step overwrites is as the plan has it, or gone where it was to go.
async fn unchanged(client: &Client, change: &Change) -> Result<(), Problem> {
    let planned = &change.overwrites;
    if planned.is_null() {
        return Ok(());
    }
    let current = current(client, &change.action).await?;
    let goes = matches!(change.action, Action::DeleteRule { .. });
    if current == *planned || (current.is_null() && goes) || is_done(&change.action, &current) {
        return Ok(());
    }
    let now = if current.is_null() { "gone".to_owned() } else { format!("now {current}") };
    Err(Problem::cloud(format!(
        "it was changed since the plan was made: it was {planned}, and is {now}; plan anew"
    )))
}

/// Whether an earlier try has made it so.
fn is_done(action: &Action, current: &Value) -> bool {
    match action {
        Action::SetSpecs { specs, .. } => json!(specs) == *current,
        Action::UnsetSpec { key, .. } => current.get(key).is_some_and(Value::is_null),
        Action::SetProperty { value, .. } => current.as_str() == Some(value),
        Action::DescribeType { description, .. } => current["description"].as_str() == Some(description),
        Action::ReplaceFlavor { with, .. } => {
            *current
                == json!({"name": with.name, "vcpus": with.vcpus, "ram": with.ram_mib, "disk": with.disk_gb})
        }
        _ => false,
    }
}

async fn step(
    client: &Client,
    change: &Change,
    cancel: &CancellationToken,
    watch: &mut dyn Watch,
) -> Result<(), Problem> {
    match &change.action {
        Action::CreateFlavor(new) => flavors::create(client, new).await,
        Action::ReplaceFlavor { id, with } => {
            let mut deletes = |whole: &Value| {
                watch.deletes(change, whole).map_err(|error| Problem::ours(unrecorded(&error)))
            };
            flavors::replace(client, id, with, &mut deletes).await
        }
        Action::SetSpecs { id, specs } => flavors::set_specs(client, id, specs).await,
        Action::UnsetSpec { id, key } => flavors::unset_spec(client, id, key).await,
        Action::SetProperty { id, key, value, present } => {
            images::set_property(client, id, key, value, *present).await
        }
        Action::ImportImage(new) => images::import(client, new, cancel).await,
        Action::CreateRule(new) => rules::create(client, new).await.map(drop),
        Action::DeleteRule { id } => rules::delete(client, id).await,
        Action::ReplaceRule { id, with } => rules::replace(client, id, with).await,
        Action::DescribeType { id, description } => {
            let path = format!("types/{}", encode_segment(id));
            let body = json!({"volume_type": {"description": description}});
            send(client, Method::PUT, "block-storage", &path, &body).await.map(drop)
        }
    }
}

/// A call that changes something.
async fn send(
    client: &Client,
    method: Method,
    service: &str,
    path: &str,
    body: &Value,
) -> Result<Answer, Problem> {
    client.call(method, service, path).json(body).send().await.and_then(Answer::success).map_err(refusal)
}

/// Deletes; what is not there is as good as deleted.
async fn delete(client: &Client, service: &str, path: &str) -> Result<(), Problem> {
    match client.call(Method::DELETE, service, path).send().await.and_then(Answer::success) {
        Ok(_) => Ok(()),
        Err(error) if error.is_not_found() => Ok(()),
        Err(error) => Err(refusal(error)),
    }
}

/// A refusal in words, with what to try.
fn refusal(error: Error) -> Problem {
    let hint = match error.status() {
        Some(401 | 403) => "; this user may not do it: the cloud's policy wants another role or scope",
        Some(409) => "; something else is in the way: plan anew",
        Some(413 | 429) => "; a quota or rate limit is reached",
        _ => "",
    };
    Problem::from(error).reworded(|words| format!("{words}{hint}"))
}
