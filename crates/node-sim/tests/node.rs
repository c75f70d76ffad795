//! The simulated node keeps the contract of `Node`.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use kogge_clock::{Clock, Timestamp};
use kogge_ids::{ImageId, NetworkId, PortId, ServerId};
use kogge_node_api::{
    Data, DesiredDisk, DesiredInstance, DesiredNetworking, DesiredPort, DiskBus, DiskFormat, DiskSource,
    Epoch, Firmware, GuestMetadata, Hello, ImageHead, ImageSource, InstanceState, NetworkingChange, Nic,
    Node, NodeError, Power, Reboot, RebootKind, SetAside, Slot, Versions, capability,
};
use kogge_node_sim::{Call, Delays, SimConfig, SimNode, Times};
use sha2::{Digest as _, Sha512};

/// A host on which guests run whatever networking there is.
fn loose(name: &str) -> SimConfig {
    SimConfig { strict_ports: false, ..SimConfig::new(name) }
}

fn desired(generation: i64, power: Power) -> DesiredInstance {
    let id = ServerId::random();
    DesiredInstance {
        id,
        generation,
        power,
        reboot: None,
        interrupt: 0,
        vcpus: 1,
        memory_mib: 512,
        disks: vec![DesiredDisk {
            slot: Slot::root(),
            source: DiskSource::Blank,
            size_mib: 2048,
            bus: DiskBus::Virtio,
            boot: Some(1),
            made: false,
        }],
        nics: vec![Nic { port: PortId::random(), mac: "fa:16:3e:00:00:01".to_owned(), mtu: 1450 }],
        config_drive: false,
        firmware: Firmware::Bios,
        hardware: Default::default(),
        metadata: GuestMetadata {
            server: id,
            name: "web".to_owned(),
            hostname: "web".to_owned(),
            project_id: "p".to_owned(),
            availability_zone: "nova".to_owned(),
            meta: BTreeMap::new(),
            keys: Vec::new(),
            user_data: None,
            admin_password: None,
            launch_index: 0,
            flavor: "small".to_owned(),
            image: String::new(),
            network_data: "{}".to_owned(),
            random_seed: None,
            files: Vec::new(),
        },
    }
}

fn port(of: &DesiredInstance) -> DesiredPort {
    DesiredPort {
        id: of.nics[0].port,
        network: NetworkId::random(),
        server: Some(of.id),
        mac: of.nics[0].mac.clone(),
        fixed_ips: Vec::new(),
        admin_up: true,
        port_security: true,
        allowed_pairs: Vec::new(),
        security_groups: Vec::new(),
        hostname: "web".to_owned(),
    }
}

fn node() -> SimNode {
    SimNode::new(loose("sim-1"), Clock::system())
}

fn next(of: &DesiredInstance, power: Power) -> DesiredInstance {
    DesiredInstance { generation: of.generation + 1, power, ..of.clone() }
}

async fn console(node: &SimNode, id: ServerId) -> String {
    String::from_utf8(node.console_output(id, None).await.unwrap()).unwrap()
}

#[tokio::test]
async fn an_old_commander_is_refused_and_nothing_of_its_orders_is_done() {
    let (node, web) = (node(), desired(1, Power::Running));
    node.apply(Epoch(2), web.clone()).await.unwrap();
    let next_epoch = node.take_command(Epoch::FIRST).await.unwrap();
    assert_eq!(next_epoch, Epoch(3), "newer than all before");
    node.apply(next_epoch, web.clone()).await.unwrap();
    let deposed = NodeError::Deposed { by: Epoch(1), newest: next_epoch };
    let aside = SetAside { since: 1, because: String::new() };
    assert_eq!(node.remove(Epoch(1), web.id, 1).await.unwrap_err(), deposed);
    assert_eq!(node.apply(Epoch(1), next(&web, Power::Stopped)).await.unwrap_err(), deposed);
    assert_eq!(node.set_aside(Epoch(1), web.id, aside).await.unwrap_err(), deposed);
    assert_eq!(node.take_back(Epoch(1), web.id).await.unwrap_err(), deposed);
    let empty = DesiredNetworking::default();
    assert_eq!(
        node.apply_networking(Epoch(1), NetworkingChange::whole(9, empty.clone())).await.unwrap_err(),
        deposed
    );
    let seen = node.observe().await.unwrap();
    assert_eq!((seen[0].state, seen[0].quarantined), (InstanceState::Running, false));
    node.apply_networking(Epoch(4), NetworkingChange::whole(1, empty)).await.unwrap();
    assert!(node.remove(next_epoch, web.id, 1).await.is_err(), "the next one is in command");
}

