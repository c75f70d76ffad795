//! Bodies of the compute service.

use serde_json::{Value, json};

use crate::isolation::fixture::Fixture;

/// An address on the fixture's network that nothing has.
pub(crate) const FIXED: &str = "10.9.0.250";
/// An address outside that nothing has.
pub(crate) const FLOATING: &str = "172.24.4.250";

pub(super) fn all(method: &str, path: &str, fixture: &Fixture) -> Vec<Value> {
    match (method, path) {
        ("POST", "/v2.1/servers") => servers(fixture),
        ("PUT", "/v2.1/servers/{id}") => vec![json!({"server": {"name": "y"}})],
        ("POST" | "PUT", "/v2.1/servers/{id}/metadata" | "/v2.1/images/{id}/metadata") => {
            vec![json!({"metadata": {"a": "b"}})]
        }
        ("POST", "/v2.1/servers/{id}/remote-consoles") => {
            vec![json!({"remote_console": {"protocol": "vnc", "type": "novnc"}})]
        }
        ("PUT", "/v2.1/servers/{id}/metadata/{key}" | "/v2.1/images/{id}/metadata/{key}") => {
            vec![json!({"meta": {"00000000-0000-4000-8000-000000000000": "v"}})]
        }
        ("PUT", "/v2.1/servers/{id}/tags") => vec![json!({"tags": ["a", "b"]})],
        ("POST", "/v2.1/servers/{id}/os-interface") => vec![
            json!({"interfaceAttachment": {"net_id": fixture.id("networks")}}),
            json!({"interfaceAttachment": {"port_id": fixture.id("ports")}}),
        ],
        (
            "POST" | "PUT",
            "/v2.1/servers/{id}/os-volume_attachments" | "/v2.1/servers/{id}/os-volume_attachments/{volume}",
        ) => {
            vec![json!({"volumeAttachment": {"volumeId": fixture.id("volumes")}})]
        }
        ("POST", "/v2.1/servers/{id}/migrations/{migration}/action") => vec![json!({"force_complete": null})],
        ("POST", "/v2.1/os-server-external-events") => {
            vec![json!({"events": [{"name": "network-changed", "server_uuid": fixture.id("servers")}]})]
        }
        ("POST", "/v2.1/servers/{id}/action") => vec![json!({"os-getConsoleOutput": {"length": 5}})],
        ("POST", "/v2.1/os-keypairs") => {
            vec![json!({"keypair": {"name": "x", "type": "ssh", "user_id": fixture.id("users")}})]
        }
        ("POST", "/v2.1/os-server-groups") => {
            vec![json!({"server_group": {"name": "x", "policies": ["affinity"]}})]
        }
        ("PUT", "/v2.1/os-quota-sets/{project}") => {
            vec![json!({"quota_set": {"instances": -1, "cores": -1, "ram": -1, "force": true}})]
        }
        ("PUT", "/v2.1/os-quota-class-sets/{class}") => vec![json!({"quota_class_set": {"instances": 100}})],
        ("PUT", "/v2.1/os-services/{id}") => vec![json!({"status": "enabled"})],
        _ => flavors(method, path, fixture)
            .or_else(|| groups(method, path, fixture))
            .or_else(|| aggregates(method, path))
            .unwrap_or_default(),
    }
}

fn servers(fixture: &Fixture) -> Vec<Value> {
    let server = |more: Value, hints: Value| {
        let mut server = json!({"name": "x", "imageRef": fixture.id("images"), "flavorRef": fixture.flavor,
            "networks": [{"uuid": fixture.id("networks")}]});
        if let (Some(server), Some(more)) = (server.as_object_mut(), more.as_object()) {
            server.extend(more.clone());
        }
        json!({"server": server, "os:scheduler_hints": hints})
    };
    vec![
        server(
            json!({"key_name": fixture.id("os-keypairs"), "metadata": {"a": "b"}, "user_data": "IyEvYmluL3No",
                "security_groups": [{"name": fixture.id("security-groups")}], "config_drive": true}),
            json!({"group": fixture.id("os-server-groups")}),
        ),
        server(json!({"networks": [{"port": fixture.id("ports")}]}), json!({})),
        server(
            json!({"block_device_mapping_v2": [{"boot_index": 0, "source_type": "image",
                "destination_type": "local", "uuid": fixture.id("images"), "delete_on_termination": true}]}),
            json!({"same_host": [fixture.id("servers")]}),
        ),
        server(json!({}), json!({"different_host": [fixture.id("servers")]})),
    ]
}

