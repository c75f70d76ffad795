//! Servers from the request to nothing left.

use kogge_auth::testing::Persona;
use serde_json::{Value, json};

use super::cloud::Cloud;

#[tokio::test]
async fn a_server_is_built_shown_and_deleted_without_a_trace() {
    let cloud = Cloud::start().await;
    let answer = cloud.post("/servers", cloud.server(&json!({"metadata": {"a": "b"}}))).await;
    let location = answer.headers["location"].to_str().unwrap().to_owned();
    let made = answer.expect(202);
    let id = made["server"]["id"].as_str().unwrap();
    assert_eq!(location, format!("http://cloud.example/compute/v2.1/servers/{id}"));
    assert_eq!(made["server"]["adminPass"].as_str().unwrap().len(), 12);
    assert_eq!(made["server"]["security_groups"], json!([{"name": "default"}]));
    let server = cloud.show(id).await;
    assert_eq!(
        (&server["status"], &server["OS-EXT-STS:task_state"]),
        (&json!("BUILD"), &json!("scheduling"))
    );
    assert_eq!(server["addresses"], json!({}));
    cloud.run().await;
    let server = cloud.show(id).await;
    assert_eq!(server["status"], "ACTIVE", "{server}");
    assert_eq!(server["OS-EXT-STS:power_state"], 1);
    assert_eq!(server["metadata"], json!({"a": "b"}));
    assert_eq!(server["addresses"]["net"][0]["OS-EXT-IPS:type"], "fixed");
    assert_eq!(server["security_groups"], json!([{"name": "default"}]));
    assert_eq!(cloud.delete(&format!("/servers/{id}")).await.status, 204);
    assert_eq!(cloud.show(id).await["OS-EXT-STS:task_state"], "deleting");
    cloud.run().await;
    cloud.get(&format!("/servers/{id}")).await.fault(404);
    cloud.assert_clean().await;
    let list = cloud.admin("GET", "/servers?all_tenants=1&deleted=True", None).await.expect(200);
    assert_eq!(list["servers"][0]["id"], id, "admins see deleted ones");
}

#[tokio::test]
async fn deleting_works_at_every_moment() {
    for runs in 0..8 {
        let cloud = Cloud::start().await;
        let id = cloud.create(json!({})).await;
        cloud.run_first(runs).await;
        assert_eq!(cloud.delete(&format!("/servers/{id}")).await.status, 204, "after {runs}");
        assert_eq!(cloud.delete(&format!("/servers/{id}")).await.status, 204, "asking again is fine");
        cloud.run().await;
        cloud.get(&format!("/servers/{id}")).await.fault(404);
        cloud.assert_clean().await;
    }
}

#[tokio::test]
async fn stop_start_reboot_and_pause_do_what_they_say() {
    let cloud = Cloud::start().await;
    let id = cloud.boot(json!({})).await;
    for (action, during, task, after) in [
        (json!({"os-stop": null}), "ACTIVE", json!("powering-off"), "SHUTOFF"),
        (json!({"os-start": null}), "SHUTOFF", json!("powering-on"), "ACTIVE"),
        (json!({"reboot": {"type": "SOFT"}}), "REBOOT", json!("rebooting"), "ACTIVE"),
        (json!({"reboot": {"type": "hard"}}), "HARD_REBOOT", json!("rebooting_hard"), "ACTIVE"),
        (json!({"pause": null}), "ACTIVE", json!("pausing"), "PAUSED"),
        (json!({"unpause": null}), "PAUSED", json!("unpausing"), "ACTIVE"),
        (json!({"suspend": null}), "ACTIVE", json!("suspending"), "SUSPENDED"),
        (json!({"resume": null}), "SUSPENDED", json!("resuming"), "ACTIVE"),
    ] {
        assert_eq!(cloud.action(&id, action.clone()).await.status, 202, "{action}");
        let server = cloud.show(&id).await;
        assert_eq!(
            (&server["status"], &server["OS-EXT-STS:task_state"]),
            (&json!(during), &task),
            "{action}"
        );
        cloud.run().await;
        assert_eq!(cloud.status(&id).await, after, "{action}");
    }
}

