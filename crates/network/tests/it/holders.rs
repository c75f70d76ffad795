//! What a port is, and who says so: words of a tenant are never proof.

use kogge_auth::testing::Persona;
use kogge_ids::{PortId, ServerId};
use kogge_network::Attachment;
use kogge_network::commands::NewPort;
use serde_json::{Value, json};

use crate::cloud::{Cloud, both, id};

const SERVER: &str = "11111111-2222-4333-8444-555555555555";

fn server() -> ServerId {
    SERVER.parse().unwrap()
}

/// Compute makes a port for the member's server.
async fn boot(cloud: &Cloud, network: &str) -> PortId {
    let new = NewPort { network_id: Some(network.parse().unwrap()), ..NewPort::of_server(server(), "nova") };
    let mut tx = cloud.net.db().begin().await.unwrap();
    let made = cloud.net.create_port_in(&mut tx, &cloud.caller(Persona::Member), new).await.unwrap();
    tx.commit().await.unwrap();
    made.row.id
}

/// Compute plugs a port into a server of the persona's project; the name of the fault, where it is refused.
async fn bind(cloud: &Cloud, who: Persona, port: &Value, server: ServerId) -> Result<bool, &'static str> {
    let caller = cloud.caller(who);
    let project = who.project_id().parse().unwrap();
    let to = Attachment { server, project: &project, zone: "nova" };
    let mut tx = cloud.net.db().begin().await.unwrap();
    let bound = cloud.net.bind_port_in(&mut tx, &caller, id(port).parse().unwrap(), to).await;
    match bound {
        Ok(bound) => {
            tx.commit().await.unwrap();
            Ok(bound.foreign_external)
        }
        Err(error) => Err(error.name()),
    }
}

async fn shared_network(cloud: &Cloud, body: Value) -> String {
    let network = id(&cloud.make_as(Persona::Admin, "network", body).await);
    let subnet = json!({"network_id": network, "cidr": "10.7.0.0/24", "ip_version": 4});
    cloud.make_as(Persona::Admin, "subnet", subnet).await;
    network
}

both!(the_id_of_a_server_is_no_proof_of_belonging_to_it, cloud, {
    let network = cloud.network().await;
    cloud.subnet(&network, "10.1.0.0/24").await;
    let real = boot(cloud, &network).await;
    let attacker = Persona::OtherMember;
    let foreign = id(&cloud.make_as(attacker, "network", json!({})).await);
    let port = id(&cloud.make_as(attacker, "port", json!({"network_id": foreign})).await);
    let path = format!("/ports/{port}");
    for (status, body) in [
        (403, json!({"device_id": SERVER, "device_owner": "compute:nova"})),
        (403, json!({"device_owner": "network:dhcp"})),
        (409, json!({"device_id": SERVER})),
        (200, json!({"device_id": "22222222-2222-4333-8444-555555555555", "device_owner": "my:own"})),
    ] {
        let answer = cloud.call(attacker, "PUT", &path, json!({"port": body})).await;
        assert_eq!(answer.0, status, "{body} {}", answer.1);
        let mut body = body;
        body["network_id"] = foreign.clone().into();
        let answer = cloud.call(attacker, "POST", "/ports", json!({"port": body})).await;
        assert_eq!(answer.0, if status == 200 { 201 } else { status }, "{body} {}", answer.1);
    }
    // neither do admins' words make a port a server's
    let words = json!({"port": {"device_id": SERVER, "device_owner": "compute:nova"}});
    cloud.ok_as(Persona::Admin, 200, "PUT", &path, words).await;
    let found = cloud.net.ports_of_servers(&[server()]).await.unwrap();
    assert_eq!(found[&server()].iter().map(|port| port.id).collect::<Vec<_>>(), [real]);
    // what compute does with the server's ports leaves the other alone
    let mut tx = cloud.net.db().begin().await.unwrap();
    cloud.net.set_port_host_in(&mut tx, server(), Some("host-1")).await.unwrap();
    let detached = cloud.net.detach_port_in(&mut tx, server(), port.parse().unwrap()).await;
    assert_eq!(detached.unwrap_err().name(), "PortNotFound");
    tx.commit().await.unwrap();
    cloud.net.sync_host("host-1").await.unwrap();
    let told = cloud.node.told.lock().unwrap().last().cloned().unwrap();
    assert_eq!(
        told.ports.iter().map(|port| (port.id, port.server)).collect::<Vec<_>>(),
        [(real, Some(server()))]
    );
    let mut tx = cloud.net.db().begin().await.unwrap();
    cloud.net.delete_device_ports_in(&mut tx, server()).await.unwrap();
    tx.commit().await.unwrap();
    let left = cloud.ok_as(attacker, 200, "GET", &path, Value::Null).await;
    assert_eq!(left["port"]["device_id"], SERVER);
});

