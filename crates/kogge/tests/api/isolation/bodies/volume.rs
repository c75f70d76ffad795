//! Bodies of block storage.

use serde_json::{Value, json};

use crate::isolation::fixture::Fixture;

pub(super) fn all(method: &str, path: &str, fixture: &Fixture) -> Vec<Value> {
    let pairs = || vec![json!({"metadata": {"a": "b"}})];
    let pair = || vec![json!({"meta": {"00000000-0000-4000-8000-000000000000": "v"}})];
    match (method, path) {
        ("POST", "/v3/volumes") => volumes(fixture),
        ("PUT", "/v3/volumes/{id}") => vec![json!({"volume": {"name": "y", "description": "d"}})],
        ("POST" | "PUT", "/v3/volumes/{id}/metadata" | "/v3/snapshots/{id}/metadata") => pairs(),
        ("PUT", "/v3/volumes/{id}/metadata/{key}" | "/v3/snapshots/{id}/metadata/{key}") => pair(),
        ("POST", "/v3/volumes/{id}/action") => vec![json!({"os-extend": {"new_size": 2}})],
        ("POST", "/v3/attachments") => {
            vec![
                json!({"attachment": {"volume_uuid": fixture.id("volumes"), "instance_uuid": fixture.id("servers")}}),
            ]
        }
        ("PUT", "/v3/attachments/{id}") => vec![json!({"attachment": {"connector": {"host": "h"}}})],
        ("POST", "/v3/attachments/{id}/action") => vec![json!({"os-complete": null})],
        _ => copies(method, path, fixture)
            .or_else(|| groups(method, path, fixture))
            .or_else(|| taken_over(method, path, fixture))
            .or_else(|| types(method, path, fixture))
            .or_else(|| administration(method, path, fixture))
            .unwrap_or_default(),
    }
}

fn volumes(fixture: &Fixture) -> Vec<Value> {
    let volume = |more: Value| {
        let mut volume = json!({"size": 1});
        if let (Some(volume), Some(more)) = (volume.as_object_mut(), more.as_object()) {
            volume.extend(more.clone());
        }
        json!({ "volume": volume })
    };
    vec![
        volume(json!({"name": "x", "description": "d", "metadata": {"a": "b"}, "availability_zone": "nova",
            "volume_type": "__DEFAULT__"})),
        volume(json!({"size": 5, "imageRef": fixture.id("images")})),
        volume(json!({"size": 1, "snapshot_id": fixture.id("snapshots")})),
        volume(json!({"size": 1, "source_volid": fixture.id("volumes")})),
    ]
}

fn copies(method: &str, path: &str, fixture: &Fixture) -> Option<Vec<Value>> {
    let volume = fixture.id("volumes");
    Some(match (method, path) {
        ("POST", "/v3/snapshots") => {
            vec![
                json!({"snapshot": {"volume_id": volume, "name": "x", "description": "d", "metadata": {"a": "b"}}}),
            ]
        }
        ("PUT", "/v3/snapshots/{id}") => vec![json!({"snapshot": {"name": "y"}})],
        ("POST", "/v3/snapshots/{id}/action") => vec![json!({"os-reset_status": {"status": "available"}})],
        ("POST", "/v3/backups") => vec![json!({"backup": {"volume_id": volume, "name": "x"}})],
        ("PUT", "/v3/backups/{id}") => vec![json!({"backup": {"name": "y"}})],
        ("POST", "/v3/backups/{id}/restore") => vec![json!({"restore": {"name": "z"}})],
        ("POST", "/v3/backups/{id}/action") => vec![json!({"os-reset_status": {"status": "available"}})],
        ("POST", "/v3/backups/import_record") => {
            vec![
                json!({"backup-record": {"backup_service": "cinder.backup.drivers.kogge_folder", "backup_url": "e30="}}),
            ]
        }
        _ => return None,
    })
}