#[tokio::test]
async fn an_instance_is_running_as_soon_as_it_is_wanted() {
    let (node, web) = (node(), desired(1, Power::Running));
    let observed = node.apply(Epoch::FIRST, web.clone()).await.unwrap();
    assert_eq!((observed.reached, observed.state), (1, InstanceState::Running));
    assert!(console(&node, web.id).await.ends_with("web login: "));
    assert_eq!(node.observe().await.unwrap(), vec![observed]);
}

#[tokio::test]
async fn power_follows_each_generation_and_an_older_one_is_ignored() {
    let (node, web) = (node(), desired(1, Power::Running));
    node.apply(Epoch::FIRST, web.clone()).await.unwrap();
    let stopped = next(&web, Power::Stopped);
    assert_eq!(node.apply(Epoch::FIRST, stopped.clone()).await.unwrap().state, InstanceState::Stopped);
    assert_eq!(node.apply(Epoch::FIRST, web.clone()).await.unwrap().state, InstanceState::Stopped);
    let paused = next(&stopped, Power::Paused);
    assert_eq!(node.apply(Epoch::FIRST, paused.clone()).await.unwrap().state, InstanceState::Paused);
    assert_eq!(
        node.apply(Epoch::FIRST, next(&paused, Power::Running)).await.unwrap().state,
        InstanceState::Running
    );
    assert_eq!(console(&node, web.id).await.matches("login:").count(), 2);
}

#[tokio::test]
async fn each_reboot_number_is_done_once() {
    let (node, web) = (node(), desired(1, Power::Running));
    node.apply(Epoch::FIRST, web.clone()).await.unwrap();
    let mut again = next(&web, Power::Running);
    again.reboot = Some(Reboot { number: 1, kind: RebootKind::Soft });
    assert_eq!(node.apply(Epoch::FIRST, again.clone()).await.unwrap().reboots_done, 1);
    node.apply(Epoch::FIRST, again.clone()).await.unwrap();
    node.apply(Epoch::FIRST, next(&again, Power::Running)).await.unwrap();
    assert_eq!(console(&node, web.id).await.matches("login:").count(), 2);
}

#[tokio::test]
async fn a_guest_that_powered_itself_off_stays_off_until_a_newer_generation() {
    let (node, web) = (node(), desired(1, Power::Running));
    node.apply(Epoch::FIRST, web.clone()).await.unwrap();
    assert!(node.guest_powers_off(web.id));
    assert!(!node.guest_powers_off(web.id));
    assert_eq!(node.apply(Epoch::FIRST, web.clone()).await.unwrap().state, InstanceState::Stopped);
    assert_eq!(
        node.apply(Epoch::FIRST, next(&web, Power::Running)).await.unwrap().state,
        InstanceState::Running
    );
}

#[tokio::test]
async fn a_crash_is_told_with_its_reason() {
    let (node, web) = (node(), desired(1, Power::Running));
    node.apply(Epoch::FIRST, web.clone()).await.unwrap();
    assert!(node.crash_guest(web.id, "out of luck"));
    let observed = node.apply(Epoch::FIRST, web.clone()).await.unwrap();
    assert_eq!(observed.state, InstanceState::Crashed);
    assert!(observed.fault.unwrap().to_string().contains("out of luck"));
    let up = node.apply(Epoch::FIRST, next(&web, Power::Running)).await.unwrap();
    assert_eq!((up.state, up.fault), (InstanceState::Running, None));
}