both!(a_port_is_plugged_into_servers_of_its_own_project_only, cloud, {
    let network = shared_network(cloud, json!({"shared": true})).await;
    let port = cloud.make("port", json!({"network_id": network})).await;
    assert_eq!(bind(cloud, Persona::OtherMember, &port, server()).await, Err("PortNotFound"));
    assert_eq!(bind(cloud, Persona::Admin, &port, server()).await, Err("PortNotUsable"));
    assert_eq!(bind(cloud, Persona::Member, &port, server()).await, Ok(false));
    assert_eq!(bind(cloud, Persona::Member, &port, server()).await, Ok(false), "again, into the same");
    assert_eq!(bind(cloud, Persona::Member, &port, ServerId::random()).await, Err("PortInUse"));
});

both!(a_hundred_servers_that_want_a_port_at_once_get_it_once, cloud, {
    let network = cloud.network().await;
    let port = cloud.make("port", json!({"network_id": network})).await;
    let tries = (0..100).map(|_| bind(cloud, Persona::Member, &port, ServerId::random()));
    let answers = futures_util::future::join_all(tries).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert!(answers.iter().all(|answer| matches!(answer, Ok(_) | Err("PortInUse"))), "{answers:?}");
});

both!(nobody_talks_a_port_out_of_the_hands_that_hold_it, cloud, {
    let (network, _, router, _) = cloud.routed("10.1.0.0/24").await;
    let leg = cloud.ok(200, "GET", &format!("/ports?device_id={router}"), Value::Null).await;
    let leg = format!("/ports/{}", id(&leg["ports"][0]));
    let guest = format!("/ports/{}", boot(cloud, &network).await);
    for who in [Persona::Member, Persona::Admin] {
        for path in [&leg, &guest] {
            for body in [
                json!({"device_owner": "", "device_id": ""}),
                json!({"device_id": "x"}),
                json!({"device_owner": "x"}),
            ] {
                cloud.fault_as(who, 409, "PortInUse", "PUT", path, json!({"port": body})).await;
            }
            // the whole document may be sent back
            let shown = cloud.ok_as(who, 200, "GET", path, Value::Null).await;
            let body = json!({"device_id": shown["port"]["device_id"], "device_owner": shown["port"]["device_owner"], "name": "n"});
            cloud.ok_as(who, 200, "PUT", path, json!({"port": body})).await;
        }
    }
    cloud.fault(409, "ServicePortInUse", "DELETE", &leg, Value::Null).await;
    let path = format!("/routers/{router}/add_router_interface");
    cloud
        .fault(409, "PortInUse", "PUT", &path, json!({"port_id": guest.trim_start_matches("/ports/")}))
        .await;
});

both!(words_make_no_port_a_routers_or_dhcps, cloud, {
    let (network, subnet, router, _) = cloud.routed("10.1.0.0/24").await;
    let pretend = |kind: &str| json!({"network_id": network, "device_id": router, "device_owner": kind});
    let leg = cloud.make_as(Persona::Admin, "port", pretend("network:router_interface")).await;
    let dhcp = cloud.make_as(Persona::Admin, "port", pretend("network:dhcp")).await;
    for port in [&leg, &dhcp] {
        assert_eq!(port["port_security_enabled"], true);
    }
    cloud.net.sync_host("host-1").await.unwrap();
    let told = cloud.node.told.lock().unwrap().last().cloned().unwrap();
    assert_eq!(told.routers[0].interfaces.len(), 1);
    let off = format!("/routers/{router}/remove_router_interface");
    cloud.fault(404, "RouterInterfaceNotFound", "PUT", &off, json!({"port_id": id(&leg)})).await;
    cloud.ok(200, "PUT", &off, json!({"subnet_id": subnet})).await;
    cloud.fault(409, "NetworkInUse", "DELETE", &format!("/networks/{network}"), Value::Null).await;
    for port in [&leg, &dhcp] {
        cloud.ok_as(Persona::Admin, 204, "DELETE", &format!("/ports/{}", id(port)), Value::Null).await;
    }
    cloud.ok(204, "DELETE", &format!("/networks/{network}"), Value::Null).await;
});

