//! An instance from its making to its removal.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use async_trait::async_trait;
use kogge_ids::PortId;
use kogge_node::Wiring;
use kogge_node_api::{
    DesiredDisk, DesiredNetworking, DiskBus, DiskSource, Epoch, InstanceState, NetworkingChange, Nic, Node,
    NodeError, ObservedNetworking, Power, Reboot, RebootKind, Slot,
};

use crate::lab::{Lab, next};
use crate::tiny;

#[tokio::test]
async fn a_guest_boots_and_its_console_is_readable() {
    let Some(lab) = Lab::open().await else { return };
    let web = lab.server(&tiny::waiting());
    let first = lab.apply(web.clone()).await.unwrap();
    assert_eq!((first.reached, first.state), (0, InstanceState::Building));
    let seen = lab.reached(&web).await;
    assert_eq!((seen.state, seen.fault), (InstanceState::Running, None));
    lab.says(web.id, "tiny login: ", 1).await;
    let tail = lab.node().console_output(web.id, Some(1)).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&tail), "tiny login: ");
}

#[tokio::test]
async fn all_disks_and_scsi_work_together() {
    let Some(lab) = Lab::open().await else { return };
    let mut web = lab.server(&tiny::waiting());
    (web.disks[0].size_mib, web.disks[0].bus) = (1024, DiskBus::Scsi);
    let more =
        |slot, source, size_mib| DesiredDisk { slot, source, size_mib, boot: None, ..web.disks[0].clone() };
    let two = [more(Slot::ephemeral(), DiskSource::Blank, 1024), more(Slot::swap(), DiskSource::Swap, 64)];
    web.disks.extend(two);
    lab.make(&web).await;
    lab.says(web.id, "tiny login: ", 1).await;
}

#[tokio::test]
async fn a_deaf_guest_is_stopped_by_force_and_started_again() {
    let Some(lab) = Lab::open().await else { return };
    let web = lab.server(&tiny::waiting());
    lab.make(&web).await;
    lab.says(web.id, "tiny login: ", 1).await;
    let off = next(&web, Power::Stopped);
    assert_eq!(lab.make(&off).await.state, InstanceState::Stopped);
    assert!(lab.guests().is_empty());
    let on = next(&off, Power::Running);
    assert_eq!(lab.make(&on).await.state, InstanceState::Running);
    lab.says(web.id, "tiny login: ", 2).await;
}

#[tokio::test]
async fn a_paused_guest_stands_still_and_goes_on_in_the_same_process() {
    let Some(lab) = Lab::open().await else { return };
    let web = lab.server(&tiny::waiting());
    lab.make(&web).await;
    let before = lab.guests();
    let paused = next(&web, Power::Paused);
    assert_eq!(lab.make(&paused).await.state, InstanceState::Paused);
    assert_eq!(lab.make(&next(&paused, Power::Running)).await.state, InstanceState::Running);
    assert_eq!(lab.guests(), before);
}

#[tokio::test]
async fn each_reboot_number_is_done_once_and_a_soft_one_falls_back() {
    let Some(lab) = Lab::open().await else { return };
    let web = lab.server(&tiny::waiting());
    lab.make(&web).await;
    lab.says(web.id, "tiny login: ", 1).await;
    let mut hard = next(&web, Power::Running);
    hard.reboot = Some(Reboot { number: 1, kind: RebootKind::Hard });
    assert_eq!(lab.make(&hard).await.reboots_done, 1);
    lab.says(web.id, "tiny login: ", 2).await;
    let mut soft = next(&hard, Power::Running);
    soft.reboot = Some(Reboot { number: 2, kind: RebootKind::Soft });
    assert_eq!(lab.make(&soft).await.reboots_done, 2);
    lab.says(web.id, "tiny login: ", 3).await;
    let process = lab.guests();
    lab.make(&next(&soft, Power::Running)).await;
    assert_eq!(lab.guests(), process);
}

