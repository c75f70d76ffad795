//! Servers that move between hosts.

use std::time::Duration;

use kogge_node_api::Accelerator;
use kogge_node_sim::{Delays, SimConfig, SimNode};
use serde_json::{Value, json};

use super::cloud::{Cloud, NOWHERE, on_both};

/// A second host.
async fn second(cloud: &Cloud) -> SimNode {
    cloud.add_host(SimConfig::new("sim2")).await
}

/// A server on the first host, before there is another one.
async fn on_first(cloud: &Cloud) -> String {
    cloud.boot(json!({})).await
}

async fn act(cloud: &Cloud, id: &str, body: Value) -> super::cloud::Answer {
    // lists are sorted by time
    cloud.time.advance(Duration::from_secs(1));
    cloud.admin("POST", &format!("/servers/{id}/action"), Some(body)).await
}

async fn shown(cloud: &Cloud, id: &str) -> (String, Value) {
    let server = cloud.admin("GET", &format!("/servers/{id}"), None).await.expect(200)["server"].clone();
    (server["status"].as_str().unwrap().to_owned(), server["OS-EXT-STS:task_state"].clone())
}

/// Kind, status and ends of the newest move.
async fn newest(cloud: &mut Cloud) -> Value {
    let list = cloud.at("2.80").admin("GET", "/os-migrations", None).await.expect(200);
    cloud.at("2.1");
    let one = &list["migrations"][0];
    json!([one["migration_type"], one["status"], one["source_compute"], one["dest_compute"]])
}

on_both! {
    a_server_migrates_and_is_confirmed_or_goes_back(cloud) {
        let id = on_first(&cloud).await;
        let other = second(&cloud).await;
        cloud.action(&id, json!({"migrate": null})).await.fault(403);
        act(&cloud, &id, json!({"migrate": null})).await.expect(202);
        assert_eq!(shown(&cloud, &id).await.0, "RESIZE");
        cloud.run().await;
        assert_eq!((shown(&cloud, &id).await.0.as_str(), cloud.host_of(&id).await.as_str()), ("VERIFY_RESIZE", "sim2"));
        assert_eq!((cloud.node.instance_ids().len(), other.instance_ids().len()), (0, 1));
        assert_eq!(newest(&mut cloud).await, json!(["migration", "finished", "sim1", "sim2"]));
        assert_eq!(cloud.count("SELECT COUNT(DISTINCT provider_id) AS n FROM allocations").await, 2);
        cloud.action(&id, json!({"revertResize": null})).await.expect(202);
        cloud.run().await;
        assert_eq!((shown(&cloud, &id).await.0.as_str(), cloud.host_of(&id).await.as_str()), ("ACTIVE", "sim1"));
        assert_eq!((cloud.node.instance_ids().len(), other.instance_ids().len()), (1, 0));
        act(&cloud, &id, json!({"migrate": null})).await.expect(202);
        cloud.run().await;
        cloud.action(&id, json!({"confirmResize": null})).await.expect(204);
        cloud.run().await;
        assert_eq!(newest(&mut cloud).await, json!(["migration", "confirmed", "sim1", "sim2"]));
        assert_eq!(cloud.count("SELECT COUNT(DISTINCT provider_id) AS n FROM allocations").await, 1);
        cloud.assert_counts().await;
        cloud.delete(&format!("/servers/{id}")).await.expect(204);
        cloud.run().await;
        assert!(other.instance_ids().is_empty());
        cloud.assert_clean().await;
    }

    a_running_server_moves_without_being_rebuilt(cloud) {
        let id = on_first(&cloud).await;
        let other = second(&cloud).await;
        let image = format!("/image/v2/images/{}", cloud.image);
        cloud.call(kogge_auth::testing::Persona::Member, "DELETE", &image, None).await;
        let live = json!({"os-migrateLive": {"host": null, "block_migration": true, "disk_over_commit": false}});
        act(&cloud, &id, live).await.expect(202);
        assert_eq!(shown(&cloud, &id).await, ("MIGRATING".to_owned(), json!("migrating")));
        cloud.run().await;
        assert_eq!((shown(&cloud, &id).await.0.as_str(), cloud.host_of(&id).await.as_str()), ("ACTIVE", "sim2"));
        assert_eq!((cloud.node.instance_ids().len(), other.instance_ids().len()), (0, 1));
        assert_eq!(newest(&mut cloud).await, json!(["live-migration", "completed", "sim1", "sim2"]));
        assert_eq!(cloud.count("SELECT COUNT(DISTINCT provider_id) AS n FROM allocations").await, 1);
        // it is steered where it is
        cloud.action(&id, json!({"os-stop": null})).await.expect(202);
        cloud.run().await;
        assert_eq!(cloud.status(&id).await, "SHUTOFF");
        cloud.assert_counts().await;
    }

    a_server_of_a_dead_host_is_made_anew_elsewhere(cloud) {
        let id = on_first(&cloud).await;
        let other = second(&cloud).await;
        let refused = act(&cloud, &id, json!({"evacuate": {"onSharedStorage": false}})).await.fault(400);
        assert_eq!(refused, "Compute service of sim1 is still in use.");
        cloud.node.faults().unreachable();
        let down = json!({"host": "sim1", "binary": "nova-compute", "forced_down": true});
        cloud.at("2.11").admin("PUT", "/os-services/force-down", Some(down.clone())).await.expect(200);
        cloud.at("2.1");
        act(&cloud, &id, json!({"evacuate": {"onSharedStorage": false, "host": "mars"}})).await.fault(404);
        let same = act(&cloud, &id, json!({"evacuate": {"onSharedStorage": false, "host": "sim1"}})).await.fault(400);
        assert_eq!(same, "The target host can't be the same one.");
        let answer = act(&cloud, &id, json!({"evacuate": {"onSharedStorage": false, "host": "sim2"}})).await.expect(200);
        assert_eq!(answer["adminPass"].as_str().unwrap().len(), 12);
        cloud.run().await;
        assert_eq!((shown(&cloud, &id).await.0.as_str(), cloud.host_of(&id).await.as_str()), ("ACTIVE", "sim2"));
        assert_eq!(newest(&mut cloud).await, json!(["evacuation", "done", "sim1", "sim2"]));
        // the dead host comes back, and lets go of what is elsewhere now
        cloud.node.faults().clear();
        cloud.wait(400).await;
        assert_eq!((cloud.node.instance_ids().len(), other.instance_ids().len()), (0, 1));
        cloud.assert_counts().await;
    }
}

