//! `/limits`, `/os-quota-sets`, `/os-quota-class-sets`.

use http::StatusCode;
use kogge_http::{ApiError, Json, Microversion};
use kogge_resource::Call;
use serde_json::{Map, Value, json};

use crate::api::body::{Fields, Read};
use crate::api::query;
use crate::model::quota::{Family, Limits, RESOURCES, Usage};
use crate::{Compute, microversion as v};

/// Largest limit of Nova's columns.
const MOST: i64 = 0x7fff_ffff;

/// Whether quota sets show a family of resources.
fn shown(family: Family, version: Microversion) -> bool {
    match family {
        Family::Current => true,
        Family::Network => version.before(v::NO_PROXIES),
        Family::Files => version.before(v::NO_PERSONALITY),
    }
}

fn set(limits: &Limits, version: Microversion, value: impl Fn(&str, i64) -> Value) -> Map<String, Value> {
    let shown = RESOURCES.iter().filter(|resource| shown(resource.family, version));
    shown
        .map(|resource| {
            let limit = limits.get(resource.name).copied().unwrap_or(resource.default);
            (resource.name.to_owned(), value(resource.name, limit))
        })
        .collect()
}

fn answer(id: Option<&str>, mut set: Map<String, Value>) -> Json<Value> {
    if let Some(id) = id {
        set.insert("id".to_owned(), json!(id));
    }
    Json(json!({ "quota_set": set }))
}

fn plain(_: &str, limit: i64) -> Value {
    json!(limit)
}

/// `GET /os-quota-sets/{project}`
pub(crate) async fn show(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    let project = call.key();
    query::only(&call.query, &["user_id"], call.version, v::STRICT_QUERY)?;
    let (limits, _) = call.service.quota_set(&call.caller, project, false).await?;
    Ok(answer(Some(project), set(&limits, call.version, plain)))
}

/// `GET /os-quota-sets/{project}/detail`
pub(crate) async fn detail(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    let project = call.key();
    query::only(&call.query, &["user_id"], call.version, v::STRICT_QUERY)?;
    let (limits, used) = call.service.quota_set(&call.caller, project, true).await?;
    let value = |name: &str, limit: i64| json!({"limit": limit, "in_use": used.of(name), "reserved": 0});
    Ok(answer(Some(project), set(&limits, call.version, value)))
}

/// `GET /os-quota-sets/{project}/defaults`
pub(crate) async fn defaults(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    let project = call.key();
    let limits = call.service.default_quota_set(&call.caller, project).await?;
    Ok(answer(Some(project), set(&limits, call.version, plain)))
}

/// `PUT /os-quota-sets/{project}`
pub(crate) async fn update(call: Call<Compute>, Json(body): Json<Value>) -> Result<Json<Value>, ApiError> {
    query::only(&call.query, &["user_id"], call.version, v::STRICT_QUERY)?;
    let (wanted, force) = read(&body, "quota_set", call.version, true)?;
    let limits = call.service.set_quota(&call.caller, call.key(), &wanted, force).await?;
    Ok(answer(None, set(&limits, call.version, plain)))
}

fn read(body: &Value, key: &str, version: Microversion, forced: bool) -> Read<(Limits, bool)> {
    let body = Fields::of(body)?;
    let fields = body.object(key)?;
    let mut wanted = Limits::new();
    for resource in RESOURCES.iter().filter(|resource| shown(resource.family, version)) {
        if let Some(limit) = fields.number(resource.name, -1, MOST)? {
            wanted.insert(resource.name.to_owned(), limit);
        }
    }
    let force = if forced { fields.boolean("force")?.unwrap_or(false) } else { false };
    fields.finish()?;
    body.finish()?;
    Ok((wanted, force))
}

/// `DELETE /os-quota-sets/{project}`
pub(crate) async fn delete(call: Call<Compute>) -> Result<StatusCode, ApiError> {
    call.service.reset_quota(&call.caller, call.key()).await?;
    Ok(StatusCode::ACCEPTED)
}

fn class_shown(name: &str, family: Family, version: Microversion) -> bool {
    let groups = matches!(name, "server_groups" | "server_group_members");
    match family {
        Family::Network => version.before(v::QUOTA_CLASS_GROUPS),
        _ if groups => version.has(v::QUOTA_CLASS_GROUPS),
        other => shown(other, version),
    }
}

fn class_answer(id: Option<&str>, limits: &Limits, version: Microversion) -> Json<Value> {
    let mut set = Map::new();
    for resource in RESOURCES.iter().filter(|one| class_shown(one.name, one.family, version)) {
        let limit = limits.get(resource.name).copied().unwrap_or(resource.default);
        set.insert(resource.name.to_owned(), json!(limit));
    }
    if let Some(id) = id {
        set.insert("id".to_owned(), json!(id));
    }
    Json(json!({ "quota_class_set": set }))
}

