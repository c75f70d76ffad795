//! Hosts, zones, quotas and aggregates.

use kogge_auth::testing::Persona;
use serde_json::{Value, json};

use super::cloud::{Cloud, NOWHERE};

#[tokio::test]
async fn version_documents_need_no_token_and_have_novas_shape() {
    let cloud = Cloud::start().await;
    let list = cloud.call(Persona::Member, "GET", "/compute/", None).await.expect(200);
    assert_eq!((&list["versions"][0]["id"], &list["versions"][1]["id"]), (&json!("v2.0"), &json!("v2.1")));
    assert_eq!(
        (&list["versions"][1]["version"], &list["versions"][1]["min_version"]),
        (&json!("2.103"), &json!("2.1"))
    );
    for version in list["versions"].as_array().unwrap() {
        let href = version["links"][0]["href"].as_str().unwrap();
        let path = href.strip_prefix("http://cloud.example").unwrap();
        let document = cloud.call(Persona::Member, "GET", path, None).await.expect(200);
        assert_eq!(document["version"]["links"][0]["href"], href);
        assert_eq!(document["version"]["id"], version["id"]);
    }
    assert_eq!(cloud.get("").await.status, 200);
}

#[tokio::test]
async fn hosts_register_and_show_what_they_have() {
    let mut cloud = Cloud::start().await;
    let id = cloud.boot(json!({})).await;
    cloud.get("/os-hypervisors").await.fault(403);
    let old = cloud.admin("GET", "/os-hypervisors/detail", None).await.expect(200)["hypervisors"][0].clone();
    assert_eq!(
        (&old["vcpus_used"], &old["memory_mb_used"], &old["running_vms"]),
        (&json!(1), &json!(512), &json!(1))
    );
    let number = old["id"].as_i64().unwrap();
    assert_eq!(cloud.admin("GET", &format!("/os-hypervisors/{number}"), None).await.status, 200);
    let sum = cloud.admin("GET", "/os-hypervisors/statistics", None).await.expect(200);
    assert_eq!(sum["hypervisor_statistics"]["count"], 1);
    let found = cloud.admin("GET", "/os-hypervisors/sim/servers", None).await.expect(200);
    assert_eq!(found["hypervisors"][0]["servers"][0]["uuid"], id);
    cloud.admin("GET", "/os-hypervisors/none/search", None).await.fault(404);
    cloud.at("2.88");
    let new = cloud.admin("GET", "/os-hypervisors/detail?with_servers=true", None).await.expect(200);
    let new = &new["hypervisors"][0];
    assert!(new.get("vcpus").is_none() && new["servers"][0]["uuid"] == id);
    let uuid = new["id"].as_str().unwrap();
    assert_eq!(cloud.admin("GET", &format!("/os-hypervisors/{uuid}"), None).await.status, 200);
    cloud.admin("GET", "/os-hypervisors/1", None).await.fault(400);
    cloud.admin("GET", "/os-hypervisors/statistics", None).await.fault(404);
}

#[tokio::test]
async fn a_disabled_host_takes_no_new_servers_and_says_so() {
    let mut cloud = Cloud::start().await;
    cloud.at("2.53");
    let list = cloud.admin("GET", "/os-services", None).await.expect(200);
    let service = list["services"][0].clone();
    assert_eq!((&service["state"], &service["status"]), (&json!("up"), &json!("enabled")));
    let path = format!("/os-services/{}", service["id"].as_str().unwrap());
    let body = json!({"status": "disabled", "disabled_reason": "upgrade"});
    let changed = cloud.admin("PUT", &path, Some(body)).await.expect(200);
    assert_eq!(changed["service"]["disabled_reason"], "upgrade");
    let id = cloud.create(json!({})).await;
    cloud.run().await;
    let server = cloud.show(&id).await;
    assert_eq!(server["status"], "ERROR");
    assert_eq!((&server["fault"]["message"], &server["fault"]["code"]), (&json!(NOWHERE), &json!(500)));
    assert!(server["fault"].get("details").is_none(), "why is not for tenants: {server}");
    assert_eq!(cloud.fault_details(&id).await, "No valid host was found. sim1: is disabled.");
    cloud.admin("PUT", &path, Some(json!({"status": "enabled"}))).await.expect(200);
    cloud.wait(60).await;
    assert_eq!(cloud.status(&id).await, "ERROR", "it is not tried again");
    cloud.boot(json!({})).await;
    cloud.at("2.1");
    let body = json!({"host": "sim1", "binary": "nova-compute"});
    let old = cloud.admin("PUT", "/os-services/disable", Some(body.clone())).await.expect(200);
    assert_eq!(old["service"]["status"], "disabled");
    cloud.admin("PUT", "/os-services/enable", Some(body)).await.expect(200);
}

