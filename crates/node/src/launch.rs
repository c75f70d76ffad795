//! Starting and ending a guest's process.

use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kogge_node_api::{DesiredInstance, Firmware, GuestMetadata, NodeError, Power};
use kogge_qemu::{
    FirmwareFiles, GuestMemory, GuestNic, GuestSpec, GuestUser, Machine, PassedKey, RunState, find_guests,
    write_config_drive,
};
use tokio::time::Instant;

use crate::actor::Done;
use crate::blocking::with_files;
use crate::host::Host;
use crate::layout::replace_file;
use crate::open_volumes::{Opened, Wanted};
use crate::record::{Password, Record};
use crate::{disks, memory, rescue};

/// What is said where a guest does not get its memory back.
pub(crate) const RESUMING: &str = "bringing back the memory of the suspended guest";
/// How long a killed process may take to vanish.
const VANISH: Duration = Duration::from_secs(30);
/// How often a guest that shall go down is looked at.
const LOOK: Duration = Duration::from_millis(200);

/// Starts the guest of `record`, whose launch number was counted and saved before. `secret` is its administrator's
/// password, where it is known, `volumes` are those that it should have.
pub(crate) async fn start(
    host: &Host,
    record: &Record,
    secret: Option<String>,
    volumes: Vec<Wanted>,
) -> Result<Done, NodeError> {
    let desired = &record.desired;
    let dir = host.layout.instance(desired.id);
    let _turn =
        host.starts.acquire().await.map_err(|error| NodeError::failed("starting the guest", error))?;
    let user = host.users.of(record.user);
    let firmware = firmware(host, &dir, desired).await?;
    rescue::prepare(host, &dir, desired).await?;
    let there = hand_over(host, &dir, record, user.clone()).await?;
    // what a guest had open stays as it is
    let memory = match &record.memory {
        Some(slots) => match memory::open(&dir).await {
            Ok(file) => Some((file, slots.clone())),
            Err(error) => return Ok(Done::MemoryLost(error)),
        },
        None => None,
    };
    if desired.config_drive && memory.is_none() {
        update_drive(&dir, record, secret, user.as_ref()).await?;
    }
    if memory.is_none() {
        disks::grow(&host.tool.inside(&dir, user.as_ref()), desired, &there).await?;
    }
    let opened = Opened::all(&host.config.backends, volumes).await?;
    let mut taps = Vec::new();
    for nic in &desired.nics {
        taps.push(host.wiring.plug(nic.port).await?);
    }
    let nics = desired.nics.iter().zip(&taps).map(|(nic, tap)| GuestNic {
        port: nic.port,
        mac: nic.mac.clone(),
        mtu: nic.mtu,
        fd: tap.as_raw_fd(),
    });
    let spec = GuestSpec {
        id: desired.id,
        launch: record.launch,
        machine_type: machine_type(host, record),
        accelerator: host.engine.accelerator,
        vcpus: desired.vcpus,
        memory_mib: desired.memory_mib,
        hardware: desired.hardware.clone(),
        firmware,
        disks: disks::list(&there, &opened.disks, desired),
        files: opened.files,
        keys: opened.keys,
        nics: nics.collect(),
        sandbox: host.engine.sandbox,
        paused: desired.power == Power::Paused || memory.is_some(),
        memory: memory
            .as_ref()
            .map(|(file, slots)| GuestMemory { fd: file.as_raw_fd(), slots: slots.clone() }),
    };
    taps.extend(opened.fds);
    let Some((file, slots)) = memory else {
        let started = Machine::start(&host.engine, &dir, &spec, taps, user.as_ref()).await;
        let machine = started.map_err(|error| disks::failed("starting the guest", error))?;
        forget_keys(&machine, &spec).await?;
        return Ok(Done::Started(machine));
    };
    if !spec.fits(&slots) {
        let because = "the devices of the guest changed while it was suspended";
        return Ok(Done::MemoryLost(NodeError::failed(RESUMING, because)));
    }
    taps.push(file.into());
    let started = Machine::start(&host.engine, &dir, &spec, taps, user.as_ref()).await;
    let back = match started {
        Ok(machine) => machine.memory_is_back().await.map(|()| machine),
        Err(error) => Err(error),
    };
    match back {
        Ok(machine) => {
            forget_keys(&machine, &spec).await?;
            Ok(Done::Started(machine))
        }
        Err(error) if memory::is_unfit(&error) => Ok(Done::MemoryLost(NodeError::failed(RESUMING, error))),
        Err(error) => Err(disks::failed(RESUMING, error)),
    }
}

/// The machine type that the guest has, or is to have.
pub(crate) fn machine_type(host: &Host, record: &Record) -> String {
    let wanted = record.desired.hardware.machine.as_deref();
    host.engine.machine_for(record.machine_type.as_deref(), wanted)
}

