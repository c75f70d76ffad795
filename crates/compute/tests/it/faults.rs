//! Every node call failing once, twice and for ever: no server stays in a moving state, each fault says why, and
//! deleting always works in the end.

use kogge_node_sim::{Call, Times};
use serde_json::json;

use super::cloud::Cloud;

const CALLS: [Call; 5] = [Call::Apply, Call::Observe, Call::ApplyNetworking, Call::Work, Call::Remove];

#[tokio::test]
async fn a_call_that_fails_once_or_twice_delays_and_breaks_nothing() {
    for call in CALLS {
        for times in [1, 2] {
            let cloud = Cloud::start().await;
            cloud.node.faults().fail(call, Times::N(times));
            let id = cloud.create(json!({})).await;
            cloud.wait(60).await;
            assert_eq!(cloud.status(&id).await, "ACTIVE", "{call:?} {times}: {}", cloud.show(&id).await);
            cloud.node.faults().clear();
            cloud.node.faults().fail(call, Times::N(times));
            cloud.delete(&format!("/servers/{id}")).await;
            cloud.wait(60).await;
            cloud.get(&format!("/servers/{id}")).await.fault(404);
            cloud.assert_clean().await;
        }
    }
}

#[tokio::test]
async fn a_call_that_loses_its_answer_makes_no_orphan() {
    for call in [Call::Apply, Call::Remove, Call::ApplyNetworking] {
        let cloud = Cloud::start().await;
        cloud.node.faults().lose_answer(call, None, Times::N(1));
        let id = cloud.create(json!({})).await;
        cloud.wait(30).await;
        assert_eq!(cloud.status(&id).await, "ACTIVE", "{call:?}");
        cloud.node.faults().lose_answer(call, None, Times::N(1));
        cloud.delete(&format!("/servers/{id}")).await;
        cloud.wait(30).await;
        cloud.assert_clean().await;
    }
}

#[tokio::test]
async fn a_call_that_fails_for_ever_is_a_fault_with_its_reason_and_deleting_still_works() {
    for call in [Call::Apply, Call::ApplyNetworking, Call::Work] {
        let cloud = Cloud::start().await;
        cloud.node.faults().fail(call, Times::Forever);
        let id = cloud.create(json!({})).await;
        cloud.wait(120).await;
        let server = cloud.show(&id).await;
        assert_eq!(server["status"], "ERROR", "{call:?}: {server}");
        assert!(!server["fault"]["message"].as_str().unwrap().is_empty());
        assert_eq!(server["OS-EXT-STS:task_state"], json!(null));
        let path = format!("/servers/{id}/os-instance-actions");
        let list = cloud.get(&path).await.expect(200);
        assert_eq!(list["instanceActions"][0]["message"], "Error");
        cloud.delete(&format!("/servers/{id}")).await;
        cloud.wait(120).await;
        cloud.get(&format!("/servers/{id}")).await.fault(404);
        cloud.assert_clean().await;
    }
}

#[tokio::test]
async fn what_failed_is_tried_again_and_heals() {
    let cloud = Cloud::start().await;
    cloud.node.faults().fail(Call::Work, Times::Forever);
    let id = cloud.create(json!({})).await;
    cloud.wait(120).await;
    assert_eq!(cloud.status(&id).await, "ERROR");
    cloud.node.faults().clear();
    cloud.wait(120).await;
    assert_eq!(cloud.status(&id).await, "ACTIVE");
}

#[tokio::test]
async fn a_delete_waits_for_a_host_that_does_not_answer() {
    let cloud = Cloud::start().await;
    let id = cloud.boot(json!({})).await;
    cloud.node.faults().unreachable();
    assert_eq!(cloud.delete(&format!("/servers/{id}")).await.status, 204, "accepted all the same");
    cloud.wait(30).await;
    assert_eq!(cloud.show(&id).await["OS-EXT-STS:task_state"], "deleting");
    cloud.node.faults().clear();
    cloud.wait(120).await;
    cloud.assert_clean().await;
}

#[tokio::test]
async fn instances_that_nobody_knows_are_kept_and_cost_the_others_nothing() {
    let cloud = Cloud::start().await;
    let id = cloud.boot(json!({})).await;
    let mut desired = cloud.node.desired(id.parse().unwrap()).unwrap();
    desired.id = kogge_ids::ServerId::random();
    let node = cloud.nodes.get("sim1").unwrap();
    node.apply(desired).await.unwrap();
    cloud.wait(10).await;
    assert_eq!(cloud.node.instance_ids().len(), 2);
    let kept = cloud.nodes.get("sim1").unwrap().quarantine().await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_ne!(kept[0].id.to_string(), id);
    assert_eq!(cloud.status(&id).await, "ACTIVE");
}

