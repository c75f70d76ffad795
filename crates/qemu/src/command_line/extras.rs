//! What of a machine only some guests have, and where their disks sit that are on a controller.

use kogge_node_api::{Accelerator, DiskBus, Hardware, InputBus, Screen, Video, VideoModel, is_pc};

use super::{Arguments, GuestSpec, RUN_DIR, SCREEN, on};
use crate::block::{Disk, disk_device};
use crate::models::{scsi_place, video_driver, video_memory};
use crate::slots::FIXED;

/// The USB controller.
pub(crate) const USB: &str = "usb0";
/// Disks of one SATA controller.
const SATA_PORTS: usize = 6;

/// Options of `-machine`.
pub(super) fn of_machine(hardware: &Hardware) -> String {
    let mut words = String::new();
    if let Some(hpet) = hardware.hpet {
        words.push_str(if hpet { ",hpet=on" } else { ",hpet=off" });
    }
    if hardware.secure_boot {
        words.push_str(",smm=on");
    }
    words
}

/// Features of the CPU.
pub(super) fn of_cpu(spec: &GuestSpec) -> String {
    let hardware = &spec.hardware;
    let mut words = String::new();
    if let Some(pmu) = hardware.pmu {
        words.push_str(if pmu { ",pmu=on" } else { ",pmu=off" });
    }
    if hardware.hide_hypervisor {
        words.push_str(",kvm=off");
    }
    if hardware.windows && spec.accelerator == Accelerator::Kvm {
        words.push_str(
            ",hv-relaxed=on,hv-vapic=on,hv-spinlocks=0x1fff,hv-vpindex=on,hv-runtime=on,hv-time=on,hv-synic=on,\
             hv-reset=on,hv-frequencies=on,hv-tlbflush=on,hv-ipi=on",
        );
        if hardware.hide_hypervisor {
            words.push_str(",hv-vendor-id=1234567890ab");
        }
    }
    words
}

/// How the CPUs are arranged.
pub(super) fn of_topology(hardware: &Hardware) -> String {
    let words = |t: kogge_node_api::Topology| {
        format!(",sockets={},cores={},threads={}", t.sockets, t.cores, t.threads)
    };
    hardware.topology.map(words).unwrap_or_default()
}

/// The graphics card, if any. A guest that goes on from a memory has one only if it had one.
pub(super) fn screen(spec: &GuestSpec) -> Option<String> {
    let had = spec.memory.as_ref().is_none_or(|memory| memory.slots.screen);
    let video = match spec.hardware.screen {
        Screen::Usual => Video { model: VideoModel::Vga, ram_mib: None },
        Screen::Card(video) => video,
        Screen::Absent => return None,
    };
    let place = if is_pc(&spec.machine_type) {
        format!("bus=pci.0,addr={}", FIXED.screen_of_pc)
    } else {
        format!("bus=pcie.0,addr={}", FIXED.screen)
    };
    had.then(|| format!("{},id={SCREEN},{place}{}", video_driver(video.model), video_memory(video)))
}

/// Devices that stay where they are for as long as the guest runs.
pub(super) fn fixed(out: &mut Arguments, spec: &GuestSpec) {
    let hardware = &spec.hardware;
    let bus = if is_pc(&spec.machine_type) { "pci.0" } else { "pcie.0" };
    let mut device =
        |words: String, address: &str| out.add("-device", format!("{words},bus={bus},addr={address}"));
    if hardware.usb || hardware.input == Some(InputBus::Usb) || on(spec, DiskBus::Usb).next().is_some() {
        device(format!("qemu-xhci,id={USB},p2=15,p3=15"), FIXED.usb);
    }
    if hardware.guest_agent {
        device("virtio-serial-pci,id=vser0".to_owned(), FIXED.serial);
    }
    if hardware.watchdog.is_some() {
        device("i6300esb,id=watchdog0".to_owned(), FIXED.watchdog);
    }
    if hardware.input == Some(InputBus::Virtio) {
        device("virtio-tablet-pci,id=pointer0".to_owned(), FIXED.pointer);
        device("virtio-keyboard-pci,id=keyboard0".to_owned(), FIXED.keyboard);
    }
    for number in 0..sata_controllers(spec) {
        let multi = if number == 0 { ",multifunction=on" } else { "" };
        device(format!("ich9-ahci,id=sata{number}{multi}"), &format!("{}.{number}", FIXED.sata));
    }
    if hardware.input == Some(InputBus::Usb) {
        out.add("-device", format!("usb-tablet,id=pointer0,bus={USB}.0"));
        out.add("-device", format!("usb-kbd,id=keyboard0,bus={USB}.0"));
    }
    if hardware.guest_agent {
        let path = format!("{RUN_DIR}/agent-{}.sock", spec.launch);
        out.add("-chardev", format!("socket,id=agent0,path={path},server=on,wait=off"));
        out.add("-device", "virtserialport,id=agent0,bus=vser0.0,chardev=agent0,name=org.qemu.guest_agent.0");
    }
    if hardware.boot_menu {
        out.add("-boot", "menu=on");
    }
    if hardware.secure_boot {
        out.add("-global", "driver=cfi.pflash01,property=secure,value=on");
        out.add("-global", "ICH9-LPC.disable_s3=1");
    }
}

/// The disks on SATA. The newer machine has no IDE: a disk meant for it (of a rescue) is on SATA there.
fn on_sata(spec: &GuestSpec) -> impl Iterator<Item = &Disk> {
    let ide_too = !is_pc(&spec.machine_type);
    spec.disks.iter().filter(move |disk| disk.bus == DiskBus::Sata || ide_too && disk.bus == DiskBus::Ide)
}

/// SATA controllers beside the one of the newer machine itself.
fn sata_controllers(spec: &GuestSpec) -> usize {
    let own = if is_pc(&spec.machine_type) { 0 } else { SATA_PORTS };
    on_sata(spec).count().saturating_sub(own).div_ceil(SATA_PORTS)
}

/// Disks on controllers, each with its place.
pub(super) fn on_controllers(spec: &GuestSpec) -> Vec<(String, &Disk)> {
    let own = if is_pc(&spec.machine_type) { 0 } else { SATA_PORTS };
    let sata = |number: usize| match number.checked_sub(own) {
        None => format!("bus=ide.{number}"),
        Some(more) => format!("bus=sata{}.{}", more / SATA_PORTS, more % SATA_PORTS),
    };
    let unit = scsi_place(spec.hardware.scsi);
    let before = spec.memory.as_ref().map(|memory| &memory.slots.luns);
    let scsi = on(spec, DiskBus::Scsi).enumerate().map(|(number, disk)| {
        // one that was plugged in sits where there was room, also before the others
        let before = before.and_then(|luns| luns.get(&disk_device(&disk.node))).copied();
        (format!("bus=scsi0.0,{unit}={}", before.unwrap_or(number as u64)), disk)
    });
    let mut all: Vec<(String, &Disk)> = scsi.collect();
    all.extend(on_sata(spec).enumerate().map(|(number, disk)| (sata(number), disk)));
    let ide = |number: usize| format!("bus=ide.{},unit={}", number / 2, number % 2);
    let on_ide = on(spec, DiskBus::Ide).filter(|_| is_pc(&spec.machine_type));
    all.extend(on_ide.enumerate().map(|(number, disk)| (ide(number), disk)));
    all.extend(on(spec, DiskBus::Usb).map(|disk| (format!("bus={USB}.0"), disk)));
    all
}
