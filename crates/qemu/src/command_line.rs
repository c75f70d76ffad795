//! QEMU's arguments for one guest: a pure function, so that it can be read and tested as text.

use std::collections::BTreeSet;

use kogge_ids::{PortId, ServerId};
use kogge_node_api::{Accelerator, DiskBus, Hardware, Rng, ScsiModel, is_pc};
use serde_json::{Value, json};

use crate::block::{Disk, Secret, blockdev, disk_device, disk_options, driver};
use crate::device_name::{backend, nic_device};
use crate::engine::{FirmwareFiles, cpu_model};
use crate::models::{nic_driver, nic_options, scsi_driver};
use crate::probe::SANDBOX;
use crate::slots::{BRIDGE, FIXED, Slots, at, of_pc};

mod extras;
pub(crate) use extras::USB;

/// Free PCIe slots for interfaces that are plugged in later: so many between two starts of a guest. q35's own bus takes
/// no device while the guest runs, so every slot is a root port of its own; eight cost nothing that could be measured.
const SPARE_PORTS: usize = 8;

/// Everything that QEMU has to be told about a guest.
#[derive(Debug, Clone)]
pub struct GuestSpec {
    /// The server; the guest reads it from its SMBIOS.
    pub id: ServerId,
    /// Number of this launch; part of the socket names, because a QEMU removes its sockets when it ends.
    pub launch: u64,
    /// Versioned machine type.
    pub machine_type: String,
    /// How instructions are executed.
    pub accelerator: Accelerator,
    /// Virtual CPUs.
    pub vcpus: u32,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// How the machine is made beside that.
    pub hardware: Hardware,
    /// UEFI firmware and the guest's own variables; `None` is SeaBIOS.
    pub firmware: Option<FirmwareFiles>,
    /// Disks in the order the guest sees them.
    pub disks: Vec<Disk>,
    /// Files of disks that QEMU inherits open, because its user could not open them.
    pub files: Vec<PassedFile>,
    /// Secrets of disks that QEMU inherits.
    pub keys: Vec<PassedKey>,
    /// Network interfaces in the order the guest sees them.
    pub nics: Vec<GuestNic>,
    /// Whether QEMU runs in its seccomp sandbox.
    pub sandbox: bool,
    /// Whether the guest stands still at first.
    pub paused: bool,
    /// The memory that it goes on from.
    pub memory: Option<GuestMemory>,
}

/// The memory of a guest that was saved.
#[derive(Debug, Clone)]
pub struct GuestMemory {
    /// Number of the inherited descriptor of the file.
    pub fd: i32,
    /// Where the devices sat.
    pub slots: Slots,
}

impl GuestSpec {
    /// Whether the guest has just the devices that these places were noted of.
    #[must_use]
    pub fn fits(&self, slots: &Slots) -> bool {
        let ids = devices(self).into_iter().map(|device| device.id);
        let disks: BTreeSet<String> = on(self, DiskBus::Scsi).map(|disk| disk_device(&disk.node)).collect();
        let same = slots.luns.is_empty() || disks == slots.luns.keys().cloned().collect();
        same && ids.collect::<BTreeSet<String>>() == slots.devices.keys().cloned().collect()
    }
}

/// An open file that QEMU inherits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedFile {
    /// Number of the descriptor.
    pub fd: i32,
    /// Number of the set by which QEMU names it ([`crate::fd_set`]).
    pub set: i64,
    /// The node of the disk that it is for.
    pub node: String,
}

/// A secret of a disk that QEMU inherits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedKey {
    /// The node of the disk.
    pub node: String,
    /// What it opens.
    pub secret: Secret,
    /// Number of a descriptor to read.
    pub fd: i32,
}

/// A network interface of a guest.
#[derive(Debug, Clone)]
pub struct GuestNic {
    /// The port it plugs into.
    pub port: PortId,
    /// MAC address.
    pub mac: String,
    /// MTU in bytes that the guest is told.
    pub mtu: u32,
    /// Number of the inherited descriptor of the tap.
    pub fd: i32,
}

/// The graphics card.
pub(crate) const SCREEN: &str = "screen0";

/// The only directory in which a guest's QEMU makes files, below the guest's own.
pub const RUN_DIR: &str = "run";

/// The QMP socket of a launch, below the guest's directory.
#[must_use]
pub fn qmp_socket(launch: u64) -> String {
    format!("{RUN_DIR}/qmp-{launch}.sock")
}

