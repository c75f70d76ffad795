//! Attachments over HTTP, and what compute holds.

use futures_util::future::join_all;
use kogge_auth::testing::Persona;
use kogge_ids::ServerId;
use serde_json::{Value, json};

use super::cloud::{Cloud, on_both};
use super::given;

const SERVER: &str = "0f0e0d0c-0b0a-4908-8706-050403020100";

async fn tie(cloud: &Cloud, body: Value) -> super::cloud::Answer {
    cloud.post("/attachments", json!({ "attachment": body })).await
}

async fn status(cloud: &Cloud, id: impl std::fmt::Display) -> String {
    let shown = cloud.get(&format!("/volumes/{id}")).await.expect(200);
    shown["volume"]["status"].as_str().unwrap().to_owned()
}

on_both! {
    an_attachment_goes_its_way(cloud) {
        cloud.at("3.71");
        let volume = given::volume(&cloud, 1, "x").await;
        let made = tie(&cloud, json!({ "volume_uuid": volume, "instance_uuid": SERVER })).await.expect(200);
        let id = made["attachment"]["id"].as_str().unwrap().to_owned();
        assert_eq!(made, json!({ "attachment": {
            "id": id, "status": "reserved", "instance": SERVER, "volume_id": volume, "attached_at": "", "detached_at": "",
            "attach_mode": "rw", "connection_info": {},
        }}));
        assert_eq!(status(&cloud, volume).await, "reserved");
        tie(&cloud, json!({ "volume_uuid": volume })).await.fault(400);
        cloud.delete(&format!("/volumes/{volume}")).await.fault(400);
        let path = format!("/attachments/{id}");
        cloud.put(&path, json!({ "attachment": { "connector": {} } })).await.fault(400);
        let told = json!({ "attachment": { "connector": { "host": "h", "mountpoint": "/dev/vdb" } } });
        let told = cloud.put(&path, told).await.expect(200);
        assert_eq!(told["attachment"]["status"], "attaching");
        assert!(!told.to_string().contains("passphrase"));
        cloud.post(&format!("{path}/action"), json!({ "os-complete": null })).await.expect(204);
        let shown = cloud.get(&format!("/volumes/{volume}")).await.expect(200);
        let used = &shown["volume"]["attachments"][0];
        assert_eq!((&used["server_id"], &used["device"], &used["host_name"]), (&json!(SERVER), &json!("/dev/vdb"), &Value::Null));
        assert_eq!(shown["volume"]["status"], "in-use");
        assert_eq!(cloud.delete(&path).await.expect(200), json!({ "attachments": [] }));
        assert_eq!(status(&cloud, volume).await, "available");
        cloud.delete(&path).await.fault(404);
    }

    one_of_a_hundred_gets_it(cloud) {
        cloud.at("3.71");
        let volume = given::volume(&cloud, 1, "x").await;
        let tries = (0..100).map(|_| tie(&cloud, json!({ "volume_uuid": volume, "instance_uuid": ServerId::random() })));
        let statuses: Vec<u16> = join_all(tries).await.iter().map(|answer| answer.status).collect();
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        assert!(statuses.iter().all(|status| [200, 400].contains(status)), "{statuses:?}");
    }

    several_servers_use_one_where_its_type_says_so(cloud) {
        cloud.at("3.71");
        let kind = json!({ "volume_type": { "name": "many", "extra_specs": { "multiattach": "<is> True" } } });
        cloud.admin("POST", "/types", Some(kind)).await.expect(200);
        let made = cloud.post("/volumes", json!({ "volume": { "size": 1, "volume_type": "many" } })).await.expect(202);
        let volume = made["volume"]["id"].as_str().unwrap().to_owned();
        cloud.run().await;
        for _ in 0..2 {
            tie(&cloud, json!({ "volume_uuid": volume, "instance_uuid": ServerId::random() })).await.expect(200);
        }
        tie(&cloud, json!({ "volume_uuid": volume, "instance_uuid": SERVER })).await.expect(200);
        let twice = tie(&cloud, json!({ "volume_uuid": volume, "instance_uuid": SERVER })).await.fault(400);
        assert!(twice.contains("already"), "{twice}");
        let list = cloud.get(&format!("/attachments?volume_id={volume}")).await.expect(200);
        assert_eq!(list["attachments"].as_array().unwrap().len(), 3);
    }

    what_compute_holds_nobody_else_lets_go(cloud) {
        cloud.at("3.71");
        let volume = given::volume(&cloud, 1, "x").await;
        given::attach(&cloud, volume, "sim1", SERVER).await;
        let list = cloud.get("/attachments/detail").await.expect(200);
        let id = list["attachments"][0]["id"].as_str().unwrap().to_owned();
        let path = format!("/attachments/{id}");
        for answer in [
            cloud.delete(&path).await,
            cloud.admin("DELETE", &path, None).await,
            cloud.put(&path, json!({ "attachment": { "connector": { "host": "mine" } } })).await,
            cloud.post(&format!("{path}/action"), json!({ "os-complete": null })).await,
            cloud.post(&format!("/volumes/{volume}/action"), json!({ "os-detach": {} })).await,
            cloud.post(&format!("/volumes/{volume}/action"), json!({ "os-begin_detaching": null })).await,
            cloud.admin("POST", &format!("/volumes/{volume}/action"), Some(json!({ "os-force_detach": {} }))).await,
            cloud.admin("POST", &format!("/volumes/{volume}/action"),
                Some(json!({ "os-reset_status": { "status": "available", "attach_status": "detached" } }))).await,
        ] {
            answer.fault(409);
        }
        cloud.ask(Persona::OtherMember, "GET", &path, None).await.fault(404);
        assert_eq!(status(&cloud, volume).await, "in-use");
    }

    the_actions_of_old_still_work(cloud) {
        let volume = given::volume(&cloud, 1, "x").await;
        let path = format!("/volumes/{volume}/action");
        let act = |body: Value| cloud.post(&path, body);
        act(json!({ "os-reserve": null })).await.expect(202);
        assert_eq!(status(&cloud, volume).await, "attaching");
        act(json!({ "os-reserve": null })).await.fault(400);
        act(json!({ "os-unreserve": null })).await.expect(202);
        assert_eq!(status(&cloud, volume).await, "available");
        act(json!({ "os-reserve": null })).await.expect(202);
        act(json!({ "os-attach": { "mountpoint": "/dev/vdc" } })).await.fault(400);
        act(json!({ "os-attach": { "instance_uuid": SERVER, "mountpoint": "/dev/vdc" } })).await.expect(202);
        assert_eq!(status(&cloud, volume).await, "in-use");
        act(json!({ "os-begin_detaching": null })).await.expect(202);
        act(json!({ "os-roll_detaching": null })).await.expect(202);
        assert_eq!(status(&cloud, volume).await, "in-use");
        act(json!({ "os-detach": {} })).await.expect(202);
        assert_eq!(status(&cloud, volume).await, "available");
        let info = act(json!({ "os-initialize_connection": { "connector": { "host": "h" } } })).await.expect(202);
        assert_eq!(info["connection_info"]["data"]["volume_id"], json!(volume));
        act(json!({ "os-terminate_connection": { "connector": {} } })).await.expect(202);
        act(json!({ "os-update_readonly_flag": { "readonly": true } })).await.expect(202);
        act(json!({ "os-attach": { "instance_uuid": SERVER, "mountpoint": "/dev/vdc" } })).await.fault(400);
        act(json!({ "os-nonsense": null })).await.fault(400);
    }
}