fn groups(method: &str, path: &str, fixture: &Fixture) -> Option<Vec<Value>> {
    Some(match (method, path) {
        ("POST", "/v3/groups") => {
            vec![
                json!({"group": {"group_type": "kept", "volume_types": ["__DEFAULT__"], "name": "x", "description": "d",
                "availability_zone": "nova"}}),
            ]
        }
        ("PUT", "/v3/groups/{id}") => vec![json!({"group": {"name": "y", "description": "d"}})],
        ("POST", "/v3/groups/{id}/action") => vec![json!({"reset_status": {"status": "available"}})],
        ("POST", "/v3/consistencygroups") => {
            vec![
                json!({"consistencygroup": {"volume_types": "__DEFAULT__", "name": "x", "description": "d"}}),
            ]
        }
        ("PUT", "/v3/consistencygroups/{id}" | "/v3/consistencygroups/{id}/update") => {
            vec![json!({"consistencygroup": {"name": "z", "description": "d"}})]
        }
        ("POST", "/v3/consistencygroups/{id}/delete") => vec![json!({"consistencygroup": {"force": false}})],
        ("POST", "/v3/consistencygroups/create_from_src") => {
            let group = fixture.id("volume-groups");
            vec![json!({"consistencygroup-from-src": {"source_cgid": group, "name": "x"}})]
        }
        ("POST", "/v3/cgsnapshots") => {
            let group = fixture.id("volume-groups");
            vec![json!({"cgsnapshot": {"consistencygroup_id": group, "name": "x", "description": "d"}})]
        }
        ("POST", "/v3/group_snapshots") => {
            let group = fixture.id("volume-groups");
            vec![json!({"group_snapshot": {"group_id": group, "name": "x", "description": "d"}})]
        }
        ("POST", "/v3/group_snapshots/{id}/action") => vec![json!({"reset_status": {"status": "available"}})],
        ("POST", "/v3/groups/action") => {
            vec![json!({"create-from-src": {"source_group_id": fixture.id("volume-groups"), "name": "x"}})]
        }
        _ => return None,
    })
}

fn taken_over(method: &str, path: &str, fixture: &Fixture) -> Option<Vec<Value>> {
    let reference = || json!({"source-name": "none"});
    Some(match (method, path) {
        ("POST", "/v3/os-volume-transfer" | "/v3/volume-transfers") => {
            vec![json!({"transfer": {"volume_id": fixture.id("promised"), "name": "x"}})]
        }
        ("POST", "/v3/os-volume-transfer/{id}/accept" | "/v3/volume-transfers/{id}/accept") => {
            vec![json!({"accept": {"auth_key": "0000000000000000"}})]
        }
        ("POST", "/v3/os-volume-manage" | "/v3/manageable_volumes") => {
            vec![json!({"volume": {"host": "kogge@memory#memory", "ref": reference(), "name": "x"}})]
        }
        ("POST", "/v3/os-snapshot-manage" | "/v3/manageable_snapshots") => {
            vec![json!({"snapshot": {"volume_id": fixture.id("volumes"), "ref": reference(), "name": "x"}})]
        }
        _ => return None,
    })
}

fn types(method: &str, path: &str, fixture: &Fixture) -> Option<Vec<Value>> {
    Some(match (method, path) {
        ("POST", "/v3/types") => vec![json!({"volume_type": {"name": "x", "description": "d",
            "os-volume-type-access:is_public": true, "extra_specs": {"a": "b"}}})],
        ("PUT", "/v3/types/{id}") => vec![json!({"volume_type": {"name": "y"}})],
        ("POST", "/v3/types/{id}/extra_specs") => vec![json!({"extra_specs": {"a": "b"}})],
        ("PUT", "/v3/types/{id}/extra_specs/{key}") => {
            vec![json!({"00000000-0000-4000-8000-000000000000": "v"})]
        }
        ("POST", "/v3/types/{id}/action") => vec![json!({"addProjectAccess": {"project": fixture.project}})],
        ("POST", "/v3/types/{id}/encryption") => vec![json!({"encryption": {"provider": "luks",
            "control_location": "front-end", "cipher": "aes-xts-plain64", "key_size": 256}})],
        ("PUT", "/v3/types/{id}/encryption/{key}") => vec![json!({"encryption": {"key_size": 256}})],
        ("PUT", "/v3/default-types/{id}") => vec![json!({"default_type": {"volume_type": "__DEFAULT__"}})],
        ("POST", "/v3/qos-specs") => vec![json!({"qos_specs": {"name": "x", "consumer": "both", "a": "b"}})],
        ("PUT", "/v3/qos-specs/{id}") => vec![json!({"qos_specs": {"a": "b"}})],
        ("PUT", "/v3/qos-specs/{id}/delete_keys") => vec![json!({"keys": ["total_iops_sec"]})],
        ("POST", "/v3/group_types") => {
            vec![
                json!({"group_type": {"name": "x", "description": "d", "is_public": true, "group_specs": {"a": "b"}}}),
            ]
        }
        ("PUT", "/v3/group_types/{id}") => vec![json!({"group_type": {"name": "y"}})],
        ("POST", "/v3/group_types/{id}/group_specs") => vec![json!({"group_specs": {"a": "b"}})],
        ("PUT", "/v3/group_types/{id}/group_specs/{key}") => {
            vec![json!({"00000000-0000-4000-8000-000000000000": "v"})]
        }
        _ => return None,
    })
}

