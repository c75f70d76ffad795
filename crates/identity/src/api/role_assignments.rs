//! `/v3/role_assignments`.

use axum::extract::State;
use axum::response::Response;
use kogge_http::{ApiError, Auth};

use super::answer::whole;
use super::place::Place;
use super::wire::assignment::Renderer;
use crate::service::{AssignmentFilter, Identity};

/// `GET`.
pub(super) async fn list(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
) -> Result<Response, ApiError> {
    let get = |name: &str| place.query.get(name).filter(|value| !value.is_empty()).map(str::to_owned);
    let filter = AssignmentFilter {
        user_id: get("user.id"),
        group_id: get("group.id"),
        role_id: get("role.id"),
        project_id: get("scope.project.id"),
        domain_id: get("scope.domain.id"),
        system: get("scope.system").is_some(),
        inherited: place.query.get("scope.OS-INHERIT:inherited_to").map(|value| value == "projects"),
        effective: place.flag("effective"),
        include_subtree: place.flag("include_subtree"),
    };
    let lines = identity.list_assignments(&caller, &filter)?;
    let snapshot = identity.snapshot();
    let renderer = Renderer { snapshot: &snapshot, names: place.flag("include_names"), place: &place };
    Ok(whole(&place, "role_assignments", lines.iter().map(|line| renderer.render(line)).collect()))
}
