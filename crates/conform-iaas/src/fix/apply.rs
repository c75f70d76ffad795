//! Doing what a plan says, step by step.
//!
//! Each step may be done twice: what is already so is taken as done. After a refusal the other steps about the same
//! object are skipped, for they may depend on it; steps about other objects go on.

mod flavors;
mod images;

use std::collections::BTreeMap;

use kogge_client::{Answer, Client, Error, Method, encode_segment};
use kogge_conform::Problem;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::action::{Action, NewTemplate};
use super::desk::Change;
use super::plan::Plan;
use crate::steps::default_rules;

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

/// Executes a plan. `watch` sees each step as it ends.
pub async fn apply(client: &Client, plan: &Plan, watch: &mut (dyn FnMut(&Applied) + Send)) -> Vec<Applied> {
    let mut refused: BTreeMap<String, String> = BTreeMap::new();
    let mut all = Vec::new();
    for change in &plan.changes {
        let object = change.object.id.clone().unwrap_or_else(|| change.object.name.clone());
        let outcome = match refused.get(&object) {
            Some(because) => Outcome::Skipped { because: because.clone() },
            None => match Box::pin(step(client, &change.action)).await {
                Ok(()) => Outcome::Done,
                Err(problem) => {
                    let because = problem.to_string();
                    refused.insert(object, because.clone());
                    Outcome::Refused { because }
                }
            },
        };
        let applied = Applied { change: change.clone(), outcome };
        watch(&applied);
        all.push(applied);
    }
    all
}

async fn step(client: &Client, action: &Action) -> Result<(), Problem> {
    match action {
        Action::CreateFlavor(new) => flavors::create(client, new).await,
        Action::ReplaceFlavor { id, with } => flavors::replace(client, id, with).await,
        Action::SetSpecs { id, specs } => flavors::set_specs(client, id, specs).await,
        Action::UnsetSpec { id, key } => flavors::unset_spec(client, id, key).await,
        Action::SetProperty { id, key, value, present } => {
            images::set_property(client, id, key, value, *present).await
        }
        Action::ImportImage(new) => images::import(client, new).await,
        Action::CreateRule(new) => create_rule(client, new).await,
        Action::DeleteRule { id } => delete_rule(client, id).await,
        Action::ReplaceRule { id, with } => {
            delete_rule(client, id).await?;
            create_rule(client, with).await
        }
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
        Some(409) => "; something else is in the way: look again with --dry-run",
        Some(413 | 429) => "; a quota or rate limit is reached",
        _ => "",
    };
    let Problem(words) = Problem::from(error);
    Problem(format!("{words}{hint}"))
}

async fn delete_rule(client: &Client, id: &str) -> Result<(), Problem> {
    delete(client, "network", &format!("{}/{}", default_rules::PATH, encode_segment(id))).await
}

async fn create_rule(client: &Client, new: &NewTemplate) -> Result<(), Problem> {
    let mut rule: Map<String, Value> = new.rest.clone();
    rule.insert("direction".to_owned(), json!(new.direction));
    rule.insert("ethertype".to_owned(), json!(new.ethertype));
    rule.insert("used_in_default_sg".to_owned(), json!(new.used_in_default_sg));
    rule.insert("used_in_non_default_sg".to_owned(), json!(new.used_in_non_default_sg));
    if let Some(group) = &new.remote_group_id {
        rule.insert("remote_group_id".to_owned(), json!(group));
    }
    let body = json!({"default_security_group_rule": rule});
    send(client, Method::POST, "network", default_rules::PATH, &body).await.map(drop)
}
