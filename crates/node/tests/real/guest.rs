//! The test guest: a real Linux with a power button that it hears.

use kogge_node_api::{Epoch, Firmware, InstanceState, Node, Power, Reboot, RebootKind};

use crate::lab::{Lab, next, real_guest};

#[tokio::test]
async fn linux_boots_to_its_login_reads_its_config_drive_and_hears_the_power_button() {
    let Some(web) = real_guest() else { return };
    let Some(mut lab) = Lab::open_patient().await else { return };
    lab.make(&web).await;
    lab.says(web.id, "login:", 1).await;
    let console = lab.console(web.id).await;
    assert!(
        console.contains("datasource=") && console.contains(&format!("instance-id={}", web.id)),
        "{console}"
    );
    assert!(console.contains("hostname=web-1") && console.contains("user-data-was-here"), "{console}");
    // the agent dies; Linux does not notice
    lab.restart(|_| ()).await;
    let mut again = next(&web, Power::Running);
    again.reboot = Some(Reboot { number: 1, kind: RebootKind::Soft });
    assert_eq!(lab.make(&again).await.reboots_done, 1);
    lab.says(web.id, "login:", 2).await;
    assert!(!lab.console(web.id).await.contains("recovering journal"), "it was shut down properly");
    let stopped = lab.make(&next(&again, Power::Stopped)).await;
    assert_eq!((stopped.state, stopped.fault), (InstanceState::Stopped, None));
    lab.node().remove(Epoch::FIRST, web.id, i64::MAX).await.unwrap();
    lab.gone(web.id).await;
}

#[tokio::test]
async fn linux_boots_with_uefi() {
    let Some(mut web) = real_guest() else { return };
    if !std::path::Path::new("/usr/share/OVMF").exists() {
        println!("skipped: no UEFI firmware is installed");
        return;
    }
    let Some(lab) = Lab::open_patient().await else { return };
    web.firmware = Firmware::Uefi;
    lab.make(&web).await;
    lab.says(web.id, "login:", 1).await;
}