#[tokio::test]
async fn removing_twice_leaves_nothing_and_does_no_harm() {
    let (node, web) = (node(), desired(1, Power::Running));
    node.apply(Epoch::FIRST, web.clone()).await.unwrap();
    assert!(node.remove(Epoch::FIRST, web.id, i64::MAX).await.unwrap());
    assert!(node.remove(Epoch::FIRST, web.id, i64::MAX).await.unwrap());
    assert!(node.observe().await.unwrap().is_empty());
    assert!(matches!(node.console_output(web.id, None).await, Err(NodeError::NotFound { .. })));
}

#[tokio::test]
async fn work_takes_its_time_by_the_clock_and_a_removal_cuts_it_short() {
    let (clock, hand) = Clock::fake(Timestamp::from_seconds(1_000));
    let delays =
        Delays { build: Duration::from_secs(10), remove: Duration::from_secs(5), ..Delays::default() };
    let node = SimNode::new(loose("slow").with_delays(delays), clock);
    let web = desired(1, Power::Running);
    let at_once = node.apply(Epoch::FIRST, web.clone()).await.unwrap();
    assert_eq!((at_once.reached, at_once.state), (0, InstanceState::Building));
    assert!(matches!(node.export_disk(web.id, &Slot::root()).await, Err(NodeError::NotYet { .. })));
    hand.advance(Duration::from_secs(6));
    // being told again does not begin anew
    node.apply(Epoch::FIRST, web.clone()).await.unwrap();
    hand.advance(Duration::from_secs(5));
    assert_eq!(node.observe().await.unwrap()[0].state, InstanceState::Running);
    let other = desired(1, Power::Running);
    node.apply(Epoch::FIRST, other.clone()).await.unwrap();
    assert!(!node.remove(Epoch::FIRST, other.id, i64::MAX).await.unwrap());
    hand.advance(Duration::from_secs(6));
    assert!(node.remove(Epoch::FIRST, other.id, i64::MAX).await.unwrap());
    assert_eq!(node.instance_ids(), vec![web.id]);
}

#[tokio::test(start_paused = true)]
async fn an_observer_is_told_when_delayed_work_is_done() {
    let delays = Delays { build: Duration::from_secs(3), ..Delays::default() };
    let (clock, hand) = Clock::fake(Timestamp::from_seconds(0));
    let node = SimNode::new(loose("slow").with_delays(delays), clock);
    node.apply(Epoch::FIRST, desired(1, Power::Running)).await.unwrap();
    let begun = node.observe_since(None, Duration::ZERO).await.unwrap();
    assert!(begun.whole && begun.instances[0].state == InstanceState::Building);
    hand.advance(Duration::from_secs(3));
    let seen = node.observe_since(Some(begun.cursor), Duration::from_secs(60)).await.unwrap();
    assert!(!seen.whole && seen.instances[0].state == InstanceState::Running);
    let quiet = node.observe_since(Some(seen.cursor), Duration::from_secs(60)).await.unwrap();
    assert!(quiet.is_empty() && quiet.cursor == seen.cursor);
}

#[tokio::test]
async fn a_cursor_of_an_earlier_life_gives_the_whole() {
    let (node, web) = (node(), desired(1, Power::Running));
    node.apply(Epoch::FIRST, web.clone()).await.unwrap();
    let before = node.observe_since(None, Duration::ZERO).await.unwrap().cursor;
    assert!(node.observe_since(Some(before), Duration::ZERO).await.unwrap().is_empty());
    node.restart_agent();
    let after = node.observe_since(Some(before), Duration::from_secs(60)).await.unwrap();
    assert!(after.whole && after.instances.len() == 1);
    node.remove(Epoch::FIRST, web.id, 1).await.unwrap();
    assert_eq!(node.observe_since(Some(after.cursor), Duration::ZERO).await.unwrap().gone, [web.id]);
}

