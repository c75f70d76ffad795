//! Services of the cloud as Nova shows them: those of hosts, and what each process of the cloud does.

use kogge::test_cloud::{Session, TestCloud};
use serde_json::{Value, json};

use crate::scene;

const PATH: &str = "/compute/v2.1/os-services";

async fn services(session: &Session, query: &str) -> Vec<Value> {
    let list = session.get(&format!("{PATH}{query}")).await;
    list.body["services"].as_array().unwrap_or_else(|| panic!("{}", list.body)).clone()
}

#[tokio::test]
async fn a_process_schedules_and_conducts_in_the_zone_internal() {
    let cloud = TestCloud::start().await;
    let admin = cloud.session("kogge-admin").await.speaking("compute 2.53");
    let all = services(&admin, "").await;
    let binaries: Vec<&Value> = all.iter().map(|one| &one["binary"]).collect();
    assert_eq!(binaries, ["nova-compute", "nova-conductor", "nova-scheduler"]);
    let scheduler = &all[2];
    for (field, value) in [
        ("zone", json!("internal")),
        ("state", json!("up")),
        ("status", json!("enabled")),
        ("disabled_reason", Value::Null),
        ("forced_down", json!(false)),
    ] {
        assert_eq!(scheduler[field], value, "{field}");
    }
    assert_eq!(services(&admin, "").await[2]["id"], scheduler["id"], "ids stay");
    assert_eq!(services(&admin, "?binary=nova-scheduler").await.len(), 1);
    let name = scheduler["host"].as_str().unwrap();
    assert_eq!(services(&admin, &format!("?host={name}")).await.len(), 2);
    assert_eq!(services(&admin, &format!("?host={name}&binary=nova-compute")).await.len(), 0);
    assert_eq!(services(&admin, "?binary=").await.len(), 3, "an empty filter is none");
    let old = services(&admin.speaking("compute 2.1"), "").await;
    let numbers: Vec<u64> = old.iter().map(|one| one["id"].as_u64().unwrap()).collect();
    assert!(numbers[1] != numbers[2] && numbers[0] < numbers[1], "{numbers:?}");
    assert!(old[2].get("forced_down").is_none());
    cloud.stop().await;
}

#[tokio::test]
async fn only_services_of_hosts_are_changed() {
    let cloud = TestCloud::start().await;
    let admin = cloud.session("kogge-admin").await.speaking("compute 2.53");
    let member = cloud.session("kogge").await.speaking("compute 2.53");
    let all = services(&admin, "").await;
    let path = format!("{PATH}/{}", all[2]["id"].as_str().unwrap());
    let refused = admin.put(&path, json!({"status": "disabled"})).await;
    assert_eq!(refused.status, 400, "{}", refused.body);
    let why =
        "Updating a nova-scheduler service is not supported. Only nova-compute services can be updated.";
    assert_eq!(refused.body["badRequest"]["message"], why);
    assert_eq!(member.put(&path, json!({"status": "disabled"})).await.status, 403);
    let old = admin.speaking("compute 2.11");
    for word in ["disable", "enable", "force-down"] {
        let body = json!({"host": all[2]["host"], "binary": "nova-conductor", "forced_down": true});
        let answer = old.put(&format!("{PATH}/{word}"), body).await;
        assert_eq!(answer.status, 400, "{word}: {}", answer.body);
    }
    assert_eq!(services(&admin, "").await[1]["status"], "enabled");
    let nothing = format!("{PATH}/00000000-0000-4000-8000-000000000000");
    assert_eq!(admin.put(&nothing, json!({"status": "disabled"})).await.status, 404);
    cloud.stop().await;
}

#[tokio::test]
async fn the_zone_internal_is_for_administrators_and_for_no_server() {
    let cloud = TestCloud::start().await;
    let (admin, demo) = (cloud.session("kogge-admin").await, cloud.session("kogge").await);
    let detail = admin.get("/compute/v2.1/os-availability-zone/detail").await;
    let zones = detail.body["availabilityZoneInfo"].as_array().unwrap();
    let internal = zones.iter().find(|zone| zone["zoneName"] == "internal").unwrap();
    assert_eq!(internal["zoneState"]["available"], true);
    let (_, parts) = internal["hosts"].as_object().unwrap().iter().next().unwrap();
    for binary in ["nova-conductor", "nova-scheduler"] {
        assert_eq!((&parts[binary]["available"], &parts[binary]["active"]), (&json!(true), &json!(true)));
    }
    let list = demo.get("/compute/v2.1/os-availability-zone").await;
    assert!(!list.body.to_string().contains("internal"), "{}", list.body);
    let mut body = scene::server_body(&demo, "inside").await;
    body["server"]["availability_zone"] = json!("internal");
    assert_eq!(demo.post("/compute/v2.1/servers", body).await.status, 400);
    cloud.stop().await;
}
