//! What nodes are told, and what becomes of what they say.

use kogge_auth::testing::Persona;
use kogge_network::commands::NewPort;
use kogge_node_api as node;
use serde_json::{Value, json};

use crate::cloud::{Cloud, address, both, id};

const SERVER: &str = "11111111-2222-4333-8444-555555555555";

async fn plug(cloud: &Cloud, network: &str) -> kogge_ids::PortId {
    let mut tx = cloud.net.db().begin().await.unwrap();
    let new = NewPort {
        network_id: Some(network.parse().unwrap()),
        ..NewPort::of_server(SERVER.parse().unwrap(), "nova")
    };
    let port = cloud.net.create_port_in(&mut tx, &cloud.caller(Persona::Member), new).await.unwrap();
    cloud.net.set_port_host_in(&mut tx, SERVER.parse().unwrap(), Some("host-1")).await.unwrap();
    tx.commit().await.unwrap();
    port.row.id
}

fn last(cloud: &Cloud) -> node::DesiredNetworking {
    cloud.node.told.lock().unwrap().last().cloned().unwrap()
}

both!(a_host_is_told_everything_and_ports_become_active, cloud, {
    let (network, subnet, router, external) = cloud.routed("10.1.0.0/24").await;
    let port = plug(cloud, &network).await;
    let floating = cloud.make("floatingip", json!({"floating_network_id": external, "port_id": port})).await;
    let path = format!("/ports/{port}");
    assert_eq!(cloud.ok(200, "GET", &path, Value::Null).await["port"]["status"], "DOWN");
    cloud.net.sync_host("host-1").await.unwrap();
    let told = last(cloud);
    assert_eq!(told.networks.len(), 2);
    let tenant = told.networks.iter().find(|n| n.kind == node::NetworkKind::Tenant).unwrap();
    assert_eq!((tenant.mtu, tenant.dns_domain.as_str()), (1450, "openstacklocal"));
    assert_eq!(tenant.subnets[0].id.to_string(), subnet);
    assert_eq!(tenant.subnets[0].dhcp_port.as_ref().unwrap().0.to_string(), "10.1.0.2");
    let guest = &told.ports[0];
    assert_eq!((guest.server.unwrap().to_string().as_str(), guest.port_security), (SERVER, true));
    let way = &told.routers[0];
    assert_eq!(way.id.to_string(), router);
    assert_eq!(way.interfaces[0].addresses[0].to_string(), "10.1.0.1/24");
    let gateway = way.gateway.as_ref().unwrap();
    assert_eq!((gateway.snat, gateway.next_hops[0].to_string().as_str()), (true, "172.24.4.1"));
    assert_eq!(way.floating_ips[0].external.to_string(), floating["floating_ip_address"].as_str().unwrap());
    let group = &told.security_groups[0];
    assert_eq!(group.rules.len(), 4);
    assert_eq!(group.members, guest.fixed_ips.iter().map(|ip| ip.address).collect::<Vec<_>>());
    let shown = cloud.ok(200, "GET", &path, Value::Null).await;
    assert_eq!(shown["port"]["status"], "ACTIVE");
    for owner in ["network:dhcp", "network:router_interface"] {
        let list = cloud.ok(200, "GET", &format!("/ports?device_owner={owner}"), Value::Null).await;
        assert_eq!(list["ports"][0]["status"], "ACTIVE", "{owner}");
    }
    assert_eq!(shown["port"]["revision_number"], 2);
});

both!(the_task_is_quiet_when_nothing_changed, cloud, {
    let (network, ..) = cloud.routed("10.1.0.0/24").await;
    plug(cloud, &network).await;
    let [task, sort] = &cloud.net.keyed_tasks()[..] else { panic!("two tasks") };
    sort.run("here").await.unwrap();
    assert_eq!(task.run("host-1").await.unwrap().done, 1);
    assert_eq!(task.run("host-1").await.unwrap().done, 0);
    cloud.make("floatingip", json!({"floating_network_id": cloud.external().await})).await;
    sort.run("here").await.unwrap();
    assert_eq!(task.run("host-1").await.unwrap().done, 0);
    let port = cloud
        .make_as(Persona::Admin, "port", json!({"network_id": network, "binding:host_id": "host-1"}))
        .await;
    sort.run("here").await.unwrap();
    assert_eq!(task.run("host-1").await.unwrap().done, 1);
    assert!(last(cloud).ports.iter().any(|told| told.id.to_string() == id(&port)));
});

