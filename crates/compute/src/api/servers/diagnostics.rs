//! `GET /servers/{id}/diagnostics`. What nobody measures is null, as in Nova's answers.

use kogge_http::{ApiError, Json};
use kogge_resource::Call;
use serde_json::{Map, Value, json};

use crate::model::server::Server;
use crate::{Compute, microversion as v};

/// `GET …/diagnostics`
pub(crate) async fn show(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    let server = call.service.server(&call.caller, call.key(), &call.rule).await?;
    if server.placed.host.is_none() {
        return Err(ApiError::conflict(format!("Instance {} is not ready", server.id)));
    }
    let details = call.service.detail_for(&call.caller, server).await?;
    let macs: Vec<&str> = details.ports.iter().map(|port| port.mac.as_str()).collect();
    let view = if call.version.has(v::DIAGNOSTICS) {
        uniform(&details.server, &macs)
    } else {
        plain(&details.server)
    };
    Ok(Json(view))
}

/// What every driver says since 2.48.
fn uniform(server: &Server, macs: &[&str]) -> Value {
    let cpu = |number| json!({"id": number, "time": null, "utilisation": null});
    let disk = json!({
        "read_bytes": null, "read_requests": null, "write_bytes": null, "write_requests": null, "errors_count": null,
    });
    let nic = |mac: &&str| {
        let mut nic = Map::new();
        nic.insert("mac_address".to_owned(), json!(mac));
        for way in ["rx", "tx"] {
            for figure in ["octets", "errors", "drop", "packets", "rate"] {
                nic.insert(format!("{way}_{figure}"), Value::Null);
            }
        }
        Value::Object(nic)
    };
    let (ephemeral, swap) = server.spec.local.on(&server.shape);
    let disks = 1 + ephemeral.iter().filter(|size| **size > 0).count() + usize::from(swap > 0);
    json!({
        "state": state(server),
        // of Nova's words for what drives QEMU
        "driver": "libvirt",
        "hypervisor": "qemu",
        "hypervisor_os": "linux",
        "uptime": null,
        "config_drive": server.spec.config_drive,
        "num_cpus": server.shape.vcpus,
        "num_nics": macs.len(),
        "num_disks": disks,
        "cpu_details": (0..server.shape.vcpus).map(cpu).collect::<Vec<Value>>(),
        "disk_details": vec![disk; disks],
        "nic_details": macs.iter().map(nic).collect::<Vec<Value>>(),
        "memory_details": {"maximum": server.shape.ram_mib, "used": null},
    })
}

/// Before, what libvirt says, in KiB.
fn plain(server: &Server) -> Value {
    json!({ "memory": server.shape.ram_mib.saturating_mul(1024) })
}

fn state(server: &Server) -> &'static str {
    match crate::model::state::view(server).power_state {
        1 => "running",
        3 => "paused",
        4 => "shutdown",
        6 => "crashed",
        _ => "pending",
    }
}
