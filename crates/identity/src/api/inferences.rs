//! What roles imply: `/v3/roles/{role_id}/implies`, `/v3/role_inferences`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use kogge_http::{ApiError, Auth, Json, Path};

use super::place::Place;
use super::wire::Links;
use super::wire::role::{Inference, InferenceBody, Inferences, Named};
use crate::model;
use crate::policy;
use crate::service::Identity;

/// `GET /v3/roles/{role_id}/implies`.
pub(super) async fn list(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Path(prior): Path<String>,
) -> Result<Response, ApiError> {
    let (role, implied) = identity.implied_by(&caller, &prior)?;
    let implies: Vec<_> = implied.iter().map(|role| Named::of(role, &place)).collect();
    let links = Links { itself: place.link(&format!("roles/{prior}/implies")) };
    let role_inference = Inference { prior_role: Named::of(&role, &place), implies };
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
pub(super) async fn show(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    method: Method,
    Path((prior, implied)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let head = method == Method::HEAD;
    let rule = if head { policy::CHECK_IMPLIED_ROLE } else { policy::GET_IMPLIED_ROLE };
    let (prior, implied) = identity.implication(&caller, &rule, &prior, &implied)?;
    if head {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok(shown(&prior, &implied, &place, StatusCode::OK))
}

/// `PUT`.
pub(super) async fn create(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Path((prior, implied)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let (prior, implied) = identity.imply(&caller, &prior, &implied).await?;
    Ok(shown(&prior, &implied, &place, StatusCode::CREATED))
}

/// `DELETE`.
pub(super) async fn delete(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    Path((prior, implied)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    identity.no_longer_imply(&caller, &prior, &implied).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /v3/role_inferences`.
pub(super) async fn all(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
) -> Result<Response, ApiError> {
    let rules = identity.implications(&caller)?;
    let role_inferences = rules.iter().map(|(prior, implied)| Inference {
        prior_role: Named::of(prior, &place),
        implies: implied.iter().map(|role| Named::of(role, &place)).collect(),
    });
    Ok(Json(Inferences { role_inferences: role_inferences.collect() }).into_response())
}