/// What the first host was told last.
fn change(cloud: &Cloud) -> node::NetworkingChange {
    cloud.node.changes.lock().unwrap().last().cloned().unwrap()
}

/// A port on a host.
async fn port_on(cloud: &Cloud, network: &str, host: &str) -> Value {
    cloud.make_as(Persona::Admin, "port", json!({"network_id": network, "binding:host_id": host})).await
}

both!(a_port_that_comes_or_goes_is_all_that_is_told, cloud, {
    let network = cloud.network().await;
    cloud.subnet(&network, "10.1.0.0/24").await;
    let [first, second] =
        [port_on(cloud, &network, "host-1").await, port_on(cloud, &network, "host-1").await];
    cloud.settle().await;
    assert_eq!(last(cloud).ports.len(), 2);
    let third = port_on(cloud, &network, "host-1").await;
    cloud.settle().await;
    let told = change(cloud);
    let put: Vec<_> = told.put.ports.iter().map(|port| port.id.to_string()).collect();
    assert_eq!(put, [id(&third)]);
    assert!(told.since.is_some() && told.put.networks.is_empty() && told.put.security_groups.is_empty());
    // the default group lets in who is in it
    assert_eq!(told.members.len(), 1);
    assert_eq!(told.members[0].come[0].to_string(), address(&third));
    cloud.ok_as(Persona::Admin, 204, "DELETE", &format!("/ports/{}", id(&second)), Value::Null).await;
    cloud.settle().await;
    let told = change(cloud);
    assert_eq!(told.gone.ports.iter().map(ToString::to_string).collect::<Vec<_>>(), [id(&second)]);
    assert_eq!(told.members[0].gone[0].to_string(), address(&second));
    assert!(told.put.is_empty());
    // elsewhere: only its address is told here
    let far = port_on(cloud, &network, "host-2").await;
    cloud.settle().await;
    let told = change(cloud);
    assert!(told.put.is_empty() && told.gone == node::GoneNetworking::default());
    assert_eq!(told.members[0].come[0].to_string(), address(&far));
    // it moves over: here it is a port, there everything that it brought goes along
    let body = json!({"port": {"binding:host_id": "host-2"}});
    for port in [&first, &third] {
        cloud.ok_as(Persona::Admin, 200, "PUT", &format!("/ports/{}", id(port)), body.clone()).await;
    }
    cloud.settle().await;
    assert!(last(cloud).is_empty(), "{:?}", last(cloud));
    assert_eq!(cloud.hosts[1].1.told.lock().unwrap().last().unwrap().ports.len(), 3);
});

both!(the_first_host_that_joins_takes_the_routers_that_wait, cloud, {
    let nodes = node::Nodes::new();
    let (clock, _) = kogge_clock::Clock::fake(kogge_clock::Timestamp::from_seconds(1_800_000_000));
    let (db, config) = (cloud.net.db().clone(), kogge_network::NetworkConfig::default());
    let net = kogge_network::Networking::new(kogge_network::NetworkDeps {
        db,
        clock,
        nodes: nodes.clone(),
        config,
    });
    let router = cloud.make("router", json!({})).await;
    // nobody is there yet, and nothing is written later
    let [converge, sort] = &net.keyed_tasks()[..] else { panic!("two tasks") };
    sort.run("here").await.unwrap();
    let first = std::sync::Arc::new(crate::cloud::FakeNode::default());
    nodes.insert("host-9", std::sync::Arc::clone(&first) as node::NodeHandle);
    converge.run("host-9").await.unwrap();
    let told = first.told.lock().unwrap().last().cloned().unwrap();
    assert_eq!(told.routers.len(), 1);
    assert_eq!(told.routers[0].id.to_string(), id(&router));
});

