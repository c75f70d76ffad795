//! How the machine of a server is made: what its flavor (`hw:…`) and its image (`hw_…`) ask for, checked as Nova checks it.
//!
//! Worked out when a server is made, rebuilt or resized, and kept: an image that is changed later changes no server. What
//! a host has to have for it is in [`needs`].

mod asked;
mod limits;
pub mod needs;
mod topology;

use std::collections::BTreeMap;

use kogge_node_api::{
    DiskBus, Firmware, Hardware, InputBus, NicModel, Rng, Screen, ScsiModel, Tpm, TpmModel, TpmVersion,
    Video, VideoModel, WatchdogAction, is_machine, is_pc,
};

use crate::model::flavor::Shape;
use asked::{Asked, number, one_of, truth};

/// What flavor and image make of a server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Made {
    /// The machine.
    pub hardware: Hardware,
    /// How its disks are attached.
    pub bus: DiskBus,
    /// What it starts from.
    pub firmware: Firmware,
}

/// Serial ports of a machine.
const SERIAL_PORTS: u32 = 4;
/// Most MiB of a graphics card.
const VIDEO_RAM: u32 = 512;
/// Most redirected USB ports, as Nova has them.
const REDIRECTED: u32 = 15;

/// How a server of this shape is made whose image has these properties, or why none can be made: a mistake of whoever
/// made flavor or image, in words for whoever uses them.
///
/// # Errors
/// The words, with the key that is wrong.
pub fn make(shape: &Shape, image: &BTreeMap<String, String>) -> Result<Made, String> {
    let asked = Asked { flavor: &shape.extra_specs, image };
    let bus = disk_bus(&asked, "hw_disk_bus")?.unwrap_or_default();
    let cdrom = disk_bus(&asked, "hw_cdrom_bus")?;
    let machine = machine(&asked, bus == DiskBus::Ide || cdrom == Some(DiskBus::Ide))?;
    let firmware = match asked.image("hw_firmware_type") {
        None | Some("bios") => Firmware::Bios,
        Some("uefi") => Firmware::Uefi,
        Some(other) => return Err(one_of("hw_firmware_type", other, &["uefi", "bios"])),
    };
    let pc = machine.as_deref().is_some_and(is_pc);
    let secure_boot = secure_boot(&asked, firmware, pc)?;
    refuse_unknown_words(&asked)?;
    let hardware = Hardware {
        topology: topology::of(&asked, shape.vcpus)?,
        secure_boot,
        tpm: tpm(&asked)?,
        scsi: asked
            .word("hw_scsi_model", ScsiModel::of_word, ScsiModel::ALL, ScsiModel::word)?
            .unwrap_or_default(),
        cdrom,
        nic: nic(&asked)?,
        packed_rings: asked.flag("virtio_packed_ring")?.unwrap_or(false),
        screen: screen(&asked)?,
        usb: usb(&asked)?,
        input: input(&asked)?,
        watchdog: watchdog(&asked)?,
        boot_menu: asked.flag("boot_menu")?.unwrap_or(false),
        pmu: asked.flag("pmu")?,
        hpet: asked.image("hw_time_hpet").map(truth),
        rng: rng(&asked)?,
        guest_agent: asked.image("hw_qemu_guest_agent").is_some_and(truth),
        more_serial_ports: serial_ports(&asked)?,
        hide_hypervisor: asked.flavor("hw:hide_hypervisor_id").is_some_and(truth)
            || asked.flavor("hide_hypervisor_id").is_some_and(truth)
            || asked.image("img_hide_hypervisor_id").is_some_and(truth),
        windows: asked.image("os_type").is_some_and(|family| family.eq_ignore_ascii_case("windows")),
        disk_limits: limits::of_disks(&shape.extra_specs)?,
        machine,
    };
    Ok(Made { hardware, bus, firmware })
}

/// A bus of disks; floppies have none of their own here.
fn disk_bus(asked: &Asked<'_>, key: &str) -> Result<Option<DiskBus>, String> {
    let Some(word) = asked.image(key) else { return Ok(None) };
    let all = DiskBus::ALL.map(DiskBus::word);
    DiskBus::of_word(word).map(Some).ok_or_else(|| one_of(key, word, &all))
}