#[tokio::test]
async fn what_comes_late_does_not_win() {
    let (node, web) = (node(), desired(7, Power::Running));
    node.apply(Epoch(2), web.clone()).await.unwrap();
    let older = NodeError::Older { generation: 6, newest: 7 };
    assert_eq!(node.remove(Epoch(2), web.id, 6).await, Err(older));
    let deposed = node.remove(Epoch(1), web.id, 9).await.unwrap_err();
    assert!(matches!(deposed, NodeError::Deposed { .. }), "{deposed}");
    let new = DesiredNetworking { ports: vec![port(&web)], ..DesiredNetworking::default() };
    assert_eq!(node.apply_networking(Epoch(2), NetworkingChange::whole(5, new)).await.unwrap().generation, 5);
    let late = node
        .apply_networking(Epoch(2), NetworkingChange::whole(4, DesiredNetworking::default()))
        .await
        .unwrap();
    assert_eq!((late.generation, late.ports.len()), (5, 1), "it is told what is");
    node.apply_networking(Epoch(3), NetworkingChange::whole(1, DesiredNetworking::default())).await.unwrap();
    assert!(node.port_ids().is_empty(), "a new commander counts anew");
}

#[tokio::test]
async fn a_node_says_what_it_can_and_refuses_a_version_that_it_does_not_speak() {
    let node = node();
    let welcome = node.hello(Hello::default()).await.unwrap();
    assert!(welcome.version == 1 && welcome.can(capability::NETWORKING));
    let strange = Hello { versions: Versions { oldest: 98, newest: 99 } };
    assert!(node.hello(strange).await.unwrap_err().is_final());
}

#[tokio::test]
async fn every_call_fails_as_often_as_ordered() {
    let (node, web) = (node(), desired(1, Power::Running));
    let faults = node.faults();
    for call in Call::ALL {
        faults.fail(call, Times::N(1));
    }
    assert!(node.hello(Hello::default()).await.is_err() && node.hello(Hello::default()).await.is_ok());
    assert!(node.facts().await.is_err() && node.facts().await.is_ok());
    assert!(node.apply(Epoch::FIRST, web.clone()).await.is_err());
    assert!(node.apply(Epoch::FIRST, web.clone()).await.unwrap().fault.is_some());
    assert!(node.apply(Epoch::FIRST, web.clone()).await.unwrap().fault.is_none());
    assert!(node.observe().await.is_err() && node.observe().await.is_ok());
    let cursor = node.observe_since(None, Duration::ZERO).await.unwrap().cursor;
    assert!(node.observe_since(Some(cursor), Duration::ZERO).await.is_err());
    assert!(node.console_output(web.id, None).await.is_err());
    assert!(node.export_disk(web.id, &Slot::root()).await.is_err());
    let (head, data) = image(b"x");
    assert!(node.put_image(Epoch::FIRST, head, data).await.is_err());
    assert!(
        node.apply_networking(Epoch::FIRST, NetworkingChange::whole(1, DesiredNetworking::default()))
            .await
            .is_err()
    );
    assert!(node.remove(Epoch::FIRST, web.id, i64::MAX).await.is_err());
    assert!(node.remove(Epoch::FIRST, web.id, i64::MAX).await.unwrap());
}

#[tokio::test]
async fn a_lost_answer_has_done_its_work() {
    let (node, web) = (node(), desired(1, Power::Running));
    node.faults().lose_answer(Call::Apply, Some(web.id), Times::N(1));
    assert!(node.apply(Epoch::FIRST, web.clone()).await.is_err());
    assert_eq!(node.instance_ids(), vec![web.id]);
}

#[tokio::test(start_paused = true)]
async fn a_hanging_call_ends_after_its_time() {
    let node = node();
    node.faults().hang(Call::Observe, None, Times::N(1), Duration::from_secs(60));
    let early = tokio::time::timeout(Duration::from_secs(59), node.observe()).await;
    assert!(early.is_err());
    assert!(node.observe().await.is_ok());
}

