//! Router plans.

use kogge_ids::{PortId, RouterId};
use kogge_node_api::{
    DesiredNetwork, DesiredNetworking, FloatingIp, NetworkKind, RouterGateway, RouterInterface,
};

use super::*;
use crate::testing::{network, port};

fn example(change: impl FnOnce(&mut DesiredRouter)) -> NsPlan {
    let inside = network(7);
    let mut outside = network(8);
    outside.kind = NetworkKind::External;
    let id = RouterId::derived(inside.id.uuid(), "router");
    let mut one = DesiredRouter {
        id,
        admin_up: true,
        interfaces: vec![RouterInterface {
            port: PortId::derived(id.uuid(), "leg"),
            network: inside.id,
            mac: "fa:16:3e:ff:00:01".to_owned(),
            addresses: vec!["10.0.0.1/24".parse().unwrap()],
        }],
        gateway: Some(RouterGateway {
            port: PortId::derived(id.uuid(), "gateway"),
            network: outside.id,
            mac: "fa:16:3e:ff:01:01".to_owned(),
            addresses: vec!["172.24.4.10/24".parse().unwrap()],
            next_hops: vec!["172.24.4.1".parse().unwrap()],
            snat: true,
        }),
        floating_ips: vec![FloatingIp {
            external: "172.24.4.50".parse().unwrap(),
            fixed: "10.0.0.10".parse().unwrap(),
        }],
        routes: Vec::new(),
    };
    change(&mut one);
    let desired =
        DesiredNetworking { networks: vec![inside, outside], routers: vec![one], ..Default::default() };
    router(&Layout::new(&desired), &desired.routers[0])
}

#[test]
fn a_floating_ip_is_an_address_outside_and_two_translations() {
    let plan = example(|_| ());
    assert!(
        plan.addresses.iter().any(|(dev, net)| dev.starts_with("qg-") && net.to_string() == "172.24.4.50/32")
    );
    assert!(plan.firewall.contains("172.24.4.50 : 10.0.0.10"));
    assert!(plan.firewall.contains("10.0.0.10 : 172.24.4.50"));
}

#[test]
fn snat_takes_the_routers_own_address_and_only_when_wanted() {
    assert!(
        example(|_| ()).firewall.contains("ip saddr != { 172.24.4.10, 172.24.4.50 } snat to 172.24.4.10")
    );
    let plain = example(|r| r.gateway.as_mut().unwrap().snat = false).firewall;
    assert!(!plain.contains("!= { 172.24.4.10"));
    assert!(
        plain.contains("iifname \"qg-*\" ip daddr { 10.0.0.0/24 } accept"),
        "plain routing leads in, too"
    );
    assert!(!example(|_| ()).firewall.contains("iifname \"qg-*\" ip daddr"));
}

#[test]
fn a_router_that_is_switched_off_forwards_and_translates_nothing() {
    let plan = example(|r| r.admin_up = false);
    assert!(plan.sysctls.contains(&("net/ipv4/ip_forward".to_owned(), "0".to_owned())));
    assert!(!plan.firewall.contains("snat"));
    let forward = plan.firewall.split("chain c_forward").nth(1).unwrap();
    assert!(!forward.contains("accept"), "{forward}");
}

#[test]
fn a_static_route_goes_over_the_link_of_its_next_hop_and_is_left_out_without_one() {
    let route =
        |hop: &str| HostRoute { destination: "10.9.0.0/16".parse().unwrap(), next_hop: hop.parse().unwrap() };
    let plan = example(|r| r.routes = vec![route("10.0.0.77"), route("192.0.2.1")]);
    let routes: Vec<_> = plan.routes.iter().filter(|r| r.to.to_string() == "10.9.0.0/16").collect();
    assert_eq!(routes.len(), 1);
    assert!(routes[0].dev.starts_with("qr-"));
}

#[test]
fn without_a_gateway_there_is_no_default_route_and_no_translation() {
    let plan = example(|r| r.gateway = None);
    assert!(plan.routes.is_empty());
    assert!(!plan.firewall.contains("table ip kogge_nat {"));
}

#[test]
fn metadata_is_answered_by_leg_mac_and_address_and_by_none_of_them_alone() {
    let (one, other) = (network(7), network(9)); // the same range twice
    let ports =
        vec![port(&one, "fa:16:3e:00:00:0a", "10.0.0.10"), port(&other, "fa:16:3e:00:00:0b", "10.0.0.10")];
    let leg = |of: &DesiredNetwork, mac: &str| RouterInterface {
        port: PortId::derived(of.id.uuid(), "leg"),
        network: of.id,
        mac: mac.to_owned(),
        addresses: vec!["10.0.0.1/24".parse().unwrap()],
    };
    let two_legs = DesiredRouter {
        id: RouterId::random(),
        admin_up: true,
        interfaces: vec![leg(&one, "fa:16:3e:ff:00:01"), leg(&other, "fa:16:3e:ff:00:02")],
        gateway: None,
        floating_ips: Vec::new(),
        routes: Vec::new(),
    };
    let names: Vec<String> = two_legs.interfaces.iter().map(|leg| names::leg(leg.port)).collect();
    let desired = DesiredNetworking {
        networks: vec![one, other],
        routers: vec![two_legs],
        ports,
        ..Default::default()
    };
    let plan = router(&Layout::new(&desired), &desired.routers[0]);
    let may_ask = |leg: &str, mac: &str, address: &str| {
        plan.firewall.contains(&format!("\"{leg}\" . fa:16:3e:00:00:{mac} . {address}"))
    };
    assert!(may_ask(&names[0], "0a", "10.0.0.10") && may_ask(&names[1], "0b", "10.0.0.10"));
    assert!(!may_ask(&names[0], "0b", "10.0.0.10") && !may_ask(&names[1], "0a", "10.0.0.10"));
    assert!(may_ask(&names[0], "0a", "fe80::f816:3eff:fe00:a"));
    assert!(!may_ask(&names[1], "0a", "fe80::f816:3eff:fe00:a"), "a link-local address of another link");
    assert!(plan.firewall.contains("iifname . ether saddr . ip saddr @s_ask4 accept"));
    assert!(plan.addresses.contains(&("lo".to_owned(), "169.254.169.254/32".parse().unwrap())));
}

#[test]
fn an_address_of_a_leg_comes_in_by_that_leg_whatever_the_static_routes_say() {
    let plan = example(|router| {
        let (destination, next_hop) = ("172.24.4.77/32".parse().unwrap(), "10.0.0.66".parse().unwrap());
        router.routes = vec![HostRoute { destination, next_hop }];
    });
    let forward = plan.firewall.split("chain c_forward").nth(1).unwrap();
    let established = forward.find("ct state established").unwrap();
    for (link, range) in [("qr-", "10.0.0.0/24"), ("qg-", "172.24.4.0/24")] {
        let rule =
            forward.lines().find(|line| line.contains(&format!("ip saddr {{ {range} }} drop"))).unwrap();
        assert!(rule.contains(&format!("iifname != {{ \"{link}")), "{rule}");
        assert!(forward.find(rule).unwrap() < established, "before the flow is asked for");
    }
}
