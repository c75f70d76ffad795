//! What is due is asked from the database: nothing that waits, and nothing that is damaged, stands in others' way.

use std::time::Duration;

use kogge_auth::testing::Persona;
use kogge_db::{Executor as _, Query};
use kogge_node_sim::{Call, SimConfig};
use serde_json::json;

use super::cloud::{Cloud, on_both};

/// Takes the quotas of the member away.
async fn no_quotas(cloud: &Cloud) {
    let path = format!("/os-quota-sets/{}", Persona::Member.project_id());
    let set = json!({"quota_set": {"instances": -1, "cores": -1, "ram": -1}});
    cloud.admin("PUT", &path, Some(set)).await.expect(200);
}

/// Runs the placement once.
async fn place_once(cloud: &Cloud) {
    let place = cloud.compute.tasks().into_iter().find(|task| task.name() == "place_servers").unwrap();
    place.run().await.unwrap();
}

/// More servers wait for a silent host than one run looks at; one that can be placed is placed at once.
#[tokio::test]
async fn a_thousand_that_cannot_be_placed_hold_up_none_that_can() {
    let mut cloud = Cloud::start().await;
    no_quotas(&cloud).await;
    cloud
        .admin("PUT", "/os-services/disable", Some(json!({"host": "sim1", "binary": "nova-compute"})))
        .await
        .expect(200);
    let silent = cloud.add_host(SimConfig::new("sim2")).await;
    silent.faults().unreachable();
    cloud.wait(90).await;
    let body = cloud.server(&json!({"min_count": 1000, "max_count": 1000, "networks": "none"}));
    cloud.at("2.37").post("/servers", body.clone()).await.expect(202);
    cloud
        .post("/servers", cloud.server(&json!({"min_count": 100, "max_count": 100, "networks": "none"})))
        .await
        .expect(202);
    assert_eq!(cloud.count("SELECT COUNT(*) AS n FROM servers WHERE placed_host IS NULL").await, 1100);
    for _ in 0..5 {
        place_once(&cloud).await;
    }
    cloud
        .admin("PUT", "/os-services/enable", Some(json!({"host": "sim1", "binary": "nova-compute"})))
        .await
        .expect(200);
    let fresh = cloud.create(json!({"networks": "none"})).await;
    place_once(&cloud).await;
    assert_eq!(cloud.host_of(&fresh).await, "sim1", "the first run finds it");
    // and the others are not forgotten
    cloud.time.advance(Duration::from_secs(6));
    for _ in 0..6 {
        place_once(&cloud).await;
    }
    assert_eq!(cloud.count("SELECT COUNT(*) AS n FROM servers WHERE placed_host IS NULL").await, 0);
}

on_both! {
    damaged_rows_are_named_and_set_back_and_the_rest_goes_on(cloud) {
        let placed = cloud.boot(json!({"name": "damaged"})).await;
        let doomed = cloud.boot(json!({"name": "damaged"})).await;
        cloud.action(&placed, json!({"os-stop": null})).await.expect(202);
        let unplaced = cloud.create(json!({"name": "damaged"})).await;
        assert_eq!(cloud.delete(&format!("/servers/{doomed}")).await.status, 204);
        let before = cloud.count("SELECT COUNT(*) AS n FROM servers WHERE settled = FALSE").await;
        assert_eq!(before, 3);
        (&cloud.db).execute(Query::new("UPDATE servers SET spec = '{' WHERE name = 'damaged'")).await.unwrap();
        let good = cloud.create(json!({"name": "good"})).await;
        cloud.wait(10).await;
        assert_eq!(cloud.status(&good).await, "ACTIVE");
        assert_eq!(cloud.delete(&format!("/servers/{good}")).await.status, 204);
        cloud.wait(10).await;
        cloud.get(&format!("/servers/{good}")).await.fault(404);
        let known = cloud.db.damage().rows();
        for id in [&placed, &unplaced] {
            assert!(known.iter().any(|row| row.table == "servers" && row.key == *id), "{known:?}");
        }
        let due = "SELECT COUNT(*) AS n FROM servers WHERE settled = FALSE AND name = 'damaged' AND due_at < updated_at + 300000000";
        assert_eq!(cloud.count(due).await, 0, "they are set back, and fill no batch");
        assert!(cloud.node.instance_ids().len() >= 2, "and their guests are kept");
    }

    a_removal_that_takes_its_time_is_asked_for_again(cloud) {
        let slow = kogge_node_sim::Delays { remove: Duration::from_secs(25), ..Default::default() };
        let host = cloud.add_host(SimConfig::new("sim2").with_delays(slow)).await;
        let off = json!({"host": "sim1", "binary": "nova-compute"});
        cloud.admin("PUT", "/os-services/disable", Some(off)).await.expect(200);
        let id = cloud.create(json!({})).await;
        cloud.wait(10).await;
        assert_eq!(host.instance_ids().len(), 1);
        assert_eq!(cloud.delete(&format!("/servers/{id}")).await.status, 204);
        cloud.wait(10).await;
        assert_eq!(host.faults().calls(Call::Remove), 1, "it is not asked all the time");
        cloud.wait(40).await;
        assert!(host.instance_ids().is_empty());
        cloud.get(&format!("/servers/{id}")).await.fault(404);
    }
}