#[tokio::test]
async fn where_no_other_host_takes_it_nothing_changes() {
    let mut cloud = Cloud::start().await;
    let id = on_first(&cloud).await;
    assert_eq!(act(&cloud, &id, json!({"migrate": null})).await.fault(400), NOWHERE);
    let live = json!({"os-migrateLive": {"host": null, "block_migration": "auto"}});
    cloud.at("2.25");
    assert_eq!(act(&cloud, &id, live.clone()).await.fault(400), NOWHERE);
    let itself = json!({"os-migrateLive": {"host": "sim1", "block_migration": "auto"}});
    let refused = act(&cloud, &id, itself).await.fault(400);
    assert_eq!(refused, format!("Unable to migrate instance ({id}) to current host (sim1)."));
    let unknown = json!({"os-migrateLive": {"host": "mars", "block_migration": "auto"}});
    assert_eq!(act(&cloud, &id, unknown).await.fault(400), "Compute host mars could not be found.");
    cloud.at("2.56");
    let refused = act(&cloud, &id, json!({"migrate": {"host": "sim1"}})).await.fault(400);
    assert_eq!(refused, "Cannot migrate to the host where the server exists.");
    // from 2.34 on the answer comes before
    act(&cloud, &id, live).await.expect(202);
    let list = cloud.get(&format!("/servers/{id}/os-instance-actions")).await.expect(200);
    let newest = &list["instanceActions"][0];
    assert_eq!((&newest["action"], &newest["message"]), (&json!("live-migration"), &json!("Error")));
    assert_eq!(shown(&cloud, &id).await, ("ACTIVE".to_owned(), Value::Null));
    cloud.assert_counts().await;
    // a real host cannot take a disk over
    let mut real = SimConfig::new("real");
    real.facts.accelerator = Accelerator::Tcg;
    cloud.add_host(real).await;
    assert_eq!(act(&cloud, &id, json!({"migrate": null})).await.fault(400), NOWHERE);
}

