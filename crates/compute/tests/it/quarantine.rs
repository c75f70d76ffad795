//! A database that does not know what runs: nothing is destroyed, and the right one finds everything as it was.

use std::time::Duration;

use kogge_db::{Executor as _, Query};
use kogge_ids::ServerId;
use kogge_node_api::{Epoch, InstanceState, Node as _};
use kogge_node_sim::Call;
use serde_json::json;

use super::cloud::Cloud;

/// Runs statements of the test's own.
async fn sql(cloud: &Cloud, statements: &[&'static str]) {
    let mut tx = cloud.db.begin().await.unwrap();
    for statement in statements {
        tx.execute(Query::new(statement)).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn forget_all_servers(cloud: &Cloud) {
    sql(cloud, &["CREATE TABLE kept AS SELECT * FROM servers", "DELETE FROM servers"]).await;
}

async fn remember(cloud: &Cloud) {
    sql(cloud, &["INSERT INTO servers SELECT * FROM kept", "DROP TABLE kept"]).await;
}

async fn in_quarantine(cloud: &Cloud) -> Vec<ServerId> {
    cloud.node.quarantine().await.unwrap().into_iter().map(|one| one.id).collect()
}

#[tokio::test]
async fn guests_that_the_database_does_not_know_are_kept_and_come_back_with_the_right_one() {
    let cloud = Cloud::start().await;
    let id = cloud.boot(json!({})).await;
    let server: ServerId = id.parse().unwrap();
    let console = cloud.node.console_output(server, None).await.unwrap();
    forget_all_servers(&cloud).await;
    // hours, with every task, and much longer than anything is kept
    cloud.wait(60).await;
    assert_eq!(in_quarantine(&cloud).await, [server]);
    cloud.time.advance(Duration::from_secs(400 * 86_400));
    cloud.wait(60).await;
    assert_eq!(cloud.node.faults().calls(Call::Remove), 0, "nothing was ever removed");
    assert_eq!(cloud.node.observe().await.unwrap()[0].state, InstanceState::Running);
    remember(&cloud).await;
    cloud.wait(30).await;
    assert_eq!(cloud.status(&id).await, "ACTIVE");
    assert!(in_quarantine(&cloud).await.is_empty());
    assert_eq!(cloud.node.console_output(server, None).await.unwrap(), console, "it never stopped");
    cloud.delete(&format!("/servers/{id}")).await;
    cloud.wait(30).await;
    cloud.assert_clean().await;
}

#[tokio::test]
async fn what_its_owner_deleted_goes_even_if_the_node_shows_it_late() {
    let cloud = Cloud::start().await;
    let id = cloud.boot(json!({})).await;
    let server: ServerId = id.parse().unwrap();
    let desired = cloud.node.desired(server).unwrap();
    cloud.delete(&format!("/servers/{id}")).await;
    cloud.run().await;
    cloud.assert_clean().await;
    // a node whose directory was away for a while
    cloud.node.apply(Epoch::FIRST, desired).await.unwrap();
    cloud.wait(10).await;
    cloud.assert_clean().await;
}

#[tokio::test]
async fn a_server_that_the_database_has_on_another_host_is_not_destroyed_here() {
    let cloud = Cloud::start().await;
    let id = cloud.boot(json!({})).await;
    sql(&cloud, &["UPDATE servers SET placed_host = 'elsewhere'"]).await;
    cloud.wait(10).await;
    assert_eq!(in_quarantine(&cloud).await, [id.parse().unwrap()]);
    assert_eq!(cloud.node.faults().calls(Call::Remove), 0);
}

#[tokio::test]
async fn old_ones_go_a_few_at_a_time_and_none_while_most_are_unknown() {
    let cloud = Cloud::start().await;
    let mut servers = Vec::new();
    for _ in 0..9 {
        servers.push(cloud.boot(json!({})).await);
    }
    // four of nine become unknown
    sql(&cloud, &["DELETE FROM servers WHERE id IN (SELECT id FROM servers ORDER BY id LIMIT 4)"]).await;
    cloud.wait(10).await;
    assert_eq!(in_quarantine(&cloud).await.len(), 4);
    cloud.time.advance(Duration::from_secs(29 * 86_400));
    cloud.run().await;
    assert_eq!(in_quarantine(&cloud).await.len(), 4, "not before their time");
    cloud.time.advance(Duration::from_secs(2 * 86_400));
    cloud.run().await;
    assert_eq!(in_quarantine(&cloud).await.len(), 1, "three in an hour");
    cloud.time.advance(Duration::from_secs(3_500));
    cloud.run().await;
    assert_eq!(in_quarantine(&cloud).await.len(), 1, "and no more of them");
    cloud.time.advance(Duration::from_secs(200));
    cloud.run().await;
    assert!(in_quarantine(&cloud).await.is_empty());
    assert_eq!(cloud.node.instance_ids().len(), 5, "what is known stays");
    // now most are unknown: the database is wrong, not they
    sql(&cloud, &["DELETE FROM servers WHERE id IN (SELECT id FROM servers WHERE deleted_at IS NULL ORDER BY id LIMIT 3)"])
        .await;
    cloud.wait(10).await;
    cloud.time.advance(Duration::from_secs(400 * 86_400));
    cloud.run().await;
    assert_eq!((in_quarantine(&cloud).await.len(), cloud.node.instance_ids().len()), (3, 5));
    // an operator may all the same
    for id in in_quarantine(&cloud).await {
        assert!(cloud.node.discard(Epoch::FIRST, id).await.unwrap());
    }
    let left = cloud.node.instance_ids();
    assert_eq!(left.len(), 2);
    assert!(cloud.node.discard(Epoch::FIRST, left[0]).await.is_err(), "what is known is in no quarantine");
}