/// The socket of the serial console, below the guest's directory.
pub(crate) fn serial_socket(launch: u64) -> String {
    format!("{RUN_DIR}/serial-{launch}.sock")
}

/// The socket of the screen, below the guest's directory.
pub(crate) fn vnc_socket(launch: u64) -> String {
    format!("{RUN_DIR}/vnc-{launch}.sock")
}

/// QEMU's arguments, to be run in the guest's directory.
#[must_use]
pub fn arguments(spec: &GuestSpec) -> Vec<String> {
    let mut out = Arguments::default();
    machine(&mut out, spec);
    sockets(&mut out, spec);
    let devices = devices(spec);
    let slots = spec.memory.as_ref().map(|memory| &memory.slots);
    let pc = is_pc(&spec.machine_type);
    if pc {
        let address = FIXED.bridge;
        out.add("-device", format!("pci-bridge,id={BRIDGE},chassis_nr=1,bus=pci.0,addr={address}"));
    } else {
        for number in 0..slots.map_or(devices.len() + SPARE_PORTS, |slots| slots.ports) {
            out.add("-device", root_port(number));
        }
    }
    extras::fixed(&mut out, spec);
    for file in &spec.files {
        out.add("-add-fd", format!("fd={},set={},opaque={}", file.fd, file.set, file.node));
    }
    for PassedKey { node, secret, fd } in &spec.keys {
        let key = secret.object(node, ("file", &format!("/proc/self/fd/{fd}")));
        out.add("-object", key.to_string());
    }
    for disk in &spec.disks {
        out.add("-blockdev", blockdev(disk).to_string());
    }
    for nic in &spec.nics {
        let id = backend(&nic_device(nic.port));
        out.add("-netdev", format!("tap,id={id},fd={},vhost=off", nic.fd));
    }
    let mut free: Box<dyn Iterator<Item = String>> =
        if pc { Box::new(of_pc()) } else { Box::new((0..).map(|number| format!("rp{number}"))) };
    for device in &devices {
        let next = free.next().unwrap_or_default();
        let before = slots.and_then(|slots| slots.devices.get(&device.id));
        let slot = before.cloned().unwrap_or(next);
        let place = match at(&slot) {
            (bus, Some(address)) => format!("bus={bus},addr={address}"),
            (bus, None) => format!("bus={bus}"),
        };
        out.add("-device", format!("{},{place}", device.words));
    }
    for (place, disk) in extras::on_controllers(spec) {
        let (id, node, more) = (disk_device(&disk.node), &disk.node, options(disk));
        out.add("-device", format!("{},id={id},drive={node},{place}{more}", driver(disk)));
    }
    out.0
}

#[derive(Default)]
struct Arguments(Vec<String>);

impl Arguments {
    fn add(&mut self, option: &str, value: impl Into<String>) {
        self.0.push(option.to_owned());
        self.0.push(value.into());
    }
}

fn machine(out: &mut Arguments, spec: &GuestSpec) {
    let id = spec.id;
    out.add("-name", format!("guest={id},debug-threads=on"));
    out.0.extend(["-nodefaults", "-no-user-config"].map(str::to_owned));
    out.add("-display", "none");
    let flash = if spec.firmware.is_some() { ",pflash0=fw-code,pflash1=fw-vars" } else { "" };
    out.add("-machine", format!("{}{flash}{}", spec.machine_type, extras::of_machine(&spec.hardware)));
    match spec.accelerator {
        Accelerator::Kvm => out.add("-accel", "kvm"),
        Accelerator::Tcg | Accelerator::Simulated => out.add("-accel", "tcg,thread=multi"),
    }
    out.add("-cpu", format!("{}{}", cpu_model(spec.accelerator), extras::of_cpu(spec)));
    out.add("-smp", format!("{}{}", spec.vcpus, extras::of_topology(&spec.hardware)));
    out.add("-m", spec.memory_mib.to_string());
    out.add("-uuid", id.to_string());
    out.add("-smbios", format!("type=1,manufacturer=OpenStack Foundation,product=OpenStack Compute,serial={id},uuid={id},family=Virtual Machine"));
    out.add("-rtc", if spec.hardware.windows { "base=localtime" } else { "base=utc" });
    // a guest that powers off leaves its process standing, so that this can be told apart from a crash
    let dog = spec.hardware.watchdog.map(|action| format!(",watchdog={}", action.word())).unwrap_or_default();
    out.add("-action", format!("shutdown=pause,reboot=reset,panic=pause{dog}"));
    if spec.sandbox {
        out.add(SANDBOX[0], SANDBOX[1]);
    }
    if let Some(memory) = &spec.memory {
        out.add("-incoming", format!("fd:{}", memory.fd));
    }
    if spec.paused {
        out.0.push("-S".to_owned());
    }
    if let Some(firmware) = &spec.firmware {
        out.add("-blockdev", flash_part("fw-code", &firmware.code, true).to_string());
        out.add("-blockdev", flash_part("fw-vars", &firmware.variables, false).to_string());
    }
}

