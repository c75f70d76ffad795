//! Suspended guests go on from where they were, whatever happens to agent and machine meanwhile.

use kogge_node_api::{InstanceState, Node, Power, Reboot, RebootKind};

use crate::lab::{Lab, next};
use crate::tiny;

const PROMPT: &str = "tiny login: ";

#[tokio::test]
async fn a_suspended_guest_goes_on_from_where_it_was() {
    let Some(mut lab) = Lab::open().await else { return };
    let web = lab.server(&tiny::waiting());
    lab.make(&web).await;
    lab.says(web.id, PROMPT, 1).await;
    let away = next(&web, Power::Suspended);
    assert_eq!(lab.make(&away).await.state, InstanceState::Suspended);
    assert!(lab.guests().is_empty(), "nothing of it runs");
    // as after a restart of the machine
    lab.restart(|_| ()).await;
    let seen = lab.see(web.id).await.unwrap();
    assert_eq!((seen.state, seen.reached, seen.fault), (InstanceState::Suspended, away.generation, None));
    let back = next(&away, Power::Running);
    let seen = lab.make(&back).await;
    assert_eq!((seen.state, seen.deferred), (InstanceState::Running, None));
    assert!(!lab.instance_dir(web.id).join("memory").exists(), "it is of no use any more");
    assert_eq!(lab.console(web.id).await.matches(PROMPT).count(), 1, "it did not boot again");
    // and once more, with the process that came from a memory
    lab.make(&next(&back, Power::Suspended)).await;
    let third = next(&next(&back, Power::Suspended), Power::Paused);
    assert_eq!(lab.make(&third).await.state, InstanceState::Paused);
    assert_eq!(lab.console(web.id).await.matches(PROMPT).count(), 1);
    lab.node().remove(kogge_node_api::Epoch::FIRST, web.id, i64::MAX).await.unwrap();
    lab.gone(web.id).await;
}

#[tokio::test]
async fn an_agent_that_is_killed_while_it_suspends_a_guest_loses_nothing() {
    let Some(mut lab) = Lab::open().await else { return };
    for pause in [0, 30, 120, 400] {
        let web = lab.server(&tiny::waiting());
        lab.make(&web).await;
        lab.says(web.id, PROMPT, 1).await;
        let away = next(&web, Power::Suspended);
        lab.apply(away.clone()).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(pause)).await;
        lab.restart(|_| ()).await;
        assert_eq!(lab.reached(&away).await.state, InstanceState::Suspended);
        let back = next(&away, Power::Running);
        lab.apply(back.clone()).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(pause)).await;
        lab.restart(|_| ()).await;
        let seen = lab.reached(&back).await;
        assert_eq!((seen.state, seen.deferred), (InstanceState::Running, None), "{pause}");
        assert_eq!(lab.console(web.id).await.matches(PROMPT).count(), 1, "{pause}");
    }
}

#[tokio::test]
async fn a_memory_that_cannot_be_read_means_a_start_that_says_so() {
    let Some(lab) = Lab::open().await else { return };
    for broken in [None, Some("no memory")] {
        let web = lab.server(&tiny::waiting());
        lab.make(&web).await;
        lab.says(web.id, PROMPT, 1).await;
        let away = next(&web, Power::Suspended);
        lab.make(&away).await;
        let memory = lab.instance_dir(web.id).join("memory");
        match broken {
            None => std::fs::remove_file(&memory).unwrap(),
            Some(bytes) => std::fs::write(&memory, bytes).unwrap(),
        }
        let back = next(&away, Power::Running);
        let seen = lab.make(&back).await;
        assert_eq!((seen.state, seen.fault), (InstanceState::Running, None));
        assert!(seen.deferred.unwrap().to_string().contains("memory of the suspended guest"), "{broken:?}");
        lab.says(web.id, PROMPT, 2).await;
        let after = lab.make(&next(&back, Power::Running)).await;
        assert_eq!(after.deferred, None, "it is said once");
    }
}

#[tokio::test]
async fn who_stops_or_reboots_a_suspended_guest_wants_no_memory() {
    let Some(lab) = Lab::open().await else { return };
    let web = lab.server(&tiny::waiting());
    lab.make(&web).await;
    lab.says(web.id, PROMPT, 1).await;
    let away = next(&web, Power::Suspended);
    lab.make(&away).await;
    let mut anew = next(&away, Power::Running);
    anew.reboot = Some(Reboot { number: 1, kind: RebootKind::Hard });
    let seen = lab.make(&anew).await;
    assert_eq!((seen.state, seen.deferred), (InstanceState::Running, None));
    lab.says(web.id, PROMPT, 2).await;
    let away = next(&anew, Power::Suspended);
    lab.make(&away).await;
    let off = next(&away, Power::Stopped);
    lab.make(&off).await;
    assert_eq!(lab.see(web.id).await.unwrap().state, InstanceState::Stopped);
    lab.make(&next(&off, Power::Running)).await;
    lab.says(web.id, PROMPT, 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn scsi_disks_that_came_one_after_the_other_are_where_the_memory_knows_them() {
    use kogge_node_api::{DiskBus, DiskFormat};

    use crate::volumes::{volume, with};
    let Some(lab) = Lab::open().await else { return };
    let mut web = lab.server(&tiny::waiting());
    web.disks[0].bus = DiskBus::Scsi;
    lab.make(&web).await;
    lab.says(web.id, PROMPT, 1).await;
    let disks = ["volume-1.raw", "volume-2.raw", "volume-3.raw"].map(|name| {
        std::fs::File::create(lab.path("volumes").join(name)).unwrap().set_len(16 << 20).unwrap();
        let mut disk = volume(name, DiskFormat::Raw, 16);
        disk.bus = DiskBus::Scsi;
        disk
    });
    let [first, second, third] = &disks;
    // the last one of the list is plugged in first
    let now = with(&web, &[third]);
    lab.make(&now).await;
    let now = with(&now, &[second, third]);
    lab.make(&now).await;
    let now = with(&now, &[first, second, third]);
    lab.make(&now).await;
    let away = next(&now, Power::Suspended);
    assert_eq!(lab.make(&away).await.state, InstanceState::Suspended);
    let seen = lab.make(&next(&away, Power::Running)).await;
    assert_eq!((seen.state, seen.deferred), (InstanceState::Running, None));
    assert_eq!(lab.console(web.id).await.matches(PROMPT).count(), 1, "it did not boot again");
}