#[tokio::test]
async fn a_guest_that_powers_itself_off_is_stopped_until_a_newer_generation() {
    let Some(lab) = Lab::open().await else { return };
    let web = lab.server(&tiny::powering_off());
    lab.apply(web.clone()).await.unwrap();
    let off = lab.in_state(web.id, InstanceState::Stopped).await;
    assert_eq!(off.fault, None);
    lab.until(web.id, "no process", |_| lab.guests().is_empty()).await;
    lab.apply(web.clone()).await.unwrap();
    assert_eq!(lab.see(web.id).await.unwrap().state, InstanceState::Stopped);
    assert_eq!(lab.console(web.id).await.matches("tiny login").count(), 1);
    lab.apply(next(&web, Power::Running)).await.unwrap();
    lab.says(web.id, "tiny login: ", 2).await;
}

#[tokio::test]
async fn a_killed_guest_is_a_crash_with_a_reason_and_a_newer_generation_revives_it() {
    let Some(lab) = Lab::open().await else { return };
    let web = lab.server(&tiny::waiting());
    lab.make(&web).await;
    lab.guests()[0].process.kill();
    let crashed = lab.in_state(web.id, InstanceState::Crashed).await;
    assert!(crashed.fault.unwrap().to_string().contains("running the guest"));
    let again = lab.make(&next(&web, Power::Running)).await;
    assert_eq!((again.state, again.fault), (InstanceState::Running, None));
}

#[tokio::test]
async fn removal_leaves_nothing_whatever_the_instance_does() {
    let Some(lab) = Lab::open().await else { return };
    let building = lab.server(&tiny::waiting());
    lab.apply(building.clone()).await.unwrap();
    assert!(!lab.node().remove(Epoch::FIRST, building.id, i64::MAX).await.unwrap());
    lab.gone(building.id).await;
    let running = lab.server(&tiny::waiting());
    lab.make(&running).await;
    lab.node().remove(Epoch::FIRST, running.id, i64::MAX).await.unwrap();
    lab.node().remove(Epoch::FIRST, running.id, i64::MAX).await.unwrap();
    lab.gone(running.id).await;
    assert!(lab.guests().is_empty());
    let stopping = lab.server(&tiny::waiting());
    lab.make(&stopping).await;
    lab.apply(next(&stopping, Power::Stopped)).await.unwrap();
    lab.node().remove(Epoch::FIRST, stopping.id, i64::MAX).await.unwrap();
    lab.gone(stopping.id).await;
    assert!(lab.guests().is_empty());
    assert!(lab.node().remove(Epoch::FIRST, stopping.id, i64::MAX).await.unwrap());
}