fn flavors(method: &str, path: &str, fixture: &Fixture) -> Option<Vec<Value>> {
    Some(match (method, path) {
        ("POST", "/v2.1/flavors") => {
            vec![json!({"flavor": {"name": "SCS-2V-4", "ram": 4096, "vcpus": 2, "disk": 0,
                "swap": 0, "OS-FLV-EXT-DATA:ephemeral": 0, "os-flavor-access:is_public": true}})]
        }
        ("PUT", "/v2.1/flavors/{id}") => vec![json!({"flavor": {"description": "d"}})],
        ("POST", "/v2.1/flavors/{id}/os-extra_specs") => {
            vec![json!({"extra_specs": {"scs:cpu-type": "shared-core"}})]
        }
        ("PUT", "/v2.1/flavors/{id}/os-extra_specs/{key}") => {
            vec![json!({"00000000-0000-4000-8000-000000000000": "v"})]
        }
        ("POST", "/v2.1/flavors/{id}/action") => {
            vec![json!({"addTenantAccess": {"tenant": fixture.project}})]
        }
        _ => return None,
    })
}

fn groups(method: &str, path: &str, fixture: &Fixture) -> Option<Vec<Value>> {
    let group = fixture.id("security-groups");
    Some(match (method, path) {
        ("POST", "/v2.1/os-security-groups") => {
            vec![json!({"security_group": {"name": "x", "description": "d"}})]
        }
        ("PUT", "/v2.1/os-security-groups/{id}") => {
            vec![json!({"security_group": {"name": "y", "description": "d"}})]
        }
        ("POST", "/v2.1/os-floating-ips") => vec![json!({"pool": "public"})],
        ("POST", "/v2.1/os-security-group-rules") => vec![
            json!({"security_group_rule": {"parent_group_id": group, "ip_protocol": "tcp", "from_port": 1,
                "to_port": 2, "cidr": "10.0.0.0/8"}}),
            json!({"security_group_rule": {"parent_group_id": group, "ip_protocol": "tcp", "from_port": 3,
                "to_port": 4, "group_id": fixture.id("default-group")}}),
        ],
        _ => return None,
    })
}

fn aggregates(method: &str, path: &str) -> Option<Vec<Value>> {
    Some(match (method, path) {
        ("PUT", "/v2.1/os-hosts/{host}") => vec![json!({"status": "enable"})],
        ("POST", "/v2.1/os-aggregates") => vec![json!({"aggregate": {"name": "x"}})],
        ("PUT", "/v2.1/os-aggregates/{id}") => vec![json!({"aggregate": {"name": "y"}})],
        ("POST", "/v2.1/os-aggregates/{id}/action") => {
            vec![json!({"set_metadata": {"metadata": {"a": "b"}}})]
        }
        _ => return None,
    })
}

/// What stands behind the key of an action.
pub(super) fn actions(path: &str, action: &str, fixture: &Fixture) -> Vec<Value> {
    if path.starts_with("/v2.1/flavors/") {
        return vec![json!({"tenant": fixture.project})];
    }
    vec![match action {
        "reboot" => json!({"type": "HARD"}),
        "os-getConsoleOutput" => json!({"length": 5}),
        "createImage" => json!({"name": "x", "metadata": {"a": "b"}}),
        "os-migrateLive" => json!({"host": null, "block_migration": false, "disk_over_commit": false}),
        "evacuate" => json!({"onSharedStorage": false}),
        "createBackup" => json!({"name": "x", "backup_type": "daily", "rotation": 1}),
        "addSecurityGroup" | "removeSecurityGroup" => json!({"name": fixture.id("security-groups")}),
        "os-resetState" => json!({"state": "active"}),
        "os-getVNCConsole" => json!({"type": "novnc"}),
        "os-getSPICEConsole" => json!({"type": "spice-html5"}),
        "os-getRDPConsole" => json!({"type": "rdp-html5"}),
        "os-getSerialConsole" => json!({"type": "serial"}),
        "changePassword" => json!({"adminPass": "secret"}),
        "rebuild" => json!({"imageRef": fixture.id("images")}),
        "resize" => json!({"flavorRef": fixture.id("flavors")}),
        "add_host" | "remove_host" => json!({"host": "sim"}),
        "addFixedIp" => json!({"networkId": fixture.id("networks")}),
        "removeFixedIp" => json!({"address": FIXED}),
        "addFloatingIp" | "removeFloatingIp" => json!({"address": FLOATING}),
        "set_metadata" => json!({"metadata": {"a": "b"}}),
        _ => Value::Null,
    }]
}
