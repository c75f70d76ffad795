//! What compute calls.

use kogge_auth::testing::Persona;
use kogge_ids::ServerId;
use kogge_network::Attachment;
use kogge_network::commands::{FixedIpWish, NewPort};
use serde_json::{Value, json};

use crate::cloud::{address, both, id};

const SERVER: &str = "11111111-2222-4333-8444-555555555555";

both!(ports_of_a_server_come_and_go_with_it, cloud, {
    let (network, _, _, external) = cloud.routed("10.1.0.0/24").await;
    let caller = cloud.caller(Persona::Member);
    let (server, project) = (SERVER.parse().unwrap(), Persona::Member.project_id().parse().unwrap());
    let mine = cloud.make("port", json!({"network_id": network})).await;
    let mut tx = cloud.net.db().begin().await.unwrap();
    let new = NewPort {
        network_id: Some(network.parse().unwrap()),
        dns_name: "web".to_owned(),
        ..NewPort::of_server(server, "nova")
    };
    let made = cloud.net.create_port_in(&mut tx, &caller, new).await.unwrap();
    let to = Attachment { server, project: &project, zone: "nova" };
    let bound = cloud.net.bind_port_in(&mut tx, &caller, id(&mine).parse().unwrap(), to).await.unwrap();
    let row = bound.port.row;
    assert_eq!((row.device_id.as_str(), row.device_owner.as_str()), (SERVER, "compute:nova"));
    cloud.net.set_port_host_in(&mut tx, server, Some("host-1")).await.unwrap();
    tx.commit().await.unwrap();
    let floating =
        cloud.make("floatingip", json!({"floating_network_id": external, "port_id": made.row.id})).await;
    let found = cloud.net.ports_of_servers(&[server, ServerId::random()]).await.unwrap();
    assert_eq!(found.len(), 1);
    let ports = &found[&server];
    assert_eq!(ports.len(), 2);
    let first = ports.iter().find(|port| port.id == made.row.id).unwrap();
    assert_eq!((first.mtu, first.network_name.as_str(), first.host.as_str()), (1450, "n", "host-1"));
    assert_eq!(first.addresses[0].floating_ip.unwrap().to_string(), floating["floating_ip_address"]);
    assert_eq!(first.security_groups[0].1, "default");
    let mut tx = cloud.net.db().begin().await.unwrap();
    let other = Attachment { server: ServerId::random(), ..to };
    let other = cloud.net.bind_port_in(&mut tx, &caller, made.row.id, other).await;
    assert_eq!(other.unwrap_err().name(), "PortInUse");
    cloud.net.delete_device_ports_in(&mut tx, server).await.unwrap();
    tx.commit().await.unwrap();
    cloud.fault(404, "PortNotFound", "GET", &format!("/ports/{}", made.row.id), Value::Null).await;
    let left = cloud.ok(200, "GET", &format!("/ports/{}", id(&mine)), Value::Null).await;
    assert_eq!((&left["port"]["device_id"], &left["port"]["device_owner"]), (&json!(""), &json!("")));
    assert_eq!(address(&left["port"]), address(&mine));
});

both!(a_rolled_back_step_leaves_no_port, cloud, {
    let network = cloud.network().await;
    cloud.subnet(&network, "10.1.0.0/24").await;
    let caller = cloud.caller(Persona::Member);
    let mut tx = cloud.net.db().begin().await.unwrap();
    let new = NewPort { network_id: Some(network.parse().unwrap()), ..Default::default() };
    cloud.net.create_port_in(&mut tx, &caller, new).await.unwrap();
    tx.rollback().await.unwrap();
    let list = cloud.ok(200, "GET", &format!("/ports?network_id={network}&device_owner="), Value::Null).await;
    assert_eq!(list["ports"], json!([]));
});