#[tokio::test]
async fn a_host_that_is_gone_answers_nothing_until_it_is_back() {
    let node = node();
    node.faults().unreachable();
    assert!(matches!(node.observe().await, Err(NodeError::Unreachable { .. })));
    node.faults().clear();
    assert!(node.observe().await.is_ok());
}

#[tokio::test]
async fn a_port_is_up_while_its_guest_runs() {
    let (node, web) = (node(), desired(1, Power::Running));
    let networking = DesiredNetworking { ports: vec![port(&web)], ..DesiredNetworking::default() };
    assert!(
        !node
            .apply_networking(Epoch::FIRST, NetworkingChange::whole(1, networking.clone()))
            .await
            .unwrap()
            .ports[0]
            .up
    );
    node.apply(Epoch::FIRST, web.clone()).await.unwrap();
    assert!(
        node.apply_networking(Epoch::FIRST, NetworkingChange::whole(1, networking.clone()))
            .await
            .unwrap()
            .ports[0]
            .up
    );
    node.apply(Epoch::FIRST, next(&web, Power::Stopped)).await.unwrap();
    assert!(
        !node
            .apply_networking(Epoch::FIRST, NetworkingChange::whole(1, networking.clone()))
            .await
            .unwrap()
            .ports[0]
            .up
    );
    node.apply_networking(Epoch::FIRST, NetworkingChange::whole(1, DesiredNetworking::default()))
        .await
        .unwrap();
    assert!(node.port_ids().is_empty());
}

#[tokio::test]
async fn with_strict_ports_a_guest_waits_for_its_network() {
    let (node, web) = (SimNode::new(SimConfig::new("strict"), Clock::system()), desired(1, Power::Running));
    let waiting = node.apply(Epoch::FIRST, web.clone()).await.unwrap();
    assert!(matches!(waiting.fault, Some(NodeError::NotYet { .. })));
    let networking = DesiredNetworking { ports: vec![port(&web)], ..DesiredNetworking::default() };
    node.apply_networking(Epoch::FIRST, NetworkingChange::whole(1, networking)).await.unwrap();
    assert_eq!(node.observe().await.unwrap()[0].state, InstanceState::Running);
}

#[tokio::test]
async fn a_restart_of_agent_or_host_forgets_no_instance() {
    let (node, web) = (node(), desired(1, Power::Running));
    let off = desired(1, Power::Stopped);
    node.apply(Epoch::FIRST, web.clone()).await.unwrap();
    node.apply(Epoch::FIRST, off.clone()).await.unwrap();
    let before = node.observe().await.unwrap();
    node.restart_agent();
    assert_eq!(node.observe().await.unwrap(), before);
    assert_eq!(console(&node, web.id).await.matches("login:").count(), 1);
    node.reboot_host();
    assert_eq!(node.observe().await.unwrap(), before);
    assert_eq!(console(&node, web.id).await.matches("login:").count(), 2);
}

#[tokio::test]
async fn an_export_is_a_disk_of_the_guests_size() {
    let (node, web) = (node(), desired(1, Power::Running));
    node.apply(Epoch::FIRST, web.clone()).await.unwrap();
    let copy = node.export_disk(web.id, &Slot::root()).await.unwrap();
    let pieces: Vec<_> = copy.data.into_stream().collect().await;
    let bytes: Vec<u8> = pieces.into_iter().flat_map(|piece| piece.unwrap().to_vec()).collect();
    assert_eq!(u64::try_from(bytes.len()).unwrap(), copy.bytes);
    assert_eq!(&bytes[..4], b"QFI\xfb");
    assert_eq!(u64::from_be_bytes(bytes[24..32].try_into().unwrap()), 2 << 30);
}

/// An image on its way.
fn image(bytes: &'static [u8]) -> (ImageHead, Data) {
    let digest = hex::encode(Sha512::digest(bytes));
    let head = ImageHead { digest, bytes: bytes.len() as u64, format: DiskFormat::Raw };
    (head, Data::Stream(futures_util::stream::iter([Ok(Bytes::from_static(bytes))]).boxed()))
}