fn flash_part(node: &str, file: &std::path::Path, read_only: bool) -> Value {
    json!({
        "driver": "raw", "node-name": node, "read-only": read_only,
        "file": { "driver": "file", "filename": file, "read-only": read_only },
    })
}

fn sockets(out: &mut Arguments, spec: &GuestSpec) {
    let launch = spec.launch;
    out.add("-chardev", format!("socket,id=qmp,path={},server=on,wait=off", qmp_socket(launch)));
    out.add("-mon", "chardev=qmp,mode=control");
    let serial = serial_socket(launch);
    out.add(
        "-chardev",
        format!("socket,id=serial0,path={serial},server=on,wait=off,logfile=console.log,logappend=on"),
    );
    out.add("-serial", "chardev:serial0");
    for number in 1..=spec.hardware.more_serial_ports {
        let path = format!("{RUN_DIR}/serial-{launch}-{number}.sock");
        out.add("-chardev", format!("socket,id=serial{number},path={path},server=on,wait=off"));
        out.add("-serial", format!("chardev:serial{number}"));
    }
    // several may look on at the same time
    out.add("-vnc", format!("unix:{},share=force-shared", vnc_socket(launch)));
    if let Some(screen) = extras::screen(spec) {
        out.add("-device", screen);
    }
}

/// Eight functions per slot, from slot 4 on.
fn root_port(number: usize) -> String {
    let (slot, function) = (4 + number / 8, number % 8);
    let multi = if function == 0 { ",multifunction=on" } else { "" };
    format!(
        "pcie-root-port,id=rp{number},bus=pcie.0,chassis={},addr=0x{slot:x}.{function}{multi}",
        number + 1
    )
}

/// A device on a root port: its id, and the words that make it.
struct Device {
    id: String,
    words: String,
}

/// The devices that sit in slots, in order: network first, so that the first interface has a stable name.
fn devices(spec: &GuestSpec) -> Vec<Device> {
    let device =
        |id: String, model: &str, rest: String| Device { words: format!("{model},id={id}{rest}"), id };
    let hardware = &spec.hardware;
    let packed = if hardware.packed_rings { ",packed=on" } else { "" };
    let nics = spec.nics.iter().map(|nic| {
        let id = nic_device(nic.port);
        let rest = texts(nic_options(hardware, &id, &nic.mac, nic.mtu));
        device(id, nic_driver(hardware.nic), rest)
    });
    let mut all: Vec<Device> = nics.collect();
    let scsi = on(spec, DiskBus::Scsi).next();
    all.extend(scsi.map(|_| {
        let packed = if hardware.scsi == ScsiModel::Virtio { packed } else { "" };
        device("scsi0".to_owned(), scsi_driver(hardware.scsi), packed.to_owned())
    }));
    all.extend(on(spec, DiskBus::Virtio).map(|disk| {
        let (id, node, more) = (disk_device(&disk.node), &disk.node, options(disk));
        device(id, driver(disk), format!(",drive={node}{more}{packed}"))
    }));
    let rng = |rest: String| device("rng0".to_owned(), "virtio-rng-pci", rest);
    match hardware.rng {
        Rng::Free => all.push(rng(String::new())),
        Rng::Limited { bytes, period } => all.push(rng(format!(",max-bytes={bytes},period={period}"))),
        Rng::Absent => {}
    }
    all
}

/// The disks that are attached in this way.
fn on(spec: &GuestSpec, bus: DiskBus) -> impl Iterator<Item = &Disk> {
    spec.disks.iter().filter(move |disk| disk.bus == bus)
}

/// What the device of a disk is told beside its place, as text.
fn options(disk: &Disk) -> String {
    texts(disk_options(disk))
}

/// Options as a command line has them.
fn texts(options: Vec<(&str, Value)>) -> String {
    let text = |value: Value| match value {
        Value::String(text) => text,
        Value::Bool(on) => if on { "on" } else { "off" }.to_owned(),
        other => other.to_string(),
    };
    options.into_iter().map(|(name, value)| format!(",{name}={}", text(value))).collect()
}

#[cfg(test)]
mod tests;