both!(networks_for_boot_tell_what_compute_must_know, cloud, {
    let empty = cloud.network().await;
    let (network, ..) = cloud.routed("10.1.0.0/24").await;
    let found = cloud.net.networks_for_boot(&cloud.caller(Persona::Member)).await.unwrap();
    let of = |id: &str| found.iter().find(|network| network.id.to_string() == id).unwrap();
    assert!(!of(&empty).has_subnet && of(&empty).own);
    assert!(of(&network).has_subnet && !of(&network).external);
    assert!(found.iter().any(|network| network.external && !network.own));
    assert_eq!(cloud.net.networks_for_boot(&cloud.caller(Persona::OtherMember)).await.unwrap().len(), 1);
});

both!(groups_are_found_by_name_or_id, cloud, {
    let caller = cloud.caller(Persona::Member);
    let default = cloud.net.find_security_group(&caller, "default").await.unwrap();
    assert!(default.is_default);
    assert_eq!(cloud.net.find_security_group(&caller, &default.id.to_string()).await.unwrap().id, default.id);
    let stranger = cloud.caller(Persona::OtherMember);
    let error = cloud.net.find_security_group(&stranger, &default.id.to_string()).await.unwrap_err();
    assert_eq!(error.name(), "SecurityGroupNotFound");
    for _ in 0..2 {
        cloud.make("security_group", json!({"name": "twin"})).await;
    }
    assert_eq!(cloud.net.find_security_group(&caller, "twin").await.unwrap_err().name(), "BadRequest");
});

both!(departed_ports_are_listed_in_pages, cloud, {
    let network = cloud.network().await;
    let (caller, server) = (cloud.caller(Persona::Member), SERVER.parse().unwrap());
    let mut ports = Vec::new();
    for _ in 0..3 {
        let mut tx = cloud.net.db().begin().await.unwrap();
        let new =
            NewPort { network_id: Some(network.parse().unwrap()), ..NewPort::of_server(server, "nova") };
        ports.push(cloud.net.create_port_in(&mut tx, &caller, new).await.unwrap().row.id);
        tx.commit().await.unwrap();
    }
    for port in &ports {
        cloud.ok(204, "DELETE", &format!("/ports/{port}"), Value::Null).await;
    }
    ports.sort();
    let page = async |after, most| {
        let found = cloud.net.departed_ports(after, most).await.unwrap();
        assert!(found.iter().all(|(_, device)| device == SERVER));
        found.into_iter().map(|(port, _)| port).collect::<Vec<_>>()
    };
    assert_eq!(page(None, 2).await, ports[..2]);
    // the first stays, and is not in the way of those behind it
    assert_eq!(page(Some(ports[1]), 2).await, ports[2..]);
    assert_eq!(page(Some(ports[2]), 2).await, []);
});

both!(guests_are_told_their_network, cloud, {
    let network = cloud.network().await;
    let body = json!({"network_id": network, "cidr": "10.1.0.0/24", "ip_version": 4, "enable_dhcp": false, "dns_nameservers": ["9.9.9.9"]});
    cloud.make("subnet", body).await;
    let (caller, server) = (cloud.caller(Persona::Member), SERVER.parse().unwrap());
    let mut tx = cloud.net.db().begin().await.unwrap();
    let new = NewPort {
        network_id: Some(network.parse().unwrap()),
        fixed_ips: Some(vec![FixedIpWish { subnet_id: None, ip_address: Some("10.1.0.9".parse().unwrap()) }]),
        ..NewPort::of_server(server, "nova")
    };
    let port = cloud.net.create_port_in(&mut tx, &caller, new).await.unwrap();
    tx.commit().await.unwrap();
    let found = cloud.net.ports_of_servers(&[server]).await.unwrap();
    let data = cloud.net.network_data_json(&found[&server]);
    assert_eq!(data["links"][0]["ethernet_mac_address"], port.row.mac_address);
    assert_eq!(data["networks"][0]["type"], "ipv4");
    assert_eq!(data["networks"][0]["ip_address"], "10.1.0.9");
    assert_eq!(data["networks"][0]["netmask"], "255.255.255.0");
    assert_eq!(data["networks"][0]["routes"][0]["gateway"], "10.1.0.1");
    assert_eq!(data["services"], json!([{"type": "dns", "address": "9.9.9.9"}]));
});