#[tokio::test]
async fn a_disk_waits_for_its_image_and_goes_on_when_it_came() {
    let (node, mut web) = (node(), desired(1, Power::Running));
    let (head, data) = image(b"the image");
    let digest = Some(head.digest.clone());
    let wanted = ImageSource { image: ImageId::random(), digest, format: DiskFormat::Raw };
    web.disks[0].source = DiskSource::Image(wanted.clone());
    let waits = node.apply(Epoch::FIRST, web.clone()).await.unwrap();
    assert_eq!((waits.state, waits.lacks), (InstanceState::Building, vec![wanted]));
    let (_, other) = image(b"another!!");
    assert!(node.put_image(Epoch::FIRST, head.clone(), other).await.is_err());
    assert_eq!(node.observe().await.unwrap()[0].state, InstanceState::Building);
    node.put_image(Epoch::FIRST, head.clone(), data).await.unwrap();
    let up = node.observe().await.unwrap();
    assert_eq!((up[0].state, up[0].lacks.len()), (InstanceState::Running, 0));
    node.put_image(Epoch::FIRST, head, image(b"never read").1).await.unwrap();
}

#[tokio::test]
async fn a_disk_that_was_made_before_is_not_made_anew() {
    let (node, mut web) = (node(), desired(1, Power::Running));
    web.disks[0].made = true;
    let lost = node.apply(Epoch::FIRST, web).await.unwrap();
    assert!(lost.state == InstanceState::Building && lost.fault.unwrap().is_final());
}

#[tokio::test]
async fn ten_thousand_instances_fit() {
    let node = node();
    for _ in 0..10_000 {
        node.apply(Epoch::FIRST, desired(1, Power::Running)).await.unwrap();
    }
    assert_eq!(node.observe().await.unwrap().len(), 10_000);
}

fn with_nics(of: &DesiredInstance, ports: &[PortId]) -> DesiredInstance {
    let nic = |port: &PortId| Nic { port: *port, ..of.nics[0].clone() };
    DesiredInstance { nics: ports.iter().map(nic).collect(), ..next(of, Power::Running) }
}

#[tokio::test]
async fn interfaces_come_and_go_while_the_guest_runs() {
    let node = node();
    let web = desired(1, Power::Running);
    node.apply(Epoch::FIRST, web.clone()).await.unwrap();
    let (first, second) = (web.nics[0].port, PortId::random());
    let boots = console(&node, web.id).await;
    let two = with_nics(&web, &[first, second]);
    assert_eq!(node.apply(Epoch::FIRST, two.clone()).await.unwrap().reached, 2);
    assert_eq!(node.plugged(web.id).len(), 2);
    let one = with_nics(&two, &[second]);
    let seen = node.apply(Epoch::FIRST, one).await.unwrap();
    assert_eq!((seen.reached, seen.deferred), (3, None));
    assert_eq!(node.plugged(web.id), [second]);
    assert_eq!(console(&node, web.id).await, boots, "it did not start anew");
}

#[tokio::test]
async fn a_guest_that_clings_defers_until_it_starts_anew() {
    let node = node();
    let web = desired(1, Power::Running);
    node.apply(Epoch::FIRST, web.clone()).await.unwrap();
    assert!(node.guest_clings(web.id, true));
    let none = with_nics(&web, &[]);
    let seen = node.apply(Epoch::FIRST, none.clone()).await.unwrap();
    assert!(seen.reached == 2 && seen.fault.is_none());
    assert!(seen.deferred.unwrap().to_string().contains(&web.nics[0].port.to_string()));
    assert!(node.plugged(web.id).is_empty(), "it has no network any more");
    let mut anew = next(&none, Power::Running);
    anew.reboot = Some(Reboot { number: 1, kind: RebootKind::Hard });
    assert_eq!(node.apply(Epoch::FIRST, anew).await.unwrap().deferred, None);
}

