//! Those above and below a project, as the query asks. Upstream: `_expand_project_ref`.

use std::sync::Arc;

use kogge_resource::Call;
use serde_json::{Map, Value, json};

use crate::error::{Error, Result};
use crate::model::Project;
use crate::resources::is_asked;
use crate::service::Identity;
use crate::snapshot::Snapshot;

/// How a project is shown.
type Show = fn(&Call<Identity>, &Project) -> Value;

/// What is shown beside a project.
#[derive(Default)]
pub(crate) struct Family(Vec<(&'static str, Value)>);

impl Family {
    /// What the query asks for of this project.
    pub(super) fn of(call: &Call<Identity>, row: &Project, show: Show) -> Result<Self> {
        let asks = |name: &str| is_asked(&call.query, name);
        for kind in ["parents", "subtree"] {
            if asks(&format!("{kind}_as_list")) && asks(&format!("{kind}_as_ids")) {
                return Err(Error::Invalid(format!(
                    "Cannot use {kind}_as_list and {kind}_as_ids query params at the same time."
                )));
            }
        }
        let snapshot = call.service.snapshot();
        // lists show only what the caller has a role on
        let own = snapshot.project_ids_of(call.caller.user.id.as_str());
        let list = |rows: Vec<Arc<Project>>| {
            let seen = rows.iter().filter(|row| own.contains(&row.id));
            seen.map(|row| json!({ "project": show(call, row) })).collect::<Value>()
        };
        let mut family = Vec::new();
        if asks("parents_as_list") {
            family.push(("parents", list(snapshot.ancestors(row))));
        } else if asks("parents_as_ids") {
            family.push(("parents", ids_above(&snapshot, row)));
        }
        if asks("subtree_as_list") {
            family.push(("subtree", list(snapshot.subtree(&row.id))));
        } else if asks("subtree_as_ids") {
            family.push(("subtree", ids_below(&snapshot, &row.id, 0)));
        }
        Ok(Self(family))
    }

    /// The project with its family.
    pub(super) fn beside(&self, mut view: Value) -> Value {
        for (name, value) in &self.0 {
            view[*name] = value.clone();
        }
        view
    }
}

/// `{"parent": {"grandparent": {"domain": null}}}`.
fn ids_above(snapshot: &Snapshot, row: &Project) -> Value {
    let above = snapshot.ancestors(row);
    let ids: Vec<&String> = above.iter().map(|row| &row.id).chain(&row.domain_id).collect();
    ids.into_iter().rev().fold(Value::Null, |inner, id| json!({ id: inner }))
}

/// `{"child": {"grandchild": null}}`.
fn ids_below(snapshot: &Snapshot, id: &str, depth: usize) -> Value {
    const DEEPEST: usize = 64;
    let children = if depth < DEEPEST { snapshot.children(id) } else { Vec::new() };
    let below: Map<String, Value> =
        children.iter().map(|row| (row.id.clone(), ids_below(snapshot, &row.id, depth + 1))).collect();
    if below.is_empty() { Value::Null } else { Value::Object(below) }
}
