//! Interfaces of running servers: plugged in, taken out, and what becomes of their ports.

use std::time::Duration;

use kogge_auth::testing::Persona;
use kogge_ids::ServerId;
use kogge_node_sim::{Call, Delays, SimConfig, Times};
use serde_json::{Value, json};

use super::cloud::{Answer, Cloud};

struct Booted {
    cloud: Cloud,
    id: String,
    server: ServerId,
    path: String,
}

async fn booted(cloud: Cloud) -> Booted {
    let id = cloud.boot(json!({})).await;
    Booted { server: id.parse().unwrap(), path: format!("/servers/{id}/os-interface"), cloud, id }
}

impl Booted {
    /// A later moment, so that actions have an order.
    fn later(&self) {
        self.cloud.time.advance(Duration::from_secs(1));
    }

    async fn attach(&self, how: Value) -> Answer {
        self.later();
        self.cloud.post(&self.path, json!({ "interfaceAttachment": how })).await
    }

    /// Joins the server to its network once more; answers the port.
    async fn attached(&self) -> String {
        let made = self.attach(json!({"net_id": self.cloud.network})).await.expect(200);
        made["interfaceAttachment"]["port_id"].as_str().unwrap().to_owned()
    }

    async fn detach(&self, port: &str) -> u16 {
        self.later();
        self.cloud.delete(&format!("{}/{port}", self.path)).await.status
    }

    async fn port(&self, port: &str) -> Answer {
        self.cloud.call(Persona::Member, "GET", &format!("/network/v2.0/ports/{port}"), None).await
    }

    async fn new_port(&self) -> String {
        let body = json!({"port": {"network_id": self.cloud.network, "name": "mine"}});
        let made =
            self.cloud.call(Persona::Member, "POST", "/network/v2.0/ports", Some(body)).await.expect(201);
        made["port"]["id"].as_str().unwrap().to_owned()
    }

    fn plugged(&self) -> Vec<String> {
        self.cloud.node.plugged(self.server).iter().map(ToString::to_string).collect()
    }

    /// Name, message and details of the newest action.
    async fn last_action(&self) -> (Value, Value, Value) {
        let path = format!("/servers/{}/os-instance-actions", self.id);
        let list = self.cloud.get(&path).await.expect(200)["instanceActions"].clone();
        let request = list[0]["request_id"].as_str().unwrap();
        let admin = self.cloud.admin("GET", &format!("{path}/{request}"), None).await.expect(200);
        let action = &admin["instanceAction"];
        let event = action["events"][0].clone();
        (action["action"].clone(), action["message"].clone(), event["result"].clone())
    }
}

#[tokio::test]
async fn the_running_guest_gets_an_interface_and_loses_it_and_its_port() {
    let it = booted(Cloud::start().await).await;
    let port = it.attached().await;
    it.cloud.run().await;
    assert!(it.plugged().contains(&port));
    let desired = it.cloud.node.desired(it.server).unwrap();
    assert!(desired.reboot.is_none(), "without a reboot");
    assert!(desired.metadata.network_data.contains(&desired.nics[1].mac));
    assert_eq!(it.detach(&port).await, 202);
    assert_eq!(
        it.port(&port).await.expect(200)["port"]["device_id"],
        it.id,
        "until the guest has it no more"
    );
    it.cloud.run().await;
    assert_eq!(it.plugged().len(), 1);
    it.port(&port).await.expect(404);
    assert_eq!(it.detach(&port).await, 404);
    let action = it.last_action().await;
    assert_eq!(action, (json!("detach_interface"), json!(null), json!("Success")));
    assert_eq!(it.cloud.status(&it.id).await, "ACTIVE");
}