fn administration(method: &str, path: &str, fixture: &Fixture) -> Option<Vec<Value>> {
    let service = || json!({"binary": "cinder-volume", "host": "kogge@memory"});
    Some(match (method, path) {
        ("PUT", "/v3/os-quota-sets/{id}") => {
            vec![
                json!({"quota_set": {"tenant_id": fixture.project, "volumes": -1, "gigabytes": -1, "snapshots": -1}}),
            ]
        }
        ("PUT", "/v3/os-quota-class-sets/{id}") => vec![json!({"quota_class_set": {"volumes": 100}})],
        ("PUT", "/v3/os-services/enable" | "/v3/os-services/disable") => vec![service()],
        ("PUT", "/v3/os-services/disable-log-reason") => {
            vec![json!({"binary": "cinder-volume", "host": "kogge@memory", "disabled_reason": "r"})]
        }
        ("PUT", "/v3/os-services/freeze" | "/v3/os-services/thaw") => vec![json!({"host": "kogge@memory"})],
        ("PUT", "/v3/os-services/failover_host") => {
            vec![json!({"host": "kogge@memory", "backend_id": "default"})]
        }
        ("PUT", "/v3/os-services/get-log") => vec![json!({"binary": "*", "server": "", "prefix": ""})],
        ("PUT", "/v3/os-services/set-log") => {
            vec![json!({"binary": "*", "server": "", "prefix": "", "level": "INFO"})]
        }
        ("PUT", "/v3/clusters/enable" | "/v3/clusters/disable") => {
            vec![json!({"name": "c", "binary": "cinder-volume"})]
        }
        ("POST", "/v3/workers/cleanup") => vec![json!({"binary": "cinder-volume"})],
        ("PUT", "/v3/os-hosts/{id}") => vec![json!({"status": "enable"})],
        _ => return None,
    })
}

/// What stands behind the key of an action.
pub(super) fn actions(path: &str, action: &str, fixture: &Fixture) -> Option<Vec<Value>> {
    if !["/v3/volumes/", "/v3/snapshots/", "/v3/backups/", "/v3/types/", "/v3/attachments/", "/v3/groups/"]
        .iter()
        .any(|start| path.starts_with(start))
    {
        return None;
    }
    Some(vec![match action {
        "os-extend" => json!({"new_size": 2}),
        "os-retype" => json!({"new_type": "replicated", "migration_policy": "on-demand"}),
        "os-set_bootable" => json!({"bootable": true}),
        "os-update_readonly_flag" => json!({"readonly": true}),
        "os-reset_status" => json!({"status": "available"}),
        "os-update_snapshot_status" => json!({"status": "available", "progress": "100%"}),
        "os-set_image_metadata" => json!({"metadata": {"a": "b"}}),
        "os-unset_image_metadata" => json!({"key": "a"}),
        "os-volume_upload_image" => json!({"image_name": "x", "disk_format": "raw", "force": true}),
        "os-migrate_volume" => json!({"host": "kogge@other#other"}),
        "os-reimage" => json!({"image_id": fixture.id("images")}),
        "os-attach" => json!({"instance_uuid": fixture.id("servers"), "mountpoint": "/dev/vdz"}),
        "os-initialize_connection" | "os-terminate_connection" => json!({"connector": {"host": "h"}}),
        "os-detach" | "os-force_detach" | "os-force_delete" | "os-extend_volume_completion" => json!({}),
        "addProjectAccess" | "removeProjectAccess" => json!({"project": fixture.project}),
        "delete" => json!({"delete-volumes": false}),
        "create-from-src" => json!({"source_group_id": fixture.id("volume-groups"), "name": "x"}),
        "enable_replication" | "disable_replication" | "list_replication_targets" => json!({}),
        "failover_replication" => json!({"allow_attached_volume": false, "secondary_backend_id": "x"}),
        "revert" => json!({"snapshot_id": fixture.id("snapshots")}),
        _ => Value::Null,
    }])
}
