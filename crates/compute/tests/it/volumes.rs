//! Volumes of servers: booted from, attached, detached, gone with their server.

use futures_util::future::join_all;
use kogge_auth::testing::Persona;
use kogge_storage::SimFault;
use serde_json::{Value, json};

use super::cloud::{Answer, Cloud, on_both};

/// Asks block storage.
pub(super) async fn ask(
    cloud: &Cloud,
    who: Persona,
    method: &str,
    path: &str,
    body: Option<Value>,
) -> Answer {
    cloud.call(who, method, &format!("/volume/v3{path}"), body).await
}

pub(super) async fn volume(cloud: &Cloud, who: Persona, size: i64) -> String {
    let body = json!({ "volume": { "size": size } });
    let made = ask(cloud, who, "POST", "/volumes", Some(body)).await.expect(202);
    cloud.run().await;
    made["volume"]["id"].as_str().unwrap().to_owned()
}

pub(super) async fn shown(cloud: &Cloud, id: &str) -> Value {
    ask(cloud, Persona::Member, "GET", &format!("/volumes/{id}"), None).await.expect(200)["volume"].take()
}

pub(super) async fn status(cloud: &Cloud, id: &str) -> String {
    shown(cloud, id).await["status"].as_str().unwrap().to_owned()
}

pub(super) async fn attach(cloud: &Cloud, server: &str, volume: &str) -> Answer {
    let body = json!({ "volumeAttachment": { "volumeId": volume } });
    cloud.post(&format!("/servers/{server}/os-volume_attachments"), body).await
}

pub(super) async fn server(cloud: &Cloud, id: &str) -> Value {
    cloud.get(&format!("/servers/{id}")).await.expect(200)["server"].take()
}

/// Makes a server of these devices; answers its id.
pub(super) async fn boot(cloud: &Cloud, devices: Value, more: Value) -> Answer {
    let mut server = json!({
        "name": "web", "flavorRef": "small", "imageRef": "", "networks": [{"uuid": cloud.network}],
        "block_device_mapping_v2": devices,
    });
    for (key, value) in more.as_object().unwrap() {
        server[key] = value.clone();
    }
    cloud.post("/servers", json!({ "server": server })).await
}

