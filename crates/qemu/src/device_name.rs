//! What the devices of network interfaces are called.
//!
//! A device is called `nic-PORT` and its backend `net-PORT`, so that every later life knows whose it is. Guests that
//! versions before this one started have `nic0`, `net0` and so on; they are known by their MAC addresses.

use kogge_ids::PortId;

/// QEMU's id of the device of a port.
#[must_use]
pub fn nic_device(port: PortId) -> String {
    format!("nic-{port}")
}

/// The port whose device this is; `None` for devices of versions that numbered them.
#[must_use]
pub fn port_of_device(device: &str) -> Option<PortId> {
    device.strip_prefix("nic-")?.parse().ok()
}

/// The backend of a device.
pub(crate) fn backend(device: &str) -> String {
    format!("net{}", device.strip_prefix("nic").unwrap_or(device))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_from_port_to_device_to_backend_and_back() {
        let port = PortId::random();
        let device = nic_device(port);
        assert_eq!(port_of_device(&device), Some(port));
        assert_eq!(backend(&device), format!("net-{port}"));
        assert_eq!((port_of_device("nic3"), backend("nic3")), (None, "net3".to_owned()));
    }
}