#[tokio::test]
async fn a_port_that_the_user_made_is_let_go_as_it_was() {
    let it = booted(Cloud::start().await).await;
    let port = it.new_port().await;
    let before = it.port(&port).await.expect(200)["port"].clone();
    it.attach(json!({"port_id": port})).await.expect(200);
    it.attach(json!({"port_id": port})).await.fault(409);
    it.cloud.run().await;
    assert!(it.plugged().contains(&port));
    assert_eq!(it.detach(&port).await, 202);
    it.attach(json!({"port_id": port})).await.fault(409);
    it.cloud.run().await;
    let after = it.port(&port).await.expect(200)["port"].clone();
    for key in ["device_id", "device_owner", "name", "status", "fixed_ips", "mac_address", "security_groups"]
    {
        assert_eq!(after[key], before[key], "{key}");
    }
    it.attach(json!({"port_id": port})).await.expect(200);
    it.cloud.run().await;
    assert!(it.plugged().contains(&port), "and it can come back");
}

#[tokio::test]
async fn an_interface_stays_over_stop_start_and_reboot() {
    let it = booted(Cloud::start().await).await;
    let port = it.attached().await;
    it.cloud.run().await;
    for action in [json!({"reboot": {"type": "HARD"}}), json!({"os-stop": null}), json!({"os-start": null})] {
        it.cloud.action(&it.id, action).await.expect(202);
        it.cloud.run().await;
    }
    assert!(it.plugged().contains(&port));
    it.cloud.action(&it.id, json!({"os-stop": null})).await.expect(202);
    it.cloud.run().await;
    assert_eq!(it.detach(&port).await, 202, "also where it is off");
    it.cloud.run().await;
    it.port(&port).await.expect(404);
}

#[tokio::test]
async fn a_guest_that_does_not_let_go_fails_the_action_and_frees_the_port_all_the_same() {
    let it = booted(Cloud::start().await).await;
    let port = it.attached().await;
    it.cloud.run().await;
    it.cloud.node.guest_clings(it.server, true);
    assert_eq!(it.detach(&port).await, 202);
    it.cloud.run().await;
    assert_eq!(it.last_action().await, (json!("detach_interface"), json!("Error"), json!("Error")));
    let server = it.cloud.show(&it.id).await;
    assert_eq!((&server["status"], &server["OS-EXT-STS:task_state"]), (&json!("ACTIVE"), &json!(null)));
    it.port(&port).await.expect(404);
    assert_eq!(it.plugged().len(), 1);
    it.cloud.action(&it.id, json!({"createImage": {"name": "x"}})).await.expect(202);
    it.cloud.run().await;
    it.later();
    it.cloud.action(&it.id, json!({"reboot": {"type": "HARD"}})).await.expect(202);
    it.cloud.run().await;
    assert_eq!(it.cloud.status(&it.id).await, "ACTIVE");
    assert_eq!(it.last_action().await.1, json!(null));
}

#[tokio::test]
async fn a_guest_without_a_slot_fails_the_action_and_gets_the_interface_with_its_next_start() {
    let it = booted(Cloud::start().await).await;
    it.cloud.node.guest_is_full(it.server, true);
    let port = it.attached().await;
    it.cloud.run().await;
    assert_eq!(it.last_action().await, (json!("attach_interface"), json!("Error"), json!("Error")));
    assert_eq!(it.cloud.status(&it.id).await, "ACTIVE");
    it.cloud.action(&it.id, json!({"reboot": {"type": "HARD"}})).await.expect(202);
    it.cloud.run().await;
    assert!(it.plugged().contains(&port));
}

#[tokio::test]
async fn a_port_deleted_in_the_network_api_leaves_its_server() {
    let it = booted(Cloud::start().await).await;
    let (made, own) = (it.attached().await, it.new_port().await);
    it.attach(json!({"port_id": own})).await.expect(200);
    it.cloud.run().await;
    assert_eq!(it.plugged().len(), 3);
    for port in [&made, &own] {
        let path = format!("/network/v2.0/ports/{port}");
        assert_eq!(it.cloud.call(Persona::Member, "DELETE", &path, None).await.status, 204);
    }
    it.cloud.run().await;
    assert_eq!(it.plugged().len(), 1);
    let list = it.cloud.get(&it.path).await.expect(200);
    assert_eq!(list["interfaceAttachments"].as_array().unwrap().len(), 1);
    assert_eq!(it.cloud.count("SELECT COUNT(*) AS n FROM port_departures").await, 0);
    it.cloud.delete(&format!("/servers/{}", it.id)).await;
    it.cloud.run().await;
    it.cloud.assert_clean().await;
}