/// `GET /os-quota-class-sets/{class}`
pub(crate) async fn class(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    let class = call.key();
    let limits = call.service.quota_class(&call.caller, class).await?;
    Ok(class_answer(Some(class), &limits, call.version))
}

/// `PUT /os-quota-class-sets/{class}`
pub(crate) async fn update_class(
    call: Call<Compute>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, ApiError> {
    let (wanted, _) = read(&body, "quota_class_set", call.version, false)?;
    let limits = call.service.set_quota_class(&call.caller, call.key(), &wanted).await?;
    Ok(class_answer(None, &limits, call.version))
}

/// Names of `/limits`: resource, name of the limit.
const ABSOLUTE: &[(&str, &str)] = &[
    ("ram", "maxTotalRAMSize"),
    ("instances", "maxTotalInstances"),
    ("cores", "maxTotalCores"),
    ("key_pairs", "maxTotalKeypairs"),
    ("floating_ips", "maxTotalFloatingIps"),
    ("metadata_items", "maxServerMeta"),
    ("metadata_items", "maxImageMeta"),
    ("injected_files", "maxPersonality"),
    ("injected_file_content_bytes", "maxPersonalitySize"),
    ("security_groups", "maxSecurityGroups"),
    ("security_group_rules", "maxSecurityGroupRules"),
    ("server_groups", "maxServerGroups"),
    ("server_group_members", "maxServerGroupMembers"),
];

/// Names of `/limits`: resource, name of what is used.
const USED: &[(&str, &str)] = &[
    ("ram", "totalRAMUsed"),
    ("cores", "totalCoresUsed"),
    ("instances", "totalInstancesUsed"),
    ("floating_ips", "totalFloatingIpsUsed"),
    ("security_groups", "totalSecurityGroupsUsed"),
    ("server_groups", "totalServerGroupsUsed"),
];

fn absolute(limits: &Limits, used: Usage, version: Microversion) -> Map<String, Value> {
    let visible =
        |resource: &str| RESOURCES.iter().any(|one| one.name == resource && shown(one.family, version));
    let image = version.before(v::NO_IMAGE_META);
    let limit = |resource: &str| limits.get(resource).copied().unwrap_or(-1);
    let maxima =
        ABSOLUTE.iter().filter(|(resource, name)| visible(resource) && (image || *name != "maxImageMeta"));
    let mut all: Map<String, Value> =
        maxima.map(|(resource, name)| ((*name).to_owned(), json!(limit(resource)))).collect();
    for (resource, name) in USED.iter().filter(|(resource, _)| visible(resource)) {
        all.insert((*name).to_owned(), json!(used.of(resource)));
    }
    all
}

/// `GET /limits`
pub(crate) async fn limits(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    query::only(&call.query, &["tenant_id"], call.version, v::STRICT_QUERY)?;
    let (limits, used) = call.service.project_limits(&call.caller, call.query.get("tenant_id")).await?;
    Ok(Json(json!({"limits": {"rate": [], "absolute": absolute(&limits, used, call.version)}})))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kogge_http::mv;

    #[test]
    fn network_and_file_quotas_leave_with_their_microversions() {
        let names = |minor| set(&Limits::new(), mv(2, minor), plain).len();
        assert_eq!((names(1), names(36), names(57)), (14, 10, 7));
        let limits = |minor| absolute(&Limits::new(), Usage::default(), mv(2, minor));
        assert!(limits(1).contains_key("maxImageMeta") && limits(1).contains_key("totalFloatingIpsUsed"));
        assert!(!limits(39).contains_key("maxImageMeta") && !limits(36).contains_key("maxSecurityGroups"));
        assert!(!limits(57).contains_key("maxPersonality"));
    }

    #[test]
    fn unknown_resources_and_wild_limits_are_refused() {
        let body = |set: Value| json!({ "quota_set": set });
        let read = |set: Value, minor| read(&body(set), "quota_set", mv(2, minor), true).is_ok();
        assert!(read(json!({"cores": "5", "force": "true"}), 1));
        assert!(!read(json!({"cores": -2}), 1));
        assert!(!read(json!({"cores": 2_147_483_648_i64}), 1));
        assert!(!read(json!({"gigabytes": 1}), 1));
        assert!(read(json!({"floating_ips": 1}), 35) && !read(json!({"floating_ips": 1}), 36));
    }
}
