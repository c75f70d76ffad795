//! How volumes look.

use kogge_resource::Call;
use serde_json::{Value, json};

use super::More;
use crate::model::attachment::{AttachStatus, Attachment};
use crate::model::status::VolumeStatus;
use crate::model::volume::Volume;
use crate::resources::{is_admin, links};
use crate::{Volumes, microversion as v, policy};

/// In lists without details.
pub(super) fn brief(call: &Call<Volumes>, row: &Volume) -> Value {
    json!({ "id": row.id, "name": row.name, "links": links(call, "volumes", &row.id.to_string()) })
}

/// What is shown of a status that clients of old do not know.
const fn shown(status: VolumeStatus) -> VolumeStatus {
    match status {
        VolumeStatus::Managing => VolumeStatus::Creating,
        VolumeStatus::ErrorManaging => VolumeStatus::Error,
        other => other,
    }
}

/// With what extensions of Cinder add where a volume is looked at: not to what was made or changed.
pub(super) fn full(call: &Call<Volumes>, row: &Volume, more: &More) -> Value {
    let mut view = own(call, row, more);
    if !row.image_metadata.is_empty() {
        view["volume_image_metadata"] = json!(row.image_metadata.0);
    }
    let target = <super::VolumesApi as kogge_resource::Resource>::target(row);
    if call.caller.may(&policy::VOLUME_TENANT_ATTRIBUTE, &target) {
        view["os-vol-tenant-attr:tenant_id"] = json!(row.project_id);
    }
    if call.caller.may(&policy::VOLUME_HOST_ATTRIBUTE, &target) {
        view["os-vol-host-attr:host"] = json!(call.service.host_of(&row.backend));
    }
    if call.caller.may(&policy::VOLUME_MIG_STATUS_ATTRIBUTE, &target) {
        view["os-vol-mig-status-attr:migstat"] = Value::Null;
        view["os-vol-mig-status-attr:name_id"] = Value::Null;
    }
    view
}

/// What every answer about a volume shows.
pub(super) fn own(call: &Call<Volumes>, row: &Volume, more: &More) -> Value {
    let admin = is_admin(&call.caller);
    let mut view = json!({
        "id": row.id,
        "status": shown(row.status),
        "size": row.size_gib,
        "availability_zone": row.zone,
        "created_at": row.created_at.micros(),
        "updated_at": row.updated_at.map(kogge_clock::Timestamp::micros),
        "name": row.name,
        "description": row.description,
        "volume_type": more.kind,
        "snapshot_id": row.snapshot_id,
        "source_volid": row.source_id,
        "metadata": metadata(row, more),
        "links": links(call, "volumes", &row.id.to_string()),
        "user_id": row.user_id,
        "bootable": if row.bootable { "true" } else { "false" },
        "encrypted": row.key_id.is_some(),
        "replication_status": null,
        "consistencygroup_id": null,
        "multiattach": row.multiattach,
        "attachments": attachments(row, more, admin),
    });
    if admin {
        view["migration_status"] = Value::Null;
    }
    since(call, row, admin, &mut view);
    view
}

/// What newer versions show.
fn since(call: &Call<Volumes>, row: &Volume, admin: bool, view: &mut Value) {
    let version = call.version;
    if version.has(v::GROUPS) {
        view["group_id"] = json!(row.group_id);
    }
    if admin && version.has(v::PROVIDER_ID) {
        view["provider_id"] = Value::Null;
    }
    if version.has(v::SHARED_TARGETS) {
        view["shared_targets"] = json!(false);
        view["service_uuid"] =
            json!((!row.backend.is_empty()).then(|| call.service.service_id(&row.backend)));
    }
    if admin && version.has(v::VOLUME_CLUSTER) {
        view["cluster_name"] = Value::Null;
    }
    if version.has(v::TYPE_ID) {
        view["volume_type_id"] = json!(row.type_id);
    }
    if version.has(v::KEY_ID)
        && let Some(key) = row.key_id
    {
        view["encryption_key_id"] = json!(key);
    }
    if version.has(v::CONSUMES_QUOTA) {
        view["consumes_quota"] = json!(true);
    }
}

/// The user's pairs, and what clients of old look for among them.
fn metadata(row: &Volume, more: &More) -> Value {
    let mut pairs = json!(row.metadata.0);
    if row.read_only_said {
        pairs["readonly"] = json!(if row.read_only { "True" } else { "False" });
    }
    // attachments of the newer interface leave no such trace
    let old = |tie: &&Attachment| tie.holder.is_none() && tie.connector.is_none();
    if let Some(tie) = more.ties.iter().filter(old).find(|tie| tie.status == AttachStatus::Attached) {
        pairs["attached_mode"] = json!(tie.mode);
    }
    pairs
}

fn attachments(row: &Volume, more: &More, admin: bool) -> Vec<Value> {
    let ties = more.ties.iter().filter(|tie| tie.status == AttachStatus::Attached);
    ties.map(|tie| {
        json!({
            "id": row.id,
            "attachment_id": tie.id,
            "volume_id": row.id,
            "server_id": tie.server_id,
            "host_name": tie.host.as_ref().filter(|_| admin),
            "device": tie.mountpoint,
            "attached_at": tie.attached_at.map(kogge_clock::Timestamp::micros),
        })
    })
    .collect()
}