#[tokio::test]
async fn a_guest_that_shouts_cannot_fill_the_hosts_disk() {
    let Some(lab) = Lab::open().await else { return };
    let web = lab.server(&tiny::shouting());
    lab.make(&web).await;
    let cut = lab.instance_dir(web.id).join("console.log.1");
    lab.says(web.id, "x", 1).await;
    while !cut.exists() {
        // it shouts without end, so this ends too
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let log = lab.node().console_output(web.id, None).await.unwrap();
    assert!(log.len() <= 100 * 1024 && !log.contains(&0), "{} bytes", log.len());
    lab.until(web.id, "more", |o| o.is_some_and(|o| o.state == InstanceState::Running)).await;
}

#[tokio::test]
async fn a_missing_image_is_a_fault_and_can_be_removed() {
    let Some(lab) = Lab::open().await else { return };
    let web = lab.server(&tiny::waiting());
    let image = web.image().unwrap().clone();
    let first = lab.node().apply(Epoch::FIRST, web.clone()).await.unwrap();
    assert_eq!(first.lacks, std::slice::from_ref(&image));
    let seen = lab.until(web.id, "a fault", |o| o.is_some_and(|o| o.fault.is_some())).await.unwrap();
    assert_eq!(seen.state, InstanceState::Building);
    assert!(seen.fault.unwrap().to_string().contains(&image.image.to_string()));
    // it comes up by itself as soon as the image is there
    lab.hand_over(&image).await;
    assert_eq!(lab.reached(&web).await.lacks, []);
    lab.node().remove(Epoch::FIRST, web.id, i64::MAX).await.unwrap();
    lab.gone(web.id).await;
}

/// Ports come late, and then as something that is no tap.
struct LateWiring(std::sync::atomic::AtomicBool);

#[async_trait]
impl Wiring for LateWiring {
    async fn recover(&self) -> Result<ObservedNetworking, NodeError> {
        Ok(ObservedNetworking::default())
    }

    async fn apply(&self, _desired: DesiredNetworking) -> Result<ObservedNetworking, NodeError> {
        self.0.store(true, std::sync::atomic::Ordering::SeqCst);
        Ok(ObservedNetworking::default())
    }

    async fn observe(&self) -> Result<ObservedNetworking, NodeError> {
        Ok(ObservedNetworking::default())
    }

    async fn plug(&self, port: PortId) -> Result<OwnedFd, NodeError> {
        if self.0.load(std::sync::atomic::Ordering::SeqCst) {
            return Ok(std::fs::File::open("/dev/null").unwrap().into());
        }
        Err(NodeError::NotYet { what: format!("port {port}") })
    }

    async fn unplug(&self, _port: PortId) -> Result<(), NodeError> {
        Ok(())
    }
}

#[tokio::test]
async fn a_guest_waits_for_its_port_and_qemus_own_words_are_told() {
    let wiring = Arc::new(LateWiring(false.into()));
    let Some(lab) = Lab::with_wiring(wiring).await else { return };
    let mut web = lab.server(&tiny::waiting());
    web.nics.push(Nic { port: PortId::random(), mac: "fa:16:3e:00:00:01".to_owned(), mtu: 1450 });
    lab.apply(web.clone()).await.unwrap();
    let waits = |o: Option<&kogge_node_api::ObservedInstance>| {
        o.is_some_and(|o| matches!(o.fault, Some(NodeError::NotYet { .. })))
    };
    lab.until(web.id, "waiting for the port", waits).await;
    lab.node()
        .apply_networking(Epoch::FIRST, NetworkingChange::whole(1, DesiredNetworking::default()))
        .await
        .unwrap();
    let fails = |o: Option<&kogge_node_api::ObservedInstance>| {
        o.is_some_and(|o| matches!(o.fault, Some(NodeError::Failed { .. })))
    };
    let seen = lab.until(web.id, "QEMU's refusal", fails).await.unwrap();
    assert!(seen.fault.unwrap().to_string().contains("net-"), "the words of QEMU");
    lab.node().remove(Epoch::FIRST, web.id, i64::MAX).await.unwrap();
    lab.gone(web.id).await;
    assert!(lab.guests().is_empty());
}

#[tokio::test]
async fn a_rescued_guest_boots_from_another_disk_and_its_own_is_untouched() {
    let Some(mut lab) = Lab::open().await else { return };
    let web = lab.server(&tiny::waiting());
    lab.make(&web).await;
    lab.says(web.id, "tiny login: ", 1).await;
    let own = crate::lab::identity(&lab, web.id);
    let mut rescued = next(&web, Power::Running);
    let path = lab.path("rescue-image");
    std::fs::write(&path, tiny::powering_off()).unwrap();
    let rescue = crate::lab::root(&path, kogge_node_api::DiskFormat::Raw, 0);
    rescued.disks[0].boot = None;
    rescued.disks.insert(0, DesiredDisk { slot: Slot::rescue(), ..rescue });
    rescued.reboot = Some(Reboot { number: 1, kind: RebootKind::Hard });
    lab.apply(rescued.clone()).await.unwrap();
    let lacks = |o: Option<&kogge_node_api::ObservedInstance>| o.is_some_and(|o| !o.lacks.is_empty());
    let seen = lab.until(web.id, "what it lacks", lacks).await.unwrap();
    lab.hand_over(&seen.lacks[0]).await;
    lab.reached(&rescued).await;
    // this disk's guest powers itself off
    lab.says(web.id, "tiny login: ", 2).await;
    lab.in_state(web.id, InstanceState::Stopped).await;
    lab.restart(|_| ()).await;
    let mut back = next(&rescued, Power::Running);
    back.disks = web.disks.clone();
    back.reboot = Some(Reboot { number: 2, kind: RebootKind::Hard });
    lab.make(&back).await;
    lab.says(web.id, "tiny login: ", 3).await;
    assert_eq!(crate::lab::identity(&lab, web.id), own);
    assert!(!lab.instance_dir(web.id).join("rescue.qcow2").exists());
}
