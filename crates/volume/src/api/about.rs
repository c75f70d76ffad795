//! What the service is: zones, extensions, filters of lists; and clusters and workers, of which there are none.

use http::StatusCode;
use kogge_http::{ApiError, Json};
use kogge_resource::Call;
use kogge_resource::nova::{Fields, boolean, query};
use serde_json::{Value, json};

use crate::error::Error;
use crate::{Volumes, microversion as v};

/// `GET /os-availability-zone`
pub(crate) async fn zones(call: Call<Volumes>) -> Json<Value> {
    let zone = json!({"zoneName": call.service.config().zone, "zoneState": {"available": true}});
    Json(json!({ "availabilityZoneInfo": [zone] }))
}

/// Extensions: alias, name, time and what they are. All of them are part of the API since long.
const EXTENSIONS: [(&str, &str, &str, &str); 30] = [
    ("backups", "Backups", "2012-12-12T00:00:00+00:00", "Backups."),
    ("capabilities", "Capabilities", "2015-08-31T00:00:00+00:00", "What backends can."),
    ("consistencygroups", "Consistencygroups", "2014-08-18T00:00:00+00:00", "Superseded by groups."),
    ("cgsnapshots", "Cgsnapshots", "2014-08-18T00:00:00+00:00", "Superseded by snapshots of groups."),
    ("encryption", "VolumeTypeEncryption", "2013-07-01T00:00:00+00:00", "Encryption of types."),
    ("os-admin-actions", "AdminActions", "2012-08-25T00:00:00+00:00", "Actions of administrators."),
    ("os-availability-zone", "AvailabilityZones", "2013-06-27T00:00:00+00:00", "Zones."),
    ("os-extended-services", "ExtendedServices", "2014-01-10T00:00:00-00:00", "More of services."),
    (
        "os-extended-snapshot-attributes",
        "ExtendedSnapshotAttributes",
        "2012-06-19T00:00:00+00:00",
        "More of snapshots.",
    ),
    ("os-hosts", "Hosts", "2011-06-29T00:00:00+00:00", "Hosts, for administrators."),
    ("os-quota-class-sets", "QuotaClasses", "2012-03-12T00:00:00+00:00", "Quotas of classes."),
    ("os-quota-sets", "Quotas", "2011-08-08T00:00:00+00:00", "Quotas."),
    ("os-services", "Services", "2012-10-28T00:00:00-00:00", "Services."),
    ("os-snapshot-actions", "SnapshotActions", "2013-07-16T00:00:00+00:00", "Actions of snapshots."),
    ("os-snapshot-manage", "SnapshotManage", "2014-12-31T00:00:00+00:00", "Takes snapshots over."),
    ("os-snapshot-unmanage", "SnapshotUnmanage", "2014-12-31T00:00:00+00:00", "Lets snapshots go."),
    ("os-types-extra-specs", "TypesExtraSpecs", "2011-08-24T00:00:00+00:00", "Extra specs of types."),
    ("os-types-manage", "TypesManage", "2011-08-24T00:00:00+00:00", "Changes of types."),
    ("os-used-limits", "UsedLimits", "2013-10-03T00:00:00+00:00", "What is used of limits."),
    ("os-vol-host-attr", "VolumeHostAttribute", "2011-11-03T00:00:00+00:00", "The host of volumes."),
    ("os-vol-image-meta", "VolumeImageMetadata", "2012-12-07T00:00:00+00:00", "What volumes keep of images."),
    ("os-vol-mig-status-attr", "VolumeMigStatusAttribute", "2013-08-08T00:00:00+00:00", "How moves are."),
    ("os-vol-tenant-attr", "VolumeTenantAttribute", "2011-11-03T00:00:00+00:00", "Whose volumes are."),
    ("os-volume-actions", "VolumeActions", "2012-05-31T00:00:00+00:00", "Actions of volumes."),
    (
        "os-volume-encryption-metadata",
        "VolumeEncryptionMetadata",
        "2013-07-10T00:00:00+00:00",
        "How volumes are encrypted.",
    ),
    ("os-volume-manage", "VolumeManage", "2014-02-10T00:00:00+00:00", "Takes volumes over."),
    ("os-volume-transfer", "VolumeTransfer", "2013-05-29T00:00:00+00:00", "Gives volumes to other projects."),
    ("os-volume-type-access", "VolumeTypeAccess", "2014-06-26T00:00:00Z", "Who sees private types."),
    ("qos-specs", "Qos_specs_manage", "2013-08-02T00:00:00+00:00", "Qualities of service."),
    ("scheduler-stats", "Scheduler_stats", "2014-09-07T00:00:00+00:00", "Pools of backends."),
];

fn extension_view((alias, name, updated, what): (&str, &str, &str, &str)) -> Value {
    json!({"alias": alias, "name": name, "updated": updated, "description": what, "links": []})
}

/// `GET /extensions`
pub(crate) async fn extensions() -> Json<Value> {
    Json(json!({ "extensions": EXTENSIONS.map(extension_view) }))
}

