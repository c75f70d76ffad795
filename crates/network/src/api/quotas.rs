//! Quotas.

use std::collections::BTreeMap;

use axum::extract::State;
use http::StatusCode;
use kogge_http::{ApiError, Auth, Json, Path};
use serde_json::{Value, json};

use crate::Networking;
use crate::attributes::check;
use crate::error::Error;
use crate::service::project_of;

/// `GET /quotas`: the projects with limits of their own.
pub(crate) async fn index(
    State(net): State<Networking>,
    Auth(caller): Auth,
) -> Result<Json<Value>, ApiError> {
    let all = net.all_quotas(&caller).await?;
    let one = |(project, limits): &(String, BTreeMap<String, i64>)| {
        let mut body = json!(limits);
        body["tenant_id"] = project.as_str().into();
        body["project_id"] = project.as_str().into();
        body
    };
    Ok(Json(json!({"quotas": all.iter().map(one).collect::<Vec<_>>()})))
}

/// `GET /quotas/{project}`; `tenant` and `project` ask who the caller is.
pub(crate) async fn show(
    State(net): State<Networking>,
    Auth(caller): Auth,
    Path(project): Path<String>,
) -> Result<Json<Value>, ApiError> {
    if project == "tenant" || project == "project" {
        let own = project_of(&caller);
        return Ok(Json(json!({ project.as_str(): {format!("{project}_id"): own} })));
    }
    Ok(Json(json!({"quota": net.quotas(&caller, &project).await?})))
}

/// `GET /quotas/{project}/default`.
pub(crate) async fn default(
    State(net): State<Networking>,
    Auth(caller): Auth,
    Path(project): Path<String>,
) -> Result<Json<Value>, ApiError> {
    if project_of(&caller) != Some(&*project) {
        net.quotas(&caller, &project).await?;
    }
    Ok(Json(json!({"quota": net.default_quotas()})))
}

/// `GET /quotas/{project}/details`.
pub(crate) async fn details(
    State(net): State<Networking>,
    Auth(caller): Auth,
    Path(project): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let usage = net.quota_usage(&caller, &project).await?;
    let body: BTreeMap<String, Value> = usage
        .into_iter()
        .map(|(name, usage)| (name, json!({"limit": usage.limit, "used": usage.used, "reserved": 0})))
        .collect();
    Ok(Json(json!({"quota": body})))
}

/// `PUT /quotas/{project}`.
pub(crate) async fn update(
    State(net): State<Networking>,
    Auth(caller): Auth,
    Path(project): Path<String>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, ApiError> {
    let Some(wished) = body.get("quota").and_then(Value::as_object) else {
        return Err(Error::Attribute("Unable to find 'quota' in request body".to_owned()).into());
    };
    let mut amounts = BTreeMap::new();
    for (name, value) in wished
        .iter()
        .filter(|(name, _)| !["tenant_id", "project_id", "force", "check_limit"].contains(&name.as_str()))
    {
        let number = value.as_i64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
        let number = number.ok_or_else(|| {
            Error::Attribute(format!(
                "Invalid input for {name}. Reason: '{}' is not an integer.",
                check::show(value)
            ))
        })?;
        amounts.insert(name.clone(), number);
    }
    Ok(Json(json!({"quota": net.set_quotas(&caller, &project, &amounts).await?})))
}

/// `DELETE /quotas/{project}`.
pub(crate) async fn reset(
    State(net): State<Networking>,
    Auth(caller): Auth,
    Path(project): Path<String>,
) -> Result<StatusCode, ApiError> {
    net.reset_quotas(&caller, &project).await?;
    Ok(StatusCode::NO_CONTENT)
}
