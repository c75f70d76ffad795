//! Quotas.

use std::collections::BTreeMap;

use http::StatusCode;
use kogge_http::{ApiError, Json};
use kogge_resource::Call;
use kogge_resource::neutron::check;
use serde_json::{Value, json};

use crate::Networking;
use crate::error::Error;
use crate::service::project_of;

/// `GET /quotas`: the projects with limits of their own.
pub(crate) async fn index(call: Call<Networking>) -> Result<Json<Value>, ApiError> {
    let all = call.service.all_quotas(&call.caller).await?;
    let one = |(project, limits): &(String, BTreeMap<String, i64>)| {
        let mut body = json!(limits);
        body["tenant_id"] = project.as_str().into();
        body["project_id"] = project.as_str().into();
        body
    };
    Ok(Json(json!({"quotas": all.iter().map(one).collect::<Vec<_>>()})))
}

/// `GET /quotas/{project}`; `tenant` and `project` ask who the caller is.
pub(crate) async fn show(call: Call<Networking>) -> Result<Json<Value>, ApiError> {
    let project = call.key();
    if project == "tenant" || project == "project" {
        let own = project_of(&call.caller);
        return Ok(Json(json!({ project: {format!("{project}_id"): own} })));
    }
    Ok(Json(json!({"quota": call.service.quotas(&call.caller, project).await?})))
}

/// `GET /quotas/{project}/default`.
pub(crate) async fn default(call: Call<Networking>) -> Result<Json<Value>, ApiError> {
    let project = call.key();
    call.service.may_see_quotas(&call.caller, project)?;
    Ok(Json(json!({"quota": call.service.default_quotas()})))
}

/// `GET /quotas/{project}/details`.
pub(crate) async fn details(call: Call<Networking>) -> Result<Json<Value>, ApiError> {
    let project = call.key();
    let usage = call.service.quota_usage(&call.caller, project).await?;
    let body: BTreeMap<String, Value> = usage
        .into_iter()
        .map(|(name, usage)| (name, json!({"limit": usage.limit, "used": usage.used, "reserved": 0})))
        .collect();
    Ok(Json(json!({"quota": body})))
}

/// `PUT /quotas/{project}`. What is in use is looked at unless `force` is true; `check_limit`, which once asked for that, is
/// passed over.
pub(crate) async fn update(call: Call<Networking>, Json(body): Json<Value>) -> Result<Json<Value>, ApiError> {
    let project = call.key();
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
    let force = wished.get("force") == Some(&Value::Bool(true));
    let limits = call.service.set_quotas(&call.caller, project, &amounts, force).await?;
    Ok(Json(json!({ "quota": limits })))
}

/// `DELETE /quotas/{project}`.
pub(crate) async fn reset(call: Call<Networking>) -> Result<StatusCode, ApiError> {
    let project = call.key();
    call.service.reset_quotas(&call.caller, project).await?;
    Ok(StatusCode::NO_CONTENT)
}
