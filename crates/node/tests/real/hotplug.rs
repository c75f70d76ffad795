//! Interfaces that come and go while the guest runs.

use std::time::Duration;

use kogge_ids::PortId;
use kogge_node_api::{
    DesiredInstance, Epoch, InstanceState, NetworkingChange, Nic, Node, Power, Reboot, RebootKind,
};
use kogge_qemu::{Machine, find_guests, nic_device};

use crate::lab::{Lab, next, real_guest};
use crate::network::{networking, of_port};
use crate::tiny;

/// A server whose user data tells its interfaces on the console, again and again.
fn talkative() -> Option<DesiredInstance> {
    let mut web = real_guest()?;
    web.metadata.user_data = Some(
        b"#!/bin/sh\n(while sleep 1; do echo \"nics: $(ip -4 -o addr | awk '{print $2, $4}' | tr '\\n' ' ')#\"; done) \
          > /dev/ttyS0 2>&1 &\n"
            .to_vec(),
    );
    Some(web)
}

pub(crate) fn nic(number: usize, port: PortId) -> Nic {
    Nic { port, mac: of_port(number).0, mtu: 1450 }
}

fn with(of: &DesiredInstance, nics: &[Nic]) -> DesiredInstance {
    DesiredInstance { nics: nics.to_vec(), ..next(of, Power::Running) }
}

