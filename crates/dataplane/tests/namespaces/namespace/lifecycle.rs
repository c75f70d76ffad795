//! Taps, restarts and the end.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use kogge_ids::PortId;
use kogge_node_api::NodeError;

use super::lab::{Lab, exec, inside, ip, pings};
use super::state::{external, open_group, port, router, state, tenant};

#[tokio::test(flavor = "multi_thread")]
async fn a_tap_is_plugged_once_its_port_is_known_and_carries_frames() {
    let Some(lab) = Lab::new("tap") else { return };
    let plane = lab.open().await;
    let network = tenant(7);
    let port = port(&network, 10, &[]);
    let id = port.id;
    assert!(matches!(plane.plug(id).await, Err(NodeError::NotYet { .. })));
    let desired = state(network, vec![port], Vec::new());
    let observed = plane.apply(desired.clone()).await.unwrap();
    assert!(!observed.ports[0].up);
    assert!(matches!(plane.plug(PortId::random()).await, Err(NodeError::NotYet { .. })));

    let descriptor = plane.plug(id).await.unwrap();
    assert!(plane.observe().await.unwrap().ports[0].up);
    assert!(matches!(plane.plug(id).await, Err(NodeError::NotYet { .. })), "the first one is still held");
    let mut tap = std::fs::File::from(descriptor);
    let mac: Vec<u8> = desired.ports[0].mac.split(':').map(|b| u8::from_str_radix(b, 16).unwrap()).collect();
    tap.write_all(&arp_request(&mac, [10, 0, 0, 10], [10, 0, 0, 2])).unwrap();
    let answer = tokio::task::spawn_blocking(move || {
        let mut frame = [0; 2048];
        loop {
            let length = tap.read(&mut frame).unwrap();
            // virtio-net header (10), Ethernet (14), then ARP with operation 2
            if length >= 52 && frame[22..24] == [8, 6] && frame[30..32] == [0, 2] {
                return (frame[38..42].to_vec(), tap);
            }
        }
    });
    let (sender, tap) =
        tokio::time::timeout(Duration::from_secs(10), answer).await.expect("an answer").unwrap();
    assert_eq!(sender, [10, 0, 0, 2]);

    drop(tap);
    assert!(!plane.observe().await.unwrap().ports[0].up, "the tap goes with its descriptor");
    let again = plane.plug(id).await.unwrap();
    plane.unplug(id).await.unwrap();
    plane.unplug(id).await.unwrap();
    assert!(!plane.observe().await.unwrap().ports[0].up);
    drop(again);
}

