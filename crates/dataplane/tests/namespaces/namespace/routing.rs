//! Routers, floating IPs, and what tenants and the host see of each other.

use kogge_dataplane::Dataplane;
use kogge_node_api::DesiredNetworking;

use super::lab::{Guest, Lab, inside, pings, talk};
use super::state::{external, open_group, port, router, tenant};

/// Two tenants with the same range, each with a router and a floating IP: 172.24.4.50 and .60.
fn two_tenants() -> DesiredNetworking {
    let group = open_group();
    let (one, two, outside) = (tenant(7), tenant(9), external(8));
    let ports = vec![port(&one, 10, &[&group]), port(&two, 10, &[&group]), port(&one, 11, &[&group])];
    let routers = vec![
        router(&one, &outside, 5, &[("172.24.4.50", "10.0.0.10")]),
        router(&two, &outside, 6, &[("172.24.4.60", "10.0.0.10")]),
    ];
    DesiredNetworking { networks: vec![one, two, outside], routers, ports, security_groups: vec![group] }
}

async fn start(lab: &Lab, plane: &Dataplane, desired: &DesiredNetworking) -> Vec<Guest> {
    plane.apply(desired.clone()).await.unwrap();
    let guests: Vec<Guest> =
        desired.ports.iter().zip(["g1", "g2", "g3"]).map(|(port, name)| lab.guest(name, port)).collect();
    plane.apply(desired.clone()).await.unwrap();
    for (guest, port) in guests.iter().zip(&desired.ports) {
        guest.configure(&format!("{}/24", port.fixed_ips[0].address), Some("10.0.0.1"));
    }
    guests
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_reaches_the_right_guest_under_each_floating_ip() {
    let Some(lab) = Lab::new("fip") else { return };
    let plane = lab.open().await;
    let desired = two_tenants();
    let guests = start(&lab, &plane, &desired).await;
    guests[0].listen(80, "one");
    guests[1].listen(80, "two");
    assert!(pings(&lab.host(), "172.24.4.50", &[]));
    assert_eq!(talk(&lab.host(), "172.24.4.50:80", "").as_deref(), Some("one"));
    assert_eq!(talk(&lab.host(), "172.24.4.60:80", "").as_deref(), Some("two"));
    assert!(!pings(&lab.host(), "10.0.0.10", &[]), "fixed addresses are nothing outside");

    // a guest of the same router under the floating IP: hairpin; and of another tenant, whose group lets all in
    assert_eq!(talk(&guests[2].namespace, "172.24.4.50:80", "").as_deref(), Some("one"));
    assert_eq!(talk(&guests[0].namespace, "172.24.4.50:80", "").as_deref(), Some("one"));
    assert_eq!(talk(&guests[2].namespace, "172.24.4.60:80", "").as_deref(), Some("two"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_floating_ip_moves_at_once_and_ends_with_its_association() {
    let Some(lab) = Lab::new("move") else { return };
    let plane = lab.open().await;
    let mut desired = two_tenants();
    let guests = start(&lab, &plane, &desired).await;
    guests[0].listen(80, "one");
    guests[1].listen(80, "two");
    assert_eq!(talk(&lab.host(), "172.24.4.50:80", "").as_deref(), Some("one"));
    let moved = desired.routers[0].floating_ips.remove(0);
    desired.routers[1].floating_ips[0].external = moved.external;
    plane.apply(desired.clone()).await.unwrap();
    assert_eq!(
        talk(&lab.host(), "172.24.4.50:80", "").as_deref(),
        Some("two"),
        "the host learns the new owner"
    );
    assert_eq!(talk(&lab.host(), "172.24.4.60:80", ""), None);

    // to a router that did not exist before, on the place of one that goes
    let mut fresh = router(&desired.networks[1], &desired.networks[2], 7, &[("172.24.4.50", "10.0.0.10")]);
    fresh.interfaces[0].mac = "fa:16:3e:01:00:77".to_owned();
    desired.routers[1] = fresh;
    plane.apply(desired.clone()).await.unwrap();
    super::lab::ip(&["-n", &guests[1].namespace, "neigh", "flush", "dev", "eth0"]);
    assert_eq!(
        talk(&lab.host(), "172.24.4.50:80", "").as_deref(),
        Some("two"),
        "the host learns the new router"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn guests_reach_the_host_only_as_configured() {
    let Some(mut lab) = Lab::new("host") else { return };
    lab.side.tcp_ports = vec![8770];
    let plane = lab.open().await;
    let desired = two_tenants();
    let guests = start(&lab, &plane, &desired).await;
    for port in [22, 8770] {
        let listener = inside(&lab.host(), move || std::net::TcpListener::bind(("0.0.0.0", port)).unwrap());
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let peer = stream.peer_addr().unwrap().ip().to_string();
                let _ = std::io::Write::write_all(&mut stream, peer.as_bytes());
            }
        });
    }
    assert!(guests[0].pings("172.24.4.1"), "the gateway answers pings");
    assert_eq!(talk(&guests[0].namespace, "172.24.4.1:22", ""), None, "the host's services are closed");
    assert_eq!(
        talk(&guests[0].namespace, "172.24.4.1:8770", "").as_deref(),
        Some("172.24.4.50"),
        "its floating IP"
    );
    assert_eq!(
        talk(&guests[2].namespace, "172.24.4.1:8770", "").as_deref(),
        Some("172.24.4.5"),
        "the router's address"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_masquerading_guests_see_nothing_behind_the_host_and_with_it_they_do() {
    for masquerade in [false, true] {
        let Some(mut lab) = Lab::new(if masquerade { "world" } else { "noworld" }) else { return };
        lab.side.masquerade = masquerade;
        // a world behind the host
        let world = format!("{}-world", lab.prefix);
        super::lab::ip(&["netns", "add", &world]);
        super::lab::ip(&[
            "-n",
            &lab.host(),
            "link",
            "add",
            "wan",
            "type",
            "veth",
            "peer",
            "name",
            "eth0",
            "netns",
            &world,
        ]);
        for (namespace, dev, address) in
            [(&lab.host(), "wan", "198.51.100.1/24"), (&world, "eth0", "198.51.100.2/24")]
        {
            super::lab::ip(&["-n", namespace, "addr", "add", address, "dev", dev]);
            super::lab::ip(&["-n", namespace, "link", "set", "dev", dev, "up"]);
        }
        let plane = lab.open().await;
        let guests = start(&lab, &plane, &two_tenants()).await;
        assert_eq!(guests[0].pings("198.51.100.2"), masquerade);
        assert!(
            !guests[0].pings("198.51.100.1"),
            "the host's other addresses are closed but for pings to the gateway"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_router_that_is_switched_off_or_gone_carries_nothing() {
    let Some(lab) = Lab::new("off") else { return };
    let plane = lab.open().await;
    let mut desired = two_tenants();
    let guests = start(&lab, &plane, &desired).await;
    assert!(guests[0].pings("172.24.4.1"));
    desired.routers[0].admin_up = false;
    plane.apply(desired.clone()).await.unwrap();
    assert!(!guests[0].pings("172.24.4.1"));
    assert!(!pings(&lab.host(), "172.24.4.50", &[]));
    desired.routers.remove(0);
    plane.apply(desired).await.unwrap();
    assert!(!guests[0].pings("10.0.0.1"));
    assert!(guests[0].pings("10.0.0.11"), "the network itself stays");
    assert!(pings(&lab.host(), "172.24.4.60", &[]), "the other tenant is not disturbed");
}