#[tokio::test]
async fn a_silent_host_is_down_and_its_zone_with_it() {
    let cloud = Cloud::start().await;
    let zones = cloud.get("/os-availability-zone").await.expect(200);
    let zone = json!({"zoneName": "nova", "zoneState": {"available": true}, "hosts": null});
    assert_eq!(zones["availabilityZoneInfo"], json!([zone]));
    cloud.get("/os-availability-zone/detail").await.fault(403);
    let detail = cloud.admin("GET", "/os-availability-zone/detail", None).await.expect(200);
    assert_eq!(detail["availabilityZoneInfo"][0]["hosts"]["sim1"]["nova-compute"]["available"], true);
    cloud.node.faults().unreachable();
    cloud.time.advance(std::time::Duration::from_secs(61));
    let zones = cloud.get("/os-availability-zone").await.expect(200);
    assert_eq!(zones["availabilityZoneInfo"][0]["zoneState"]["available"], false);
}

#[tokio::test]
async fn an_aggregate_makes_a_zone() {
    let mut cloud = Cloud::start().await;
    let body = json!({"aggregate": {"name": "rack", "availability_zone": "west"}});
    let made = cloud.at("2.41").admin("POST", "/os-aggregates", Some(body.clone())).await.expect(200);
    assert!(made["aggregate"]["uuid"].is_string());
    cloud.admin("POST", "/os-aggregates", Some(body)).await.fault(409);
    let id = made["aggregate"]["id"].as_i64().unwrap();
    let action = format!("/os-aggregates/{id}/action");
    cloud.admin("POST", &action, Some(json!({"add_host": {"host": "none"}}))).await.fault(404);
    cloud.admin("POST", &action, Some(json!({"add_host": {"host": "sim1"}}))).await.expect(200);
    cloud.admin("POST", &action, Some(json!({"add_host": {"host": "sim1"}}))).await.fault(409);
    let server = cloud.boot(json!({"availability_zone": "west", "networks": "none"})).await;
    assert_eq!(cloud.show(&server).await["OS-EXT-AZ:availability_zone"], "west");
    let path = format!("/os-aggregates/{id}");
    cloud.admin("DELETE", &path, None).await.fault(400);
    let meta = json!({"set_metadata": {"metadata": {"ssd": "true", "availability_zone": null}}});
    let changed = cloud.admin("POST", &action, Some(meta)).await.expect(200);
    assert_eq!(changed["aggregate"]["metadata"], json!({"ssd": "true"}));
    cloud.admin("POST", &action, Some(json!({"remove_host": {"host": "sim1"}}))).await.expect(200);
    cloud.admin("DELETE", &path, None).await.expect(200);
    cloud.admin("GET", &path, None).await.fault(404);
    cloud.get("/os-aggregates").await.fault(403);
}

