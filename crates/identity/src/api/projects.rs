//! `/v3/projects`: projects.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use kogge_http::{ApiError, Auth, Json, Path};

use super::answer::{created, member, page, same_id};
use super::place::Place;
use super::wire::project;
use crate::service::{Identity, TagFilter};

mod family;

const FILTERS: &[&str] = &["domain_id", "enabled", "name", "parent_id", "is_domain"];

/// `POST`.
pub(super) async fn create(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Json(body): Json<project::CreateProject>,
) -> Result<Response, ApiError> {
    let row = identity.create_project(&caller, body.project.into()).await?;
    Ok(created("project", project::Project::of(&row, &place)))
}

/// `GET` of all.
pub(super) async fn list(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
) -> Result<Response, ApiError> {
    let listed = identity.list_projects(&caller, &place.list(FILTERS)?, &tag_filter(&place))?;
    Ok(page(&place, "projects", &listed, |row| &row.id, |row| project::Project::of(row, &place)))
}

/// `GET` of one.
pub(super) async fn show(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let row = identity.get_project(&caller, &id)?;
    let family = family::Family::of(&identity, &caller, &row, &place)?;
    Ok(member("project", family))
}

/// `PATCH`.
pub(super) async fn update(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Path(id): Path<String>,
    Json(body): Json<project::UpdateProject>,
) -> Result<Response, ApiError> {
    same_id(body.project.id.as_deref(), &id)?;
    let row = identity.update_project(&caller, &id, body.project.into()).await?;
    Ok(member("project", project::Project::of(&row, &place)))
}

/// `DELETE`.
pub(super) async fn delete(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    identity.delete_project(&caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn tag_filter(place: &Place) -> TagFilter {
    let read = |name: &str| {
        let text = place.query.get(name).unwrap_or("");
        text.split(',').filter(|tag| !tag.is_empty()).map(str::to_owned).collect()
    };
    TagFilter {
        all: read("tags"),
        any: read("tags-any"),
        not_all: read("not-tags"),
        not_any: read("not-tags-any"),
    }
}
