//! What a host has to have for a server: a host without it is not chosen, and the reason is told.

use std::collections::BTreeMap;

use kogge_node_api::{DiskBus, Firmware, Hardware, HostFacts, NicModel, Screen, host_trait};

use super::asked::{one_of, truth};
use crate::model::server::Server;

type Words = BTreeMap<String, String>;

/// Why a host with these facts cannot make the machine of a server.
#[must_use]
pub fn objection(server: &Server, facts: &HostFacts) -> Option<String> {
    let image = server.image_properties();
    if let Some(because) = other_kind(image, facts) {
        return Some(because);
    }
    let hardware = &server.spec.hardware;
    if let Some(machine) = hardware.machine.as_ref().filter(|machine| !facts.machines.contains(*machine)) {
        return Some(format!("has no machine of type {machine}"));
    }
    let birth = server.spec.disk.as_ref();
    let bus = birth.map_or(DiskBus::Virtio, |disk| disk.bus);
    let firmware = birth.map_or(Firmware::Bios, |disk| disk.firmware);
    let mut all = of_machine(hardware, bus, firmware);
    all.extend(of_words(&server.shape.extra_specs, image));
    if facts.traits.is_empty() {
        // a host of a version before, which said nothing and could this much
        all.retain(|name| name != host_trait::UEFI);
    }
    let missing = all.into_iter().find(|name| !facts.traits.contains(name));
    missing.map(|name| format!("lacks the trait {name}"))
}

/// Nova's filter of images: architecture, hypervisor, mode.
fn other_kind(image: &Words, facts: &HostFacts) -> Option<String> {
    let said =
        |key: &str, old: &str| image.get(key).or_else(|| image.get(old)).map(|word| word.to_lowercase());
    if let Some(wanted) = said("hw_architecture", "architecture") {
        let wanted = match wanted.as_str() {
            "amd64" | "x86-64" => "x86_64",
            "arm64" => "aarch64",
            word => word,
        };
        if wanted != facts.architecture {
            return Some(format!("is {}, and the image is for {wanted}", facts.architecture));
        }
    }
    // one image fits both: they only run it at different speeds
    match said("img_hv_type", "hypervisor_type").as_deref() {
        None | Some("qemu" | "kvm") => {}
        Some(other) => return Some(format!("does not have the hypervisor {other}, which the image is for")),
    }
    match said("hw_vm_mode", "vm_mode").as_deref() {
        None | Some("hvm") => None,
        Some(other) => Some(format!("does not run guests in mode {other}, which the image is for")),
    }
}

/// The traits that a machine takes. One as versions before made it takes none.
fn of_machine(hardware: &Hardware, bus: DiskBus, firmware: Firmware) -> Vec<String> {
    let mut all = Vec::new();
    if *hardware != Hardware::default() {
        all.push(host_trait::HARDWARE.to_owned());
    }
    for bus in [Some(bus), hardware.cdrom].into_iter().flatten().filter(|bus| !bus.is_old()) {
        all.push(host_trait::bus(bus));
    }
    if bus == DiskBus::Scsi && hardware.scsi != Default::default() {
        all.push(host_trait::scsi(hardware.scsi));
    }
    if hardware.nic != NicModel::Virtio {
        all.push(host_trait::nic(hardware.nic));
    }
    if let Screen::Card(video) = hardware.screen {
        all.push(host_trait::video(video.model));
    }
    if firmware == Firmware::Uefi {
        all.push(host_trait::UEFI.to_owned());
    }
    if hardware.secure_boot {
        all.push(host_trait::SECURE_BOOT.to_owned());
    }
    if let Some(tpm) = hardware.tpm {
        all.extend([host_trait::tpm_version(tpm.version), host_trait::tpm_model(tpm.model)]);
    }
    all
}