#[tokio::test]
async fn quotas_hold_and_limits_show_them() {
    let mut cloud = Cloud::start().await;
    let project = Persona::Member.project_id();
    let path = format!("/os-quota-sets/{project}");
    assert_eq!(cloud.get(&path).await.expect(200)["quota_set"]["instances"], 10);
    cloud.put(&path, json!({"quota_set": {"instances": 2}})).await.fault(403);
    cloud.admin("PUT", &path, Some(json!({"quota_set": {"instances": 2}}))).await.expect(200);
    cloud.boot(json!({})).await;
    cloud.boot(json!({})).await;
    let full = cloud.post("/servers", cloud.server(&json!({}))).await.fault(403);
    assert_eq!(full, "Quota exceeded for instances: Requested 1, but already used 2 of 2 instances");
    let limits = cloud.get("/limits").await.expect(200)["limits"]["absolute"].clone();
    assert_eq!((&limits["maxTotalInstances"], &limits["totalInstancesUsed"]), (&json!(2), &json!(2)));
    let detail = cloud.get(&format!("{path}/detail")).await.expect(200);
    assert_eq!(detail["quota_set"]["cores"], json!({"limit": 20, "in_use": 2, "reserved": 0}));
    let below = cloud.admin("PUT", &path, Some(json!({"quota_set": {"instances": 1}}))).await.fault(400);
    assert!(below.contains("must be greater than or equal to already used and reserved 2."));
    cloud.admin("PUT", &path, Some(json!({"quota_set": {"instances": 1, "force": true}}))).await.expect(200);
    cloud.admin("DELETE", &path, None).await.expect(202);
    assert_eq!(cloud.get(&format!("{path}/defaults")).await.expect(200)["quota_set"]["instances"], 10);
    cloud.at("2.50");
    let class = "/os-quota-class-sets/default";
    cloud.admin("PUT", class, Some(json!({"quota_class_set": {"cores": 5}}))).await.expect(200);
    assert_eq!(cloud.get(&path).await.expect(200)["quota_set"]["cores"], 5);
    let other = format!("/compute/v2.1{path}");
    cloud.call(Persona::OtherMember, "GET", &other, None).await.fault(403);
}

#[tokio::test]
async fn two_requests_at_once_do_not_share_the_last_room() {
    let cloud = Cloud::start().await;
    let path = format!("/os-quota-sets/{}", Persona::Member.project_id());
    cloud.admin("PUT", &path, Some(json!({"quota_set": {"instances": 1}}))).await.expect(200);
    let (one, two) = tokio::join!(
        cloud.post("/servers", cloud.server(&json!({}))),
        cloud.post("/servers", cloud.server(&json!({})))
    );
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [202, 403]);
}

#[tokio::test]
async fn extensions_are_listed() {
    let cloud = Cloud::start().await;
    let list = cloud.get("/extensions").await.expect(200);
    let aliases: Vec<&Value> =
        list["extensions"].as_array().unwrap().iter().map(|one| &one["alias"]).collect();
    assert!(aliases.contains(&&json!("os-security-groups")));
    assert_eq!(cloud.get("/extensions/os-keypairs").await.expect(200)["extension"]["alias"], "os-keypairs");
    cloud.get("/extensions/none").await.fault(404);
}

#[tokio::test]
async fn proxies_are_gone_since_2_36() {
    let mut cloud = Cloud::start().await;
    let list = cloud.get("/os-security-groups").await.expect(200);
    assert_eq!(list["security_groups"][0]["name"], "default");
    let parent = list["security_groups"][0]["id"].as_str().unwrap().to_owned();
    let rule = json!({"security_group_rule": {
        "parent_group_id": parent, "ip_protocol": "tcp", "from_port": 22, "to_port": 22, "cidr": "10.0.0.0/8",
    }});
    let made = cloud.post("/os-security-group-rules", rule).await.expect(200)["security_group_rule"].clone();
    assert_eq!((&made["from_port"], &made["ip_range"]["cidr"]), (&json!(22), &json!("10.0.0.0/8")));
    let rule = format!("/os-security-group-rules/{}", made["id"].as_str().unwrap());
    assert_eq!(cloud.delete(&rule).await.status, 202);
    cloud.delete(&format!("/os-security-groups/{parent}")).await.fault(400);
    cloud.get("/os-security-groups/junk").await.fault(400);
    cloud.at("2.36").get("/os-security-groups").await.fault(404);
}
