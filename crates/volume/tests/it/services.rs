//! Services, hosts, pools, capabilities, and what the service says of itself.

use kogge_storage::SimFault;
use serde_json::{Value, json};

use super::cloud::{Cloud, on_both};

async fn of_backend(cloud: &Cloud, host: &str) -> Value {
    let list = cloud.admin("GET", &format!("/os-services?host={host}"), None).await.expect(200);
    list["services"][0].clone()
}

/// No backend takes a new volume: it says so.
async fn nowhere(cloud: &Cloud) {
    let made = cloud.post("/volumes", json!({"volume": {"size": 1}})).await.expect(202);
    let path = format!("/volumes/{}", made["volume"]["id"].as_str().unwrap());
    assert_eq!(cloud.get(&path).await.expect(200)["volume"]["status"], "error");
}

on_both! {
    services_are_listed_by_version(cloud) {
        cloud.get("/os-services").await.fault(403);
        let list = cloud.admin("GET", "/os-services", None).await.expect(200);
        let hosts: Vec<(&str, &str)> = list["services"].as_array().unwrap().iter()
            .map(|one| (one["binary"].as_str().unwrap(), one["host"].as_str().unwrap())).collect();
        assert_eq!(hosts, [
            ("cinder-scheduler", "kogge"), ("cinder-volume", "kogge@memory"), ("cinder-volume", "kogge@second"),
            ("cinder-backup", "kogge"),
        ]);
        let mut whole = json!({
            "binary": "cinder-volume", "host": "kogge@memory", "zone": "nova", "status": "enabled", "state": "up",
            "updated_at": "2027-01-15T08:00:00.000000", "disabled_reason": null, "replication_status": "disabled",
            "active_backend_id": null, "frozen": false,
        });
        assert_eq!(of_backend(&cloud, "kogge@memory").await, whole);
        whole["cluster"] = Value::Null;
        assert_eq!(of_backend(cloud.at("3.7"), "kogge@memory").await, whole);
        whole["backend_state"] = json!("up");
        assert_eq!(of_backend(cloud.at("3.49"), "kogge@memory").await, whole);
        let backup = cloud.admin("GET", "/os-services?binary=cinder-backup", None).await.expect(200);
        assert_eq!(backup["services"].as_array().unwrap().len(), 1);
        assert_eq!(backup["services"][0].get("backend_state"), None);
        cloud.storage[0].fail(Some(SimFault::Silent));
        assert_eq!(of_backend(&cloud, "kogge@memory").await["backend_state"], "down");
    }

    a_disabled_backend_takes_nothing_new(cloud) {
        let on = |host: &str| json!({"binary": "cinder-volume", "host": host});
        cloud.put("/os-services/disable", on("kogge@memory")).await.fault(403);
        let said = cloud.admin("PUT", "/os-services/disable", Some(on("kogge@memory"))).await.expect(200);
        assert_eq!(said, json!({
            "host": "kogge@memory", "service": "", "binary": "cinder-volume", "status": "disabled", "disabled": true,
        }));
        let made = cloud.post("/volumes", json!({"volume": {"size": 1}})).await.expect(202);
        let path = format!("/volumes/{}", made["volume"]["id"].as_str().unwrap());
        let host = cloud.admin("GET", &path, None).await.expect(200)["volume"]["os-vol-host-attr:host"].clone();
        assert_eq!(host, "kogge@second#second");
        let mut why = on("kogge@second");
        why["disabled_reason"] = json!(" repair ");
        let said = cloud.admin("PUT", "/os-services/disable-log-reason", Some(why)).await.expect(200);
        assert_eq!(said["disabled_reason"], "repair");
        assert_eq!(of_backend(&cloud, "kogge@second").await["disabled_reason"], "repair");
        nowhere(&cloud).await;
        cloud.admin("PUT", "/os-services/enable", Some(on("kogge@second"))).await.expect(200);
        let now = of_backend(&cloud, "kogge@second").await;
        assert_eq!((&now["status"], &now["disabled_reason"]), (&json!("enabled"), &Value::Null));
        let freeze = json!({"host": "kogge@second"});
        assert_eq!(cloud.admin("PUT", "/os-services/freeze", Some(freeze.clone())).await.status, 200);
        cloud.admin("PUT", "/os-services/freeze", Some(freeze.clone())).await.fault(400);
        nowhere(&cloud).await;
        assert_eq!(cloud.admin("PUT", "/os-services/thaw", Some(freeze)).await.status, 200);
        cloud.post("/volumes", json!({"volume": {"size": 1}})).await.expect(202);
    }

    services_that_are_not_there_are_refused(cloud) {
        let none = json!({"binary": "cinder-volume", "host": "none"});
        let why = cloud.admin("PUT", "/os-services/disable", Some(none)).await.fault(404);
        assert_eq!(why, "Service cinder-volume could not be found on host none.");
        for (verb, body) in [
            ("disable", json!({"host": "kogge"})),
            ("disable", json!({"binary": "cinder-volume"})),
            ("enable", json!({"binary": "cinder-volume", "host": "a b"})),
            ("disable-log-reason", json!({"binary": "cinder-volume", "host": "kogge", "disabled_reason": ""})),
            ("freeze", json!({})),
            ("thaw", json!({"host": "none"})),
            ("failover_host", json!({"host": "kogge@memory"})),
            ("failover_host", json!({"host": "none"})),
        ] {
            cloud.admin("PUT", &format!("/os-services/{verb}"), Some(body)).await.fault(400);
        }
        assert_eq!(cloud.count("SELECT COUNT(*) AS n FROM volume_services").await, 0);
    }

    levels_of_logs_are_shown(cloud) {
        cloud.admin("PUT", "/os-services/get-log", Some(json!({}))).await.fault(404);
        let all = cloud.at("3.32").admin("PUT", "/os-services/get-log", Some(json!({"binary": "*"}))).await.expect(200);
        assert_eq!(all["log_levels"].as_array().unwrap().len(), 5);
        let one = json!({"binary": "cinder-backup", "prefix": "none"});
        let one = cloud.admin("PUT", "/os-services/get-log", Some(one)).await.expect(200);
        assert_eq!(one, json!({"log_levels": [{"binary": "cinder-backup", "host": "kogge", "levels": {}}]}));
        cloud.admin("PUT", "/os-services/set-log", Some(json!({"level": "LOUD"}))).await.fault(400);
        cloud.admin("PUT", "/os-services/set-log", Some(json!({"level": "debug"}))).await.fault(409);
        cloud.put("/os-services/get-log", json!({})).await.fault(403);
    }

    hosts_say_what_is_on_them(cloud) {
        cloud.get("/os-hosts").await.fault(403);
        for size in [1, 3] {
            cloud.post("/volumes", json!({"volume": {"size": size}})).await.expect(202);
        }
        let list = cloud.admin("GET", "/os-hosts?zone=nova", None).await.expect(200);
        assert_eq!(list["hosts"][1], json!({
            "host_name": "kogge@memory", "service": "cinder-volume", "zone": "nova", "service-status": "available",
            "service-state": "enabled", "last-update": "2027-01-15T08:00:00.000000",
        }));
        assert_eq!(cloud.admin("GET", "/os-hosts?zone=none", None).await.expect(200), json!({"hosts": []}));
        let project = kogge_auth::testing::Persona::Member.project_id();
        let part = |project: &str| json!({"resource": {
            "host": "kogge@memory", "project": project, "volume_count": "2", "total_volume_gb": "4",
            "snapshot_count": "0", "total_snapshot_gb": "0",
        }});
        let shown = cloud.admin("GET", "/os-hosts/kogge@memory", None).await.expect(200);
        assert_eq!(shown, json!({"host": [part("(total)"), part(&project)]}));
        assert_eq!(cloud.admin("GET", "/os-hosts/none", None).await.fault(404), "Host none could not be found.");
        let off = json!({"Status": "Disable"});
        let said = cloud.admin("PUT", "/os-hosts/kogge@memory", Some(off.clone())).await.expect(200);
        assert_eq!(said, json!({"host": "kogge@memory", "status": "disabled"}));
        assert_eq!(of_backend(&cloud, "kogge@memory").await["status"], "disabled");
        cloud.admin("PUT", "/os-hosts/none", Some(off)).await.fault(404);
        cloud.admin("PUT", "/os-hosts/kogge@memory", Some(json!({"status": "sleep"}))).await.fault(400);
        cloud.admin("PUT", "/os-hosts/kogge@memory", Some(json!({"mood": "enable"}))).await.fault(400);
    }

    pools_and_capabilities_are_those_of_backends(cloud) {
        let path = "/scheduler-stats/get_pools";
        cloud.get(path).await.fault(403);
        let names = json!({"pools": [{"name": "kogge@memory#memory"}, {"name": "kogge@second#second"}]});
        assert_eq!(cloud.admin("GET", path, None).await.expect(200), names);
        assert_eq!(cloud.admin("GET", &format!("{path}?name=none"), None).await.expect(200), names, "no filter yet");
        let detail = cloud.admin("GET", &format!("{path}?detail=true"), None).await.expect(200);
        let first = detail["pools"][0]["capabilities"].clone();
        assert_eq!((&first["volume_backend_name"], &first["backend_state"]), (&json!("memory"), &json!("up")));
        assert!(first["total_capacity_gb"].as_f64() >= first["free_capacity_gb"].as_f64());
        cloud.admin("GET", &format!("{path}?detail=often"), None).await.fault(400);
        cloud.at("3.35");
        let one = cloud.admin("GET", &format!("{path}?name=kogge@second%23second"), None).await.expect(200);
        assert_eq!(one, json!({"pools": [{"name": "kogge@second#second"}]}));
        let one = cloud.admin("GET", &format!("{path}?volume_type=__DEFAULT__"), None).await.expect(200);
        assert_eq!(one, names, "a type without extra specs is content with any");
        cloud.admin("GET", &format!("{path}?colour=red"), None).await.fault(400);
        let shown = cloud.admin("GET", "/capabilities/kogge@memory", None).await.expect(200);
        assert_eq!(shown["namespace"], "OS::Storage::Capabilities::kogge@memory");
        assert_eq!((&shown["volume_backend_name"], &shown["replication_targets"]), (&json!("memory"), &json!([])));
        assert_eq!(cloud.admin("GET", "/capabilities/none", None).await.fault(404), "Can't find service: none");
        cloud.get("/capabilities/kogge@memory").await.fault(403);
    }

    the_service_says_what_it_is(cloud) {
        let zones = json!({"availabilityZoneInfo": [{"zoneName": "nova", "zoneState": {"available": true}}]});
        assert_eq!(cloud.get("/os-availability-zone").await.expect(200), zones);
        let all = cloud.get("/extensions").await.expect(200)["extensions"].clone();
        assert!(all.as_array().unwrap().iter().any(|one| one["alias"] == "os-quota-sets"));
        let one = cloud.get("/extensions/qos-specs").await.expect(200)["extension"].clone();
        assert_eq!((&one["name"], &one["links"]), (&json!("Qos_specs_manage"), &json!([])));
        cloud.get("/extensions/none").await.fault(404);
        cloud.get("/resource_filters").await.fault(404);
        let filters = cloud.at("3.33").get("/resource_filters?resource=pool").await.expect(200);
        assert_eq!(filters, json!({"resource_filters": [{"resource": "pool", "filters": ["name", "volume_type"]}]}));
        assert_eq!(cloud.get("/resource_filters").await.expect(200)["resource_filters"].as_array().unwrap().len(), 9);
        for path in ["/clusters", "/clusters/detail?is_up=true&name=x"] {
            assert_eq!(cloud.admin("GET", path, None).await.expect(200), json!({"clusters": []}));
        }
        cloud.admin("GET", "/clusters?colour=red", None).await.fault(400);
        cloud.admin("GET", "/clusters?is_up=often", None).await.fault(400);
        cloud.get("/clusters").await.fault(403);
        assert_eq!(cloud.admin("GET", "/clusters/a", None).await.fault(404), "Cluster a could not be found.");
        cloud.admin("PUT", "/clusters/enable", Some(json!({"name": "a"}))).await.fault(404);
        cloud.admin("PUT", "/clusters/disable", Some(json!({"name": "a", "disabled_reason": "b"}))).await.fault(404);
        cloud.admin("PUT", "/clusters/enable", Some(json!({"name": "a", "disabled_reason": "b"}))).await.fault(400);
        let done = cloud.admin("POST", "/workers/cleanup", Some(json!({"is_up": "true"}))).await.expect(202);
        assert_eq!(done, json!({"cleaning": [], "unavailable": []}));
        cloud.post("/workers/cleanup", json!({})).await.fault(403);
        for bad in [
            json!({"resource_type": "Moon"}),
            json!({"resource_id": "11111111-1111-4111-8111-111111111111"}),
            json!({"binary": "nova"}),
            json!({"colour": "red"}),
        ] {
            cloud.admin("POST", "/workers/cleanup", Some(bad)).await.fault(400);
        }
    }
}