/// The machine; what only the older one has makes it that, where nothing else was said.
fn machine(asked: &Asked<'_>, ide: bool) -> Result<Option<String>, String> {
    let named = match asked.image("hw_machine_type") {
        Some(name) if !is_machine(name) => {
            let why = "there are pc and q35, and versions of both, such as pc-q35-7.2";
            return Err(format!("Invalid image metadata. Error: hw_machine_type is '{name}'; {why}."));
        }
        named => named,
    };
    if ide && named.is_some_and(|name| !is_pc(name)) {
        let why = "a machine of type q35 has no IDE; use sata, or hw_machine_type pc";
        return Err(format!(
            "Invalid image metadata. Error: hw_disk_bus or hw_cdrom_bus is 'ide', and {why}."
        ));
    }
    Ok(named.or(ide.then_some("pc")).map(str::to_owned))
}

fn secure_boot(asked: &Asked<'_>, firmware: Firmware, pc: bool) -> Result<bool, String> {
    let policy = asked.unique("os", "secure_boot")?;
    match policy {
        None | Some("disabled" | "optional") => return Ok(false),
        Some("required") => {}
        Some(other) => {
            let why = "Allowed values: required, disabled, optional.";
            return Err(format!("Invalid secure boot policy '{other}' (os_secure_boot). {why}"));
        }
    }
    if firmware != Firmware::Uefi {
        return Err(
            "Secure Boot is not supported without UEFI: the image needs hw_firmware_type=uefi.".to_owned()
        );
    }
    if pc {
        return Err("Secure Boot needs a machine of type q35: see hw_machine_type.".to_owned());
    }
    Ok(true)
}

fn tpm(asked: &Asked<'_>) -> Result<Option<Tpm>, String> {
    let Some(version) = asked.unique("hw", "tpm_version")? else { return Ok(None) };
    let version = TpmVersion::of_word(version).ok_or_else(|| {
        format!("Invalid TPM version '{version}' (hw_tpm_version). Allowed values: 1.2, 2.0.")
    })?;
    let model = match asked.unique("hw", "tpm_model")? {
        None => TpmModel::Tis,
        Some(word) => TpmModel::of_word(word).ok_or_else(|| {
            format!("Invalid TPM model '{word}' (hw_tpm_model). Allowed values: tpm-tis, tpm-crb.")
        })?,
    };
    if model == TpmModel::Crb && version != TpmVersion::V2_0 {
        return Err("TPM model CRB is only valid with TPM version 2.0.".to_owned());
    }
    Ok(Some(Tpm { version, model }))
}

fn nic(asked: &Asked<'_>) -> Result<NicModel, String> {
    // as vCenter calls them
    let word = asked.image("hw_vif_model").map(|word| match word {
        "virtuale1000" => "e1000",
        "virtuale1000e" => "e1000e",
        "virtualpcnet32" => "pcnet",
        "virtualvmxnet3" => "vmxnet3",
        word => word,
    });
    let Some(word) = word else { return Ok(NicModel::default()) };
    let all: Vec<&str> = NicModel::ALL.iter().map(|model| model.word()).collect();
    NicModel::of_word(word).ok_or_else(|| one_of("hw_vif_model", word, &all))
}

/// The graphics card; one of which only the memory was said is the usual one.
fn screen(asked: &Asked<'_>) -> Result<Screen, String> {
    let ram = asked.image_number("hw_video_ram", 0, VIDEO_RAM)?.unwrap_or(0);
    let most = asked.flavor("hw_video:ram_max_mb");
    let most = most.map(|text| number("hw_video:ram_max_mb", text, 0, u32::MAX)).transpose()?.unwrap_or(0);
    if ram > most {
        return Err(format!(
            "The requested amount of video memory {ram} (hw_video_ram) is higher than the maximum allowed by flavor \
             {most}."
        ));
    }
    let model = match asked.image("hw_video_model") {
        Some("none") => return Ok(Screen::Absent),
        None if ram == 0 => return Ok(Screen::Usual),
        None => VideoModel::Vga,
        Some(word) => {
            let all: Vec<&str> = VideoModel::ALL.iter().map(|model| model.word()).chain(["none"]).collect();
            VideoModel::of_word(word).ok_or_else(|| one_of("hw_video_model", word, &all))?
        }
    };
    Ok(Screen::Card(Video { model, ram_mib: (ram > 0).then_some(ram) }))
}

