//! Network interfaces of a running guest: what there is, plugging in, unplugging.

use std::os::fd::OwnedFd;

use kogge_node_api::{Hardware, NicModel};
use serde_json::{Value, json};

use super::places::put_into;
use super::{DEVICES, Machine};
use crate::device_name::backend;
use crate::error::QemuError;
use crate::models::{nic_driver, nic_options};
use crate::qmp::QmpError;

/// A network interface that the guest has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuestDevice {
    /// QEMU's id of the device.
    pub id: String,
    /// Its MAC address as it was plugged in; the guest's own changes do not show.
    pub mac: String,
}

impl Machine {
    /// The guest's network interfaces, in no order.
    ///
    /// # Errors
    /// Where the monitor does not answer.
    pub async fn nics(&self) -> Result<Vec<GuestDevice>, QemuError> {
        let mut found = Vec::new();
        for id in self.devices_of(NicModel::ALL.iter().map(|model| nic_driver(*model))).await? {
            let asked = json!({ "path": format!("{DEVICES}/{id}"), "property": "mac" });
            match self.qmp.execute("qom-get", asked).await {
                Ok(mac) => found.push(GuestDevice { id, mac: mac.as_str().unwrap_or_default().to_owned() }),
                // it went between the two questions
                Err(QmpError::Refused { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(found)
    }

    /// Plugs `device` with this MAC address and MTU into a free slot of a machine of such `hardware`, behind `tap`.
    ///
    /// # Errors
    /// [`QemuError::NoSlot`] where no slot is free until the guest's next start, else what QEMU says. What was made
    /// on the way is taken back by [`Machine::clear_nic`], which the next try begins with.
    pub async fn plug_nic(
        &self,
        device: &str,
        mac: &str,
        mtu: u32,
        hardware: &Hardware,
        tap: OwnedFd,
    ) -> Result<(), QemuError> {
        // before anything is handed over
        let slot = self.free_slot().await?;
        let backend = backend(device);
        self.qmp.hand_over(&backend, tap).await?;
        let tap = json!({ "type": "tap", "id": backend, "fd": backend, "vhost": false });
        self.tell("netdev_add", tap).await?;
        self.plug_into(&slot, device, mac, mtu, hardware).await
    }

    /// As [`Machine::plug_nic`], of a card whose backend is there.
    ///
    /// # Errors
    /// As [`Machine::plug_nic`].
    pub async fn plug_card(
        &self,
        device: &str,
        mac: &str,
        mtu: u32,
        hardware: &Hardware,
    ) -> Result<(), QemuError> {
        let slot = self.free_slot().await?;
        self.plug_into(&slot, device, mac, mtu, hardware).await
    }

    async fn plug_into(
        &self,
        slot: &str,
        device: &str,
        mac: &str,
        mtu: u32,
        hardware: &Hardware,
    ) -> Result<(), QemuError> {
        let mut nic = json!({ "driver": nic_driver(hardware.nic), "id": device });
        for (name, value) in nic_options(hardware, device, mac, mtu) {
            nic[name] = value;
        }
        put_into(&mut nic, slot);
        self.tell("device_add", nic).await
    }

    /// Asks the guest to let a device go. It is gone with the event `DEVICE_DELETED`; a guest that does not listen
    /// (yet) may be asked again.
    ///
    /// # Errors
    /// What QEMU says; a device that is not there is fine.
    pub async fn ask_for(&self, device: &str) -> Result<(), QemuError> {
        match self.tell("device_del", json!({ "id": device })).await {
            Err(QemuError::Qmp(QmpError::Refused { class, .. })) if class == "DeviceNotFound" => Ok(()),
            // asked a moment ago
            Err(QemuError::Qmp(QmpError::Refused { because, .. })) if because.contains("unplug") => Ok(()),
            // IDE and SATA let nothing go while the guest runs
            Err(QemuError::Qmp(QmpError::Refused { because, .. })) if because.contains("hotplugging") => {
                Ok(())
            }
            other => other,
        }
    }

    /// Takes away all of a device but the device itself: the backend with its tap, and a descriptor that was handed
    /// over and not used. Where the guest still has the device, its link is down from now on.
    ///
    /// # Errors
    /// Where the monitor does not answer; what is not there is fine.
    pub async fn clear_nic(&self, device: &str) -> Result<(), QemuError> {
        let backend = backend(device);
        let orders = [("netdev_del", json!({ "id": backend })), ("closefd", json!({ "fdname": backend }))];
        for (order, arguments) in orders {
            match self.tell(order, arguments).await {
                Ok(()) | Err(QemuError::Qmp(QmpError::Refused { .. })) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Names of the guest's devices of a kind.
    pub(super) async fn devices(&self, kind: &str) -> Result<Vec<String>, QemuError> {
        let all = self.properties(DEVICES).await?;
        Ok(all.into_iter().filter(|(_, its)| its == kind).map(|(name, _)| name).collect())
    }

    /// Names of the guest's devices of some drivers.
    pub(super) async fn devices_of(
        &self,
        drivers: impl Iterator<Item = &'static str> + Send,
    ) -> Result<Vec<String>, QemuError> {
        let kinds: Vec<String> = drivers.map(|driver| format!("child<{driver}>")).collect();
        let all = self.properties(DEVICES).await?;
        Ok(all.into_iter().filter(|(_, its)| kinds.contains(its)).map(|(name, _)| name).collect())
    }

    /// Names and types of an object's properties.
    pub(super) async fn properties(&self, path: &str) -> Result<Vec<(String, String)>, QemuError> {
        let answer = self.qmp.execute("qom-list", json!({ "path": path })).await?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let list = answer.as_array().map(Vec::as_slice).unwrap_or_default();
        Ok(list.iter().map(|one| (text(&one["name"]), text(&one["type"]))).collect())
    }
}
