//! `/servers/{id}/os-security-groups`.

use kogge_http::{ApiError, Json};
use kogge_resource::Call;
use serde_json::{Value, json};

use crate::api::query;
use crate::api::security_groups::view;
use crate::{Compute, microversion as v};

/// `GET …/os-security-groups`
pub(crate) async fn index(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    query::only(&call.query, &[], call.version, v::FLAVOR_CLEANUP)?;
    let groups = call.service.groups_of_server(&call.caller, call.key()).await?;
    let list: Vec<Value> = groups.iter().map(|group| view(group, &groups)).collect();
    Ok(Json(json!({ "security_groups": list })))
}