both!(members_make_no_ports_on_external_networks, cloud, {
    let external = cloud.external().await;
    cloud
        .fault(403, "PolicyNotAuthorized", "POST", "/ports", json!({"port": {"network_id": external}}))
        .await;
    let given = json!({"network_id": external, "project_id": Persona::Member.project_id()});
    let given = cloud.make_as(Persona::Admin, "port", given).await;
    assert_eq!(bind(cloud, Persona::Member, &given, server()).await, Ok(true), "compute is told what it is");
    let both_ways = shared_network(cloud, json!({"shared": true, "router:external": true})).await;
    let port = cloud.make("port", json!({"network_id": both_ways})).await;
    assert_eq!(bind(cloud, Persona::Member, &port, ServerId::random()).await, Ok(false));
});

both!(no_guest_is_unfiltered_on_a_network_of_others, cloud, {
    let open = shared_network(cloud, json!({"shared": true, "port_security_enabled": false})).await;
    // by the network's default
    let port = cloud.make("port", json!({"network_id": open})).await;
    assert_eq!(
        (&port["port_security_enabled"], port["security_groups"].as_array().unwrap().len()),
        (&json!(true), 1)
    );
    // by its own word
    let body = json!({"port": {"network_id": open, "port_security_enabled": false}});
    cloud.fault(403, "PolicyNotAuthorized", "POST", "/ports", body).await;
    // by a port that an admin gave
    let given = json!({"network_id": open, "project_id": Persona::Member.project_id(), "port_security_enabled": false});
    let given = cloud.make_as(Persona::Admin, "port", given).await;
    assert_eq!(given["port_security_enabled"], false);
    assert_eq!(bind(cloud, Persona::Member, &given, server()).await, Err("PolicyNotAuthorized"));
    // on the own network everybody may
    let mine = cloud.network().await;
    let free = cloud.make("port", json!({"network_id": mine, "port_security_enabled": false})).await;
    assert_eq!(bind(cloud, Persona::Member, &free, server()).await, Ok(false));
});

both!(a_port_that_was_a_routers_leg_is_filtered_like_any_other, cloud, {
    let network = shared_network(cloud, json!({"shared": true})).await;
    let port = cloud.make("port", json!({"network_id": network})).await;
    let router = id(&cloud.make("router", json!({})).await);
    cloud
        .ok(200, "PUT", &format!("/routers/{router}/add_router_interface"), json!({"port_id": id(&port)}))
        .await;
    let path = format!("/ports/{}", id(&port));
    let leg = cloud.ok(200, "GET", &path, Value::Null).await;
    assert_eq!(leg["port"]["port_security_enabled"], false, "a leg carries the traffic of others");
    let list = cloud.ok(200, "GET", "/ports?port_security_enabled=false", Value::Null).await;
    assert_eq!(list["ports"].as_array().unwrap().len(), 1);
    assert_eq!(bind(cloud, Persona::Member, &port, server()).await, Err("PortInUse"));
    // whatever lets it go, and however: what it is decides again
    let query = "UPDATE ports SET holder = 'nobody', holder_id = NULL, device_id = '', device_owner = '' WHERE id = $1";
    let mut tx = cloud.net.db().begin().await.unwrap();
    kogge_db::Executor::execute(&mut tx, kogge_db::Query::new(query).bind(id(&port))).await.unwrap();
    tx.commit().await.unwrap();
    let free = cloud.ok(200, "GET", &path, Value::Null).await;
    assert_eq!(free["port"]["port_security_enabled"], true);
    assert_eq!(bind(cloud, Persona::Member, &port, server()).await, Ok(false));
});
