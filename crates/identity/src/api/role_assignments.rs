//! `/v3/role_assignments`.

use axum::response::Response;
use kogge_http::ApiError;

use super::answer::whole;
use super::wire::assignment::Renderer;
use crate::api::place::Placed as _;
use crate::service::{AssignmentFilter, Identity};
use kogge_resource::Call;

/// `GET`.
pub(super) async fn list(call: Call<Identity>) -> Result<Response, ApiError> {
    let get = |name: &str| call.query.get(name).filter(|value| !value.is_empty()).map(str::to_owned);
    let filter = AssignmentFilter {
        user_id: get("user.id"),
        group_id: get("group.id"),
        role_id: get("role.id"),
        project_id: get("scope.project.id"),
        domain_id: get("scope.domain.id"),
        system: get("scope.system").is_some(),
        inherited: call.query.get("scope.OS-INHERIT:inherited_to").map(|value| value == "projects"),
        effective: call.flag("effective"),
        include_subtree: call.flag("include_subtree"),
    };
    let lines = call.service.list_assignments(&call.caller, &filter)?;
    let snapshot = call.service.snapshot();
    let renderer = Renderer { snapshot: &snapshot, names: call.flag("include_names"), place: &call };
    Ok(whole(&call, "role_assignments", lines.iter().map(|line| renderer.render(line)).collect()))
}
