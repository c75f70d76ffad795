//! What hosts say of the machines that they can make, in the names that placement knows.

use std::collections::BTreeSet;

use crate::{DiskBus, NicModel, ScsiModel, TpmModel, TpmVersion, VideoModel};

/// The host understands [`crate::Hardware`].
pub const HARDWARE: &str = "CUSTOM_KOGGE_HARDWARE";
/// Guests start from UEFI.
pub const UEFI: &str = "COMPUTE_FIRMWARE_UEFI";
/// Guests start from a BIOS.
pub const BIOS: &str = "COMPUTE_FIRMWARE_BIOS";
/// UEFI starts only what is signed.
pub const SECURE_BOOT: &str = "COMPUTE_SECURITY_UEFI_SECURE_BOOT";
/// UEFI keeps nothing.
pub const STATELESS_FIRMWARE: &str = "COMPUTE_SECURITY_STATELESS_FIRMWARE";
/// CPUs of guests are bound to CPUs of the host.
pub const PINNING: &str = "CUSTOM_KOGGE_PINNING";
/// Guests get shares and quotas of CPUs.
pub const CPU_LIMITS: &str = "CUSTOM_KOGGE_CPU_LIMITS";

/// How the names begin of what hosts say of themselves.
pub const FAMILIES: [&str; 8] = [
    "CUSTOM_KOGGE_",
    "COMPUTE_FIRMWARE_",
    "COMPUTE_STORAGE_BUS_",
    "COMPUTE_NET_VIF_MODEL_",
    "COMPUTE_GRAPHICS_MODEL_",
    "COMPUTE_SECURITY_TPM_",
    "COMPUTE_SECURITY_UEFI_SECURE_BOOT",
    "COMPUTE_SECURITY_STATELESS_FIRMWARE",
];

/// A trait of a family, named by a word of OpenStack's.
#[must_use]
pub fn named(family: &str, word: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    format!("{family}_{}", word.chars().map(plain).collect::<String>())
}

/// Disks on this bus.
#[must_use]
pub fn bus(bus: DiskBus) -> String {
    named("COMPUTE_STORAGE_BUS", bus.word())
}

/// Disks on this controller.
#[must_use]
pub fn scsi(model: ScsiModel) -> String {
    named("CUSTOM_KOGGE_SCSI_MODEL", model.word())
}

/// This network card.
#[must_use]
pub fn nic(model: NicModel) -> String {
    named("COMPUTE_NET_VIF_MODEL", model.word())
}

/// This graphics card.
#[must_use]
pub fn video(model: VideoModel) -> String {
    named("COMPUTE_GRAPHICS_MODEL", model.word())
}

/// A trusted platform module of this version.
#[must_use]
pub fn tpm_version(version: TpmVersion) -> String {
    named("COMPUTE_SECURITY_TPM", version.word())
}

/// A trusted platform module with this interface.
#[must_use]
pub fn tpm_model(model: TpmModel) -> String {
    named("COMPUTE_SECURITY", model.word())
}

/// All that a host can have: what a simulated one has.
#[must_use]
pub fn all() -> BTreeSet<String> {
    let plain = [HARDWARE, UEFI, BIOS, SECURE_BOOT, CPU_LIMITS].map(str::to_owned);
    let mut all = BTreeSet::from(plain);
    all.extend(DiskBus::ALL.map(bus));
    all.extend(ScsiModel::ALL.iter().map(|model| scsi(*model)));
    all.extend(NicModel::ALL.iter().map(|model| nic(*model)));
    all.extend(VideoModel::ALL.iter().map(|model| video(*model)));
    all.extend(TpmVersion::ALL.iter().map(|version| tpm_version(*version)));
    all.insert(named("CUSTOM_KOGGE_NUMA", "1"));
    all.extend(TpmModel::ALL.iter().map(|model| tpm_model(*model)));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trait_is_of_a_family_that_hosts_own() {
        assert!(all().iter().all(|name| FAMILIES.iter().any(|family| name.starts_with(family))));
    }

    #[test]
    fn traits_are_called_as_openstack_calls_them() {
        assert_eq!(bus(DiskBus::Sata), "COMPUTE_STORAGE_BUS_SATA");
        assert_eq!(nic(NicModel::Ne2kPci), "COMPUTE_NET_VIF_MODEL_NE2K_PCI");
        assert_eq!(tpm_version(TpmVersion::V2_0), "COMPUTE_SECURITY_TPM_2_0");
        assert_eq!(tpm_model(TpmModel::Crb), "COMPUTE_SECURITY_TPM_CRB");
        assert_eq!(video(VideoModel::Vga), "COMPUTE_GRAPHICS_MODEL_VGA");
    }
}
