//! `/v3/domains`: domains.

use axum::response::Response;
use kogge_http::{ApiError, Json};

use super::answer::created;
use super::handlers::handlers;
use super::wire::project;
use crate::service::Identity;
use kogge_resource::Call;

handlers! { "domain" in "domains" as project::Domain:
    list(&["enabled", "name"] => list_domains),
    show(get_domain),
    update(project::UpdateDomain { domain } => update_domain),
    delete(delete_domain),
}

/// `POST`.
pub(super) async fn create(
    call: Call<Identity>,
    Json(body): Json<project::CreateDomain>,
) -> Result<Response, ApiError> {
    let explicit_id = body.domain.explicit_domain_id.clone();
    let row = call.service.create_domain(&call.caller, body.domain.into(), explicit_id).await?;
    Ok(created("domain", project::Domain::of(&row, &call)))
}
