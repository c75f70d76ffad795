//! Flavors that wish something of their hosts.

use std::collections::BTreeSet;

use kogge_clock::Clock;
use kogge_node_sim::SimConfig;
use kogge_placement::{Inventory, Placement};
use serde_json::{Value, json};

use super::cloud::Cloud;

/// A flavor with these extra specs.
async fn flavor(cloud: &Cloud, name: &str, specs: Value) {
    let body = json!({"flavor": {"name": name, "id": name, "ram": 512, "vcpus": 1, "disk": 1}});
    cloud.admin("POST", "/flavors", Some(body)).await.expect(200);
    let path = format!("/flavors/{name}/os-extra_specs");
    cloud.admin("POST", &path, Some(json!({ "extra_specs": specs }))).await.expect(200);
}

/// An aggregate of one host with this metadata.
async fn aggregate(cloud: &Cloud, name: &str, host: &str, metadata: Value) {
    let made =
        cloud.admin("POST", "/os-aggregates", Some(json!({"aggregate": {"name": name}}))).await.expect(200);
    let path = format!("/os-aggregates/{}/action", made["aggregate"]["id"]);
    cloud.admin("POST", &path, Some(json!({"add_host": {"host": host}}))).await.expect(200);
    let body = json!({"set_metadata": {"metadata": metadata}});
    cloud.admin("POST", &path, Some(body)).await.expect(200);
}

#[tokio::test]
async fn a_flavor_picks_hosts_by_what_their_aggregates_say() {
    let cloud = Cloud::start().await;
    cloud.add_host(SimConfig::new("sim2").with_size(8, 4096, 100)).await;
    flavor(&cloud, "ssd", json!({"aggregate_instance_extra_specs:disk": "<or> ssd <or> nvme"})).await;
    let nowhere = cloud.create(json!({"flavorRef": "ssd"})).await;
    cloud.run().await;
    assert_eq!(cloud.status(&nowhere).await, "ERROR");
    assert!(cloud.fault_details(&nowhere).await.contains("is in no aggregate whose disk"));
    aggregate(&cloud, "fast", "sim2", json!({"disk": "nvme"})).await;
    let id = cloud.boot(json!({"flavorRef": "ssd"})).await;
    assert_eq!(cloud.host_of(&id).await, "sim2");
}

#[tokio::test]
async fn an_aggregate_keeps_its_hosts_to_its_projects() {
    let cloud = Cloud::start().await;
    aggregate(&cloud, "theirs", "sim1", json!({"filter_tenant_id": "somebody-else"})).await;
    let id = cloud.create(json!({})).await;
    cloud.run().await;
    assert!(cloud.fault_details(&id).await.contains("is kept for other projects"));
    cloud.add_host(SimConfig::new("sim2")).await;
    let id = cloud.boot(json!({})).await;
    assert_eq!(cloud.host_of(&id).await, "sim2");
}

#[tokio::test]
async fn traits_and_classes_of_ones_own_are_asked_of_hosts() {
    let cloud = Cloud::start().await;
    flavor(&cloud, "gpu", json!({"resources:CUSTOM_GPU": "1"})).await;
    flavor(&cloud, "avx", json!({"trait:HW_CPU_X86_AVX2": "required"})).await;
    for name in ["gpu", "avx"] {
        let id = cloud.create(json!({"flavorRef": name})).await;
        cloud.run().await;
        assert_eq!(cloud.status(&id).await, "ERROR", "{name}");
        let why = cloud.fault_details(&id).await;
        assert!(why.contains("CUSTOM_GPU") || why.contains("lacks the trait HW_CPU_X86_AVX2"), "{why}");
    }
    // an operator says that the host has both
    let placement = Placement::new(cloud.db.clone(), Clock::system());
    let supply = placement.supplies().await.unwrap().pop().unwrap();
    let mut all = supply.inventories.clone();
    all.push(Inventory {
        class: "CUSTOM_GPU".to_owned(),
        total: 1,
        reserved: 0,
        max_unit: 1,
        ..all[0].clone()
    });
    let traits: BTreeSet<String> = ["HW_CPU_X86_AVX2".to_owned()].into();
    let mut tx = cloud.db.begin().await.unwrap();
    placement.set_inventory_in(&mut tx, supply.provider.id, &all).await.unwrap();
    placement.set_traits_in(&mut tx, supply.provider.id, &traits).await.unwrap();
    tx.commit().await.unwrap();
    // and it stays so when the host reports again
    cloud.wait(120).await;
    cloud.boot(json!({"flavorRef": "avx"})).await;
    let first = cloud.boot(json!({"flavorRef": "gpu"})).await;
    let second = cloud.create(json!({"flavorRef": "gpu"})).await;
    cloud.run().await;
    assert_eq!(cloud.status(&second).await, "ERROR", "there is one only");
    cloud.delete(&format!("/servers/{first}")).await.expect(204);
    cloud.run().await;
    cloud.boot(json!({"flavorRef": "gpu"})).await;
    cloud.assert_counts().await;
}
