//! What projects used, what hosts hold, and what other services tell.

use kogge_auth::testing::Persona;
use serde_json::{Value, json};

use super::cloud::{Cloud, on_both};

on_both! {
    usage_is_counted_from_the_launch_to_the_end(cloud) {
        // 1_800_000_000 is 2027-01-15T08:00:00Z
        let gone = cloud.boot(json!({"name": "gone"})).await;
        let stays = cloud.boot(json!({"name": "stays"})).await;
        let project = cloud.show(&stays).await["tenant_id"].as_str().unwrap().to_owned();
        cloud.time.advance(std::time::Duration::from_secs(3600));
        cloud.delete(&format!("/servers/{gone}")).await.expect(204);
        cloud.run().await;
        cloud.time.advance(std::time::Duration::from_secs(3600));
        let all = "?start=2027-01-15T00:00:00&end=2027-01-16T00:00:00";
        let path = format!("/os-simple-tenant-usage/{project}{all}");
        let usage = cloud.get(&path).await.expect(200)["tenant_usage"].clone();
        assert_eq!(usage["total_hours"], 3.0, "{usage}");
        assert_eq!((&usage["total_vcpus_usage"], &usage["total_memory_mb_usage"]), (&json!(3.0), &json!(1536.0)));
        let states: Vec<(&Value, &Value)> =
            usage["server_usages"].as_array().unwrap().iter().map(|one| (&one["name"], &one["state"])).collect();
        assert!(states.contains(&(&json!("gone"), &json!("terminated"))), "{states:?}");
        assert!(states.contains(&(&json!("stays"), &json!("active"))));
        // half of it
        let half = "?start=2027-01-15T08:00:00&end=2027-01-15 08:30:00.000000".replace(' ', "%20");
        let part = cloud.get(&format!("/os-simple-tenant-usage/{project}{half}")).await.expect(200);
        assert_eq!(part["tenant_usage"]["total_hours"], 1.0);
        let list = cloud.admin("GET", &format!("/os-simple-tenant-usage{all}"), None).await.expect(200);
        assert_eq!(list["tenant_usages"][0]["tenant_id"], json!(project));
        assert!(list["tenant_usages"][0].get("server_usages").is_none());
        let list = cloud.admin("GET", &format!("/os-simple-tenant-usage{all}&detailed=1"), None).await.expect(200);
        assert_eq!(list["tenant_usages"][0]["server_usages"].as_array().unwrap().len(), 2);
        // by pages
        cloud.at("2.40");
        let first = cloud.get(&format!("{path}&limit=1")).await.expect(200);
        let marker = first["tenant_usage"]["server_usages"][0]["instance_id"].as_str().unwrap().to_owned();
        assert!(first["tenant_usage_links"][0]["href"].as_str().unwrap().contains(&marker));
        let second = cloud.get(&format!("{path}&limit=1&marker={marker}")).await.expect(200);
        assert_ne!(second["tenant_usage"]["server_usages"][0]["instance_id"], json!(marker));
        cloud.get(&format!("{path}&marker=nobody")).await.fault(400);
    }
}

#[tokio::test]
async fn usage_is_for_its_project_and_times_make_sense() {
    let mut cloud = Cloud::start().await;
    let id = cloud.boot(json!({})).await;
    let project = cloud.show(&id).await["tenant_id"].as_str().unwrap().to_owned();
    let path = format!("/compute/v2.1/os-simple-tenant-usage/{project}");
    cloud.call(Persona::OtherMember, "GET", &path, None).await.fault(403);
    cloud.get("/os-simple-tenant-usage").await.fault(403);
    for bad in [
        "start=yesterday",
        "start=2027-01-15T00:00:00Z",
        "end=2026-01-01T00:00:00",
        "start=2027-13-45T00:00:00",
    ] {
        let query = format!("/os-simple-tenant-usage/{project}?start=2027-01-01T00:00:00&{bad}");
        let query = if bad.starts_with("start") {
            query.replacen("start=2027-01-01T00:00:00&", "", 1)
        } else {
            query
        };
        cloud.get(&query).await.fault(400);
    }
    cloud.at("2.75").get(&format!("/os-simple-tenant-usage/{project}?more=1")).await.fault(400);
    let none = cloud.get("/os-simple-tenant-usage/elsewhere").await;
    none.fault(403);
}

