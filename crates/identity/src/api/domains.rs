//! `/v3/domains`: domains.

use axum::extract::State;
use axum::response::Response;
use kogge_http::{ApiError, Auth, Json};

use super::answer::created;
use super::handlers::handlers;
use super::place::Place;
use super::wire::project;
use crate::service::Identity;

handlers! { "domain" in "domains" as project::Domain:
    list(&["enabled", "name"] => list_domains),
    show(get_domain),
    update(project::UpdateDomain { domain } => update_domain),
    delete(delete_domain),
}

/// `POST`.
pub(super) async fn create(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Json(body): Json<project::CreateDomain>,
) -> Result<Response, ApiError> {
    let explicit_id = body.domain.explicit_domain_id.clone();
    let row = identity.create_domain(&caller, body.domain.into(), explicit_id).await?;
    Ok(created("domain", project::Domain::of(&row, &place)))
}
