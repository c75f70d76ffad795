//! A project with those above and below, as the query asks. Upstream: `_expand_project_ref`.

use std::collections::BTreeMap;

use kogge_auth::Caller;
use kogge_http::ApiError;
use serde::Serialize;
use serde_json::Value;

use crate::api::place::{Place, Placed as _};
use crate::api::wire::Member;
use crate::api::wire::project::Project;
use crate::error::Error;
use crate::model;
use crate::service::Identity;
use crate::snapshot::Snapshot;

#[derive(Serialize)]
pub(super) struct Family<'a> {
    #[serde(flatten)]
    project: Project<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parents: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subtree: Option<Value>,
}

impl<'a> Family<'a> {
    pub(super) fn of(
        identity: &Identity,
        caller: &Caller,
        row: &'a model::Project,
        place: &Place,
    ) -> Result<Self, ApiError> {
        for kind in ["parents", "subtree"] {
            if place.flag(&format!("{kind}_as_list")) && place.flag(&format!("{kind}_as_ids")) {
                let because =
                    format!("Cannot use {kind}_as_list and {kind}_as_ids query params at the same time.");
                return Err(Error::Invalid(because).into());
            }
        }
        let snapshot = identity.snapshot();
        // lists show only what the caller has a role on
        let own = snapshot.project_ids_of(caller.user.id.as_str());
        let list = |rows: Vec<std::sync::Arc<model::Project>>| {
            let seen = rows.iter().filter(|row| own.contains(&row.id));
            let shown: Vec<_> = seen.map(|row| Member("project", Project::of(row, place))).collect();
            serde_json::to_value(shown).map_err(|error| ApiError::internal(&error))
        };
        let mut family = Self { project: Project::of(row, place), parents: None, subtree: None };
        if place.flag("parents_as_list") {
            family.parents = Some(list(snapshot.ancestors(row))?);
        } else if place.flag("parents_as_ids") {
            family.parents = Some(ids_above(&snapshot, row));
        }
        if place.flag("subtree_as_list") {
            family.subtree = Some(list(snapshot.subtree(&row.id))?);
        } else if place.flag("subtree_as_ids") {
            family.subtree = Some(ids_below(&snapshot, &row.id, 0));
        }
        Ok(family)
    }
}

/// `{"parent": {"grandparent": {"domain": null}}}`.
fn ids_above(snapshot: &Snapshot, row: &model::Project) -> Value {
    let domain = row.domain_id.iter().cloned();
    let above = snapshot
        .ancestors(row)
        .iter()
        .map(|row| row.id.clone())
        .collect::<Vec<_>>()
        .into_iter()
        .chain(domain);
    above.rev().fold(Value::Null, |inner, id| Value::Object([(id, inner)].into_iter().collect()))
}

/// `{"child": {"grandchild": null}}`.
fn ids_below(snapshot: &Snapshot, id: &str, depth: usize) -> Value {
    const DEEPEST: usize = 64;
    let children: BTreeMap<String, Value> = match depth {
        DEEPEST.. => BTreeMap::new(),
        _ => snapshot
            .children(id)
            .iter()
            .map(|row| (row.id.clone(), ids_below(snapshot, &row.id, depth + 1)))
            .collect(),
    };
    if children.is_empty() { Value::Null } else { Value::Object(children.into_iter().collect()) }
}
