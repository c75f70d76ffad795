//! Addresses, options and metadata, as a real client gets them.

use std::net::{Ipv6Addr, SocketAddrV6, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use kogge_node_api::{FixedIp, Ipv6Mode};

use super::lab::{Guest, Lab, eventually, exec, inside};
use super::state::{external, open_group, port, router, state, tenant, with_ipv6};

/// Asks with busybox' client and sets what it is told; answers the variables that the client gives its script.
fn lease(guest: &Guest) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let (script, told) = (folder.path().join("script"), folder.path().join("told"));
    let text = format!(
        "#!/bin/sh\n[ \"$1\" = bound ] || exit 0\nenv > {}\nip addr add $ip/$mask dev $interface\n\
         set -- $staticroutes\nwhile [ $# -gt 1 ]; do ip route add $1 via $2; shift 2; done\n",
        told.display()
    );
    std::fs::write(&script, text).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let script = script.to_str().unwrap();
    let options = ["-O", "staticroutes", "-O", "mtu", "-O", "hostname", "-O", "domain"];
    let mut args =
        vec!["busybox", "udhcpc", "-f", "-q", "-n", "-t", "4", "-T", "1", "-i", "eth0", "-s", script];
    args.extend(options);
    let (_, said) = exec(&guest.namespace, &args);
    std::fs::read_to_string(told).inspect_err(|_| println!("udhcpc: {said}")).ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_gets_its_address_its_options_and_its_own_metadata() {
    let Some(lab) = Lab::new("dhcp") else { return };
    let plane = lab.open().await;
    let group = open_group();
    let mut network = tenant(7);
    network.subnets[0].gateway = None; // isolated: no router at all
    let ports = vec![port(&network, 10, &[&group]), port(&network, 11, &[&group])];
    let (mine, other) = (ports[0].server.unwrap(), ports[1].server.unwrap());
    let desired = state(network, ports, vec![group]);
    plane.apply(desired.clone()).await.unwrap();
    let first = lab.guest("g1", &desired.ports[0]);
    let second = lab.guest("g2", &desired.ports[1]);
    plane.apply(desired.clone()).await.unwrap();

    let told = lease(&first).expect("a lease");
    for variable in [
        "ip=10.0.0.10\n",
        "mask=24\n",
        "mtu=1450\n",
        "hostname=guest-10\n",
        "domain=example.test\n",
        "serverid=10.0.0.2\n",
        "dns=9.9.9.9\n",
    ] {
        assert!(told.contains(variable), "{variable} is missing in {told}");
    }
    assert!(told.contains("staticroutes=169.254.169.254/32 10.0.0.2"), "{told}");
    assert!(!told.contains("router="), "an isolated network has no router: {told}");
    assert!(lease(&second).expect("a lease").contains("ip=10.0.0.11\n"));
    assert!(first.pings("10.0.0.2"), "the DHCP port answers pings");
    assert!(first.pings("10.0.0.11"), "the open group lets guests talk");

    let document = first.metadata("/openstack/latest/meta_data.json").expect("an answer");
    assert!(document.contains(&mine.to_string()) && !document.contains(&other.to_string()), "{document}");
    assert!(second.metadata("/latest/meta-data/hostname").unwrap().ends_with(&format!("host-{other}")));
    assert!(second.metadata("/latest/meta-data/local-ipv4").unwrap().ends_with("10.0.0.11"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_on_the_network_gets_no_address_and_no_metadata() {
    let Some(lab) = Lab::new("stranger") else { return };
    let plane = lab.open().await;
    let network = tenant(7);
    let mut open = port(&network, 10, &[]);
    open.port_security = false;
    let victim = port(&network, 11, &[]);
    let desired = state(network, vec![open, victim], Vec::new());
    plane.apply(desired.clone()).await.unwrap();
    let guest = lab.guest("g1", &desired.ports[0]);
    plane.apply(desired.clone()).await.unwrap();
    guest.configure("10.0.0.11/24", None); // a free port lies about its address
    let (ok, said) = exec(&guest.namespace, &["ip", "route", "add", "169.254.169.254", "via", "10.0.0.2"]);
    assert!(ok, "{said}");
    assert_eq!(guest.metadata("/openstack/latest/meta_data.json"), None, "not the victim's");
    super::lab::ip(&["-n", &guest.namespace, "link", "set", "dev", "eth0", "address", "02:00:00:00:00:99"]);
    assert_eq!(lease(&guest), None, "no address for an unknown MAC");
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_is_also_answered_by_the_router() {
    let Some(lab) = Lab::new("mdrouter") else { return };
    let plane = lab.open().await;
    let group = open_group();
    let (mut network, outside) = (tenant(7), external(8));
    network.subnets[0].dhcp = false;
    let port = port(&network, 10, &[&group]);
    let server = port.server.unwrap();
    let router = router(&network, &outside, 10, &[("172.24.4.50", "10.0.0.10")]);
    let mut desired = state(network, vec![port], vec![group]);
    desired.networks.push(outside);
    desired.routers.push(router);
    plane.apply(desired.clone()).await.unwrap();
    let guest = lab.guest("g1", &desired.ports[0]);
    plane.apply(desired.clone()).await.unwrap();
    guest.configure("10.0.0.10/24", Some("10.0.0.1"));
    assert!(guest.metadata("/latest/meta-data/hostname").unwrap().ends_with(&format!("host-{server}")));
    assert!(guest.metadata("/latest/meta-data/public-ipv4").unwrap().ends_with("172.24.4.50"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_makes_its_ipv6_address_from_the_routers_advertisement() {
    let Some(lab) = Lab::new("slaac") else { return };
    let plane = lab.open().await;
    let group = open_group();
    let (mut network, outside) = (tenant(7), external(8));
    with_ipv6(&mut network, Ipv6Mode::Slaac);
    let mut port = port(&network, 10, &[&group]);
    let suffix: Vec<String> = port.mac.split(':').map(str::to_owned).collect();
    let own = format!("fd00:10::f816:3eff:fe{}:{}{}", suffix[3], suffix[4], suffix[5]);
    port.fixed_ips.push(FixedIp { subnet: network.subnets[1].id, address: own.parse().unwrap() });
    let mut router = router(&network, &outside, 10, &[]);
    router.interfaces[0].addresses.push("fd00:10::1/64".parse().unwrap());
    let mut desired = state(network, vec![port], vec![group]);
    desired.networks.push(outside);
    desired.routers.push(router);
    plane.apply(desired.clone()).await.unwrap();
    let guest = lab.guest("g1", &desired.ports[0]);
    plane.apply(desired.clone()).await.unwrap();
    let own: std::net::Ipv6Addr = own.parse().unwrap();
    let has_address =
        || exec(&guest.namespace, &["ip", "-6", "addr", "show", "dev", "eth0"]).1.contains(&own.to_string());
    assert!(eventually(has_address), "{}", exec(&guest.namespace, &["ip", "-6", "addr"]).1);
    assert!(eventually(|| guest.pings("fd00:10::1")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_gets_its_ipv6_address_by_dhcp_and_its_metadata_over_ipv6() {
    let Some(lab) = Lab::new("dhcp6") else { return };
    let plane = lab.open().await;
    let group = open_group();
    let mut network = tenant(7);
    with_ipv6(&mut network, Ipv6Mode::Stateful);
    let mut port = port(&network, 10, &[&group]);
    let server = port.server.unwrap();
    let own: Ipv6Addr = "fd00:10::1234".parse().unwrap();
    port.fixed_ips.push(FixedIp { subnet: network.subnets[1].id, address: own.into() });
    let desired = state(network, vec![port], vec![group]);
    plane.apply(desired.clone()).await.unwrap();
    let guest = lab.guest("g1", &desired.ports[0]);
    plane.apply(desired).await.unwrap();
    let settled = || !exec(&guest.namespace, &["ip", "-6", "addr", "show", "tentative"]).1.contains("fe80");
    assert!(eventually(settled), "the guest has its link-local address");

    let solicit = [
        &[1, 7, 7, 7][..],                                  // SOLICIT
        &[0, 1, 0, 4, 0, 4, 9, 9],                          // client identifier
        &[0, 3, 0, 12, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0], // one association, 5
    ]
    .concat();
    let advertise = inside(&guest.namespace, move || {
        let index = nix::net::if_::if_nametoindex("eth0").unwrap();
        let socket = UdpSocket::bind("[::]:546").unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        socket.send_to(&solicit, SocketAddrV6::new("ff02::1:2".parse().unwrap(), 547, 0, index)).unwrap();
        let mut packet = [0; 1500];
        let length = socket.recv(&mut packet).expect("an answer");
        packet[..length].to_vec()
    });
    assert_eq!(advertise[..4], [2, 7, 7, 7]);
    let address = own.octets();
    assert!(advertise.windows(16).any(|part| part == address), "{advertise:?}");

    let name = inside(&guest.namespace, move || {
        let index = nix::net::if_::if_nametoindex("eth0").unwrap();
        let to = SocketAddrV6::new("fe80::a9fe:a9fe".parse().unwrap(), 80, 0, index);
        let mut stream = std::net::TcpStream::connect_timeout(&to.into(), Duration::from_secs(5)).ok()?;
        std::io::Write::write_all(&mut stream, b"GET /latest/meta-data/hostname HTTP/1.0\r\n\r\n").ok()?;
        std::io::read_to_string(stream).ok()
    });
    assert!(name.expect("metadata over IPv6").ends_with(&format!("host-{server}")));
}