#[tokio::test]
async fn faults_and_delays_of_the_node_delay_and_lose_nothing() {
    for call in [Call::Apply, Call::Work, Call::ApplyNetworking, Call::Observe] {
        let times = Times::N(2);
        let plug = Duration::from_secs(20);
        let config = SimConfig::new("sim1").with_delays(Delays { plug, ..Delays::default() });
        let it = booted(Cloud::with(config, false).await.unwrap()).await;
        it.cloud.node.faults().fail(call, times);
        let port = it.attached().await;
        it.cloud.wait(200).await;
        assert!(it.plugged().contains(&port), "{call:?} {times:?}");
        it.cloud.node.faults().fail(call, times);
        assert_eq!(it.detach(&port).await, 202);
        assert_eq!(it.detach(&port).await, 202, "asked again while it goes on");
        it.cloud.wait(200).await;
        assert_eq!((it.plugged().len(), it.port(&port).await.status), (1, 404), "{call:?} {times:?}");
        assert_eq!(it.cloud.status(&it.id).await, "ACTIVE");
    }
}

#[tokio::test]
async fn a_server_is_deleted_while_an_interface_leaves() {
    let it = booted(Cloud::start().await).await;
    let own = it.new_port().await;
    it.attach(json!({"port_id": own})).await.expect(200);
    it.cloud.run().await;
    it.detach(&own).await;
    it.cloud.delete(&format!("/servers/{}", it.id)).await;
    it.cloud.run().await;
    assert_eq!(it.port(&own).await.expect(200)["port"]["device_id"], "");
    it.cloud.assert_clean().await;
}

#[tokio::test]
async fn what_nova_refuses_is_refused_with_its_codes() {
    let mut it = booted(Cloud::start().await).await;
    let missing = "7e9c2c9e-0000-4000-8000-000000000000";
    let network = it.cloud.network.clone();
    let fixed = |ip: &str| json!({"net_id": network, "fixed_ips": [{"ip_address": ip}]});
    for (how, status) in [
        (json!({"net_id": network, "port_id": missing}), 400),
        (json!({"fixed_ips": [{"ip_address": "10.1.0.9"}]}), 400),
        (json!({"net_id": network, "fixed_ips": []}), 400),
        (
            json!({"net_id": network, "fixed_ips": [{"ip_address": "10.1.0.8"}, {"ip_address": "10.1.0.9"}]}),
            400,
        ),
        (fixed("not an address"), 400),
        (fixed("192.0.2.1"), 400),
        (json!({"net_id": "x"}), 400),
        (json!({"colour": "blue"}), 400),
        (json!({"net_id": network, "tag": "x"}), 400),
        (json!({"net_id": missing}), 404),
        (json!({"port_id": missing}), 404),
    ] {
        it.attach(how.clone()).await.fault(status);
    }
    it.attach(fixed("10.1.0.77")).await.expect(200);
    it.cloud.run().await;
    let message = it.attach(fixed("10.1.0.77")).await.fault(409);
    assert!(message.starts_with("Fixed IP address 10.1.0.77 is already in use"), "{message}");
    assert_eq!(it.detach(missing).await, 404);
    it.cloud.get(&format!("{}/{missing}", it.path)).await.fault(404);
    it.cloud.get(&format!("{}?x=y", it.path)).await.expect(200);
    it.cloud.at("2.102").get(&format!("{}?x=y", it.path)).await.fault(400);
    it.cloud.at("2.49");
    it.attach(json!({"net_id": network, "tag": "a,b"})).await.fault(400);
    let made = it.attach(json!({"net_id": network, "tag": "x"})).await.expect(200);
    assert!(made["interfaceAttachment"].get("tag").is_none(), "shown from 2.70 on");
    it.cloud.run().await;
    let body = json!({});
    assert_eq!(it.cloud.post(&it.path, body).await.status, 200, "the project's only network");
    it.cloud.run().await;
    it.cloud.action(&it.id, json!({"lock": null})).await.expect(202);
    it.attach(json!({"net_id": network})).await.fault(409);
}