both!(a_node_that_lost_what_it_was_told_is_told_the_whole, cloud, {
    let network = cloud.network().await;
    cloud.subnet(&network, "10.1.0.0/24").await;
    port_on(cloud, &network, "host-1").await;
    cloud.settle().await;
    let (by, generation) = cloud.node.held.lock().unwrap().reached();
    *cloud.node.held.lock().unwrap() = node::AppliedNetworking::after(by, generation);
    port_on(cloud, &network, "host-1").await;
    cloud.settle().await;
    assert_eq!(last(cloud), cloud.whole("host-1").await);
    assert_eq!(last(cloud).ports.len(), 2);
});

/// Numbers that look like chance and are the same each time.
fn chance(state: &mut u64, below: usize) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*state >> 33).unwrap() % below
}

both!(changes_add_up_to_what_a_new_process_would_tell, cloud, {
    let (network, subnet, router, external) = cloud.routed("10.1.0.0/24").await;
    let other = cloud.network().await;
    cloud.subnet(&other, "10.2.0.0/24").await;
    let groups = cloud.ok(200, "GET", "/security-groups", Value::Null).await;
    let mut groups = vec![id(&groups["security_groups"][0])];
    for name in ["web", "db"] {
        groups.push(id(&cloud.make("security_group", json!({"name": name})).await));
    }
    let (mut seed, mut ports) = (7, Vec::new());
    for step in 0..80 {
        let group = &groups[chance(&mut seed, 3)];
        let known = (!ports.is_empty()).then(|| chance(&mut seed, ports.len()));
        let host = ["host-1", "host-2"][chance(&mut seed, 2)];
        match (chance(&mut seed, 9), known) {
            (0, Some(at)) => {
                let path = format!("/ports/{}", ports.swap_remove(at));
                cloud.ok_as(Persona::Admin, 204, "DELETE", &path, Value::Null).await;
            }
            (1, Some(at)) => {
                let body = json!({"port": {"security_groups": [group]}});
                cloud.ok_as(Persona::Admin, 200, "PUT", &format!("/ports/{}", ports[at]), body).await;
            }
            (2, Some(at)) => {
                let body = json!({"port": {"binding:host_id": host, "admin_state_up": step % 3 > 0}});
                cloud.ok_as(Persona::Admin, 200, "PUT", &format!("/ports/{}", ports[at]), body).await;
            }
            (3, _) => {
                let to = &groups[chance(&mut seed, 3)];
                let (min, group) = (1000 + step, group.clone());
                let rule = json!({"security_group_id": group, "direction": "ingress", "protocol": "tcp",
                    "port_range_min": min, "port_range_max": min, "remote_group_id": to});
                cloud.make("security_group_rule", rule).await;
            }
            (4, _) => {
                let rules = cloud.ok(200, "GET", "/security-group-rules?protocol=tcp", Value::Null).await;
                if let Some(rule) = rules["security_group_rules"].as_array().unwrap().first() {
                    let path = format!("/security-group-rules/{}", id(rule));
                    cloud.ok(204, "DELETE", &path, Value::Null).await;
                }
            }
            (5, Some(at)) => {
                let body = json!({"floating_network_id": external, "port_id": ports[at]});
                let body = json!({ "floatingip": body });
                // those of the other network have no way out
                cloud.call(Persona::Member, "POST", "/floatingips", body).await;
            }
            (6, _) => {
                let body = json!({"subnet": {"dns_nameservers": [format!("192.0.2.{}", step + 1)]}});
                cloud.ok(200, "PUT", &format!("/subnets/{subnet}"), body).await;
            }
            (7, _) => {
                let body = json!({"router": {"admin_state_up": step % 2 == 0}});
                cloud.ok(200, "PUT", &format!("/routers/{router}"), body).await;
            }
            _ => {
                let on = if chance(&mut seed, 3) == 0 { &other } else { &network };
                let body = json!({"network_id": on, "binding:host_id": host, "security_groups": [group]});
                let made = cloud.make_as(Persona::Admin, "port", body).await;
                ports.push(id(&made));
            }
        }
        if step % 2 == 0 {
            cloud.settle().await;
            for (host, node) in &cloud.hosts {
                let told = node.told.lock().unwrap().last().cloned().unwrap();
                assert_eq!(told, cloud.whole(host).await, "{host} after step {step}");
            }
        }
    }
    let wholes = |node: &crate::cloud::FakeNode| {
        node.changes.lock().unwrap().iter().filter(|change| change.since.is_none()).count()
    };
    assert_eq!(cloud.hosts.each_ref().map(|(_, node)| wholes(node)), [1, 1], "the rest were changes");
});

