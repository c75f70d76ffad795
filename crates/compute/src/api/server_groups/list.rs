//! `GET /os-server-groups`.

use axum::extract::State;
use kogge_http::{ApiError, Auth, Json, Microversion, Pairs};
use serde_json::{Value, json};

use crate::api::query;
use crate::api::wire::server_group::{View, view};
use crate::service::server_groups::GroupList;
use crate::{Compute, microversion as v};

/// `GET /os-server-groups`
pub(crate) async fn index(
    State(compute): State<Compute>,
    Auth(caller): Auth,
    version: Microversion,
    pairs: Pairs,
) -> Result<Json<Value>, ApiError> {
    query::only(&pairs, &["all_projects", "limit", "offset"], version, v::STRICT_QUERY)?;
    let most = compute.config().max_limit;
    let limit = query::natural(&pairs, "limit")?.and_then(|limit| u32::try_from(limit).ok());
    let wanted = GroupList {
        all_projects: pairs.get("all_projects").is_some(),
        // 0 is no limit, as in Nova
        limit: limit.filter(|limit| *limit > 0).map_or(most, |limit| limit.min(most)),
        offset: query::natural(&pairs, "offset")?.unwrap_or(0),
    };
    let found = compute.list_server_groups(&caller, wanted).await?;
    let groups: Vec<View> = found.iter().map(|(group, members)| view(group, members, version)).collect();
    Ok(Json(json!({ "server_groups": groups })))
}