fn usb(asked: &Asked<'_>) -> Result<bool, String> {
    match asked.unique("hw", "usb_model")? {
        None | Some("none") => Ok(false),
        // both are the same to a guest
        Some("qemu-xhci" | "nec-xhci") => Ok(true),
        Some(other) => {
            Err(format!("Invalid USB controller model '{other}'. Allowed values: none, nec-xhci, qemu-xhci."))
        }
    }
}

fn input(asked: &Asked<'_>) -> Result<Option<InputBus>, String> {
    let bus = asked.word("hw_input_bus", InputBus::of_word, InputBus::ALL, InputBus::word)?;
    match asked.image("hw_pointer_model") {
        None => Ok(bus),
        Some("usbtablet") => Ok(bus.or(Some(InputBus::Usb))),
        Some(other) => Err(one_of("hw_pointer_model", other, &["usbtablet"])),
    }
}

/// The image's word goes before the flavor's.
fn watchdog(asked: &Asked<'_>) -> Result<Option<WatchdogAction>, String> {
    let word = asked.image("hw_watchdog_action").or_else(|| asked.flavor("hw:watchdog_action"));
    match word {
        None | Some("disabled") => Ok(None),
        Some(word) => WatchdogAction::of_word(word).map(Some).ok_or_else(|| {
            format!("Provided watchdog action ({word}) is not supported (hw_watchdog_action).")
        }),
    }
}

fn rng(asked: &Asked<'_>) -> Result<Rng, String> {
    match asked.image("hw_rng_model") {
        None | Some("virtio") => {}
        Some(other) => return Err(one_of("hw_rng_model", other, &["virtio"])),
    }
    if asked.flavor("hw_rng:allowed").is_some_and(|word| !truth(word)) {
        return Ok(Rng::Absent);
    }
    let figure = |key: &str| asked.flavor(key).map(|text| number(key, text, 0, u32::MAX)).transpose();
    let (bytes, period) = (figure("hw_rng:rate_bytes")?, figure("hw_rng:rate_period")?);
    match bytes.unwrap_or(0) {
        0 => Ok(Rng::Free),
        // QEMU's own period is not as one thinks; a second is
        bytes => {
            let period = period.filter(|period| *period > 0).unwrap_or(1000);
            Ok(Rng::Limited { bytes: bytes.into(), period })
        }
    }
}

/// Serial ports beside the first; an image may have fewer than its flavor allows, not more.
fn serial_ports(asked: &Asked<'_>) -> Result<u8, String> {
    let key = "hw:serial_port_count";
    let flavor = asked.flavor(key).map(|text| number(key, text, 0, u32::MAX)).transpose()?.unwrap_or(0);
    let image = asked.image_number("hw_serial_port_count", 0, u32::MAX)?.unwrap_or(0);
    if flavor > 0 && image > flavor {
        let why = "Forbidden to exceed flavor value of number of serial ports passed in image meta";
        return Err(format!("{why} (hw_serial_port_count)."));
    }
    let count = [image, flavor].into_iter().find(|count| *count > 0).unwrap_or(1);
    if count > SERIAL_PORTS {
        return Err(format!(
            "Maximum number of serial ports is {SERIAL_PORTS} (hw_serial_port_count is {count})."
        ));
    }
    Ok(u8::try_from(count - 1).unwrap_or(0))
}

/// What is only checked here: no host has it, which [`needs`] says, or it is nothing of the machine.
fn refuse_unknown_words(asked: &Asked<'_>) -> Result<(), String> {
    for (key, words) in asked::CLOSED {
        if let Some(word) = asked.image(key).filter(|word| !words.contains(word)) {
            return Err(one_of(key, word, words));
        }
    }
    asked.image_number("hw_redirected_usb_ports", 0, REDIRECTED)?;
    needs::page_size(asked.flavor, asked.image).map(drop)
}

#[cfg(test)]
mod tests;