/// An ARP request behind an empty virtio-net header.
fn arp_request(mac: &[u8], from: [u8; 4], about: [u8; 4]) -> Vec<u8> {
    let mut frame = vec![0; 10];
    frame.extend([0xff; 6]);
    frame.extend(mac);
    frame.extend([8, 6, 0, 1, 8, 0, 6, 4, 0, 1]);
    frame.extend(mac);
    frame.extend(from);
    frame.extend([0; 6]);
    frame.extend(about);
    frame
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_cuts_no_flow_and_the_responders_answer_again() {
    let Some(lab) = Lab::new("restart") else { return };
    let plane = lab.open().await;
    let group = open_group();
    let network = tenant(7);
    let ports = vec![port(&network, 10, &[&group]), port(&network, 11, &[&group])];
    let desired = state(network, ports, vec![group]);
    plane.apply(desired.clone()).await.unwrap();
    let (first, second) = (lab.guest("g1", &desired.ports[0]), lab.guest("g2", &desired.ports[1]));
    plane.apply(desired.clone()).await.unwrap();
    first.configure("10.0.0.10/24", Some("10.0.0.2"));
    second.configure("10.0.0.11/24", None);
    assert!(first.metadata("/latest/meta-data/hostname").is_some());
    let listener = inside(&second.namespace, || TcpListener::bind("0.0.0.0:80").unwrap());
    let mut near = inside(&first.namespace, || TcpStream::connect("10.0.0.11:80").unwrap());
    let (mut far, _) = listener.accept().unwrap();
    far.set_read_timeout(Some(Duration::from_secs(5))).unwrap();

    drop(plane);
    let plane = lab.open().await;
    assert!(
        matches!(plane.plug(desired.ports[0].id).await, Err(NodeError::NotYet { .. })),
        "nothing before recovery"
    );
    let observed = plane.recover().await.unwrap();
    assert!(observed.ports.iter().all(|port| port.up), "running guests are found again");
    let mut byte = [0; 1];
    near.write_all(b"a").unwrap();
    far.read_exact(&mut byte).unwrap();
    assert!(first.metadata("/latest/meta-data/hostname").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn teardown_leaves_nothing_and_may_be_repeated() {
    let Some(lab) = Lab::new("end") else { return };
    let plane = lab.open().await;
    let group = open_group();
    let (network, outside) = (tenant(7), external(8));
    let router = router(&network, &outside, 5, &[]);
    let mut desired = state(network, Vec::new(), vec![group]);
    desired.networks.push(outside);
    desired.routers.push(router);
    plane.apply(desired.clone()).await.unwrap();
    assert!(exec(&lab.host(), &["nft", "list", "ruleset"]).1.contains("c_guests"));
    plane.teardown().await.unwrap();
    plane.teardown().await.unwrap();
    let names: Vec<String> = std::fs::read_dir("/run/netns")
        .unwrap()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name.starts_with(&lab.prefix))
        .collect();
    assert_eq!(names, [lab.host()]);
    assert_eq!(exec(&lab.host(), &["nft", "list", "ruleset"]).1, "");
    assert!(!exec(&lab.host(), &["ip", "-br", "link"]).1.contains("kgx"));
    plane.apply(desired).await.unwrap(); // and it may begin anew
    plane.teardown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_external_range_that_the_host_already_uses_is_refused_with_words() {
    let Some(lab) = Lab::new("clash") else { return };
    ip(&["-n", &lab.host(), "link", "add", "lan", "type", "bridge"]);
    ip(&["-n", &lab.host(), "addr", "add", "172.24.0.1/16", "dev", "lan"]);
    let plane = lab.open().await;
    let mut desired = state(tenant(7), Vec::new(), Vec::new());
    desired.networks.push(external(8));
    let error = plane.apply(desired).await.unwrap_err().to_string();
    assert!(error.contains("172.24.0.1/16 on lan") && error.contains("choose another range"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_networks_with_routers_are_applied_and_one_more_costs_little() {
    let Some(lab) = Lab::new("many") else { return };
    let plane = lab.open().await;
    let group = open_group();
    let mut desired = state(external(8), Vec::new(), vec![group.clone()]);
    for segment in 100..150 {
        let network = tenant(segment);
        desired.ports.extend([port(&network, 10, &[&group]), port(&network, 11, &[&group])]);
        desired.routers.push(router(&network, &desired.networks[0], u8::try_from(segment).unwrap(), &[]));
        desired.networks.push(network);
    }
    let begin = std::time::Instant::now();
    plane.apply(desired.clone()).await.unwrap();
    let all = begin.elapsed();
    let network = tenant(200);
    desired.ports.push(port(&network, 10, &[&group]));
    desired.networks.push(network);
    let begin = std::time::Instant::now();
    plane.apply(desired).await.unwrap();
    let one_more = begin.elapsed();
    plane.teardown().await.unwrap();
    assert!(one_more < all / 2, "one more took {one_more:?}, all {all:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_was_broken_by_hand_or_by_a_crash_is_mended_by_the_next_process() {
    let Some(lab) = Lab::new("mend") else { return };
    let plane = lab.open().await;
    let group = open_group();
    let (network, outside) = (tenant(7), external(8));
    let ports = vec![port(&network, 10, &[&group])];
    let router = router(&network, &outside, 5, &[("172.24.4.50", "10.0.0.10")]);
    let leg = format!("rp-{}", &router.interfaces[0].port.to_string()[..11]);
    let router_namespace = format!("{}-rtr-{}", lab.prefix, router.id);
    let network_namespace = format!("{}-net-{}", lab.prefix, network.id);
    let mut desired = state(network, ports, vec![group]);
    desired.networks.push(outside);
    desired.routers.push(router);
    plane.apply(desired.clone()).await.unwrap();
    let guest = lab.guest("g1", &desired.ports[0]);
    plane.apply(desired.clone()).await.unwrap();
    guest.configure("10.0.0.10/24", Some("10.0.0.1"));
    assert!(pings(&lab.host(), "172.24.4.50", &[]));

    let damages: [&[&str]; 5] = [
        &["netns", "del", &router_namespace],
        &["netns", "exec", &lab.prefix, "nft", "flush", "ruleset"],
        &["-n", &lab.prefix, "link", "del", "br7"],
        &["-n", &lab.prefix, "link", "del", &leg],
        &["netns", "exec", &network_namespace, "ip", "addr", "flush", "dev", "dh7"],
    ];
    let mut plane = plane;
    for damage in damages {
        ip(damage);
        drop(plane);
        plane = lab.open().await;
        plane.recover().await.unwrap();
        assert!(pings(&lab.host(), "172.24.4.50", &[]), "after ip {}", damage.join(" "));
        assert!(guest.metadata("/latest/meta-data/hostname").is_some(), "after ip {}", damage.join(" "));
    }
}
