//! `/v3/projects`: projects.

use axum::extract::State;
use axum::response::Response;
use kogge_http::{ApiError, Auth, Path};

use super::answer::{member, page};
use super::handlers::handlers;
use super::place::Place;
use super::wire::project;
use crate::service::{Identity, TagFilter};

mod family;

handlers! { "project" in "projects" as project::Project:
    create(project::CreateProject { project } => create_project),
    update(project::UpdateProject { project } => update_project),
    delete(delete_project),
}

const FILTERS: &[&str] = &["domain_id", "enabled", "name", "parent_id", "is_domain"];

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
