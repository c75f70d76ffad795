//! Volumes: disks that come and go while the guest runs, and whose data are not the instance's.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use kogge_ids::{AttachmentId, VolumeId};
use kogge_node_api::{
    DesiredDisk, DesiredInstance, DiskBus, DiskFormat, DiskSource, Epoch, HeldVolume, InstanceState,
    IoLimits, Node, NodeError, ObservedInstance, Power, Reboot, RebootKind, Slot, VolumePlace, VolumeSource,
};
use kogge_qemu::Machine;

use crate::lab::{Lab, next, real_guest};
use crate::tiny;

const MIB: u64 = 1 << 20;
pub(crate) const SECRET: &str = "0123456789abcdef-passphrase";

/// A volume of the lab's backend, attached by an attachment of its own.
pub(crate) fn volume(name: &str, format: DiskFormat, size_mib: u64) -> DesiredDisk {
    let attachment = AttachmentId::random();
    let place = VolumePlace::File { backend: "files".to_owned(), name: name.to_owned(), format };
    let source = VolumeSource {
        volume: VolumeId::random(),
        attachment,
        place,
        passphrase: None,
        read_only: false,
        shared: false,
        limits: IoLimits::default(),
    };
    DesiredDisk {
        slot: Slot::volume(attachment),
        source: DiskSource::Volume(source),
        size_mib,
        bus: DiskBus::Virtio,
        boot: None,
        made: true,
    }
}

pub(crate) fn source(disk: &mut DesiredDisk) -> &mut VolumeSource {
    let DiskSource::Volume(source) = &mut disk.source else { panic!("it is a volume") };
    source
}

pub(crate) fn attachment(disk: &DesiredDisk) -> AttachmentId {
    disk.volume().unwrap().attachment
}

