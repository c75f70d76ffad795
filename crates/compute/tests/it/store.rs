//! The same life on PostgreSQL, where `KOGGE_TEST_POSTGRES` names one: every query of the stores runs on both.

use kogge_auth::testing::Persona;
use kogge_node_sim::SimConfig;
use serde_json::json;

use super::cloud::{Cloud, NOWHERE};

async fn life(mut cloud: Cloud) {
    let id = cloud.boot(json!({"metadata": {"a": "b"}})).await;
    cloud.at("2.103");
    cloud.put(&format!("/servers/{id}/tags"), json!({"tags": ["x"]})).await.expect(200);
    let queries = [
        "tags=x&not-tags=y&tags-any=x&not-tags-any=z&name=web&locked=false",
        "status=ACTIVE&flavor=small&changes-since=2001-01-01T00:00:00Z&changes-before=2099-01-01T00:00:00Z",
        "vm_state=active&power_state=1&config_drive=false&user_id=0&sort_key=launched_at&sort_key=host&limit=1",
    ];
    for (index, query) in queries.iter().enumerate() {
        let list =
            cloud.admin("GET", &format!("/servers/detail?all_tenants=1&{query}"), None).await.expect(200);
        assert_eq!(list["servers"].as_array().unwrap().len(), usize::from(index < 2), "{query}");
    }
    cloud
        .post("/os-keypairs", json!({"keypair": {"name": "k", "type": "ssh", "public_key": "x"}}))
        .await
        .fault(400);
    cloud.action(&id, json!({"resize": {"flavorRef": "large"}})).await.expect(202);
    cloud.run().await;
    cloud.action(&id, json!({"confirmResize": null})).await.expect(204);
    let path = format!("/os-quota-sets/{}", Persona::Member.project_id());
    cloud.admin("PUT", &path, Some(json!({"quota_set": {"cores": 30}}))).await.expect(200);
    assert_eq!(cloud.get(&format!("{path}/detail")).await.expect(200)["quota_set"]["ram"]["in_use"], 2048);
    let aggregate = json!({"aggregate": {"name": "rack"}});
    cloud.admin("POST", "/os-aggregates", Some(aggregate)).await.expect(200);
    let actions = cloud.get(&format!("/servers/{id}/os-instance-actions?limit=1")).await.expect(200);
    assert_eq!(actions["instanceActions"].as_array().unwrap().len(), 1);
    cloud.delete(&format!("/servers/{id}")).await;
    cloud.run().await;
    cloud.assert_clean().await;
    cloud.wait(5).await;
}

#[tokio::test]
async fn a_whole_life_on_sqlite() {
    life(Cloud::start().await).await;
}

#[tokio::test]
async fn a_whole_life_on_postgresql() {
    let Some(cloud) = Cloud::with(SimConfig::new("sim1"), true).await else {
        eprintln!("skipped: KOGGE_TEST_POSTGRES is not set");
        return;
    };
    life(cloud).await;
}

#[tokio::test]
async fn a_full_host_says_what_is_missing() {
    let cloud = Cloud::with(SimConfig::new("sim1").with_size(1, 2048, 100), false).await.unwrap();
    cloud.boot(json!({"flavorRef": "wide"})).await;
    let id = cloud.create(json!({"flavorRef": "large"})).await;
    cloud.run().await;
    let server = cloud.show(&id).await;
    assert_eq!(server["status"], "ERROR");
    assert_eq!(server["fault"]["message"], NOWHERE);
    let details = cloud.fault_details(&id).await;
    assert!(
        details.starts_with("No valid host was found. sim1: needs 2048 MiB memory, 512 of 1536 free"),
        "{details}"
    );
    cloud.delete(&format!("/servers/{id}")).await;
    cloud.run().await;
    cloud.get(&format!("/servers/{id}")).await.fault(404);
}