#[tokio::test]
async fn a_full_guest_gets_its_interface_with_its_next_start() {
    let node = node();
    let web = desired(1, Power::Running);
    node.apply(Epoch::FIRST, web.clone()).await.unwrap();
    assert!(node.guest_is_full(web.id, true));
    let two = with_nics(&web, &[web.nics[0].port, PortId::random()]);
    let seen = node.apply(Epoch::FIRST, two.clone()).await.unwrap();
    assert!(seen.deferred.unwrap().to_string().contains("no free slot"));
    assert_eq!(node.plugged(web.id).len(), 1);
    node.reboot_host();
    assert_eq!(node.plugged(web.id).len(), 2);
    assert_eq!(node.observe().await.unwrap()[0].deferred, None);
}

#[tokio::test(start_paused = true)]
async fn plugging_takes_its_time() {
    let (clock, time) = Clock::fake(Timestamp::from_seconds(1_000));
    let plug = Duration::from_secs(7);
    let config = loose("sim-1").with_delays(Delays { plug, ..Delays::default() });
    let node = SimNode::new(config, clock);
    let web = desired(1, Power::Running);
    node.apply(Epoch::FIRST, web.clone()).await.unwrap();
    let two = with_nics(&web, &[web.nics[0].port, PortId::random()]);
    assert_eq!(node.apply(Epoch::FIRST, two).await.unwrap().reached, 1);
    time.advance(plug);
    assert_eq!((node.observe().await.unwrap()[0].reached, node.plugged(web.id).len()), (2, 2));
}

#[tokio::test]
async fn what_is_set_aside_goes_on_until_it_is_taken_back_or_discarded() {
    let (node, web) = (node(), desired(1, Power::Running));
    let note = |since| SetAside { since, because: "nobody knows it".to_owned() };
    assert!(matches!(node.set_aside(Epoch::FIRST, web.id, note(1)).await, Err(NodeError::NotFound { .. })));
    node.apply(Epoch::FIRST, web.clone()).await.unwrap();
    assert!(node.discard(Epoch::FIRST, web.id).await.unwrap_err().is_final());
    node.set_aside(Epoch::FIRST, web.id, note(1)).await.unwrap();
    node.set_aside(Epoch::FIRST, web.id, note(2)).await.unwrap();
    assert_eq!(node.quarantine().await.unwrap()[0].note, note(1), "the first note stays");
    let seen = node.observe().await.unwrap();
    assert!(seen[0].quarantined && seen[0].state == InstanceState::Running);
    node.take_back(Epoch::FIRST, web.id).await.unwrap();
    assert!(
        node.discard(Epoch::FIRST, web.id).await.is_err() && !node.observe().await.unwrap()[0].quarantined
    );
    node.set_aside(Epoch::FIRST, web.id, note(3)).await.unwrap();
    assert!(node.discard(Epoch::FIRST, web.id).await.unwrap());
    assert!(node.observe().await.unwrap().is_empty());
}