/// Makes a file in the lab's backend.
fn file(lab: &Lab, name: &str, bytes: &[u8]) -> PathBuf {
    let path = lab.path("volumes").join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// Makes an empty file of so many MiB there.
fn empty(lab: &Lab, name: &str, mib: u64) -> PathBuf {
    let path = file(lab, name, b"");
    std::fs::File::options().write(true).open(&path).unwrap().set_len(mib * MIB).unwrap();
    path
}

/// Whether somebody has the file open to write to it, and lets nobody else.
fn is_locked(path: &Path) -> bool {
    let opened = Command::new("qemu-io").args(["-f", "raw", "-c", "quit"]).arg(path).output().unwrap();
    !opened.status.success()
}

/// Runs `qemu-img` to make a container. It measures how fast the machine is, and on a busy one may fail to.
fn make_container(arguments: &[&str], files: &[&Path], more: &[&str]) {
    let object = format!("secret,id=key,data={SECRET}");
    let made = (0..20).any(|_| {
        let mut command = Command::new("qemu-img");
        command.args(arguments).args(["--object", &object, "-o", "key-secret=key,iter-time=10"]);
        command.args(files).args(more).output().unwrap().status.success()
    });
    assert!(made, "qemu-img {arguments:?} {files:?}");
}

pub(crate) fn with(of: &DesiredInstance, disks: &[&DesiredDisk]) -> DesiredInstance {
    let mut next = next(of, Power::Running);
    next.disks.retain(|disk| disk.volume().is_none());
    next.disks.extend(disks.iter().copied().cloned());
    next
}

pub(crate) fn rebooted(of: &DesiredInstance) -> DesiredInstance {
    let number = of.reboot.map_or(1, |reboot| reboot.number + 1);
    DesiredInstance { reboot: Some(Reboot { number, kind: RebootKind::Hard }), ..next(of, Power::Running) }
}

pub(crate) fn holds(seen: &ObservedInstance) -> Vec<(AttachmentId, Option<u64>)> {
    seen.holds.iter().map(|HeldVolume { attachment, size_mib }| (*attachment, *size_mib)).collect()
}

/// Waits until the instance holds just these volumes, of these sizes.
async fn until_held(lab: &Lab, of: &DesiredInstance, wanted: &[(AttachmentId, Option<u64>)]) {
    let same = |seen: Option<&ObservedInstance>| seen.is_some_and(|seen| holds(seen) == wanted);
    lab.until(of.id, &format!("to hold {wanted:?}"), same).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_boots_from_a_volume_that_stays_as_it_was_when_the_instance_goes() {
    let Some(lab) = Lab::open().await else { return };
    let path = file(&lab, "volume-1.raw", &tiny::waiting());
    let before = std::fs::metadata(&path).unwrap();
    let mut root = volume("volume-1.raw", DiskFormat::Raw, 1);
    root.boot = Some(1);
    let mut web = lab.server(b"");
    web.disks = vec![root.clone()];
    let seen = lab.make(&web).await;
    assert_eq!((seen.state, seen.fault.as_ref(), seen.disks_built), (InstanceState::Running, None, true));
    assert_eq!(holds(&seen), [(attachment(&root), Some(1))]);
    lab.says(web.id, "tiny login: ", 1).await;
    // QEMU's user neither owns nor can open it
    let now = std::fs::metadata(&path).unwrap();
    assert_eq!((now.uid(), now.gid(), now.mode()), (before.uid(), before.gid(), before.mode()));
    assert!(is_locked(&path), "it is locked against others");
    let stopped = lab.make(&next(&web, Power::Stopped)).await;
    assert_eq!((stopped.state, holds(&stopped)), (InstanceState::Stopped, vec![]));
    let mut again = next(&web, Power::Running);
    again.generation += 1;
    lab.make(&again).await;
    lab.says(web.id, "tiny login: ", 2).await;
    lab.node().remove(Epoch::FIRST, web.id, i64::MAX).await.unwrap();
    lab.gone(web.id).await;
    assert_eq!(std::fs::read(&path).unwrap(), tiny::waiting(), "the instance is gone, the volume is there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_volume_on_a_base_is_read_through_it_whatever_its_header_says() {
    let Some(lab) = Lab::open().await else { return };
    let base = file(&lab, "volume-1.base.raw", &tiny::waiting());
    let made = Command::new("qemu-img")
        .args(["create", "-q", "-f", "qcow2", "-F", "raw", "-b", "/nowhere", "-u"])
        .arg(lab.path("volumes/volume-1.qcow2"))
        .arg("64M")
        .status();
    assert!(made.unwrap().success());
    let mut root = volume("volume-1.qcow2", DiskFormat::Qcow2, 64);
    root.boot = Some(1);
    let mut web = lab.server(b"");
    web.disks = vec![root];
    lab.make(&web).await;
    lab.says(web.id, "tiny login: ", 1).await;
    assert_eq!(std::fs::read(base).unwrap(), tiny::waiting());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_volume_comes_grows_and_is_held_back_while_the_guest_runs_and_is_never_closed_behind_its_back() {
    let Some(mut lab) = Lab::open_for_volumes(Duration::from_secs(2)).await else { return };
    let path = empty(&lab, "volume-1.raw", 8);
    let web = lab.server(&tiny::waiting());
    lab.make(&web).await;
    let process = lab.guests();
    let mut disk = volume("volume-1.raw", DiskFormat::Raw, 8);
    let id = attachment(&disk);
    let mut now = with(&web, &[&disk]);
    let seen = lab.make(&now).await;
    assert_eq!(
        (seen.fault.as_ref(), seen.deferred.as_ref(), holds(&seen)),
        (None, None, vec![(id, Some(8))])
    );
    // larger, and slower
    disk.size_mib = 16;
    let limits = IoLimits { total_iops: Some(100), write_bytes: Some(1 << 20), ..IoLimits::default() };
    source(&mut disk).limits = limits;
    now = with(&now, &[&disk]);
    let seen = lab.make(&now).await;
    assert_eq!((seen.deferred.as_ref(), holds(&seen)), (None, vec![(id, Some(16))]));
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 16 * MIB);
    let machine = Machine::adopt(process[0].process, &process[0].dir, process[0].launch);
    lab.close();
    let seen = machine.await.unwrap().disks().await.unwrap();
    assert_eq!(seen.iter().find(|seen| seen.node == disk.slot.as_str()).unwrap().limits, limits);
    // the next agent knows it, and a guest that is deaf keeps it
    lab.restart(|_| ()).await;
    until_held(&lab, &web, &[(id, Some(16))]).await;
    now = with(&now, &[]);
    let seen = lab.make(&now).await;
    let told = seen.deferred.as_ref().unwrap().to_string();
    assert!(told.contains("does not let go") && told.contains(&id.to_string()), "{told}");
    assert_eq!((holds(&seen), lab.guests()), (vec![(id, Some(16))], process));
    // wanted again before it went: nothing happened
    now = with(&now, &[&disk]);
    let seen = lab.make(&now).await;
    assert_eq!((seen.deferred.as_ref(), holds(&seen)), (None, vec![(id, Some(16))]));
    now = rebooted(&with(&now, &[]));
    let seen = lab.make(&now).await;
    assert_eq!((seen.state, seen.deferred.as_ref(), holds(&seen)), (InstanceState::Running, None, vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_volume_whose_file_is_missing_is_a_fault_that_ends_when_it_comes_back() {
    let Some(lab) = Lab::open().await else { return };
    let web = lab.server(&tiny::waiting());
    lab.make(&web).await;
    let disk = volume("volume-1.raw", DiskFormat::Raw, 8);
    let now = with(&web, &[&disk]);
    lab.apply(now.clone()).await.unwrap();
    let missing = |seen: Option<&ObservedInstance>| {
        seen.is_some_and(|seen| {
            seen.fault.as_ref().is_some_and(|fault| fault.to_string().contains("volume-1.raw"))
        })
    };
    let seen = lab.until(web.id, "a fault", missing).await.unwrap();
    assert_eq!(seen.state, InstanceState::Running, "the guest goes on");
    assert_eq!(holds(&seen), [(attachment(&disk), None)], "it may have it open");
    empty(&lab, "volume-1.raw", 8);
    assert_eq!(holds(&lab.reached(&now).await), [(attachment(&disk), Some(8))]);
}

/// The agent is killed after each step of plugging in; what QEMU holds by then is what the next one finds.
#[tokio::test(flavor = "multi_thread")]
async fn a_volume_that_was_half_plugged_in_is_finished_or_closed_by_the_next_agent() {
    for wanted in [true, false] {
        let Some(mut lab) = Lab::open_for_volumes(Duration::from_secs(2)).await else { return };
        let path = empty(&lab, "volume-1.raw", 8);
        let mut web = lab.server(&tiny::waiting());
        lab.make(&web).await;
        let disk = volume("volume-1.raw", DiskFormat::Raw, 8);
        if wanted {
            web = with(&web, &[&disk]);
        }
        let guest = lab.guests().remove(0);
        lab.restart(|lab| {
            let edit = serde_json::json!([{ "slot": disk.slot, "attachment": attachment(&disk) }]);
            crate::survival::edit(lab, &web, |record| record["volumes"] = edit);
            let opened = async {
                let machine = Machine::adopt(guest.process, &guest.dir, guest.launch).await.unwrap();
                let file = std::fs::File::options().read(true).write(true).open(&path).unwrap();
                let set = machine.qmp().hand_over_file(disk.slot.as_str(), file.into()).await.unwrap();
                let node = serde_json::json!({ "driver": "raw", "node-name": disk.slot,
                    "file": { "driver": "file", "filename": kogge_qemu::fd_set(set) } });
                machine.qmp().execute("blockdev-add", node).await.unwrap();
            };
            tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(opened));
        })
        .await;
        lab.make(&web).await;
        let held = if wanted { vec![(attachment(&disk), Some(8))] } else { vec![] };
        until_held(&lab, &web, &held).await;
        assert_eq!(is_locked(&path), wanted, "it is open just where it is held");
        assert_eq!(lab.guests(), [guest]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encrypted_volume_waits_for_its_passphrase_and_its_file_holds_nothing_in_clear() {
    let Some(mut lab) = Lab::open().await else { return };
    let path = lab.path("volumes/volume-1.raw");
    let plain = lab.path("plain");
    std::fs::write(&plain, tiny::waiting()).unwrap();
    make_container(&["convert", "-f", "raw", "-O", "luks"], &[&plain, &path], &[]);
    let mut root = volume("volume-1.raw", DiskFormat::Raw, 1);
    root.boot = Some(1);
    source(&mut root).passphrase = Some(SECRET.to_owned());
    let mut web = lab.server(b"");
    web.disks = vec![root.clone()];
    let seen = lab.make(&web).await;
    assert_eq!((seen.fault.as_ref(), holds(&seen)), (None, vec![(attachment(&root), Some(1))]));
    lab.says(web.id, "tiny login: ", 1).await;
    let stored = std::fs::read(&path).unwrap();
    assert!(!contains(&stored, b"tiny login"), "the file holds it in clear");
    // a second one, in the running guest
    let more = lab.path("volumes/volume-2.raw");
    make_container(&["create", "-q", "-f", "luks"], &[&more], &["4M"]);
    let mut data = volume("volume-2.raw", DiskFormat::Raw, 8);
    source(&mut data).passphrase = Some(SECRET.to_owned());
    web = with(&web, &[&root, &data]);
    let seen = lab.make(&web).await;
    assert_eq!(
        holds(&seen),
        [(attachment(&root), Some(1)), (attachment(&data), Some(8))],
        "and it grew at once"
    );
    // nobody finds the passphrase on the host
    let guest = lab.guests().remove(0);
    let command_line = std::fs::read(format!("/proc/{}/cmdline", guest.process.pid)).unwrap();
    assert!(!contains(&command_line, SECRET.as_bytes()));
    for file in std::fs::read_dir(lab.instance_dir(web.id)).unwrap() {
        let path = file.unwrap().path();
        assert!(!path.is_file() || !contains(&std::fs::read(&path).unwrap(), SECRET.as_bytes()), "{path:?}");
    }
    let machine = Machine::adopt(guest.process, &guest.dir, guest.launch);
    lab.close();
    let keys =
        machine.await.unwrap().qmp().execute("qom-list", serde_json::json!({ "path": "/objects" })).await;
    assert!(!keys.unwrap().to_string().contains("key-"), "QEMU forgot it as well");
    // after a restart of the machine it is waited for
    lab.restart(|lab| {
        lab.guests().into_iter().for_each(|guest| {
            guest.process.kill();
            while guest.process.is_alive() {
                std::thread::yield_now();
            }
        })
    })
    .await;
    let waits = |seen: Option<&ObservedInstance>| {
        seen.is_some_and(
            |seen| matches!(&seen.fault, Some(NodeError::NotYet { what }) if what.contains("passphrase")),
        )
    };
    let seen = lab.until(web.id, "to wait for the passphrase", waits).await.unwrap();
    assert!(seen.reached < web.generation, "so that it is told again");
    lab.apply(web.clone()).await.unwrap();
    lab.says(web.id, "tiny login: ", 2).await;
    lab.reached(&web).await;
}

pub(crate) fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

/// A server whose user data tells its disks on the console, and writes to those that are empty.
pub(crate) fn talkative() -> Option<DesiredInstance> {
    let mut web = real_guest()?;
    web.metadata.user_data = Some(
        b"#!/bin/sh\n(while sleep 1; do for d in /sys/block/vd* /sys/block/sd*; do n=${d##*/}; \
          [ -e $d ] && [ $n != vda ] && [ $(cat $d/ro) = 0 ] || continue; \
          h=$(dd if=/dev/$n bs=16 count=1 2>/dev/null | tr -d '\\0'); \
          [ -z \"$h\" ] && { printf written-by-guest | dd of=/dev/$n bs=16 count=1 conv=notrunc 2>/dev/null; sync; }; \
          echo \"disk: $n serial=$(cat $d/serial 2>/dev/null) size=$(cat $d/size) head=$h #\"; done; \
          echo \"disks: $(ls /sys/block | tr '\\n' ' ')#\"; done) > /dev/ttyS0 2>&1 &\n"
            .to_vec(),
    );
    Some(web)
}

/// Waits until the last line of this kind on the console is as wanted.
pub(crate) async fn tells(lab: &Lab, web: &DesiredInstance, kind: &str, wanted: impl Fn(&str) -> bool) {
    let mut seen = 0;
    loop {
        let console = lab.console(web.id).await;
        let told: Vec<&str> =
            console.lines().filter(|line| line.contains(kind) && line.contains('#')).collect();
        if told.last().is_some_and(|line| wanted(line)) {
            return;
        }
        assert!(told.len() < seen + 600, "it never says so: {:?}", told.last());
        seen = seen.max(told.len().saturating_sub(599));
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn linux_writes_to_a_volume_that_grows_and_another_reads_it_later() {
    let Some(web) = talkative() else { return };
    let Some(lab) = Lab::open_patient().await else { return };
    let path = empty(&lab, "volume-1.raw", 16);
    lab.make(&web).await;
    lab.says(web.id, "disks: ", 1).await;
    let mut disk = volume("volume-1.raw", DiskFormat::Raw, 16);
    let serial = disk.volume().unwrap().volume.to_string()[..20].to_owned();
    let mut now = with(&web, &[&disk]);
    lab.make(&now).await;
    tells(&lab, &web, &format!("serial={serial}"), |line| line.contains("head=written-by-guest")).await;
    disk.size_mib = 32;
    now = with(&now, &[&disk]);
    lab.make(&now).await;
    tells(&lab, &web, &format!("serial={serial}"), |line| line.contains("size=65536 ")).await;
    now = with(&now, &[]);
    let seen = lab.make(&now).await;
    assert_eq!((holds(&seen), seen.deferred), (vec![], None), "Linux lets go");
    assert!(contains(&std::fs::read(&path).unwrap(), b"written-by-guest"));
    // the same volume by another attachment, on the other bus
    let mut other = volume("volume-1.raw", DiskFormat::Raw, 32);
    other.bus = DiskBus::Scsi;
    now = with(&now, &[&other]);
    lab.make(&now).await;
    tells(&lab, &web, "disk: sda", |line| {
        line.contains("head=written-by-guest") && line.contains("size=65536 ")
    })
    .await;
    now = with(&now, &[]);
    assert_eq!(holds(&lab.make(&now).await), []);
    tells(&lab, &web, "disks: ", |line| !line.contains("sda")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_a_volume_is_as_it_is_stored_and_whole() {
    let Some(lab) = Lab::open().await else { return };
    let plain = lab.path("plain");
    std::fs::write(&plain, tiny::waiting()).unwrap();
    make_container(
        &["convert", "-f", "raw", "-O", "luks"],
        &[&plain, &lab.path("volumes/volume-1.raw")],
        &[],
    );
    file(&lab, "volume-2.base.raw", &tiny::waiting());
    let made = Command::new("qemu-img")
        .args(["create", "-q", "-f", "qcow2", "-F", "raw", "-b", "volume-2.base.raw"])
        .arg(lab.path("volumes/volume-2.qcow2"))
        .arg("2M")
        .status();
    assert!(made.unwrap().success());
    let mut locked = volume("volume-1.raw", DiskFormat::Raw, 1);
    source(&mut locked).passphrase = Some(SECRET.to_owned());
    let data = volume("volume-2.qcow2", DiskFormat::Qcow2, 2);
    let mut web = lab.server(&tiny::waiting());
    web = with(&web, &[&locked, &data]);
    lab.make(&web).await;
    let container = copied(&lab, &web, &locked.slot).await.unwrap();
    assert_eq!(container, std::fs::read(lab.path("volumes/volume-1.raw")).unwrap());
    assert!(!contains(&container, b"tiny login"));
    let whole = copied(&lab, &web, &data.slot).await.unwrap();
    assert_eq!((whole.len() as u64, &whole[..1 << 20]), (2 * MIB, &tiny::waiting()[..]));
    assert!(copied(&lab, &web, &Slot::root()).await.is_ok());
    // what no guest has open is read where it is kept
    lab.make(&next(&web, Power::Stopped)).await;
    for slot in [&locked.slot, &data.slot, &Slot::swap()] {
        assert!(matches!(copied(&lab, &web, slot).await, Err(NodeError::NotFound { .. })), "{slot}");
    }
    assert!(copied(&lab, &web, &Slot::root()).await.is_ok());
}

/// The plain bytes of a copy of a disk.
async fn copied(lab: &Lab, of: &DesiredInstance, slot: &Slot) -> Result<Vec<u8>, NodeError> {
    let copy = lab.node().export_disk(of.id, slot).await?;
    let kogge_node_api::Data::File(mut file) = copy.data else { panic!("on one machine it is a file") };
    let (packed, plain) = (lab.path("packed"), lab.path("unpacked"));
    std::io::copy(&mut file, &mut std::fs::File::create(&packed).unwrap()).unwrap();
    let convert = ["convert", "-f", "qcow2", "-O", "raw"];
    assert!(Command::new("qemu-img").args(convert).args([&packed, &plain]).status().unwrap().success());
    Ok(std::fs::read(plain).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_of_the_machine_volumes_are_opened_once_somebody_says_that_they_are_to_be() {
    let Some(mut lab) = Lab::open().await else { return };
    let path = empty(&lab, "volume-1.raw", 8);
    let disk = volume("volume-1.raw", DiskFormat::Raw, 8);
    let web = with(&lab.server(&tiny::waiting()), &[&disk]);
    lab.make(&web).await;
    assert!(is_locked(&path));
    lab.restart(crate::survival::kill_all).await;
    let waits = |seen: Option<&ObservedInstance>| {
        let what = |seen: &ObservedInstance| match &seen.fault {
            Some(NodeError::NotYet { what }) => what.contains("still to be opened here"),
            _ => false,
        };
        seen.is_some_and(what)
    };
    let seen = lab.until(web.id, "to wait for a word", waits).await.unwrap();
    assert!(seen.reached < web.generation, "so that it is told again");
    assert!(lab.guests().is_empty() && !is_locked(&path), "another host may have it by now");
    lab.apply(web.clone()).await.unwrap();
    lab.in_state(web.id, InstanceState::Running).await;
    assert!(is_locked(&path));
}
