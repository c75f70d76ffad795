//! SCS-0115: the templates of default rules; on clouds without them, the rules of a freshly made group.

use kogge_conform::{Context, Problem};
use kogge_standards::Judgement;
use kogge_standards::default_rules::{SeenRule, SeenTemplate, judge_fresh_group, judge_templates};
use serde_json::{Value, json};

use crate::created::{GROUP, create};
use crate::lookup::text;
use crate::remove::remove;

pub(crate) const PATH: &str = "default-security-group-rules";
pub(crate) const KEY: &str = "default_security_group_rules";

pub(crate) async fn run(context: &Context) -> Result<Judgement, Problem> {
    match context.client.list("network", PATH, KEY).collect::<Value>().await {
        Ok(templates) => Ok(judge_templates(&templates.iter().map(template).collect::<Vec<_>>())),
        Err(error) if is_unknown(&error) => fresh_group(context).await,
        Err(error) => Err(error.into()),
    }
}

/// Whether the service has no templates at all, as before 2023.2.
pub(crate) fn is_unknown(error: &kogge_client::Error) -> bool {
    error.is_not_found() && error.to_string().contains(PATH)
}

fn flag(object: &Value, key: &str) -> bool {
    object.get(key).and_then(Value::as_bool).unwrap_or(false)
}

pub(crate) fn template(object: &Value) -> SeenTemplate {
    SeenTemplate {
        id: text(object, "id").unwrap_or_default(),
        direction: text(object, "direction").unwrap_or_default(),
        ethertype: text(object, "ethertype").unwrap_or_default(),
        remote_group_id: text(object, "remote_group_id"),
        remote_ip_prefix: text(object, "remote_ip_prefix"),
        used_in_default_sg: flag(object, "used_in_default_sg"),
        used_in_non_default_sg: flag(object, "used_in_non_default_sg"),
    }
}

async fn fresh_group(context: &Context) -> Result<Judgement, Problem> {
    let name = context.object_name("0115", "group");
    let made = create(context, &GROUP, &name, json!({"name": name, "description": name})).await?;
    let rules = made.object.get("security_group_rules").and_then(Value::as_array).cloned();
    remove(context, &GROUP, &made).await?;
    let rules = rules.ok_or_else(|| Problem::cloud("the new security group shows no list of rules"))?;
    let seen = |rule: &Value| SeenRule {
        id: text(rule, "id").unwrap_or_default(),
        direction: text(rule, "direction").unwrap_or_default(),
        ethertype: text(rule, "ethertype").unwrap_or_default(),
    };
    Ok(judge_fresh_group(&rules.iter().map(seen).collect::<Vec<_>>()))
}