#[tokio::test]
async fn bodies_of_live_migrations_follow_their_version() {
    let mut cloud = Cloud::start().await;
    let id = on_first(&cloud).await;
    for (version, body, status) in [
        ("2.24", json!({"host": null, "block_migration": true}), 400),
        ("2.24", json!({"host": null, "block_migration": "auto", "disk_over_commit": false}), 400),
        ("2.25", json!({"host": null, "block_migration": true, "disk_over_commit": false}), 400),
        ("2.25", json!({"host": null}), 400),
        ("2.30", json!({"host": null, "block_migration": "auto", "force": true}), 400),
        ("2.68", json!({"host": null, "block_migration": "auto", "force": true}), 400),
        ("2.68", json!({"host": null, "block_migration": "auto"}), 202),
    ] {
        cloud.at(version);
        let answer = act(&cloud, &id, json!({"os-migrateLive": body})).await;
        assert_eq!(answer.status, status, "{version}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_live_migration_under_way_is_shown_and_can_be_given_up() {
    let mut cloud = Cloud::start().await;
    let slow = Delays { build: Duration::from_secs(60), ..Delays::default() };
    let id = on_first(&cloud).await;
    let other = cloud.add_host(SimConfig::new("sim2").with_delays(slow)).await;
    cloud.at("2.65");
    act(&cloud, &id, json!({"os-migrateLive": {"host": "sim2", "block_migration": "auto"}}))
        .await
        .expect(202);
    cloud.run().await;
    let list = cloud.admin("GET", &format!("/servers/{id}/migrations"), None).await.expect(200);
    let number = list["migrations"][0]["id"].as_i64().unwrap();
    assert_eq!(list["migrations"][0]["status"], "running");
    let path = format!("/servers/{id}/migrations/{number}");
    let one = cloud.admin("GET", &path, None).await.expect(200);
    assert_eq!(one["migration"]["dest_compute"], "sim2");
    let push = Some(json!({"force_complete": null}));
    cloud.admin("POST", &format!("{path}/action"), push.clone()).await.expect(202);
    cloud.admin("DELETE", &path, None).await.expect(202);
    cloud.run().await;
    assert_eq!((shown(&cloud, &id).await.0.as_str(), cloud.host_of(&id).await.as_str()), ("ACTIVE", "sim1"));
    assert!(other.instance_ids().is_empty());
    cloud.admin("GET", &path, None).await.fault(404);
    cloud.admin("DELETE", &path, None).await.fault(409);
    assert_eq!(newest(&mut cloud).await, json!(["live-migration", "cancelled", "sim1", "sim2"]));
    cloud.assert_counts().await;
}

#[tokio::test]
async fn a_server_that_moves_can_be_deleted_at_every_moment() {
    for runs in 0..9 {
        let cloud = Cloud::start().await;
        let id = on_first(&cloud).await;
        let other = second(&cloud).await;
        act(&cloud, &id, json!({"migrate": null})).await.expect(202);
        cloud.run_first(runs).await;
        cloud.delete(&format!("/servers/{id}")).await.expect(204);
        cloud.run().await;
        cloud.wait(400).await;
        assert!(other.instance_ids().is_empty(), "after {runs}");
        cloud.assert_clean().await;
    }
}

#[tokio::test]
async fn a_resize_that_has_no_room_on_its_host_goes_to_another_one() {
    let cloud = Cloud::with(SimConfig::new("sim1").with_size(8, 1600, 100), false).await.unwrap();
    let id = on_first(&cloud).await;
    let other = second(&cloud).await;
    cloud.action(&id, json!({"resize": {"flavorRef": "large"}})).await.expect(202);
    cloud.run().await;
    assert_eq!(
        (cloud.status(&id).await.as_str(), cloud.host_of(&id).await.as_str()),
        ("VERIFY_RESIZE", "sim2")
    );
    cloud.action(&id, json!({"revertResize": null})).await.expect(202);
    cloud.run().await;
    assert_eq!((cloud.status(&id).await.as_str(), cloud.host_of(&id).await.as_str()), ("ACTIVE", "sim1"));
    assert!(other.instance_ids().is_empty());
    cloud.assert_counts().await;
}
