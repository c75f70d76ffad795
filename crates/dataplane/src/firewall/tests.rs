//! The node's ruleset: a golden file for the whole, and single properties.

use kogge_node_api::{AddressPair, DesiredNetworking, Remote};

use super::render;
use crate::layout::Layout;
use crate::testing::{group, ingress, network, port};

fn example() -> DesiredNetworking {
    let network = network(7);
    let mut web = group("web", vec![ingress(Some(6), Some((80, 80)))]);
    let mut rule = ingress(None, None);
    rule.remote = Remote::Group(web.id);
    web.rules.push(rule);
    web.members = vec!["10.0.0.10".parse().unwrap()];
    let mut secured = port(&network, "fa:16:3e:00:00:0a", "10.0.0.10");
    secured.security_groups = vec![web.id];
    secured.allowed_pairs = vec![AddressPair { cidr: "10.0.0.100/32".parse().unwrap(), mac: None }];
    let mut open = port(&network, "fa:16:3e:00:00:0b", "10.0.0.11");
    open.port_security = false;
    let mut off = port(&network, "fa:16:3e:00:00:0c", "10.0.0.12");
    off.admin_up = false;
    DesiredNetworking {
        networks: vec![network],
        ports: vec![secured, open, off],
        security_groups: vec![web],
        ..Default::default()
    }
}

fn ruleset(desired: &DesiredNetworking) -> String {
    render(&Layout::new(desired))
}

/// Compares with a file under `tests/golden`; `UPDATE_GOLDEN=1` accepts.
fn golden(name: &str, text: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "differs from {}", path.display());
}

#[test]
fn the_ruleset_is_as_reviewed() {
    golden("node.nft", &ruleset(&example()));
}

#[test]
fn the_same_state_gives_the_same_text() {
    assert_eq!(ruleset(&example()), ruleset(&example()));
}

#[test]
fn an_empty_state_lets_nothing_through() {
    let text = ruleset(&DesiredNetworking::default());
    assert!(text.contains("meta mark 0 drop"));
    assert!(!text.contains("elements"));
}

#[test]
fn a_port_that_is_switched_off_is_dropped_both_ways() {
    let desired = example();
    let text = ruleset(&desired);
    let tap = crate::names::tap(desired.ports[2].id);
    assert_eq!(text.matches(&format!("\"{tap}\" : drop")).count(), 2);
}

#[test]
fn a_port_without_port_security_is_in_no_security_map() {
    let desired = example();
    let layout = Layout::new(&desired);
    let open = layout.ports[1].mark;
    let text = render(&layout);
    assert!(!text.contains(&format!("jump in_{open}")));
    assert!(!text.contains(&format!("chain eg_{open}")));
}

#[test]
fn a_stateless_group_is_asked_before_the_state_of_the_flow() {
    let mut desired = example();
    desired.security_groups[0].stateful = false;
    let text = ruleset(&desired);
    let map = text.split("map m_in_stateless").nth(1).unwrap().split('}').next().unwrap();
    assert!(map.contains("jump in_"), "{map}");
    let chain = text.split("chain c_ingress").nth(1).unwrap();
    assert!(chain.find("vmap @m_in_stateless") < chain.find("ct state established"));
}

#[test]
fn a_whole_family_as_allowed_pair_still_keeps_the_mac_and_the_metadata_address() {
    let mut desired = example();
    desired.ports[0].allowed_pairs =
        vec![AddressPair { cidr: "0.0.0.0/0".parse().unwrap(), mac: Some("nonsense".to_owned()) }];
    assert!(!ruleset(&desired).contains("0.0.0.0/0"), "a pair with a malformed MAC is ignored");
    desired.ports[0].allowed_pairs[0].mac = None;
    let text = ruleset(&desired);
    assert!(text.contains("ether saddr fa:16:3e:00:00:0a ip saddr { 0.0.0.0/0 } return"), "{text}");
    assert!(text.contains("ip daddr 169.254.169.254 ip saddr != { 10.0.0.10 } drop"));
}