/// A volume of so many MiB.
fn volume(size_mib: u64) -> DesiredDisk {
    let attachment = kogge_ids::AttachmentId::random();
    let source = kogge_node_api::VolumeSource {
        volume: kogge_ids::VolumeId::random(),
        attachment,
        place: kogge_node_api::VolumePlace::Simulated,
        passphrase: None,
        read_only: false,
        shared: false,
        limits: kogge_node_api::IoLimits::default(),
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

fn with_volumes(of: &DesiredInstance, volumes: &[&DesiredDisk]) -> DesiredInstance {
    let mut next = next(of, Power::Running);
    next.disks.retain(|disk| disk.volume().is_none());
    next.disks.extend(volumes.iter().copied().cloned());
    next
}

/// What an instance holds, with the sizes that its guest sees.
async fn held(node: &SimNode, of: &DesiredInstance) -> Vec<(Slot, Option<u64>)> {
    let seen = node.observe().await.unwrap().into_iter().find(|seen| seen.id == of.id).unwrap();
    seen.holds.into_iter().map(|held| (Slot::volume(held.attachment), held.size_mib)).collect()
}

#[tokio::test]
async fn volumes_come_grow_and_go_while_the_guest_runs_and_a_stopped_one_holds_none() {
    let node = node();
    let web = desired(1, Power::Running);
    node.apply(Epoch::FIRST, web.clone()).await.unwrap();
    let mut disk = volume(1024);
    let slot = disk.slot.clone();
    let mut now = with_volumes(&web, &[&disk]);
    assert_eq!(node.apply(Epoch::FIRST, now.clone()).await.unwrap().reached, now.generation);
    assert_eq!(held(&node, &web).await, [(slot.clone(), Some(1024))]);
    disk.size_mib = 2048;
    now = with_volumes(&now, &[&disk]);
    node.apply(Epoch::FIRST, now.clone()).await.unwrap();
    assert_eq!(held(&node, &web).await, [(slot.clone(), Some(2048))]);
    assert!(node.export_disk(web.id, &slot).await.unwrap().bytes > 0);
    node.restart_agent();
    assert_eq!(held(&node, &web).await.len(), 1);
    now = next(&now, Power::Stopped);
    node.apply(Epoch::FIRST, now.clone()).await.unwrap();
    assert_eq!(held(&node, &web).await, []);
    let gone = node.export_disk(web.id, &slot).await;
    assert!(matches!(gone, Err(NodeError::NotFound { .. })), "its backend has it");
    now = next(&now, Power::Running);
    node.apply(Epoch::FIRST, now.clone()).await.unwrap();
    assert_eq!(held(&node, &web).await.len(), 1);
    now = with_volumes(&now, &[]);
    node.apply(Epoch::FIRST, now).await.unwrap();
    assert_eq!(held(&node, &web).await, []);
}

#[tokio::test]
async fn a_guest_that_clings_to_a_volume_holds_it_until_it_lets_go_or_starts_anew() {
    let node = node();
    let disk = volume(1024);
    let mut now = with_volumes(&desired(1, Power::Running), &[&disk]);
    node.apply(Epoch::FIRST, now.clone()).await.unwrap();
    assert!(node.guest_clings(now.id, true));
    now = with_volumes(&now, &[]);
    let seen = node.apply(Epoch::FIRST, now.clone()).await.unwrap();
    assert_eq!((seen.reached, seen.holds.len()), (now.generation, 1));
    assert!(seen.deferred.unwrap().to_string().contains("does not let go"));
    assert!(node.guest_clings(now.id, false));
    assert_eq!(held(&node, &now).await, []);
    assert_eq!(node.observe().await.unwrap()[0].deferred, None);
}

#[tokio::test]
async fn a_volume_of_a_step_that_failed_counts_as_held_until_it_is_closed() {
    let node = node();
    let web = desired(1, Power::Running);
    node.apply(Epoch::FIRST, web.clone()).await.unwrap();
    let disk = volume(1024);
    let mut now = with_volumes(&web, &[&disk]);
    node.faults().fail(Call::Work, Times::N(1));
    assert!(node.apply(Epoch::FIRST, now.clone()).await.unwrap().fault.is_some());
    assert_eq!(held(&node, &web).await, [(disk.slot.clone(), None)]);
    now = with_volumes(&now, &[]);
    node.apply(Epoch::FIRST, now).await.unwrap();
    assert_eq!(held(&node, &web).await, []);
}

#[tokio::test]
async fn an_instance_starts_from_a_volume_alone() {
    let node = node();
    let mut web = desired(1, Power::Running);
    let mut root = volume(1024);
    root.boot = Some(1);
    web.disks = vec![root];
    let seen = node.apply(Epoch::FIRST, web.clone()).await.unwrap();
    assert_eq!((seen.state, seen.fault, seen.holds.len()), (InstanceState::Running, None, 1));
    node.reboot_host();
    assert_eq!(held(&node, &web).await.len(), 1);
}
