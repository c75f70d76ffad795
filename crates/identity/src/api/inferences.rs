//! What roles imply: `/v3/roles/{role_id}/implies`, `/v3/role_inferences`.

use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use kogge_http::{ApiError, Json};
use kogge_resource::Call;
use kogge_resource::keystone::links;
use serde_json::{Value, json};

use crate::model::Role;
use crate::service::Identity;

fn named(call: &Call<Identity>, role: &Role) -> Value {
    json!({ "id": role.id, "name": role.name, "links": links(call, &format!("/v3/roles/{}", role.id)) })
}

/// `GET /v3/roles/{role_id}/implies`.
pub(super) async fn list(call: Call<Identity>) -> Result<Json<Value>, ApiError> {
    let prior = call.key();
    let (role, implied) = call.service.implied_by(&call.caller, prior)?;
    let implies: Value = implied.iter().map(|role| named(&call, role)).collect();
    Ok(Json(json!({
        "role_inference": { "prior_role": named(&call, &role), "implies": implies },
        "links": links(&call, &format!("/v3/roles/{prior}/implies")),
    })))
}

fn shown(call: &Call<Identity>, prior: &Role, implied: &Role) -> Json<Value> {
    Json(json!({
        "role_inference": { "prior_role": named(call, prior), "implies": named(call, implied) },
        "links": links(call, &format!("/v3/roles/{}/implies/{}", prior.id, implied.id)),
    }))
}

/// `GET` (200) and `HEAD` (204) `/v3/roles/{role_id}/implies/{implied_role_id}`.
pub(super) async fn show(call: Call<Identity>, method: Method) -> Result<Response, ApiError> {
    let [prior, implied] = call.keys();
    let head = method == Method::HEAD;
    let (prior, implied) = call.service.implication(&call.caller, head, prior, implied)?;
    if head {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok(shown(&call, &prior, &implied).into_response())
}

/// `PUT`.
pub(super) async fn create(call: Call<Identity>) -> Result<(StatusCode, Json<Value>), ApiError> {
    let [prior, implied] = call.keys();
    let (prior, implied) = call.service.imply(&call.caller, prior, implied).await?;
    Ok((StatusCode::CREATED, shown(&call, &prior, &implied)))
}

/// `DELETE`.
pub(super) async fn delete(call: Call<Identity>) -> Result<StatusCode, ApiError> {
    let [prior, implied] = call.keys();
    call.service.no_longer_imply(&call.caller, prior, implied).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /v3/role_inferences`.
pub(super) async fn all(call: Call<Identity>) -> Result<Json<Value>, ApiError> {
    let rules = call.service.implications(&call.caller)?;
    let rules = rules.iter().map(|(prior, implied)| {
        let implies: Value = implied.iter().map(|role| named(&call, role)).collect();
        json!({ "prior_role": named(&call, prior), "implies": implies })
    });
    Ok(Json(json!({ "role_inferences": rules.collect::<Value>() })))
}
