//! What projects and domains have in common: their bodies, and what an update means. A domain is a project that acts as
//! one.

use std::sync::Arc;

use kogge_resource::keystone::links;
use kogge_resource::{Absent, Body, Call, Field, Type};
use serde_json::{Value, json};

use super::{NULLABLE, OPTIONS, TEXT, emptied, immutable, options, refuse_immutable, same_id, with_extra};
use crate::error::{Error, Result};
use crate::model::Project;
use crate::service::{
    Draft, Identity, PROJECT_NAME, checked_description, checked_extra, checked_name, checked_tags, described,
    merge,
};

/// The fields.
pub(super) const FIELDS: &[&[Field]] = &[
    &[
        Field::required("name", TEXT),
        Field::optional("domain_id", NULLABLE),
        Field::optional("parent_id", NULLABLE),
        Field::both("is_domain", Absent::Bool(false), Type::Bool),
        Field::optional("description", NULLABLE),
        Field::both("enabled", Absent::Bool(true), Type::Bool),
        Field::optional("tags", Type::Items(&TEXT, 0, 80)),
        OPTIONS,
        Field::optional("explicit_domain_id", NULLABLE),
    ],
    &super::GIVEN,
];

/// How both look, but for the place in the tree and the attributes of their own.
pub(super) fn view(call: &Call<Identity>, row: &Project, path: &str, place: Value) -> Value {
    let mut view = json!({
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "enabled": row.enabled,
        "tags": row.tags,
        "options": options(row.immutable),
        "links": links(call, &format!("/v3/{path}/{}", row.id)),
    });
    if let (Value::Object(view), Value::Object(place)) = (&mut view, place) {
        view.extend(place);
    }
    with_extra(view, &row.extra)
}

/// What a body says of one that is to be made; where it lies is still to be filled in.
pub(super) fn made(id: String, body: Body) -> Result<Project> {
    Ok(Project {
        id,
        name: checked_name("name", &body.name("name"), PROJECT_NAME)?,
        domain_id: None,
        parent_id: None,
        is_domain: true,
        description: checked_description(body.name("description"))?,
        enabled: body.truth("enabled").unwrap_or(true),
        tags: checked_tags(body.read("tags").unwrap_or_default())?,
        immutable: immutable(&body).flatten(),
        extra: checked_extra(body.others)?,
    })
}

/// Changes one as a body says.
pub(super) fn change(
    call: &Call<Identity>,
    draft: &mut Draft,
    old: &Project,
    body: Body,
) -> Result<(Arc<Project>, ())> {
    same_id(call, &body)?;
    refuse_immutable(kind(old), &old.id, old.immutable, "update", only_unlocks(&body))?;
    let moves = |field: &str, old: Option<&str>| body.str(field).is_some_and(|new| Some(new) != old);
    if moves("domain_id", old.domain_id.as_deref()) {
        return Err(Error::invalid("Cannot change Domain ID"));
    }
    if moves("parent_id", old.parent_id.as_deref()) {
        return Err(Error::Refused("Update of `parent_id` is not allowed.".to_owned()));
    }
    if body.truth("is_domain").is_some_and(|is_domain| is_domain != old.is_domain) {
        return Err(Error::invalid("Update of `is_domain` is not allowed."));
    }
    draft.check_enabling(old, body.truth("enabled"))?;
    let mut project = old.clone();
    if let Some(name) = body.str("name") {
        project.name = checked_name("name", name, PROJECT_NAME)?;
    }
    if let Some(tags) = body.read::<Vec<String>>("tags") {
        project.tags = checked_tags(tags)?;
    }
    project.description = described(project.description, emptied(body.patch("description")))?;
    project.enabled = body.truth("enabled").unwrap_or(project.enabled);
    project.immutable = immutable(&body).unwrap_or(project.immutable);
    project.extra = merge(&project.extra, body.others)?;
    Ok((draft.put_project(project)?, ()))
}

/// True for nothing but taking `immutable` away.
fn only_unlocks(body: &Body) -> bool {
    let told = |field: &str| body.get(field).is_some_and(|value| !value.is_null());
    immutable(body).is_some_and(|value| value != Some(true))
        && !["name", "enabled", "tags"].into_iter().any(told)
        && body.get("description").is_none()
        && body.others.is_empty()
}

/// What it is called in refusals.
pub(super) fn kind(project: &Project) -> &'static str {
    if project.is_domain { "domain" } else { "project" }
}