on_both! {
    a_volume_comes_and_goes(cloud) {
        let id = cloud.boot(json!({})).await;
        let volume = volume(&cloud, Persona::Member, 1).await;
        let answer = attach(&cloud, &id, &volume).await.expect(200);
        let device = &answer["volumeAttachment"]["device"];
        assert_eq!(answer, json!({ "volumeAttachment": {
            "id": volume, "volumeId": volume, "serverId": id, "device": device,
        }}));
        assert_eq!(device, "/dev/vdb");
        assert_eq!(status(&cloud, &volume).await, "reserved");
        cloud.run().await;
        assert_eq!(status(&cloud, &volume).await, "in-use");
        assert_eq!(server(&cloud, &id).await["os-extended-volumes:volumes_attached"], json!([{ "id": volume }]));
        let used = shown(&cloud, &volume).await["attachments"][0].take();
        assert_eq!((&used["server_id"], &used["device"]), (&json!(id), &json!("/dev/vdb")));
        let path = format!("/servers/{id}/os-volume_attachments");
        let newest = cloud.at("2.89").get(&path).await.expect(200)["volumeAttachments"][0].take();
        assert_eq!((&newest["tag"], &newest["delete_on_termination"]), (&Value::Null, &json!(false)));
        assert_eq!(newest["attachment_id"], used["attachment_id"]);
        assert!(newest["bdm_uuid"].is_string() && newest.get("id").is_none());
        cloud.at("2.1").delete(&format!("{path}/{volume}")).await.expect(202);
        assert_eq!(status(&cloud, &volume).await, "detaching");
        cloud.delete(&format!("{path}/{volume}")).await.fault(400);
        cloud.run().await;
        assert_eq!(status(&cloud, &volume).await, "available");
        assert_eq!(server(&cloud, &id).await["os-extended-volumes:volumes_attached"], json!([]));
        cloud.delete(&format!("{path}/{volume}")).await.fault(404);
    }

    a_volume_that_grows_in_use_is_an_action_of_its_server(cloud) {
        let id = cloud.boot(json!({})).await;
        let volume = volume(&cloud, Persona::Member, 1).await;
        attach(&cloud, &id, &volume).await.expect(200);
        cloud.run().await;
        let grow = json!({ "os-extend": { "new_size": 2 } });
        // before 3.42 a volume in use does not grow
        cloud.at("2.1, volume 3.42");
        ask(&cloud, Persona::Member, "POST", &format!("/volumes/{volume}/action"), Some(grow)).await.expect(202);
        cloud.wait(10).await;
        let grown = shown(&cloud, &volume).await;
        assert_eq!((&grown["status"], &grown["size"]), (&json!("in-use"), &json!(2)));
        let path = format!("/servers/{id}/os-instance-actions");
        let actions = cloud.get(&path).await.expect(200)["instanceActions"].take();
        let found: Vec<&Value> =
            actions.as_array().unwrap().iter().filter(|action| action["action"] == "extend_volume").collect();
        let [action] = found[..] else { panic!("{actions}") };
        let path = format!("/compute/v2.1{path}/{}", action["request_id"].as_str().unwrap());
        let whole = cloud.call(Persona::Admin, "GET", &path, None).await.expect(200);
        let event = &whole["instanceAction"]["events"][0];
        assert_eq!((&event["event"], &event["result"]), (&json!("compute_extend_volume"), &json!("Success")));
    }

    what_is_copied_grows_when_the_copy_is_there(cloud) {
        let id = cloud.boot(json!({})).await;
        let volume = volume(&cloud, Persona::Member, 1).await;
        attach(&cloud, &id, &volume).await.expect(200);
        cloud.run().await;
        cloud.at("2.1, volume 3.42");
        let copy = json!({ "snapshot": { "volume_id": volume, "force": true } });
        let copy = ask(&cloud, Persona::Member, "POST", "/snapshots", Some(copy)).await.expect(202);
        let grow = json!({ "os-extend": { "new_size": 2 } });
        ask(&cloud, Persona::Member, "POST", &format!("/volumes/{volume}/action"), Some(grow)).await.expect(202);
        cloud.wait(10).await;
        let path = format!("/snapshots/{}", copy["snapshot"]["id"].as_str().unwrap());
        let copy = ask(&cloud, Persona::Member, "GET", &path, None).await.expect(200)["snapshot"].take();
        assert_eq!((&copy["status"], &copy["size"]), (&json!("available"), &json!(1)));
        let grown = shown(&cloud, &volume).await;
        assert_eq!((&grown["status"], &grown["size"]), (&json!("in-use"), &json!(2)));
    }

    one_of_many_servers_gets_it(cloud) {
        let volume = volume(&cloud, Persona::Member, 1).await;
        let mut servers = Vec::new();
        for _ in 0..4 {
            servers.push(cloud.boot(json!({})).await);
        }
        let tries = (0..40).map(|n| attach(&cloud, &servers[n % 4], &volume));
        let statuses: Vec<u16> = join_all(tries).await.iter().map(|answer| answer.status).collect();
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        cloud.run().await;
        assert_eq!(shown(&cloud, &volume).await["attachments"].as_array().unwrap().len(), 1);
    }

    a_volume_of_others_is_not_there(cloud) {
        let theirs = volume(&cloud, Persona::OtherMember, 1).await;
        let id = cloud.boot(json!({})).await;
        attach(&cloud, &id, &theirs).await.fault(404);
        let body = json!({ "volumeAttachment": { "volumeId": theirs } });
        let path = format!("/compute/v2.1/servers/{id}/os-volume_attachments");
        cloud.call(Persona::Admin, "POST", &path, Some(body)).await.fault(404);
        let device = json!([{ "source_type": "volume", "destination_type": "volume", "uuid": theirs, "boot_index": 0 }]);
        let fault = boot(&cloud, device, json!({})).await.fault(400);
        assert!(fault.contains("failed to get volume"), "{fault}");
    }

    a_server_boots_from_an_image_on_a_volume(cloud) {
        let device = json!([{ "source_type": "image", "destination_type": "volume", "uuid": cloud.image, "boot_index": 0,
            "volume_size": 2, "delete_on_termination": true }]);
        let made = boot(&cloud, device, json!({})).await.expect(202);
        let id = made["server"]["id"].as_str().unwrap().to_owned();
        cloud.wait(10).await;
        let seen = server(&cloud, &id).await;
        assert_eq!((&seen["status"], &seen["image"]), (&json!("ACTIVE"), &json!("")));
        let volume = seen["os-extended-volumes:volumes_attached"][0]["id"].as_str().unwrap().to_owned();
        let root = shown(&cloud, &volume).await;
        assert_eq!((&root["status"], &root["bootable"], &root["size"]), (&json!("in-use"), &json!("true"), &json!(2)));
        assert_eq!(root["attachments"][0]["device"], "/dev/vda");
        let path = format!("/servers/{id}/os-volume_attachments/{volume}");
        let fault = cloud.delete(&path).await.fault(400);
        assert!(fault.contains("root device"), "{fault}");
        cloud.delete(&format!("/servers/{id}")).await.expect(204);
        cloud.wait(10).await;
        cloud.get(&format!("/servers/{id}")).await.fault(404);
        ask(&cloud, Persona::Member, "GET", &format!("/volumes/{volume}"), None).await.fault(404);
    }

    a_volume_that_was_there_outlives_its_server(cloud) {
        let root = volume(&cloud, Persona::Member, 1).await;
        let device = json!([{ "source_type": "volume", "destination_type": "volume", "uuid": root, "boot_index": 0 }]);
        let fault = boot(&cloud, device.clone(), json!({})).await.fault(400);
        assert!(fault.contains("is not bootable"), "{fault}");
        let bootable = json!({ "os-set_bootable": { "bootable": true } });
        ask(&cloud, Persona::Member, "POST", &format!("/volumes/{root}/action"), Some(bootable)).await.expect(200);
        let many = boot(&cloud, device.clone(), json!({ "max_count": 2 })).await.fault(400);
        assert!(many.contains("multiple instances"), "{many}");
        let made = boot(&cloud, device.clone(), json!({})).await.expect(202);
        boot(&cloud, device, json!({})).await.fault(400);
        let id = made["server"]["id"].as_str().unwrap().to_owned();
        cloud.wait(10).await;
        assert_eq!(server(&cloud, &id).await["status"], "ACTIVE");
        cloud.delete(&format!("/servers/{id}")).await.expect(204);
        cloud.wait(10).await;
        assert_eq!(status(&cloud, &root).await, "available");
    }

    a_server_whose_volume_cannot_be_made_says_why(cloud) {
        cloud.storage.fail(Some(SimFault::Full));
        let device = json!([{ "source_type": "image", "destination_type": "volume", "uuid": cloud.image, "boot_index": 0,
            "volume_size": 2, "delete_on_termination": true }]);
        let made = boot(&cloud, device, json!({})).await.expect(202);
        let id = made["server"]["id"].as_str().unwrap().to_owned();
        cloud.wait(60).await;
        let seen = server(&cloud, &id).await;
        assert_eq!(seen["status"], "ERROR");
        let why = seen["fault"]["message"].as_str().unwrap();
        assert!(why.contains("could not be made") && why.to_lowercase().contains("no room is left"), "{why}");
        cloud.storage.fail(None);
        cloud.delete(&format!("/servers/{id}")).await.expect(204);
        cloud.wait(10).await;
        let left = ask(&cloud, Persona::Member, "GET", "/volumes", None).await.expect(200);
        assert_eq!(left["volumes"], json!([]));
    }

    a_server_that_found_no_host_holds_no_volume(cloud) {
        let volume = volume(&cloud, Persona::Member, 1).await;
        let device = json!([
            { "source_type": "image", "destination_type": "local", "uuid": cloud.image, "boot_index": 0 },
            { "source_type": "volume", "destination_type": "volume", "uuid": volume },
        ]);
        let off = json!({ "host": "sim1", "binary": "nova-compute" });
        cloud.admin("PUT", "/os-services/disable", Some(off)).await.expect(200);
        let made = boot(&cloud, device, json!({})).await.expect(202);
        let id = made["server"]["id"].as_str().unwrap().to_owned();
        cloud.wait(400).await;
        assert_eq!(server(&cloud, &id).await["status"], "ERROR");
        assert_eq!(status(&cloud, &volume).await, "available");
    }

    what_compute_holds_only_compute_lets_go(cloud) {
        let id = cloud.boot(json!({})).await;
        let volume = volume(&cloud, Persona::Member, 1).await;
        attach(&cloud, &id, &volume).await.expect(200);
        cloud.run().await;
        let attachment = shown(&cloud, &volume).await["attachments"][0]["attachment_id"].take();
        let path = format!("/attachments/{}", attachment.as_str().unwrap());
        let request = |who| ask(&cloud, who, "DELETE", &path, None);
        assert_eq!(request(Persona::Member).await.status, 404, "before 3.27 there is no such path");
        ask(&cloud, Persona::Member, "DELETE", &format!("/volumes/{volume}"), None).await.fault(400);
        for action in [json!({ "os-detach": {} }), json!({ "os-terminate_connection": { "connector": {} } })] {
            ask(&cloud, Persona::Member, "POST", &format!("/volumes/{volume}/action"), Some(action)).await.fault(409);
        }
        assert_eq!(status(&cloud, &volume).await, "in-use");
    }

    only_block_storage_swaps_volumes(cloud) {
        let id = cloud.boot(json!({})).await;
        let (old, new) = (volume(&cloud, Persona::Member, 1).await, volume(&cloud, Persona::Member, 1).await);
        attach(&cloud, &id, &old).await.expect(200);
        cloud.run().await;
        let path = format!("/servers/{id}/os-volume_attachments/{old}");
        let swap = json!({ "volumeAttachment": { "volumeId": new } });
        cloud.put(&path, swap.clone()).await.fault(403);
        cloud.at("2.85").put(&path, swap.clone()).await.fault(403);
        cloud.admin("PUT", &path, Some(swap)).await.fault(403);
        assert_eq!((status(&cloud, &old).await, status(&cloud, &new).await), ("in-use".into(), "available".into()));
    }

    a_volume_can_go_with_its_server_by_a_later_wish(cloud) {
        let id = cloud.boot(json!({})).await;
        let volume = volume(&cloud, Persona::Member, 1).await;
        attach(&cloud, &id, &volume).await.expect(200);
        cloud.run().await;
        let path = format!("/servers/{id}/os-volume_attachments/{volume}");
        let wish = json!({ "volumeAttachment": { "volumeId": volume, "delete_on_termination": true } });
        cloud.put(&path, wish.clone()).await.fault(400);
        cloud.at("2.85").put(&path, wish).await.expect(202);
        let other = json!({ "volumeAttachment": { "volumeId": volume, "device": "/dev/vdz" } });
        let fault = cloud.put(&path, other).await.fault(400);
        assert_eq!(fault, "The device property is not mutable");
        cloud.delete(&format!("/servers/{id}")).await.expect(204);
        cloud.wait(10).await;
        ask(&cloud, Persona::Member, "GET", &format!("/volumes/{volume}"), None).await.fault(404);
    }
}
