//! What a step overwrites or deletes: as the plan has it, and as it is just before the step.
//!
//! Both are the same JSON of the same few fields, so that anything that somebody changed in between is seen, and nothing
//! else is. A step that only makes something new overwrites nothing.

use std::collections::BTreeMap;

use kogge_client::{Client, encode_segment};
use kogge_conform::Problem;
use kogge_standards::image_metadata::SeenImage;
use serde_json::{Value, json};

use super::action::Action;
use super::inventory::{Inventory, Template};
use super::look;
use crate::lookup::text;
use crate::steps::default_rules;

/// As the inventory has it.
pub(super) fn overwritten(action: &Action, inventory: &Inventory) -> Value {
    let flavor = |id: &str| {
        let held = inventory.flavors.as_deref().unwrap_or_default();
        held.iter().map(|held| &held.seen).find(|seen| seen.id == id)
    };
    match action {
        Action::CreateFlavor(_) | Action::ImportImage(_) | Action::CreateRule(_) => Value::Null,
        Action::ReplaceFlavor { id, .. } => flavor(id).map_or(
            Value::Null,
            |seen| json!({"name": seen.name, "vcpus": seen.vcpus, "ram": seen.ram_mib, "disk": seen.disk_gb}),
        ),
        Action::SetSpecs { .. } | Action::UnsetSpec { .. } => {
            let (id, keys) = specs_of(action);
            let known = flavor(id).and_then(|seen| seen.extra_specs.clone()).unwrap_or_default();
            keys.into_iter().map(|key| (key.to_owned(), json!(known.get(key)))).collect()
        }
        Action::SetProperty { id, key, .. } => {
            let image = inventory.public_images().iter().find(|image| image.id == *id);
            json!(image.and_then(|image| property(image, key)))
        }
        Action::DeleteRule { id } | Action::ReplaceRule { id, .. } => {
            let rules = inventory.rules.iter().flatten().flatten();
            rules.into_iter().find(|rule| rule.seen.id == *id).map_or(Value::Null, rule)
        }
        Action::DescribeType { id, .. } => {
            let types = inventory.volume_types.iter().flatten();
            let kind = types.into_iter().find(|kind| kind.id == *id);
            described(kind.and_then(|kind| kind.seen.description.clone()))
        }
    }
}

/// As it is now; null where it is gone.
///
/// # Errors
/// If it cannot be read.
pub(super) async fn current(client: &Client, action: &Action) -> Result<Value, Problem> {
    let id = match action {
        Action::CreateFlavor(_) | Action::ImportImage(_) | Action::CreateRule(_) => return Ok(Value::Null),
        Action::ReplaceFlavor { id, .. }
        | Action::SetSpecs { id, .. }
        | Action::UnsetSpec { id, .. }
        | Action::SetProperty { id, .. }
        | Action::DeleteRule { id }
        | Action::ReplaceRule { id, .. }
        | Action::DescribeType { id, .. } => encode_segment(id),
    };
    let (service, path, key) = match action {
        Action::SetSpecs { .. } | Action::UnsetSpec { .. } => {
            ("compute", format!("flavors/{id}/os-extra_specs"), "extra_specs")
        }
        Action::SetProperty { .. } => ("image", format!("images/{id}"), ""),
        Action::DeleteRule { .. } | Action::ReplaceRule { .. } => {
            ("network", format!("{}/{id}", default_rules::PATH), "default_security_group_rule")
        }
        Action::DescribeType { .. } => ("block-storage", format!("types/{id}"), "volume_type"),
        _ => ("compute", format!("flavors/{id}"), "flavor"),
    };
    let answer = client.get(service, &path).await?;
    if answer.status.as_u16() == 404 {
        return Ok(Value::Null);
    }
    let body: Value = answer.success()?.json()?;
    let object = if key.is_empty() { &body } else { body.get(key).unwrap_or(&Value::Null) };
    Ok(match action {
        Action::SetSpecs { .. } | Action::UnsetSpec { .. } => {
            let keys = specs_of(action).1;
            keys.into_iter().map(|key| (key.to_owned(), json!(object.get(key)))).collect()
        }
        Action::SetProperty { key, .. } => json!(object.get(key.as_str()).and_then(shown)),
        Action::DeleteRule { .. } | Action::ReplaceRule { .. } => rule(&look::template(object)),
        Action::DescribeType { .. } => described(text(object, "description")),
        _ => ["name", "vcpus", "ram", "disk"]
            .into_iter()
            .map(|key| (key.to_owned(), object[key].clone()))
            .collect(),
    })
}

fn specs_of(action: &Action) -> (&str, Vec<&str>) {
    match action {
        Action::SetSpecs { id, specs } => (id, specs.keys().map(String::as_str).collect()),
        Action::UnsetSpec { id, key } => (id, vec![key]),
        _ => ("", Vec::new()),
    }
}

/// Figures and texts are the same here: the image service shows the one as the other.
fn shown(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn property(image: &SeenImage, key: &str) -> Option<String> {
    match key {
        "min_disk" => image.min_disk.map(|gib| gib.to_string()),
        "min_ram" => image.min_ram.map(|mib| mib.to_string()),
        _ => image.property(key).map(str::to_owned),
    }
}

fn described(description: Option<String>) -> Value {
    json!({"description": description.filter(|text| !text.is_empty())})
}

fn rule(template: &Template) -> Value {
    let seen = &template.seen;
    let fixed: BTreeMap<&str, Value> = [
        ("direction", json!(seen.direction)),
        ("ethertype", json!(seen.ethertype)),
        ("remote_group_id", json!(seen.remote_group_id)),
        ("used_in_default_sg", json!(seen.used_in_default_sg)),
        ("used_in_non_default_sg", json!(seen.used_in_non_default_sg)),
    ]
    .into();
    let rest = template.rest.iter().map(|(key, value)| (key.clone(), value.clone()));
    fixed.into_iter().map(|(key, value)| (key.to_owned(), value)).chain(rest).collect()
}
