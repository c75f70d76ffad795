//! Steps about templates of default security group rules.

use kogge_client::{Client, Method, encode_segment};
use kogge_conform::Problem;
use serde_json::{Map, Value, json};

use super::send;
use crate::fix::action::NewTemplate;
use crate::fix::look::template;
use crate::lookup::text;
use crate::steps::default_rules;

const SERVICE: &str = "network";
const ONE: &str = "default_security_group_rule";

fn path_of(id: &str) -> String {
    format!("{}/{}", default_rules::PATH, encode_segment(id))
}

pub(super) async fn delete(client: &Client, id: &str) -> Result<(), Problem> {
    super::delete(client, SERVICE, &path_of(id)).await
}

/// Creates a template, and returns its id.
pub(super) async fn create(client: &Client, new: &NewTemplate) -> Result<String, Problem> {
    let body = Value::from_iter([(ONE, Value::Object(body(new)))]);
    let made: Value = send(client, Method::POST, SERVICE, default_rules::PATH, &body).await?.json()?;
    let id = made.get(ONE).and_then(|rule| text(rule, "id"));
    id.ok_or_else(|| Problem::cloud("the new default security group rule shows no id"))
}

/// Puts another template into the place of one. The new one is made first; where the service takes both for the same and
/// refuses that, the old one goes first, and comes back if the new one cannot be made.
pub(super) async fn replace(client: &Client, id: &str, with: &NewTemplate) -> Result<(), Problem> {
    let old = client.get(SERVICE, &path_of(id)).await?.success().map_err(super::refusal)?;
    let old: Value = old.json()?;
    let old = as_new(&template(old.get(ONE).unwrap_or(&Value::Null)));
    match create(client, with).await {
        Ok(new) => {
            let Err(problem) = delete(client, id).await else { return Ok(()) };
            let undone = delete(client, &new).await;
            Err(problem.reworded(|words| match undone {
                Ok(()) => format!("{words}; nothing was changed"),
                Err(left) => format!("{words}; its successor {new} is there too: {left}"),
            }))
        }
        Err(problem) if problem.status() == Some(409) => {
            delete(client, id).await?;
            let Err(problem) = create(client, with).await else { return Ok(()) };
            let back = create(client, &old).await;
            Err(problem.reworded(|words| match back {
                Ok(new) => format!("{words}; the old one is back, as {new}"),
                Err(lost) => {
                    let was = Value::Object(body(&old));
                    format!("{words}; and the old one, {was}, could not be brought back: {lost}")
                }
            }))
        }
        Err(problem) => Err(problem),
    }
}

fn as_new(old: &crate::fix::Template) -> NewTemplate {
    let seen = &old.seen;
    NewTemplate {
        direction: seen.direction.clone(),
        ethertype: seen.ethertype.clone(),
        remote_group_id: seen.remote_group_id.clone(),
        used_in_default_sg: seen.used_in_default_sg,
        used_in_non_default_sg: seen.used_in_non_default_sg,
        rest: old.rest.clone(),
    }
}

fn body(new: &NewTemplate) -> Map<String, Value> {
    let mut rule = new.rest.clone();
    rule.insert("direction".to_owned(), json!(new.direction));
    rule.insert("ethertype".to_owned(), json!(new.ethertype));
    rule.insert("used_in_default_sg".to_owned(), json!(new.used_in_default_sg));
    rule.insert("used_in_non_default_sg".to_owned(), json!(new.used_in_non_default_sg));
    if let Some(group) = &new.remote_group_id {
        rule.insert("remote_group_id".to_owned(), json!(group));
    }
    rule
}
