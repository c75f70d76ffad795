//! What roles imply: `/v3/roles/{role_id}/implies`, `/v3/role_inferences`.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use kogge_http::{ApiError, Json};

use super::wire::Links;
use super::wire::role::{Inference, InferenceBody, Inferences, Named};
use crate::api::place::{Place, Placed as _};
use crate::model;
use crate::policy;
use crate::service::Identity;
use kogge_resource::Call;

/// `GET /v3/roles/{role_id}/implies`.
pub(super) async fn list(call: Call<Identity>) -> Result<Response, ApiError> {
    let prior = call.key();
    let (role, implied) = call.service.implied_by(&call.caller, prior)?;
    let implies: Vec<_> = implied.iter().map(|role| Named::of(role, &call)).collect();
    let links = Links { itself: call.link(&format!("roles/{prior}/implies")) };
    let role_inference = Inference { prior_role: Named::of(&role, &call), implies };
    Ok(Json(InferenceBody { role_inference, links }).into_response())
}

fn shown(
    prior: &Arc<model::Role>,
    implied: &Arc<model::Role>,
    place: &Place,
    status: StatusCode,
) -> Response {
    let links = Links { itself: place.link(&format!("roles/{}/implies/{}", prior.id, implied.id)) };
    let role_inference =
        Inference { prior_role: Named::of(prior, place), implies: Named::of(implied, place) };
    (status, Json(InferenceBody { role_inference, links })).into_response()
}

/// `GET` (200) and `HEAD` (204) `/v3/roles/{role_id}/implies/{implied_role_id}`.
pub(super) async fn show(call: Call<Identity>, method: Method) -> Result<Response, ApiError> {
    let [prior, implied] = call.keys();
    let head = method == Method::HEAD;
    let rule = if head { policy::CHECK_IMPLIED_ROLE } else { policy::GET_IMPLIED_ROLE };
    let (prior, implied) = call.service.implication(&call.caller, &rule, prior, implied)?;
    if head {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok(shown(&prior, &implied, &call, StatusCode::OK))
}

/// `PUT`.
pub(super) async fn create(call: Call<Identity>) -> Result<Response, ApiError> {
    let [prior, implied] = call.keys();
    let (prior, implied) = call.service.imply(&call.caller, prior, implied).await?;
    Ok(shown(&prior, &implied, &call, StatusCode::CREATED))
}

/// `DELETE`.
pub(super) async fn delete(call: Call<Identity>) -> Result<StatusCode, ApiError> {
    let [prior, implied] = call.keys();
    call.service.no_longer_imply(&call.caller, prior, implied).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /v3/role_inferences`.
pub(super) async fn all(call: Call<Identity>) -> Result<Response, ApiError> {
    let rules = call.service.implications(&call.caller)?;
    let role_inferences = rules.iter().map(|(prior, implied)| Inference {
        prior_role: Named::of(prior, &call),
        implies: implied.iter().map(|role| Named::of(role, &call)).collect(),
    });
    Ok(Json(Inferences { role_inferences: role_inferences.collect() }).into_response())
}
