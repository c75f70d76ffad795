//! Where devices of a running guest sit, and where there is room for more.
//!
//! The newer machine takes a device into a root port, the older one into a slot of its bus or behind its bridge.

use std::collections::BTreeMap;

use kogge_node_api::ScsiModel;
use serde_json::{Value, json};

use super::{DEVICES, Machine};
use crate::command_line::SCREEN;
use crate::error::QemuError;
use crate::models::{scsi_driver, scsi_place};
use crate::slots::{BRIDGE, Slots, at, of_pc};

/// The SCSI controller.
pub(super) const SCSI: &str = "scsi0";
/// What QEMU calls a slot that holds a device.
const ROOT_PORT: &str = "child<pcie-root-port>";

impl Machine {
    /// Where the guest's devices sit now.
    ///
    /// # Errors
    /// Where the monitor does not answer.
    pub async fn slots(&self) -> Result<Slots, QemuError> {
        let ports = self.devices(ROOT_PORT).await?;
        let screen = self.properties(DEVICES).await?.iter().any(|(name, _)| name == SCREEN);
        let mut slots = Slots { ports: ports.len(), screen, luns: self.units().await?, ..Slots::default() };
        if self.is_pc().await? {
            let known: Vec<String> = of_pc().collect();
            let named = self.taken().await?.into_iter();
            slots.devices = named.filter(|(id, slot)| !id.is_empty() && known.contains(slot)).collect();
            return Ok(slots);
        }
        for port in ports {
            let bus = format!("{DEVICES}/{port}/{port}");
            for (child, _) in
                self.properties(&bus).await?.into_iter().filter(|(name, _)| name.starts_with("child["))
            {
                let device = self.qmp.execute("qom-get", json!({ "path": bus, "property": child })).await?;
                let name = device.as_str().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
                slots.devices.insert(name.to_owned(), port.clone());
            }
        }
        Ok(slots)
    }

    /// A slot with nothing in it, as QEMU's own tree says: what the guest made of its buses does not matter.
    pub(super) async fn free_slot(&self) -> Result<String, QemuError> {
        if self.is_pc().await? {
            let taken = self.taken().await?;
            let free = of_pc().find(|slot| taken.iter().all(|(_, other)| other != slot));
            return free.ok_or(QemuError::NoSlot);
        }
        let mut slots = self.devices(ROOT_PORT).await?;
        // rp2 before rp10
        slots.sort_by_key(|slot| (slot.len(), slot.clone()));
        for slot in slots {
            let bus = self.properties(&format!("{DEVICES}/{slot}/{slot}")).await?;
            if !bus.iter().any(|(name, _)| name.starts_with("child[")) {
                return Ok(slot);
            }
        }
        Err(QemuError::NoSlot)
    }

    /// The place of each disk on the SCSI controller.
    pub(super) async fn units(&self) -> Result<BTreeMap<String, u64>, QemuError> {
        let Some(model) = self.scsi_model().await? else { return Ok(BTreeMap::new()) };
        let mut units = BTreeMap::new();
        for disk in self.devices_of(["scsi-hd", "scsi-cd"].into_iter()).await? {
            let asked = json!({ "path": format!("{DEVICES}/{disk}"), "property": scsi_place(model) });
            let unit = self.qmp.execute("qom-get", asked).await?;
            units.extend(unit.as_u64().map(|unit| (disk, unit)));
        }
        Ok(units)
    }

    /// The SCSI controller, where there is one.
    pub(super) async fn scsi_model(&self) -> Result<Option<ScsiModel>, QemuError> {
        let all = self.properties(DEVICES).await?;
        let kind = all.into_iter().find(|(name, _)| name == SCSI).map(|(_, kind)| kind);
        let is = |model: &ScsiModel| kind == Some(format!("child<{}>", scsi_driver(*model)));
        Ok(ScsiModel::ALL.iter().copied().find(is))
    }

    /// Whether the guest has the older machine: only that one has the bridge.
    async fn is_pc(&self) -> Result<bool, QemuError> {
        Ok(self.devices("child<pci-bridge>").await?.iter().any(|id| id == BRIDGE))
    }

    /// The devices on the buses of the older machine: their ids, as far as they have one, and their slots.
    async fn taken(&self) -> Result<Vec<(String, String)>, QemuError> {
        let buses = self.qmp.execute("query-pci", Value::Null).await?;
        let mut all = Vec::new();
        for device in list(&buses).iter().flat_map(|bus| list(&bus["devices"])) {
            all.extend(of(device, "pci.0"));
            let is_bridge = device["qdev_id"] == BRIDGE;
            let behind = list(&device["pci_bridge"]["devices"]).iter().filter(|_| is_bridge);
            all.extend(behind.filter_map(|device| of(device, BRIDGE)));
        }
        Ok(all)
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn of(device: &Value, bus: &str) -> Option<(String, String)> {
    let slot = device["slot"].as_u64()?;
    Some((device["qdev_id"].as_str().unwrap_or_default().to_owned(), format!("{bus}/{slot:#x}")))
}

/// Says in which slot a device shall sit.
pub(super) fn put_into(device: &mut Value, slot: &str) {
    let (bus, address) = at(slot);
    device["bus"] = json!(bus);
    if let Some(address) = address {
        device["addr"] = json!(address);
    }
}