#[tokio::test]
async fn actions_in_the_wrong_state_are_conflicts_in_novas_words() {
    let cloud = Cloud::start().await;
    let id = cloud.boot(json!({})).await;
    let message = cloud.action(&id, json!({"os-start": null})).await.fault(409);
    assert_eq!(message, format!("Cannot 'start' instance {id} while it is in vm_state active"));
    cloud.action(&id, json!({"os-stop": null})).await.expect(202);
    let message = cloud.action(&id, json!({"os-stop": null})).await.fault(409);
    assert_eq!(message, format!("Cannot 'stop' instance {id} while it is in task_state powering-off"));
    cloud.action(&id, json!({"changePassword": {"adminPass": "x"}})).await.fault(409);
}

#[tokio::test]
async fn unknown_actions_and_malformed_ones_are_refused() {
    let cloud = Cloud::start().await;
    let id = cloud.boot(json!({})).await;
    assert_eq!(
        cloud.action(&id, json!({"hibernate": null})).await.fault(400),
        "There is no such action: hibernate"
    );
    assert_eq!(cloud.action(&id, json!({})).await.fault(400), "There is no such action: ");
    cloud.action(&id, json!({"reboot": {"type": "WARM"}})).await.fault(400);
    cloud.action(&id, json!({"reboot": null})).await.fault(400);
    cloud.action(&id, json!({"os-start": null, "x": 1})).await.fault(400);
    cloud.action("no-uuid", json!({"os-start": null})).await.fault(404);
}

#[tokio::test]
async fn a_locked_server_obeys_nobody_but_admins() {
    let mut cloud = Cloud::start().await;
    let id = cloud.boot(json!({})).await;
    cloud.at("2.73");
    cloud.action(&id, json!({"lock": {"locked_reason": "mine"}})).await.expect(202);
    let server = cloud.show(&id).await;
    assert_eq!((&server["locked"], &server["locked_reason"]), (&json!(true), &json!("mine")));
    let refused = cloud.action(&id, json!({"os-stop": null})).await.fault(409);
    assert_eq!(refused, format!("Instance {id} is locked"));
    cloud.delete(&format!("/servers/{id}")).await.fault(409);
    cloud.admin("POST", &format!("/servers/{id}/action"), Some(json!({"os-stop": null}))).await.expect(202);
    cloud.run().await;
    cloud.action(&id, json!({"unlock": null})).await.expect(202);
    cloud.action(&id, json!({"os-start": null})).await.expect(202);
    cloud.admin("POST", &format!("/servers/{id}/action"), Some(json!({"lock": null}))).await.expect(202);
    cloud.action(&id, json!({"unlock": null})).await.fault(403);
}