both!(ports_that_are_not_up_are_asked_for_again, cloud, {
    let network = cloud.network().await;
    cloud.subnet(&network, "10.1.0.0/24").await;
    let port = plug(cloud, &network).await;
    *cloud.node.down.lock().unwrap() = true;
    let task = cloud.net.keyed_tasks().remove(0);
    task.run("host-1").await.unwrap();
    let path = format!("/ports/{port}");
    assert_eq!(cloud.ok(200, "GET", &path, Value::Null).await["port"]["status"], "DOWN");
    *cloud.node.down.lock().unwrap() = false;
    assert_eq!(task.run("host-1").await.unwrap().done, 1);
    assert_eq!(cloud.ok(200, "GET", &path, Value::Null).await["port"]["status"], "ACTIVE");
});

both!(a_node_that_rings_is_asked_at_once_while_ports_are_down, cloud, {
    let network = cloud.network().await;
    cloud.subnet(&network, "10.1.0.0/24").await;
    plug(cloud, &network).await;
    let task = cloud.net.keyed_tasks().remove(0);
    let bells = task.bells();
    let rang = || bells.take().keys.contains("host-1");
    *cloud.node.down.lock().unwrap() = true;
    task.run("host-1").await.unwrap();
    bells.take();
    cloud.net.node_changed("nowhere");
    assert!(!rang());
    cloud.net.node_changed("host-1");
    assert!(rang(), "its port is down");
    *cloud.node.down.lock().unwrap() = false;
    task.run("host-1").await.unwrap();
    cloud.net.node_changed("host-1");
    assert!(!rang(), "all is up");
});

both!(a_dead_node_is_a_fault_that_heals, cloud, {
    let network = cloud.network().await;
    cloud.subnet(&network, "10.1.0.0/24").await;
    let port = plug(cloud, &network).await;
    *cloud.node.dead.lock().unwrap() = true;
    let task = cloud.net.keyed_tasks().remove(0);
    let error = task.run("host-1").await.unwrap_err().to_string();
    assert!(error.contains("host-1") && error.contains("the test said so"), "{error}");
    // a request never waits for a node, and a delete always works
    cloud.ok(204, "DELETE", &format!("/ports/{port}"), Value::Null).await;
    *cloud.node.dead.lock().unwrap() = false;
    task.run("host-1").await.unwrap();
    assert!(last(cloud).ports.is_empty());
    assert!(cloud.net.sync_host("nowhere").await.is_err());
});

both!(rules_reach_the_node_as_numbers, cloud, {
    let network = cloud.network().await;
    cloud.subnet(&network, "10.1.0.0/24").await;
    plug(cloud, &network).await;
    let list = cloud.ok(200, "GET", "/security-groups", Value::Null).await;
    let group = id(&list["security_groups"][0]);
    let other = id(&cloud.make("security_group", json!({"name": "clients"})).await);
    let client = cloud.make("port", json!({"network_id": network, "security_groups": [other]})).await;
    for rule in [
        json!({"protocol": "tcp", "port_range_min": 22, "port_range_max": 22, "remote_ip_prefix": "192.0.2.7/24"}),
        json!({"protocol": "icmp", "ethertype": "IPv6"}),
        json!({"remote_group_id": other}),
    ] {
        let mut rule = rule;
        rule["security_group_id"] = group.clone().into();
        rule["direction"] = "ingress".into();
        cloud.make("security_group_rule", rule).await;
    }
    cloud.net.sync_host("host-1").await.unwrap();
    let told = last(cloud);
    let rules: Vec<_> = told.security_groups.iter().flat_map(|g| &g.rules).collect();
    let ssh = rules.iter().find(|rule| rule.port_min == Some(22)).unwrap();
    assert_eq!((ssh.protocol, &ssh.remote), (Some(6), &node::Remote::Cidr("192.0.2.0/24".parse().unwrap())));
    assert!(rules.iter().any(|rule| rule.protocol == Some(58) && rule.ethertype == node::Ethertype::IPv6));
    let clients = told.security_groups.iter().find(|g| g.id.to_string() == other).unwrap();
    assert_eq!(clients.members[0].to_string(), address(&client));
});
