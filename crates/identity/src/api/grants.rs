//! Giving and taking roles: `/v3/projects/…/roles/…`, `/v3/domains/…`, `/v3/OS-INHERIT/…`, `/v3/system/…`.

use http::StatusCode;
use kogge_http::{ApiError, Json};
use kogge_resource::Call;
use serde_json::Value;

use crate::error::Error;
use crate::model::{Actor, Target};
use crate::resources::roles::Roles;
use crate::resources::whole;
use crate::service::{Grant, Identity};

/// Who and where, from the names of the path's parameters.
fn grant(call: &Call<Identity>) -> Result<Grant, Error> {
    let get = |name: &str| Some(call.param(name).to_owned()).filter(|id| !id.is_empty());
    let actor = get("user_id")
        .map(Actor::User)
        .or_else(|| get("group_id").map(Actor::Group))
        .ok_or_else(Error::nothing)?;
    let target = get("project_id").map(Target::Project).or_else(|| get("domain_id").map(Target::Domain));
    Ok(Grant {
        actor,
        target: target.unwrap_or(Target::System),
        inherited: call.uri.path().ends_with("/inherited_to_projects"),
    })
}

/// `PUT`.
pub(super) async fn give(call: Call<Identity>) -> Result<StatusCode, ApiError> {
    call.service.give_role(&call.caller, &grant(&call)?, call.param("role_id")).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET` and `HEAD` of one.
pub(super) async fn check(call: Call<Identity>) -> Result<StatusCode, ApiError> {
    call.service.check_role(&call.caller, &grant(&call)?, call.param("role_id"))?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE`.
pub(super) async fn take(call: Call<Identity>) -> Result<StatusCode, ApiError> {
    call.service.take_role(&call.caller, &grant(&call)?, call.param("role_id")).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET` of all.
pub(super) async fn list(call: Call<Identity>) -> Result<Json<Value>, ApiError> {
    Ok(whole::<Roles>(&call, call.service.given_roles(&call.caller, &grant(&call)?)?).await?)
}