#[tokio::test]
async fn several_servers_share_a_reservation_and_get_numbers() {
    let mut cloud = Cloud::start().await;
    let body = cloud.server(&json!({"min_count": 1, "max_count": 3, "return_reservation_id": true}));
    let made = cloud.post("/servers", body).await.expect(202);
    let reservation = made["reservation_id"].as_str().unwrap().to_owned();
    cloud.run().await;
    let list =
        cloud.at("2.3").get(&format!("/servers/detail?reservation_id={reservation}")).await.expect(200);
    let mut names: Vec<&str> =
        list["servers"].as_array().unwrap().iter().map(|s| s["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["web-1", "web-2", "web-3"]);
    let body =
        cloud.server(&json!({"max_count": 2, "networks": [{"uuid": cloud.network, "fixed_ip": "10.1.0.9"}]}));
    assert!(cloud.post("/servers", body).await.fault(400).contains("max_count cannot be greater than 1"));
}

#[tokio::test]
async fn what_is_wrong_with_a_new_server_is_said_and_nothing_is_left() {
    let cloud = Cloud::start().await;
    let other = "80a599e0-31e7-49b7-b260-868f441e862b";
    for (extra, status, part) in [
        (json!({"flavorRef": "none"}), 400, "Flavor none could not be found."),
        (json!({"imageRef": other}), 400, "Can not find requested image"),
        (json!({"networks": [{"uuid": other}]}), 400, "Network 80a599e0"),
        (json!({"networks": [{"port": other}]}), 400, "Port id 80a599e0"),
        (json!({"key_name": "none"}), 400, "Invalid key_name provided."),
        (json!({"security_groups": [{"name": "none"}]}), 400, "Security group none not found"),
        (json!({"availability_zone": "none"}), 400, "availability zone is not available"),
        (json!({"availability_zone": "nova:sim1"}), 403, "create:forced_host"),
        (
            json!({"flavorRef": "SCS-1V-4"}),
            403,
            "Only volume-backed servers are allowed for flavors with zero disk.",
        ),
        (json!({"networks": [{"uuid": cloud.network, "fixed_ip": "192.168.9.9"}]}), 400, "192.168.9.9"),
        (
            json!({"max_count": 11, "min_count": 11}),
            403,
            "Quota exceeded for instances: Requested 11, but already used 0 of 10 instances",
        ),
    ] {
        let message = cloud.post("/servers", cloud.server(&extra)).await.fault(status);
        assert!(message.contains(part), "{extra}: {message}");
    }
    cloud.assert_clean().await;
}

#[tokio::test]
async fn a_zone_with_host_is_for_admins() {
    let cloud = Cloud::start().await;
    let mut body = cloud.server(&json!({"availability_zone": "nova:sim1"}));
    body["server"].as_object_mut().unwrap().remove("networks");
    let made = cloud.admin("POST", "/servers", Some(body)).await;
    // the image is the member's own: an admin sees it all the same
    let id = made.expect(202)["server"]["id"].as_str().unwrap().to_owned();
    cloud.run().await;
    let server = cloud.admin("GET", &format!("/servers/{id}"), None).await.expect(200)["server"].clone();
    assert_eq!(
        (&server["status"], &server["OS-EXT-SRV-ATTR:host"]),
        (&json!("ACTIVE"), &json!("sim1")),
        "{server}"
    );
}

#[tokio::test]
async fn a_users_own_port_is_plugged_in_and_let_go() {
    let cloud = Cloud::start().await;
    let body = json!({"port": {"network_id": cloud.network}});
    let port = cloud.call(Persona::Member, "POST", "/network/v2.0/ports", Some(body)).await.expect(201);
    let port = port["port"]["id"].as_str().unwrap().to_owned();
    let id = cloud.boot(json!({"networks": [{"port": port}]})).await;
    let body = cloud.server(&json!({"networks": [{"port": port}]}));
    assert!(cloud.post("/servers", body).await.fault(409).contains("still in use"));
    cloud.delete(&format!("/servers/{id}")).await;
    cloud.run().await;
    let path = format!("/network/v2.0/ports/{port}");
    let port = cloud.call(Persona::Member, "GET", &path, None).await.expect(200);
    assert_eq!(port["port"]["device_id"], "");
    cloud.assert_clean().await;
}

#[tokio::test]
async fn interfaces_come_and_go_while_the_server_runs() {
    let mut cloud = Cloud::start().await;
    let id = cloud.boot(json!({})).await;
    let other = cloud.make_network("other", "10.2.0.0/24").await;
    let path = format!("/servers/{id}/os-interface");
    let body = json!({"interfaceAttachment": {"net_id": other, "fixed_ips": [{"ip_address": "10.2.0.7"}], "tag": "x"}});
    let made = cloud.at("2.70").post(&path, body).await.expect(200);
    let port = made["interfaceAttachment"]["port_id"].as_str().unwrap().to_owned();
    assert_eq!(made["interfaceAttachment"]["tag"], "x");
    cloud.run().await;
    assert_eq!(cloud.status(&id).await, "ACTIVE");
    let nics = cloud.node.desired(id.parse().unwrap()).unwrap().nics;
    assert_eq!(nics.len(), 2);
    assert_eq!(nics[1].port.to_string(), port, "behind the first one");
    let list = cloud.get(&path).await.expect(200);
    assert_eq!(list["interfaceAttachments"].as_array().unwrap().len(), 2);
    assert_eq!(cloud.delete(&format!("{path}/{port}")).await.status, 202);
    cloud.run().await;
    assert_eq!(cloud.node.desired(id.parse().unwrap()).unwrap().nics.len(), 1);
    cloud.delete(&format!("{path}/{port}")).await.fault(404);
    cloud.post(&path, json!({"interfaceAttachment": {"net_id": other, "port_id": port}})).await.fault(400);
}

#[tokio::test]
async fn the_guest_learns_what_the_user_said() {
    let cloud = Cloud::start().await;
    let key = cloud.post("/os-keypairs", json!({"keypair": {"name": "mine"}})).await.expect(200);
    let id = cloud
        .boot(json!({
            "name": "My Web", "key_name": "mine", "user_data": "aGVsbG8=", "config_drive": true,
            "metadata": {"role": "front"}, "adminPass": "s3cret",
        }))
        .await;
    let desired = cloud.node.desired(id.parse().unwrap()).unwrap();
    assert_eq!(desired.metadata.hostname, "my-web");
    assert_eq!(desired.metadata.user_data.as_deref(), Some(b"hello".as_slice()));
    assert_eq!(desired.metadata.keys[0].key, key["keypair"]["public_key"].as_str().unwrap());
    assert_eq!(desired.metadata.meta["role"], "front");
    assert_eq!(desired.metadata.admin_password.as_deref(), Some("s3cret"));
    assert_eq!(desired.metadata.availability_zone, "nova");
    assert!(desired.config_drive && desired.metadata.network_data.contains(&desired.nics[0].mac));
    assert_eq!((desired.vcpus, desired.memory_mib, desired.disks[0].size_mib), (1, 512, 1024));
    assert_eq!(desired.disks[0].bus, kogge_node_api::DiskBus::Scsi, "the image asks for it");
}

#[tokio::test]
async fn the_console_of_a_server_is_shown() {
    let cloud = Cloud::start().await;
    let id = cloud.create(json!({})).await;
    let body = json!({"os-getConsoleOutput": {"length": 5}});
    cloud.action(&id, body.clone()).await.fault(409);
    cloud.run().await;
    let output = cloud.action(&id, body).await.expect(200);
    assert!(!output["output"].as_str().unwrap().is_empty());
    cloud.action(&id, json!({"os-getConsoleOutput": {}})).await.expect(200);
    cloud.action(&id, json!({"os-getConsoleOutput": {"length": "x"}})).await.fault(400);
}

#[tokio::test]
async fn actions_are_recorded_with_their_end() {
    let mut cloud = Cloud::start().await;
    let id = cloud.boot(json!({})).await;
    cloud.time.advance(std::time::Duration::from_secs(1));
    cloud.action(&id, json!({"reboot": {"type": "HARD"}})).await.expect(202);
    let path = format!("/servers/{id}/os-instance-actions");
    let list = cloud.get(&path).await.expect(200);
    let names: Vec<&str> = list["instanceActions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["action"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["reboot", "create"], "the newest first");
    let request = list["instanceActions"][0]["request_id"].as_str().unwrap().to_owned();
    let one = cloud.at("2.51").get(&format!("{path}/{request}")).await.expect(200);
    assert_eq!(one["instanceAction"]["events"][0]["result"], Value::Null);
    cloud.run().await;
    let one = cloud.get(&format!("{path}/{request}")).await.expect(200);
    assert_eq!(one["instanceAction"]["events"][0]["result"], "Success");
    assert!(one["instanceAction"]["events"][0].get("traceback").is_none(), "for admins only");
    cloud.get(&format!("{path}/req-none")).await.fault(404);
    cloud.delete(&format!("/servers/{id}")).await;
    cloud.run().await;
    assert_eq!(cloud.get(&path).await.status, 200, "since 2.21 also of deleted servers");
    assert_eq!(cloud.at("2.20").get(&path).await.status, 404);
}

#[tokio::test]
async fn metadata_and_tags_are_kept() {
    let mut cloud = Cloud::start().await;
    let id = cloud.boot(json!({"metadata": {"a": "1"}})).await;
    let meta = format!("/servers/{id}/metadata");
    assert_eq!(
        cloud.post(&meta, json!({"metadata": {"b": "2"}})).await.expect(200)["metadata"],
        json!({"a": "1", "b": "2"})
    );
    assert_eq!(
        cloud.put(&meta, json!({"metadata": {"c": "3"}})).await.expect(200)["metadata"],
        json!({"c": "3"})
    );
    assert_eq!(
        cloud.put(&format!("{meta}/d"), json!({"meta": {"d": "4"}})).await.expect(200),
        json!({"meta": {"d": "4"}})
    );
    cloud.put(&format!("{meta}/d"), json!({"meta": {"e": "4"}})).await.fault(400);
    assert_eq!(cloud.delete(&format!("{meta}/d")).await.status, 204);
    cloud.get(&format!("{meta}/d")).await.fault(404);
    cloud.delete(&format!("{meta}/d")).await.fault(404);
    cloud.run().await;
    assert_eq!(
        cloud.node.desired(id.parse().unwrap()).unwrap().metadata.meta["c"],
        "3",
        "the guest learns of it"
    );
    let tags = format!("/servers/{id}/tags");
    assert_eq!(cloud.get(&tags).await.status, 404, "before 2.26");
    cloud.at("2.26");
    assert_eq!(cloud.put(&format!("{tags}/red"), json!({})).await.status, 201);
    assert_eq!(cloud.put(&format!("{tags}/red"), json!({})).await.status, 204);
    assert_eq!(
        cloud.put(&tags, json!({"tags": ["b", "a", "b"]})).await.expect(200),
        json!({"tags": ["a", "b"]})
    );
    assert_eq!(cloud.get(&format!("{tags}/a")).await.status, 204);
    assert_eq!(cloud.get(&format!("{tags}/red")).await.status, 404);
    cloud.put(&tags, json!({"tags": ["a,b"]})).await.fault(400);
    assert_eq!(cloud.delete(&format!("{tags}/a")).await.status, 204);
    cloud.delete(&format!("{tags}/a")).await.fault(404);
    assert_eq!(cloud.delete(&tags).await.status, 204);
    assert_eq!(cloud.get(&tags).await.expect(200), json!({"tags": []}));
}

#[tokio::test]
async fn a_server_is_renamed_described_and_shown() {
    let mut cloud = Cloud::start().await;
    let id = cloud.boot(json!({})).await;
    let path = format!("/servers/{id}");
    let old = cloud.put(&path, json!({"server": {"name": "neu", "accessIPv4": "1.1.1.1"}})).await.expect(200);
    assert_eq!((&old["server"]["name"], &old["server"]["accessIPv4"]), (&json!("neu"), &json!("1.1.1.1")));
    assert!(old["server"].get("OS-EXT-STS:vm_state").is_none(), "before 2.75 an update shows less");
    let new = cloud
        .at("2.90")
        .put(&path, json!({"server": {"description": "d", "hostname": "host-1"}}))
        .await
        .expect(200);
    assert_eq!(
        (&new["server"]["description"], &new["server"]["OS-EXT-SRV-ATTR:hostname"]),
        (&json!("d"), &json!("host-1"))
    );
    assert_eq!(new["server"]["OS-EXT-STS:vm_state"], "active");
    cloud.put(&path, json!({"server": {"name": ""}})).await.fault(400);
    cloud
        .put("/servers/70a599e0-31e7-49b7-b260-868f441e862b", json!({"server": {"name": "a"}}))
        .await
        .fault(404);
    cloud.run().await;
    assert_eq!(cloud.node.desired(id.parse().unwrap()).unwrap().metadata.hostname, "host-1");
}

#[tokio::test]
async fn security_groups_of_a_server_are_those_of_its_ports() {
    let cloud = Cloud::start().await;
    let made = cloud
        .post("/os-security-groups", json!({"security_group": {"name": "web", "description": "d"}}))
        .await;
    let group = made.expect(200)["security_group"]["id"].as_str().unwrap().to_owned();
    let id = cloud.boot(json!({})).await;
    cloud.action(&id, json!({"addSecurityGroup": {"name": "web"}})).await.expect(202);
    cloud.action(&id, json!({"addSecurityGroup": {"name": "web"}})).await.fault(400);
    let list = cloud.get(&format!("/servers/{id}/os-security-groups")).await.expect(200);
    assert_eq!(list["security_groups"].as_array().unwrap().len(), 2);
    cloud.delete(&format!("/os-security-groups/{group}")).await.fault(400);
    cloud.action(&id, json!({"removeSecurityGroup": {"name": "web"}})).await.expect(202);
    cloud.action(&id, json!({"removeSecurityGroup": {"name": "web"}})).await.fault(404);
    assert_eq!(cloud.delete(&format!("/os-security-groups/{group}")).await.status, 202);
    cloud.get(&format!("/os-security-groups/{group}")).await.fault(404);
}

#[tokio::test]
async fn files_of_a_server_are_on_its_config_drive_within_the_quota() {
    let mut cloud = Cloud::start().await;
    let file = |path: &str, contents: &str| json!({ "path": path, "contents": contents });
    let hello = file("/etc/banner.txt", "aGk=");
    for (files, why) in [
        (json!(vec![hello.clone(); 6]), "Personality file limit exceeded"),
        (json!([file(&"p".repeat(256), "aGk=")]), "Personality file path exceeds maximum"),
        (json!([file("/a", &"a".repeat(10_244))]), "Personality file content exceeds maximum"),
    ] {
        let refused = cloud.post("/servers", cloud.server(&json!({ "personality": files }))).await.fault(403);
        assert_eq!(refused, why);
    }
    let id = cloud.boot(json!({"name": "web", "personality": [hello]})).await;
    assert_eq!(cloud.show(&id).await["config_drive"], "True", "there is no other way into the guest");
    let files = |cloud: &Cloud, id: &str| cloud.node.desired(id.parse().unwrap()).unwrap().metadata.files;
    let told = files(&cloud, &id);
    assert_eq!((told[0].path.as_str(), told[0].content.as_slice()), ("/etc/banner.txt", &b"hi"[..]));

    let image = cloud.image.clone();
    cloud.action(&id, json!({"rebuild": {"imageRef": image}})).await.expect(202);
    cloud.run().await;
    assert_eq!(files(&cloud, &id).len(), 1, "those that it has stay");
    let rebuild = json!({"rebuild": {"imageRef": image, "personality": [file("/b", "eW91")]}});
    cloud.action(&id, rebuild.clone()).await.expect(202);
    cloud.run().await;
    assert_eq!(files(&cloud, &id)[0].path, "/b");
    cloud.at("2.57").action(&id, rebuild).await.fault(400);
    let plain = cloud.server(&json!({"personality": [], "networks": "none"}));
    cloud.post("/servers", plain).await.fault(400);
}

#[tokio::test]
async fn empty_disks_are_those_that_were_asked_for_within_the_flavor() {
    let cloud = Cloud::start().await;
    let flavor = json!({"flavor": {"id": "rich", "name": "rich", "ram": 512, "vcpus": 1, "disk": 1,
        "OS-FLV-EXT-DATA:ephemeral": 2, "swap": 128}});
    cloud.admin("POST", "/flavors", Some(flavor)).await.expect(200);
    let blank = |size: Option<u64>, format: &str| {
        let mut device = json!({"source_type": "blank", "destination_type": "local", "boot_index": -1, "guest_format": format});
        if let Some(size) = size {
            device["volume_size"] = json!(size);
        }
        device
    };
    let server =
        |devices: Value| json!({"name": "web", "flavorRef": "rich", "block_device_mapping_v2": devices});
    let disks = async |cloud: &Cloud, devices: Value| -> Vec<(String, u64)> {
        let id = cloud.boot(server(devices)).await;
        let desired = cloud.node.desired(id.parse().unwrap()).unwrap();
        let further = desired.disks.into_iter().skip(1);
        further.map(|disk| (disk.slot.as_str().to_owned(), disk.size_mib)).collect()
    };
    let named = |list: &[(&str, u64)]| -> Vec<(String, u64)> {
        list.iter().map(|(slot, size)| ((*slot).to_owned(), *size)).collect()
    };
    let flavors = disks(&cloud, json!([])).await;
    assert_eq!(flavors, named(&[("ephemeral", 2048), ("swap", 128)]));
    let two = disks(&cloud, json!([blank(Some(1), "ext4"), blank(Some(1), "")])).await;
    assert_eq!(two, named(&[("ephemeral", 1024), ("ephemeral-2", 1024), ("swap", 128)]));
    let less = disks(&cloud, json!([blank(None, "ext4"), blank(Some(64), "swap")])).await;
    assert_eq!(less, named(&[("ephemeral", 2048), ("swap", 64)]));
    for (devices, why) in [
        (json!([blank(Some(1), ""), blank(None, "")]), "Ephemeral disks requested are larger"),
        (json!([blank(Some(129), "swap")]), "Swap drive requested is larger"),
    ] {
        let refused = cloud.post("/servers", cloud.server(&server(devices))).await.fault(400);
        assert!(refused.starts_with(why), "{refused}");
    }
}