/// `GET /extensions/{alias}`
pub(crate) async fn extension(call: Call<Volumes>) -> Result<Json<Value>, ApiError> {
    let found = EXTENSIONS.into_iter().find(|(alias, ..)| *alias == call.key());
    let missing = || ApiError::not_found("The resource could not be found.");
    Ok(Json(json!({ "extension": extension_view(found.ok_or_else(missing)?) })))
}

/// Filters of lists that everybody may use.
const FILTERS: [(&str, &[&str]); 9] = [
    (
        "volume",
        &[
            "name",
            "status",
            "metadata",
            "bootable",
            "migration_status",
            "availability_zone",
            "group_id",
            "size",
            "created_at",
            "updated_at",
            "consumes_quota",
        ],
    ),
    ("backup", &["name", "status", "volume_id"]),
    ("snapshot", &["name", "status", "volume_id", "metadata", "availability_zone", "consumes_quota"]),
    ("group", &["name"]),
    ("group_snapshot", &["name", "status", "group_id"]),
    ("attachment", &["volume_id", "status", "instance_id", "attach_status"]),
    ("message", &["resource_uuid", "resource_type", "event_id", "request_id", "message_level"]),
    ("pool", &["name", "volume_type"]),
    ("volume_type", &["is_public", "extra_specs"]),
];

/// `GET /resource_filters`
pub(crate) async fn filters(call: Call<Volumes>) -> Json<Value> {
    let asked = |name: &str| call.query.get("resource").is_none_or(|wanted| wanted == name);
    let shown = FILTERS.iter().filter(|(name, _)| asked(name));
    let views = shown.map(|(name, filters)| json!({"resource": name, "filters": filters}));
    Json(json!({ "resource_filters": views.collect::<Vec<_>>() }))
}

/// Filters of clusters, and those since there is fail-over.
const CLUSTER_FILTERS: [&str; 5] = ["name", "binary", "is_up", "disabled", "num_hosts"];
const MORE_CLUSTER_FILTERS: [&str; 3] = ["replication_status", "frozen", "active_backend_id"];

/// `GET /clusters`, `GET /clusters/detail`: there is none.
pub(crate) async fn clusters(call: Call<Volumes>) -> Result<Json<Value>, ApiError> {
    call.caller.allow_on_own(&call.rule)?;
    let known = |name: &str| {
        CLUSTER_FILTERS.contains(&name)
            || name == "num_down_hosts"
            || (call.version.has(v::FAILOVER) && MORE_CLUSTER_FILTERS.contains(&name))
    };
    let unknown: Vec<&str> = call.query.iter().map(|(name, _)| name).filter(|name| !known(name)).collect();
    if !unknown.is_empty() {
        return Err(Error::input(format!("Invalid filter keys: {}", unknown.join(", "))).into());
    }
    for name in ["disabled", "is_up"] {
        if let Some(word) = call.query.get(name) {
            query::boolean(name, word)?;
        }
    }
    Ok(Json(json!({ "clusters": [] })))
}

fn no_cluster(name: &str) -> ApiError {
    Error::NotFound(format!("Cluster {name} could not be found.")).into()
}

/// `GET /clusters/{name}`
pub(crate) async fn cluster(call: Call<Volumes>) -> Result<Json<Value>, ApiError> {
    call.caller.allow_on_own(&call.rule)?;
    Err(no_cluster(call.key()))
}

/// `PUT /clusters/enable`, `PUT /clusters/disable`
pub(crate) async fn change_cluster(
    call: Call<Volumes>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, ApiError> {
    call.caller.allow_on_own(&call.rule)?;
    let fields = Fields::of(&body)?;
    let name = fields.required("name", fields.text("name", 1, 255)?)?;
    fields.text("binary", 0, 255)?;
    if call.uri.path().ends_with("/disable") {
        fields.text_or_null("disabled_reason", 0, 255)?;
    }
    fields.finish()?;
    Err(no_cluster(&name))
}

/// `POST /workers/cleanup`: nobody has to be told to clean up, for tasks take up by themselves what others left.
pub(crate) async fn cleanup(
    call: Call<Volumes>,
    Json(body): Json<Value>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    call.caller.allow_on_own(&call.rule)?;
    let fields = Fields::of(&body)?;
    for name in ["cluster_name", "host"] {
        fields.text_or_null(name, 1, 255)?;
    }
    for name in ["disabled", "is_up"] {
        fields.take(name).map(|value| boolean(name, value)).transpose()?;
    }
    fields.word("binary", &["cinder-volume", "cinder-scheduler"])?;
    fields.number_or_null("service_id", 0, i64::from(i32::MAX))?;
    let kind = fields.text_or_null("resource_type", 0, 40)?.flatten().unwrap_or_default();
    let id = fields.take("resource_id").filter(|id| !id.is_null());
    fields.finish()?;
    if !kind.is_empty() && !["volume", "snapshot"].contains(&kind.to_lowercase().as_str()) {
        return Err(
            Error::input(format!("Resource type {kind} not valid, must be Volume or Snapshot")).into()
        );
    }
    if let Some(id) = id {
        let word = kogge_resource::nova::text("resource_id", id, 1, 36)?;
        return Err(Error::input(format!("There is no resource with UUID {word} pending cleanup.")).into());
    }
    Ok((StatusCode::ACCEPTED, Json(json!({"cleaning": [], "unavailable": []}))))
}
