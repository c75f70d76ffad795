//! `/servers/{id}/os-security-groups`.

use axum::extract::State;
use kogge_http::{ApiError, Auth, Json, Microversion, Pairs, Path};
use serde_json::{Value, json};

use crate::api::groups::view;
use crate::api::query;
use crate::{Compute, microversion as v};

/// `GET …/os-security-groups`
pub(crate) async fn index(
    State(compute): State<Compute>,
    Auth(caller): Auth,
    version: Microversion,
    Path(id): Path<String>,
    pairs: Pairs,
) -> Result<Json<Value>, ApiError> {
    query::only(&pairs, &[], version, v::FLAVOR_CLEANUP)?;
    let groups = compute.groups_of_server(&caller, &id).await?;
    let list: Vec<Value> = groups.iter().map(|group| view(group, &groups)).collect();
    Ok(Json(json!({ "security_groups": list })))
}