/// What opened the encrypted volumes of a guest is needed no more once they are open.
async fn forget_keys(machine: &Machine, spec: &GuestSpec) -> Result<(), NodeError> {
    for PassedKey { node, .. } in &spec.keys {
        machine.forget_key(node).await.map_err(|error| disks::failed("starting the guest", error))?;
    }
    Ok(())
}

/// Puts the guest's metadata on its config drive. One that holds the administrator's password stays as it was made, as
/// it does in Nova.
async fn update_drive(
    dir: &Path,
    record: &Record,
    secret: Option<String>,
    user: Option<&GuestUser>,
) -> Result<(), NodeError> {
    let file = disks::config_file(dir);
    let there = tokio::fs::try_exists(&file).await.unwrap_or(false);
    if record.password == Password::OnDrive && there {
        return Ok(());
    }
    make_drive(dir, record, secret).await?;
    let Some(user) = user else { return Ok(()) };
    let given = user.own(&file, false, 0o640);
    given.map_err(|error| disks::failed("making the guest's directory ready", error))
}

/// Makes the config drive anew, with the administrator's password where one is to be on it.
pub(crate) async fn make_drive(dir: &Path, record: &Record, secret: Option<String>) -> Result<(), NodeError> {
    if record.password == Password::Awaited && secret.is_none() {
        let what = format!("the administrator's password of server {} to be told", record.desired.id);
        return Err(NodeError::NotYet { what });
    }
    let metadata = GuestMetadata { admin_password: secret, ..record.desired.metadata.clone() };
    let made = write_config_drive(&disks::config_file(dir), &kogge_dataplane::documents(&metadata)).await;
    made.map_err(|error| disks::failed("making the config drive", error))
}

/// Looks whether all disks are there and gives the guest's files to its user; what a guest left behind may be a lot to
/// clear away.
async fn hand_over(
    host: &Host,
    dir: &Path,
    record: &Record,
    user: Option<GuestUser>,
) -> Result<Vec<String>, NodeError> {
    let (bases, dir, record) = (host.images.dir().to_owned(), dir.to_owned(), record.clone());
    let done = tokio::task::spawn_blocking(move || {
        let mut there = disks::present(&dir, record.disks.as_deref())?;
        there.extend(rescue::file(&record.desired));
        disks::hand_over(&bases, &dir, &record.desired, &there, user.as_ref())?;
        Ok(there)
    });
    done.await.unwrap_or_else(|error| Err(NodeError::failed("starting the guest", error)))
}

/// The firmware for a guest that wants UEFI; its variables are its own and stay.
async fn firmware(
    host: &Host,
    dir: &Path,
    desired: &DesiredInstance,
) -> Result<Option<FirmwareFiles>, NodeError> {
    if desired.firmware == Firmware::Bios {
        return Ok(None);
    }
    let secure = desired.hardware.secure_boot;
    let files = if secure { &host.engine.secure_firmware } else { &host.engine.firmware };
    let Some(files) = files.clone() else {
        let because = if secure {
            "the server wants secure boot, and this host has no UEFI firmware for it; install the package ovmf"
        } else {
            "the image wants UEFI, and this host has no UEFI firmware; install the package ovmf"
        };
        return Err(NodeError::Failed { step: "starting the guest".to_owned(), because: because.to_owned() });
    };
    let (template, own) = (files.variables, disks::uefi_file(dir));
    // by its name alone: that is all that the guest's user can reach
    let variables = own.file_name().map(PathBuf::from).unwrap_or_default();
    with_files("making the UEFI variables", move || {
        if own.exists() {
            return Ok(());
        }
        std::fs::read(&template).and_then(|template| replace_file(&own, &template))
    })
    .await?;
    Ok(Some(FirmwareFiles { code: files.code, variables }))
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

/// Ends every process of the instance in `dir`, also one that was only starting.
pub(crate) async fn end_all(host: &Host, dir: &Path) -> Result<(), NodeError> {
    let instances = host.layout.instances();
    let scan = tokio::task::spawn_blocking(move || find_guests(&instances)).await;
    let left = scan.map_err(|error| NodeError::failed("looking for the guest's process", error))?;
    for guest in left.into_iter().filter(|guest| guest.dir == dir) {
        guest.process.kill();
        if !guest.process.gone_within(VANISH).await {
            return Err(NodeError::failed("stopping the guest", "its process does not end even by force"));
        }
    }
    Ok(())
}

/// Removes the files of the instance in `dir`, which has no process any more.
pub(crate) async fn clear_away(host: &Host, dir: &Path) -> Result<(), NodeError> {
    let (layout, dir) = (host.layout.clone(), dir.to_owned());
    with_files("removing the instance's files", move || layout.discard(&dir)).await
}
