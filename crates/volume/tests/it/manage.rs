//! Disks that are none of ours: seen, taken over and let go by administrators.

use kogge_auth::testing::Persona;
use kogge_storage::DiskId;
use serde_json::{Value, json};

use super::cloud::{Cloud, on_both};
use super::given;

const HOST: &str = "kogge@memory#memory";

async fn manage(cloud: &Cloud, path: &str, body: Value) -> Value {
    cloud.admin("POST", path, Some(body)).await.expect(202)
}

fn volume(reference: &Value) -> Value {
    json!({ "volume": { "host": HOST, "ref": reference, "name": "mine", "bootable": true } })
}

on_both! {
    a_foreign_disk_becomes_a_volume_and_goes_again(cloud) {
        cloud.storage[0].put_foreign("b", 3 << 30);
        cloud.storage[0].put_foreign("a", (1 << 30) + 1);
        let path = format!("/manageable_volumes/detail?host={}&sort=reference:asc", HOST.replace('#', "%23"));
        cloud.at("3.8").get(&path).await.fault(403);
        let listed = cloud.admin("GET", &path, None).await.expect(200);
        assert_eq!(listed["manageable-volumes"][0], json!({
            "reference": { "source-name": "a" }, "size": 2, "safe_to_manage": true, "reason_not_safe": null,
            "cinder_id": null, "extra_info": null,
        }));
        cloud.admin("GET", "/os-volume-manage", None).await.fault(400);
        cloud.admin("GET", "/os-volume-manage?host=nobody", None).await.fault(503);
        for bad in [json!({}), json!({ "source-name": "none" }), json!({ "source-name": "" }), json!(7)] {
            cloud.admin("POST", "/os-volume-manage", Some(volume(&bad))).await.fault(400);
        }
        let body = volume(&json!({ "source-name": "a" }));
        cloud.post("/os-volume-manage", body.clone()).await.fault(403);
        let made = manage(&cloud, "/os-volume-manage", body).await["volume"].clone();
        assert_eq!((&made["name"], &made["size"], &made["bootable"]), (&json!("mine"), &json!(2), &json!("true")));
        cloud.run().await;
        let path = format!("/volumes/{}", made["id"].as_str().unwrap());
        let shown = cloud.admin("GET", &path, None).await.expect(200);
        assert_eq!(shown["volume"]["status"], "available");
        let disk = DiskId::Volume(made["id"].as_str().unwrap().parse().unwrap());
        assert_eq!(cloud.storage[0].size(disk), Some(2 << 30));
        let action = format!("{path}/action");
        cloud.post(&action, json!({ "os-unmanage": {} })).await.fault(404);
        cloud.admin("POST", &action, Some(json!({ "os-unmanage": {} }))).await.expect(202);
        cloud.run().await;
        cloud.admin("GET", &path, None).await.fault(404);
        assert_eq!(cloud.storage[0].size(disk), None);
        let list = format!("/os-volume-manage?host={}&sort=size:desc", HOST.replace('#', "%23"));
        let listed = cloud.admin("GET", &list, None).await.expect(200);
        assert_eq!(listed["manageable-volumes"].as_array().unwrap().len(), 2);
        let used = "SELECT CAST(COALESCE(SUM(volumes), 0) AS BIGINT) AS n FROM volume_usage";
        assert_eq!(cloud.count(used).await, 0);
    }

    a_foreign_disk_becomes_a_snapshot_and_goes_again(cloud) {
        let volume = given::volume(&cloud, 1, "x").await;
        cloud.storage[0].put_foreign("fits", 1 << 30);
        cloud.storage[0].put_foreign("large", 2 << 30);
        let body = |name: &str| json!({ "snapshot": { "volume_id": volume, "ref": { "source-name": name }, "name": "s" } });
        cloud.post("/os-snapshot-manage", body("fits")).await.fault(403);
        let large = manage(&cloud, "/os-snapshot-manage", body("large")).await["snapshot"].clone();
        let fits = manage(&cloud, "/os-snapshot-manage", body("fits")).await["snapshot"].clone();
        cloud.run().await;
        let path = |one: &Value| format!("/snapshots/{}", one["id"].as_str().unwrap());
        let shown = cloud.admin("GET", &path(&large), None).await.expect(200);
        assert_eq!(shown["snapshot"]["status"], "error");
        let shown = cloud.admin("GET", &path(&fits), None).await.expect(200);
        assert_eq!(shown["snapshot"]["status"], "available");
        let action = format!("{}/action", path(&fits));
        cloud.ask(Persona::Member, "POST", &action, Some(json!({ "os-unmanage": {} }))).await.fault(404);
        cloud.admin("POST", &action, Some(json!({ "os-unmanage": {} }))).await.expect(202);
        cloud.admin("DELETE", &path(&large), None).await.expect(202);
        cloud.run().await;
        cloud.admin("GET", &path(&fits), None).await.fault(404);
        assert_eq!(cloud.count("SELECT COUNT(*) AS n FROM volume_snapshots").await, 0);
        let list = format!("/os-snapshot-manage?host={}", HOST.replace('#', "%23"));
        let listed = cloud.admin("GET", &list, None).await.expect(200);
        assert_eq!(listed["manageable-snapshots"].as_array().unwrap().len(), 2);
    }
}