/// The traits that words of flavor and image take which no machine of ours is made by.
fn of_words(flavor: &Words, image: &Words) -> Vec<String> {
    let either = |key: &str| {
        let flavor = flavor.get(&format!("hw:{key}"));
        flavor.or_else(|| image.get(&format!("hw_{key}"))).map(String::as_str)
    };
    let yes = |key: &str| either(key).is_some_and(truth);
    let mut all: Vec<String> = Vec::new();
    all.extend(either("sound_model").map(|model| host_trait::named("COMPUTE_SOUND_MODEL", model)));
    all.extend(either("viommu_model").map(|model| host_trait::named("COMPUTE_VIOMMU_MODEL", model)));
    if yes("mem_encryption") {
        let model = either("mem_encryption_model").unwrap_or("amd-sev");
        all.push(host_trait::named("HW_CPU_X86", model));
    }
    if yes("ephemeral_encryption") {
        let format = either("ephemeral_encryption_format").unwrap_or("luks");
        all.push(host_trait::named("COMPUTE_EPHEMERAL_ENCRYPTION", format));
    }
    if image.get("hw_firmware_stateless").is_some_and(|word| truth(word)) {
        all.push(host_trait::STATELESS_FIRMWARE.to_owned());
    }
    if either("maxphysaddr_mode").is_some() {
        all.push(host_trait::named("COMPUTE_ADDRESS_SPACE", either("maxphysaddr_mode").unwrap_or_default()));
    }
    if either("redirected_usb_ports").is_some_and(|count| count.trim() != "0") {
        all.push(host_trait::named("CUSTOM_KOGGE", "redirected_usb"));
    }
    if yes("locked_memory") {
        all.push(host_trait::named("CUSTOM_KOGGE", "locked_memory"));
    }
    if matches!(page_size(flavor, image), Ok(Pages::Large(_))) {
        all.push(host_trait::named("CUSTOM_KOGGE", "large_pages"));
    }
    if matches!(either("cpu_policy"), Some("dedicated" | "mixed")) || yes("cpu_realtime") {
        all.push(host_trait::PINNING.to_owned());
    }
    if let Some(nodes) = either("numa_nodes") {
        all.push(host_trait::named("CUSTOM_KOGGE_NUMA", nodes));
    }
    all.extend(super::limits::needs(flavor));
    all.extend(flavor.get("hw:pmem").map(|_| host_trait::named("CUSTOM_KOGGE", "pmem")));
    all
}

/// Pages of a guest's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pages {
    /// As the host has them.
    Small,
    /// Larger ones, of so many KiB where that was said.
    Large(Option<u64>),
}

/// The pages that a flavor asks for, and an image within that.
pub(super) fn page_size(flavor: &Words, image: &Words) -> Result<Pages, String> {
    let (flavor, image) = (flavor.get("hw:mem_page_size"), image.get("hw_mem_page_size"));
    let forbidden = |image: &str, against: &str| {
        Err(format!("Page size {image} forbidden against '{against}' (hw_mem_page_size)."))
    };
    match (flavor, image) {
        (None, None) => Ok(Pages::Small),
        (None, Some(image)) => forbidden(image, "<empty>"),
        (Some(flavor), None) => pages(flavor),
        (Some(flavor), Some(image)) if matches!(flavor.as_str(), "any" | "large") => pages(image),
        (Some(flavor), Some(image)) => forbidden(image, flavor),
    }
}

fn pages(word: &str) -> Result<Pages, String> {
    let kib = match word {
        "any" | "small" => return Ok(Pages::Small),
        "large" => return Ok(Pages::Large(None)),
        word => kib_of(word)
            .ok_or_else(|| one_of("hw_mem_page_size", word, &["small", "any", "large", "a size"]))?,
    };
    Ok(if kib == 4 { Pages::Small } else { Pages::Large(Some(kib)) })
}

/// A size in KiB; a number alone is one.
fn kib_of(word: &str) -> Option<u64> {
    let digits = word.len() - word.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = word.split_at(digits);
    let number: u64 = number.parse().ok().filter(|number| *number > 0)?;
    let unit = unit.trim_end_matches(['b', 'B']).trim_end_matches('i');
    let factor = match unit {
        "" | "k" | "K" => 1,
        "M" => 1 << 10,
        "G" => 1 << 20,
        "T" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_of_pages_are_read_with_their_units() {
        for (word, kib) in
            [("4", Some(4)), ("2048", Some(2048)), ("2MB", Some(2048)), ("1GiB", Some(1 << 20))]
        {
            assert_eq!(kib_of(word), kib, "{word}");
        }
        for bad in ["", "M", "0", "-4", "4 k", "4X", "99999999999999999999", "18446744073709551615T"] {
            assert_eq!(kib_of(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_image_asks_for_pages_only_within_what_its_flavor_allows() {
        let words = |prefix: &str, value: Option<&str>| -> Words {
            value.map(|value| (format!("hw{prefix}mem_page_size"), value.to_owned())).into_iter().collect()
        };
        let size = |flavor, image| page_size(&words(":", flavor), &words("_", image));
        assert_eq!(size(None, None), Ok(Pages::Small));
        assert_eq!(size(Some("small"), None), Ok(Pages::Small));
        assert_eq!(size(Some("4KB"), None), Ok(Pages::Small));
        assert_eq!(size(Some("large"), Some("2MB")), Ok(Pages::Large(Some(2048))));
        for (flavor, image) in
            [(None, Some("small")), (Some("4"), Some("large")), (Some("any"), Some("huge"))]
        {
            assert!(size(flavor, image).unwrap_err().contains("hw_mem_page_size"));
        }
    }
}
