//! `/v3/projects`: projects.

use axum::response::Response;
use kogge_http::ApiError;

use super::answer::{member, page};
use super::handlers::handlers;
use super::wire::project;
use crate::api::place::{Place, Placed as _};
use crate::service::{Identity, TagFilter};
use kogge_resource::Call;

mod family;

handlers! { "project" in "projects" as project::Project:
    create(project::CreateProject { project } => create_project),
    update(project::UpdateProject { project } => update_project),
    delete(delete_project),
}

const FILTERS: &[&str] = &["domain_id", "enabled", "name", "parent_id", "is_domain"];

/// `GET` of all.
pub(super) async fn list(call: Call<Identity>) -> Result<Response, ApiError> {
    let listed = call.service.list_projects(&call.caller, &call.list(FILTERS)?, &tag_filter(&call))?;
    Ok(page(&call, "projects", &listed, |row| &row.id, |row| project::Project::of(row, &call)))
}

/// `GET` of one.
pub(super) async fn show(call: Call<Identity>) -> Result<Response, ApiError> {
    let id = call.key();
    let row = call.service.get_project(&call.caller, id)?;
    let family = family::Family::of(&call.service, &call.caller, &row, &call)?;
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
