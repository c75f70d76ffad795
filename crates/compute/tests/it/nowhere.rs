//! Servers that no host takes, and what tenants read of what goes wrong on hosts.

use kogge_auth::testing::Persona;
use kogge_node_api::NodeError;
use kogge_node_sim::{Call, SimConfig, Times};
use serde_json::{Value, json};

use super::cloud::{Cloud, NOWHERE, on_both};

async fn port(cloud: &Cloud) -> String {
    let body = json!({"port": {"network_id": cloud.network}});
    let made = cloud.call(Persona::Member, "POST", "/network/v2.0/ports", Some(body)).await.expect(201);
    made["port"]["id"].as_str().unwrap().to_owned()
}

async fn ports(cloud: &Cloud) -> Vec<Value> {
    let list = cloud.call(Persona::Member, "GET", "/network/v2.0/ports", None).await.expect(200);
    let mut ports = list["ports"].as_array().unwrap().clone();
    ports.retain(|port| port["device_owner"] != "network:dhcp");
    ports
}

/// Enables or disables the only host: on a disabled one nothing is placed.
async fn able(cloud: &Cloud, word: &str) {
    let body = json!({"host": "sim1", "binary": "nova-compute"});
    cloud.admin("PUT", &format!("/os-services/{word}"), Some(body)).await.expect(200);
}

/// A server that no host takes.
async fn lost(cloud: &Cloud, networks: Value) -> String {
    let id = cloud.create(json!({"flavorRef": "large", "networks": networks})).await;
    cloud.run().await;
    let server = cloud.show(&id).await;
    assert_eq!(
        (&server["status"], &server["fault"]["message"]),
        (&json!("ERROR"), &json!(NOWHERE)),
        "{server}"
    );
    id
}

on_both! {
    what_found_no_host_gives_back_all_that_it_held(cloud) {
        able(&cloud, "disable").await;
        let mine = port(&cloud).await;
        let id = lost(&cloud, json!([{"port": mine}, {"uuid": cloud.network}])).await;
        let left = ports(&cloud).await;
        assert_eq!(left.len(), 1, "the port that compute made is gone: {left:?}");
        assert_eq!((&left[0]["id"], &left[0]["device_id"]), (&json!(mine), &json!("")));
        assert_eq!(cloud.show(&id).await["addresses"], json!({}));
        assert_eq!(cloud.count("SELECT COUNT(*) AS n FROM image_holds").await, 0);
        able(&cloud, "enable").await;
        let next = cloud.boot(json!({"networks": [{"port": mine}]})).await;
        for action in [json!({"os-stop": null}), json!({"reboot": {"type": "HARD"}}), json!({"rebuild": {"imageRef": cloud.image}})] {
            let refused = cloud.action(&id, action).await.fault(409);
            assert_eq!(refused, format!("Instance {id} is not ready"));
        }
        let reset = json!({"os-resetState": {"state": "active"}});
        cloud.admin("POST", &format!("/servers/{id}/action"), Some(reset)).await.fault(409);
        cloud.wait(120).await;
        assert_eq!(cloud.status(&id).await, "ERROR");
        for server in [&id, &next] {
            assert_eq!(cloud.delete(&format!("/servers/{server}")).await.status, 204);
        }
        cloud.run().await;
        cloud.assert_clean().await;
        assert_eq!(ports(&cloud).await[0]["device_id"], "", "whose port it was keeps it");
    }

    a_version_before_kept_ports_of_what_found_no_host(cloud) {
        use kogge_db::{Executor as _, Query};
        able(&cloud, "disable").await;
        let id = cloud.create(json!({"flavorRef": "large"})).await;
        let fault = json!({"generation": 1, "code": 500, "message": NOWHERE, "details": "", "at": 0});
        let write = Query::new("UPDATE servers SET placed_fault = $1");
        (&cloud.db).execute(write.bind(fault.to_string())).await.unwrap();
        assert_eq!(ports(&cloud).await.len(), 1);
        cloud.run().await;
        assert_eq!(ports(&cloud).await.len(), 0);
        assert_eq!(cloud.status(&id).await, "ERROR");
    }
}

/// Whatever a host says, its owner reads no host, path, address or command.
#[tokio::test]
async fn tenants_read_nothing_of_hosts_in_faults_actions_and_consoles() {
    let secrets = ["/var/lib/kogge", "10.9.8.7", "qemu-system", "rack7", "sim1"];
    let because = "rack7: qemu-system-x86_64 cannot open /var/lib/kogge/x at 10.9.8.7";
    let errors = [
        NodeError::failed("making the root disk", because),
        NodeError::failed("ip link add 10.9.8.7 dev /var/lib/kogge", because),
        NodeError::Unreachable { host: "rack7".to_owned(), because: because.to_owned() },
        NodeError::NotYet { what: because.to_owned() },
    ];
    for error in errors {
        for call in [Call::Apply, Call::ApplyNetworking, Call::Work] {
            let mut cloud = Cloud::start().await;
            cloud.node.faults().fail_with(call, None, Times::Forever, error.clone());
            let id = cloud.create(json!({})).await;
            cloud.wait(700).await;
            cloud.at("2.84");
            let server = cloud.show(&id).await;
            assert_eq!(server["status"], "ERROR", "{call:?} {error}: {server}");
            let list = cloud.get(&format!("/servers/{id}/os-instance-actions")).await.expect(200);
            let request = list["instanceActions"][0]["request_id"].as_str().unwrap().to_owned();
            let action = cloud.get(&format!("/servers/{id}/os-instance-actions/{request}")).await.expect(200);
            let console = cloud.action(&id, json!({"os-getConsoleOutput": {}})).await.body;
            for text in [server.to_string(), list.to_string(), action.to_string(), console.to_string()] {
                assert!(secrets.iter().all(|secret| !text.contains(secret)), "{call:?} {error}: {text}");
            }
            let details = cloud.fault_details(&id).await;
            assert!(
                details.contains(&error.to_string()) || call == Call::ApplyNetworking,
                "admins read all: {details}"
            );
        }
    }
}

#[tokio::test]
async fn details_of_a_fault_are_bounded() {
    let cloud = Cloud::start().await;
    cloud.node.faults().fail_with(
        Call::Apply,
        None,
        Times::Forever,
        NodeError::failed("x", "y".repeat(100_000)),
    );
    let id = cloud.create(json!({})).await;
    cloud.wait(60).await;
    assert_eq!(cloud.status(&id).await, "ERROR");
    assert!(cloud.fault_details(&id).await.len() <= 4096);
}

#[tokio::test]
async fn no_more_than_twenty_hosts_say_why_not() {
    let mut cloud = Cloud::with(SimConfig::new("sim1").with_size(1, 1024, 100), false).await.unwrap();
    for number in 2..=30 {
        cloud.add_host(SimConfig::new(&format!("sim{number}")).with_size(1, 1024, 100)).await;
    }
    cloud.at("2.37");
    let id = lost(&cloud, json!("none")).await;
    let details = cloud.fault_details(&id).await;
    assert!(
        details.ends_with("And 10 more.") && details.matches("needs 2048 MiB").count() == 20,
        "{details}"
    );
}