#[tokio::test]
async fn hosts_are_listed_and_summed_up_and_can_do_nothing() {
    let mut cloud = Cloud::start().await;
    let id = cloud.boot(json!({})).await;
    let project = cloud.show(&id).await["tenant_id"].as_str().unwrap().to_owned();
    let list = cloud.admin("GET", "/os-hosts", None).await.expect(200);
    let ours = json!({"host_name": "sim1", "service": "compute", "zone": "nova"});
    assert!(list["hosts"].as_array().unwrap().contains(&ours), "{list}");
    let list = cloud.admin("GET", "/os-hosts?zone=moon", None).await.expect(200);
    assert_eq!(list["hosts"], json!([]));
    let host = cloud.admin("GET", "/os-hosts/sim1", None).await.expect(200);
    let names: Vec<&Value> =
        host["host"].as_array().unwrap().iter().map(|one| &one["resource"]["project"]).collect();
    assert_eq!(names, [&json!("(total)"), &json!("(used_now)"), &json!("(used_max)"), &json!(project)]);
    assert_eq!(host["host"][3]["resource"]["memory_mb"], 512);
    cloud.admin("GET", "/os-hosts/mars", None).await.fault(404);
    cloud.get("/os-hosts").await.fault(403);
    let enable = Some(json!({"status": "enable"}));
    cloud.admin("PUT", "/os-hosts/sim1", enable.clone()).await.fault(501);
    cloud.admin("PUT", "/os-hosts/mars", enable).await.fault(404);
    cloud.admin("PUT", "/os-hosts/sim1", Some(json!({"status": "maybe"}))).await.fault(400);
    cloud.admin("PUT", "/os-hosts/sim1", Some(json!({}))).await.fault(400);
    for power in ["startup", "shutdown", "reboot"] {
        cloud.admin("GET", &format!("/os-hosts/sim1/{power}"), None).await.fault(501);
    }
    cloud.at("2.43").admin("GET", "/os-hosts", None).await.fault(404);
}

#[tokio::test]
async fn diagnostics_say_what_is_known() {
    let mut cloud = Cloud::start().await;
    let id = cloud.boot(json!({})).await;
    let path = format!("/servers/{id}/diagnostics");
    cloud.get(&path).await.fault(403);
    let old = cloud.admin("GET", &path, None).await.expect(200);
    assert_eq!(old["memory"], 512 * 1024);
    let new = cloud.at("2.48").admin("GET", &path, None).await.expect(200);
    assert_eq!(
        (&new["state"], &new["num_cpus"], &new["num_nics"]),
        (&json!("running"), &json!(1), &json!(1))
    );
    assert!(new["nic_details"][0]["mac_address"].is_string());
    assert_eq!(new["memory_details"], json!({"maximum": 512, "used": null}));
}

#[tokio::test]
async fn events_are_taken_in_one_by_one() {
    let mut cloud = Cloud::start().await;
    let id = cloud.boot(json!({})).await;
    let gone = "70a599e0-31e7-49b7-b260-868f441e862b";
    let event = |name: &str, server: &str| json!({"name": name, "server_uuid": server});
    let before = cloud.node.desired(id.parse().unwrap()).unwrap().generation;
    let one = json!({"events": [event("network-changed", &id)]});
    cloud.post("/os-server-external-events", one.clone()).await.fault(403);
    let told = cloud.admin("POST", "/os-server-external-events", Some(one)).await.expect(200);
    assert_eq!(
        (&told["events"][0]["status"], &told["events"][0]["code"]),
        (&json!("completed"), &json!(200))
    );
    cloud.run().await;
    assert!(cloud.node.desired(id.parse().unwrap()).unwrap().generation > before, "its host was told anew");
    let two = json!({"events": [event("network-changed", &id), event("network-changed", gone)]});
    let told = cloud.admin("POST", "/os-server-external-events", Some(two)).await.expect(207);
    assert_eq!(told["events"][1]["code"], 404);
    let later = json!({"events": [event("volume-extended", &id)]});
    cloud.admin("POST", "/os-server-external-events", Some(later.clone())).await.fault(400);
    let told = cloud.at("2.51").admin("POST", "/os-server-external-events", Some(later)).await.expect(207);
    assert_eq!(told["events"][0]["code"], 400, "without a tag");
    cloud.admin("POST", "/os-server-external-events", Some(json!({"events": []}))).await.fault(400);
}