/// What the guest said last of its interfaces holds this, or does not.
async fn has_address(lab: &Lab, web: &DesiredInstance, number: usize, wanted: bool) {
    let address = format!(" {}/", of_port(number).1);
    let mut seen = 0;
    loop {
        let console = lab.console(web.id).await;
        let told: Vec<&str> =
            console.lines().filter(|line| line.contains("nics: ") && line.contains('#')).collect();
        if told.last().is_some_and(|line| line.contains(&address) == wanted) {
            return;
        }
        assert!(told.len() < seen + 600, "it never says so: {:?}", told.last());
        seen = seen.max(told.len().saturating_sub(599));
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn linux_sees_an_interface_come_with_its_lease_and_go() {
    let Some(mut web) = talkative() else { return };
    let Some(mut lab) = Lab::open_networked().await else { return };
    let ports = [PortId::random(), PortId::random()];
    let (first, second) = (nic(0, ports[0]), nic(1, ports[1]));
    web.nics = vec![first.clone()];
    let networking = networking(&web, &ports);
    lab.node().apply_networking(Epoch::FIRST, NetworkingChange::whole(1, networking.clone())).await.unwrap();
    lab.make(&web).await;
    has_address(&lab, &web, 0, true).await;
    let process = lab.guests();

    let two = with(&web, &[first.clone(), second.clone()]);
    let seen = lab.make(&two).await;
    assert_eq!((seen.fault, seen.deferred), (None, None));
    has_address(&lab, &web, 1, true).await;
    assert!(lab.is_up(&networking, 1).await);
    assert_eq!(lab.guests(), process, "it is the same process");

    // the next agent finds the interface that was plugged in, and takes it out again
    lab.restart(|_| ()).await;
    lab.in_state(web.id, InstanceState::Running).await;
    assert!(lab.is_up(&networking, 1).await);
    let one = with(&two, std::slice::from_ref(&first));
    let seen = lab.make(&one).await;
    assert_eq!((seen.fault, seen.deferred), (None, None));
    has_address(&lab, &web, 1, false).await;
    assert!(!lab.is_up(&networking, 1).await && lab.is_up(&networking, 0).await);
    assert_eq!(lab.guests(), process);

    // plugged in again it stays over a reboot
    let mut again = with(&one, &[first, second]);
    lab.make(&again).await;
    assert!(lab.is_up(&networking, 1).await);
    again = next(&again, Power::Running);
    again.reboot = Some(Reboot { number: 1, kind: RebootKind::Hard });
    lab.make(&again).await;
    lab.says(web.id, "login:", 2).await;
    lab.says(web.id, "ip=10.0.0.10", 2).await;
    assert!(lab.console(web.id).await.contains("eth1 fa:16:3e:00:00:0b mtu 1450 10.0.0.11"));
    assert!(lab.is_up(&networking, 1).await);
    lab.node().remove(Epoch::FIRST, web.id, i64::MAX).await.unwrap();
    lab.gone(web.id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deaf_guest_is_cut_off_and_loses_the_device_when_it_starts_anew() {
    let Some(mut lab) = Lab::open_networked_with(Duration::from_secs(2)).await else { return };
    let ports = [PortId::random(), PortId::random()];
    let (first, second) = (nic(0, ports[0]), nic(1, ports[1]));
    let mut web = lab.server(&tiny::waiting());
    web.nics = vec![first.clone(), second.clone()];
    let networking = networking(&web, &ports);
    lab.node().apply_networking(Epoch::FIRST, NetworkingChange::whole(1, networking.clone())).await.unwrap();
    lab.make(&web).await;
    lab.says(web.id, "tiny login: ", 1).await;
    assert!(lab.is_up(&networking, 1).await);
    let one = with(&web, std::slice::from_ref(&first));
    let seen = lab.make(&one).await;
    assert_eq!((seen.state, &seen.fault), (InstanceState::Running, &None));
    let told = seen.deferred.unwrap().to_string();
    assert!(told.contains(&ports[1].to_string()) && told.contains("does not let go"), "{told}");
    assert!(!lab.is_up(&networking, 1).await, "its tap is gone");
    // the next agent still knows, and holds up nothing
    lab.restart(|_| ()).await;
    let seen = lab.reached(&one).await;
    assert_eq!(seen.deferred.map(|error| error.to_string()), Some(told));
    let paused = DesiredInstance { power: Power::Paused, ..with(&one, std::slice::from_ref(&first)) };
    assert_eq!(lab.make(&paused).await.state, InstanceState::Paused);
    let mut anew = with(&paused, std::slice::from_ref(&first));
    anew.reboot = Some(Reboot { number: 1, kind: RebootKind::Hard });
    let seen = lab.make(&anew).await;
    assert_eq!((seen.state, seen.deferred), (InstanceState::Running, None));
    // and the port is free for another life
    let back = with(&anew, &[first, second]);
    assert_eq!(lab.make(&back).await.deferred, None);
    assert!(lab.is_up(&networking, 1).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn there_are_so_many_slots_and_the_rest_comes_with_the_next_start() {
    let Some(lab) = Lab::open_networked_with(Duration::from_secs(2)).await else { return };
    let ports: Vec<PortId> = (0..10).map(|_| PortId::random()).collect();
    let nics: Vec<Nic> = ports.iter().enumerate().map(|(number, port)| nic(number, *port)).collect();
    let web = lab.server(&tiny::waiting());
    let networking = networking(&web, &ports);
    lab.node().apply_networking(Epoch::FIRST, NetworkingChange::whole(1, networking.clone())).await.unwrap();
    lab.make(&web).await;
    let many = with(&web, &nics);
    let seen = lab.make(&many).await;
    let told = seen.deferred.unwrap().to_string();
    assert!(told.contains("no free slot") && seen.fault.is_none(), "{told}");
    let up = |seen: kogge_node_api::ObservedNetworking| seen.ports.iter().filter(|port| port.up).count();
    let mut count = up(lab
        .node()
        .apply_networking(Epoch::FIRST, NetworkingChange::whole(1, networking.clone()))
        .await
        .unwrap());
    assert_eq!(count, 8, "as many as there are spare slots");
    let mut anew = with(&many, &nics);
    anew.reboot = Some(Reboot { number: 1, kind: RebootKind::Hard });
    assert_eq!(lab.make(&anew).await.deferred, None);
    count =
        up(lab.node().apply_networking(Epoch::FIRST, NetworkingChange::whole(1, networking)).await.unwrap());
    assert_eq!(count, 10);
}

/// The agent is killed after each step of plugging in; what QEMU holds by then is what the next one finds.
#[tokio::test(flavor = "multi_thread")]
async fn an_interface_that_was_half_plugged_in_is_finished_or_cleared_by_the_next_agent() {
    for wanted in [true, false] {
        let Some(mut lab) = Lab::open_networked_with(Duration::from_secs(2)).await else { return };
        let port = PortId::random();
        let mut web = lab.server(&tiny::waiting());
        let networking = networking(&web, &[port]);
        lab.node()
            .apply_networking(Epoch::FIRST, NetworkingChange::whole(1, networking.clone()))
            .await
            .unwrap();
        lab.make(&web).await;
        if wanted {
            web = with(&web, &[nic(0, port)]);
        }
        let tap = lab.tap(port).await;
        let guest = lab.guests().remove(0);
        // noted, handed over, and then the agent is gone
        lab.restart(|lab| {
            let edit = serde_json::json!([{ "device": nic_device(port), "port": port, "cut": false }]);
            crate::survival::edit(lab, &web, |record| record["plugs"] = edit);
            let handed = async {
                let machine = Machine::adopt(guest.process, &guest.dir, guest.launch).await.unwrap();
                machine.qmp().hand_over(&format!("net-{port}"), tap).await.unwrap();
            };
            tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(handed));
        })
        .await;
        lab.in_state(web.id, InstanceState::Running).await;
        lab.node()
            .apply_networking(Epoch::FIRST, NetworkingChange::whole(1, networking.clone()))
            .await
            .unwrap();
        lab.make(&web).await;
        let quiet = |o: Option<&kogge_node_api::ObservedInstance>| o.is_some_and(|o| o.deferred.is_none());
        lab.until(web.id, "nothing deferred", quiet).await;
        lab.until_port(&networking, wanted).await;
        assert_eq!(find_guests(&lab.path("data/instances")), [guest]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_guest_keeps_interfaces_that_were_plugged_in_and_has_none_that_went() {
    let Some(mut lab) = Lab::open_networked().await else { return };
    let mut web = lab.server(&tiny::waiting());
    let ports = [PortId::random(), PortId::random()];
    web.nics = vec![nic(0, ports[0])];
    let networking = networking(&web, &ports);
    lab.node().apply_networking(Epoch::FIRST, NetworkingChange::whole(1, networking)).await.unwrap();
    lab.make(&web).await;
    lab.says(web.id, "tiny login: ", 1).await;
    let two = with(&web, &[nic(0, ports[0]), nic(1, ports[1])]);
    lab.make(&two).await;
    let away = next(&two, Power::Suspended);
    assert_eq!(lab.make(&away).await.state, InstanceState::Suspended);
    lab.restart(|_| ()).await;
    let back = next(&away, Power::Running);
    let seen = lab.make(&back).await;
    assert_eq!((seen.state, seen.deferred), (InstanceState::Running, None));
    assert_eq!(lab.console(web.id).await.matches("tiny login: ").count(), 1, "from its memory");
    // a port that went while it was away: its memory does not fit any more
    let away = next(&back, Power::Suspended);
    lab.make(&away).await;
    let fewer = DesiredInstance { nics: vec![nic(0, ports[0])], ..next(&away, Power::Running) };
    let seen = lab.make(&fewer).await;
    assert!(seen.deferred.unwrap().to_string().contains("the devices of the guest changed"));
    lab.says(web.id, "tiny login: ", 2).await;
}
