//! `/os-quota-sets`, `/os-quota-class-sets`, `/limits`.

use http::StatusCode;
use kogge_http::{ApiError, Json};
use kogge_resource::Call;
use kogge_resource::nova::{Fields, Read, query, repr, wrong};
use serde_json::{Map, Value, json};

use crate::model::quota::Limits;
use crate::{Volumes, microversion as v};

fn answer(name: &str, id: Option<&str>, set: impl IntoIterator<Item = (String, Value)>) -> Json<Value> {
    let mut set: Map<String, Value> = set.into_iter().collect();
    if let Some(id) = id {
        set.insert("id".to_owned(), json!(id));
    }
    Json(json!({ name: set }))
}

fn plain(limits: Limits) -> impl Iterator<Item = (String, Value)> {
    limits.into_iter().map(|(name, limit)| (name, json!(limit)))
}

/// `GET /os-quota-sets/{project}`
pub(crate) async fn show(call: Call<Volumes>) -> Result<Json<Value>, ApiError> {
    let with_usage = match call.query.get("usage") {
        Some(word) => query::boolean("usage", word)?,
        None => false,
    };
    let set = call.service.quota_set(&call.caller, call.key()).await?;
    let one = |(name, limit): (String, i64)| {
        let used = set.used.get(&name).copied().unwrap_or(0);
        let value =
            if with_usage { json!({"limit": limit, "in_use": used, "reserved": 0}) } else { json!(limit) };
        (name, value)
    };
    Ok(answer("quota_set", Some(call.key()), set.limits.into_iter().map(one)))
}

/// `GET /os-quota-sets/{project}/defaults`
pub(crate) async fn defaults(call: Call<Volumes>) -> Result<Json<Value>, ApiError> {
    let limits = call.service.default_quota_set(&call.caller, call.key()).await?;
    Ok(answer("quota_set", Some(call.key()), plain(limits)))
}

/// `PUT /os-quota-sets/{project}`
pub(crate) async fn update(call: Call<Volumes>, Json(body): Json<Value>) -> Result<Json<Value>, ApiError> {
    let wanted = read(&body, "quota_set")?;
    if wanted.is_empty() {
        return Err(wrong(
            "quota_set",
            &body["quota_set"],
            &format!("{} should be non-empty", repr(&json!({}))),
        ));
    }
    let limits = call.service.set_quota(&call.caller, call.key(), wanted).await?;
    Ok(answer("quota_set", None, plain(limits)))
}

fn read<'v>(body: &'v Value, name: &str) -> Read<&'v Map<String, Value>> {
    let fields = Fields::of(body)?;
    let set = fields.required(name, fields.take(name))?;
    fields.finish()?;
    set.as_object().ok_or_else(|| wrong(name, set, &format!("{} is not of type 'object'", repr(set))))
}

/// `DELETE /os-quota-sets/{project}`
pub(crate) async fn delete(call: Call<Volumes>) -> Result<StatusCode, ApiError> {
    call.service.reset_quota(&call.caller, call.key()).await?;
    Ok(StatusCode::OK)
}

/// `GET /os-quota-class-sets/{class}`
pub(crate) async fn class(call: Call<Volumes>) -> Result<Json<Value>, ApiError> {
    let limits = call.service.quota_class(&call.caller, call.key()).await?;
    Ok(answer("quota_class_set", Some(call.key()), plain(limits)))
}

/// `PUT /os-quota-class-sets/{class}`
pub(crate) async fn update_class(
    call: Call<Volumes>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, ApiError> {
    let wanted = read(&body, "quota_class_set")?;
    let limits = call.service.set_quota_class(&call.caller, call.key(), wanted).await?;
    Ok(answer("quota_class_set", None, plain(limits)))
}

/// Names of `/limits`: resource, name of the limit, name of what is in use.
const ABSOLUTE: [(&str, &str, &str); 5] = [
    ("volumes", "maxTotalVolumes", "totalVolumesUsed"),
    ("gigabytes", "maxTotalVolumeGigabytes", "totalGigabytesUsed"),
    ("snapshots", "maxTotalSnapshots", "totalSnapshotsUsed"),
    ("backups", "maxTotalBackups", "totalBackupsUsed"),
    ("backup_gigabytes", "maxTotalBackupGigabytes", "totalBackupGigabytesUsed"),
];

/// `GET /limits`
pub(crate) async fn limits(call: Call<Volumes>) -> Result<Json<Value>, ApiError> {
    let asks = call.version.has(v::LIMITS_OTHER) && crate::resources::is_admin(&call.caller);
    let other = call.query.get("project_id").or_else(|| call.query.get("tenant_id")).filter(|_| asks);
    let (limits, used) = call.service.project_limits(&call.caller, other).await?;
    let mut absolute = Map::new();
    for (resource, limit, in_use) in ABSOLUTE {
        absolute.insert(limit.to_owned(), json!(limits.get(resource)));
        if let Some(used) = &used {
            absolute.insert(in_use.to_owned(), json!(used.of(resource)));
        }
    }
    Ok(Json(json!({"limits": {"rate": [], "absolute": absolute}})))
}
