//! Starting and ending a guest's process.

use std::path::{Path, PathBuf};
use std::time::Duration;

use kogge_node_api::{DesiredInstance, Firmware, NodeError, Power};
use kogge_qemu::{FirmwareFiles, GuestNic, GuestSpec, GuestUser, Machine, RunState, write_config_drive};
use tokio::time::Instant;

use crate::disks;
use crate::host::Host;
use crate::layout::replace_file;
use crate::record::Record;

/// How often a guest that shall go down is looked at.
const LOOK: Duration = Duration::from_millis(200);

/// Starts the guest of `record`, whose launch number was counted and saved before.
pub(crate) async fn start(host: &Host, record: &Record) -> Result<Machine, NodeError> {
    let desired = &record.desired;
    let dir = host.layout.instance(desired.id);
    let _turn =
        host.starts.acquire().await.map_err(|error| NodeError::failed("starting the guest", error))?;
    let user = host.users.of(record.user);
    let firmware = firmware(host, &dir, desired)?;
    if desired.config_drive {
        let files = kogge_dataplane::documents(&desired.metadata);
        let made = write_config_drive(&disks::config_file(&dir), &files).await;
        made.map_err(|error| disks::failed("making the config drive", error))?;
    }
    hand_over(host, &dir, desired, user.clone()).await?;
    disks::grow(&host.tool.inside(&dir, user.as_ref()), desired).await?;
    let mut taps = Vec::new();
    for nic in &desired.nics {
        taps.push(host.wiring.plug(nic.port).await?);
    }
    let nics = desired.nics.iter().zip(&taps).map(|(nic, tap)| GuestNic {
        port: nic.port,
        mac: nic.mac.clone(),
        mtu: nic.mtu,
        fd: std::os::fd::AsRawFd::as_raw_fd(tap),
    });
    let spec = GuestSpec {
        id: desired.id,
        launch: record.launch,
        machine_type: record.machine_type.clone().unwrap_or_else(|| host.engine.machine_type.clone()),
        accelerator: host.engine.accelerator,
        vcpus: desired.vcpus,
        memory_mib: desired.memory_mib,
        firmware,
        bus: desired.disk_bus,
        disks: disks::list(&dir, desired),
        nics: nics.collect(),
        sandbox: host.engine.sandbox,
        paused: desired.power == Power::Paused,
    };
    let started = Machine::start(&host.engine, &dir, &spec, taps, user.as_ref()).await;
    started.map_err(|error| disks::failed("starting the guest", error))
}

/// Gives the guest's files to its user; what a guest left behind may be a lot to clear away.
async fn hand_over(
    host: &Host,
    dir: &Path,
    desired: &DesiredInstance,
    user: Option<GuestUser>,
) -> Result<(), NodeError> {
    let (bases, dir, desired) = (host.layout.bases(), dir.to_owned(), desired.clone());
    let done =
        tokio::task::spawn_blocking(move || disks::hand_over(&bases, &dir, &desired, user.as_ref())).await;
    done.unwrap_or_else(|error| Err(NodeError::failed("starting the guest", error)))
}

/// The firmware for a guest that wants UEFI; its variables are its own and stay.
fn firmware(host: &Host, dir: &Path, desired: &DesiredInstance) -> Result<Option<FirmwareFiles>, NodeError> {
    if desired.firmware == Firmware::Bios {
        return Ok(None);
    }
    let Some(files) = &host.engine.firmware else {
        let because = "the image wants UEFI, and this host has no UEFI firmware; install the package ovmf";
        return Err(NodeError::Failed { step: "starting the guest".to_owned(), because: because.to_owned() });
    };
    let variables = disks::uefi_file(dir);
    if !variables.exists() {
        let copied = std::fs::read(&files.variables).and_then(|template| replace_file(&variables, &template));
        copied.map_err(|error| NodeError::failed("making the UEFI variables", error))?;
    }
    // by its name alone: that is all that the guest's user can reach
    let variables = variables.file_name().map(PathBuf::from).unwrap_or_default();
    Ok(Some(FirmwareFiles { code: files.code.clone(), variables }))
}

/// Ends the guest's process; asks the guest first where `ask_for` says how long.
pub(crate) async fn take_down(machine: &Machine, ask_for: Option<Duration>, press_again: Duration) {
    if let Some(patience) = ask_for {
        let asked = tokio::time::timeout(patience, ask(machine, press_again)).await;
        if asked.is_err() {
            tracing::info!(
                process.pid = machine.process.pid,
                "a guest did not power down in time and is stopped"
            );
        }
    }
    machine.end().await;
}

/// Presses the power button until the guest is off or gone.
async fn ask(machine: &Machine, press_again: Duration) {
    loop {
        if machine.press_power_button().await.is_err() {
            return;
        }
        let pressed = Instant::now();
        while pressed.elapsed() < press_again {
            match machine.state().await {
                Ok(RunState::Running | RunState::DiskFull) => tokio::time::sleep(LOOK).await,
                Ok(_) | Err(_) => return,
            }
        }
    }
}
