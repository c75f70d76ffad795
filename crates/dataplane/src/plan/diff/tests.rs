//! Steps between observations and plans.

use super::*;

fn plan() -> NsPlan {
    let mut plan = NsPlan::default();
    let link = |kind, master: Option<&str>| Link {
        kind,
        mac: None,
        mtu: Some(1450),
        master: master.map(str::to_owned),
    };
    plan.links.insert("br7".to_owned(), link(Kind::Bridge, None));
    let veth = Kind::Veth { peer: "dh7".to_owned(), namespace: "k-net-1".to_owned() };
    plan.links.insert("aa7".to_owned(), link(veth, Some("br7")));
    plan.links.insert("tap1".to_owned(), link(Kind::Foreign, Some("br7")));
    plan
}

fn seen(name: &str, master: Option<&str>) -> (String, ObservedLink) {
    let link = ObservedLink {
        up: true,
        carrier: true,
        mtu: 1450,
        mac: String::new(),
        master: master.map(str::to_owned),
        reserved_unlearned: true,
    };
    (name.to_owned(), link)
}

#[test]
fn from_nothing_bridges_come_first_and_taps_are_not_made() {
    let steps = diff(&plan(), &ObservedNs::default(), Ownership::Ours);
    assert_eq!(
        steps.add,
        [
            "link add name br7 mtu 1450 type bridge stp_state 0 forward_delay 0 mcast_snooping 0 \
             no_linklocal_learn 1",
            "link set dev br7 up",
            "link add name aa7 mtu 1450 type veth peer name dh7 netns k-net-1",
            "link set dev aa7 master br7",
            "link set dev aa7 up",
        ]
    );
    assert!(steps.remove.is_empty());
}

#[test]
fn what_is_as_it_should_be_needs_no_step() {
    let links = [seen("br7", None), seen("aa7", Some("br7")), seen("tap1", Some("br7")), seen("lo", None)];
    let observed = ObservedNs { links: links.into(), ..Default::default() };
    assert_eq!(diff(&plan(), &observed, Ownership::Ours), Steps::default());
}

#[test]
fn a_bridge_from_before_is_told_to_learn_nothing_from_reserved_addresses() {
    let mut links = [seen("br7", None), seen("aa7", Some("br7")), seen("tap1", Some("br7"))];
    links[0].1.reserved_unlearned = false;
    let observed = ObservedNs { links: links.into(), ..Default::default() };
    assert_eq!(
        diff(&plan(), &observed, Ownership::Ours).add,
        ["link set dev br7 type bridge no_linklocal_learn 1"]
    );
}

#[test]
fn an_unwanted_link_goes_but_an_unwanted_tap_is_only_cut_off() {
    let links = [seen("br7", None), seen("aa7", Some("br7")), seen("br9", None), seen("tap9", Some("br9"))];
    let observed = ObservedNs { links: links.into(), ..Default::default() };
    let steps = diff(&plan(), &observed, Ownership::Ours);
    assert_eq!(steps.remove, ["link del dev br9", "link set dev tap9 nomaster down"]);
}

#[test]
fn nothing_of_the_hosts_own_is_touched() {
    let mut observed =
        ObservedNs { links: [seen("eth0", None), seen("br9", None)].into(), ..Default::default() };
    observed.addresses.insert(("eth0".to_owned(), "192.0.2.2/24".parse().unwrap()));
    let all: IpNet = "0.0.0.0/0".parse().unwrap();
    let via = Some("192.0.2.1".parse().unwrap());
    observed.routes.insert(Route { to: all, via, dev: "eth0".to_owned() });
    assert_eq!(diff(&NsPlan::default(), &observed, Ownership::Shared), Steps::default());
}

#[test]
fn addresses_come_and_go_and_the_kernels_own_stay() {
    let mut plan = plan();
    plan.addresses.insert(("aa7".to_owned(), "172.24.4.50/32".parse().unwrap()));
    let links = [seen("br7", None), seen("aa7", Some("br7")), seen("tap1", Some("br7"))];
    let mut observed = ObservedNs { links: links.into(), ..Default::default() };
    observed.addresses.insert(("aa7".to_owned(), "172.24.4.51/32".parse().unwrap()));
    observed.addresses.insert(("aa7".to_owned(), "fe80::1/64".parse().unwrap()));
    let steps = diff(&plan, &observed, Ownership::Ours);
    assert_eq!(steps.add, ["addr add 172.24.4.50/32 dev aa7", "addr del 172.24.4.51/32 dev aa7"]);
    assert_eq!(steps.announce, ["aa7"]);
}

#[test]
fn a_changed_route_is_replaced_and_not_removed() {
    let route = |hop: &str| Route {
        to: "10.9.0.0/16".parse().unwrap(),
        via: Some(hop.parse().unwrap()),
        dev: "aa7".to_owned(),
    };
    let plan = NsPlan { routes: [route("10.0.0.8")].into(), ..Default::default() };
    let observed = ObservedNs { routes: [route("10.0.0.9")].into(), ..Default::default() };
    let steps = diff(&plan, &observed, Ownership::Ours);
    assert_eq!(steps.routes, ["route replace 10.9.0.0/16 via 10.0.0.8 dev aa7 proto static onlink"]);
    assert!(steps.remove.is_empty());
    let steps = diff(&NsPlan::default(), &observed, Ownership::Ours);
    assert_eq!(steps.remove, ["route del 10.9.0.0/16 via 10.0.0.9 dev aa7 proto static onlink"]);
}

#[test]
fn neighbours_are_set_again_when_the_mac_changes_and_are_not_lost_to_an_announcement() {
    let neighbour = crate::system::Neighbour {
        address: "10.0.0.10".parse().unwrap(),
        mac: "fa:16:3e:00:00:0a".to_owned(),
        dev: "dh7".to_owned(),
    };
    let mut plan = NsPlan { neighbours: [neighbour.clone()].into(), ..Default::default() };
    plan.foreign("dh7", Some("fa:16:3e:00:00:02".to_owned()), None, None);
    plan.addresses.insert(("dh7".to_owned(), "10.0.0.2/24".parse().unwrap()));
    let mut observed = ObservedNs { links: [seen("dh7", None)].into(), ..Default::default() };
    observed.neighbours.insert(neighbour);
    let steps = diff(&plan, &observed, Ownership::Ours);
    assert!(steps.add.iter().any(|line| line.starts_with("neigh replace")), "{:?}", steps.add);
    assert!(steps.announce.is_empty());
}