#[tokio::test]
async fn a_guest_that_powers_itself_down_is_shown_and_can_be_started() {
    let cloud = Cloud::start().await;
    let id = cloud.boot(json!({})).await;
    assert!(cloud.node.guest_powers_off(id.parse().unwrap()));
    cloud.run().await;
    let server = cloud.show(&id).await;
    assert_eq!((&server["status"], &server["OS-EXT-STS:task_state"]), (&json!("SHUTOFF"), &json!(null)));
    cloud.put(&format!("/servers/{id}"), json!({"server": {"name": "x"}})).await.expect(200);
    cloud.wait(10).await;
    assert_eq!(cloud.status(&id).await, "SHUTOFF", "a new name does not start it");
    cloud.action(&id, json!({"os-start": null})).await.expect(202);
    cloud.wait(10).await;
    assert_eq!(cloud.status(&id).await, "ACTIVE");
}

#[tokio::test]
async fn servers_come_back_as_they_were_when_their_host_does() {
    let cloud = Cloud::start().await;
    let running = cloud.boot(json!({"name": "running"})).await;
    let stopped = cloud.boot(json!({"name": "stopped"})).await;
    cloud.action(&stopped, json!({"os-stop": null})).await.expect(202);
    cloud.run().await;
    cloud.node.reboot_host();
    cloud.wait(30).await;
    assert_eq!(cloud.status(&running).await, "ACTIVE");
    assert_eq!(cloud.status(&stopped).await, "SHUTOFF");
    cloud.node.restart_agent();
    cloud.wait(30).await;
    assert_eq!(cloud.status(&running).await, "ACTIVE");
    assert_eq!(cloud.status(&stopped).await, "SHUTOFF");
}

#[tokio::test]
async fn an_admin_resets_a_state() {
    let cloud = Cloud::start().await;
    let id = cloud.boot(json!({})).await;
    let path = format!("/servers/{id}/action");
    cloud.action(&id, json!({"os-resetState": {"state": "error"}})).await.fault(403);
    cloud.admin("POST", &path, Some(json!({"os-resetState": {"state": "error"}}))).await.expect(202);
    assert_eq!(cloud.status(&id).await, "ERROR");
    cloud.admin("POST", &path, Some(json!({"os-resetState": {"state": "active"}}))).await.expect(202);
    cloud.run().await;
    assert_eq!(cloud.status(&id).await, "ACTIVE");
    cloud.admin("POST", &path, Some(json!({"os-resetState": {"state": "lost"}}))).await.fault(400);
}

/// Nothing can be written about one server; that is nobody else's trouble, whoever comes first.
#[tokio::test]
async fn a_server_that_cannot_be_written_holds_up_nobody() {
    use kogge_db::{Executor as _, Query};
    let cloud = Cloud::start().await;
    let placed = cloud.boot(json!({"name": "bad"})).await;
    let break_it = "CREATE TRIGGER broken BEFORE UPDATE ON servers WHEN NEW.name = 'bad' \
                    BEGIN SELECT RAISE(ABORT, 'ordered by a test'); END";
    (&cloud.db).execute(Query::new(break_it)).await.unwrap();
    let fresh = cloud.create(json!({"name": "bad"})).await;
    let good = cloud.boot(json!({"name": "good"})).await;
    cloud.node.guest_powers_off(placed.parse().unwrap());
    assert!(cloud.action(&good, json!({"os-stop": null})).await.status == 202);
    cloud.wait(10).await;
    assert_eq!(cloud.status(&good).await, "SHUTOFF");
    assert_eq!(cloud.delete(&format!("/servers/{good}")).await.status, 204);
    cloud.wait(10).await;
    cloud.get(&format!("/servers/{good}")).await.fault(404);
    assert_eq!([cloud.status(&placed).await, cloud.status(&fresh).await], ["ACTIVE", "BUILD"]);
    (&cloud.db).execute(Query::new("DROP TRIGGER broken")).await.unwrap();
    cloud.wait(10).await;
    assert_eq!([cloud.status(&placed).await, cloud.status(&fresh).await], ["SHUTOFF", "ACTIVE"]);
}

/// A host that is silent costs the others nothing.
#[tokio::test]
async fn a_silent_host_is_nobody_elses_trouble() {
    let cloud = Cloud::start().await;
    let second = cloud.add_host(kogge_node_sim::SimConfig::new("sim2").with_size(1, 1024, 100)).await;
    second.faults().unreachable();
    for _ in 0..3 {
        cloud.wait(30).await;
        cloud.boot(json!({})).await;
    }
    let services = cloud.admin("GET", "/os-services", None).await.expect(200);
    let state = |host: &str| {
        let all = services["services"].as_array().unwrap();
        all.iter().find(|one| one["host"] == host).map(|one| one["state"].clone())
    };
    assert_eq!((state("sim1"), state("sim2")), (Some(json!("up")), Some(json!("down"))));
}
