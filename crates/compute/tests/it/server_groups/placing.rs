//! Servers of groups on two hosts.

use kogge_db::{Executor as _, Query};
use kogge_node_sim::SimConfig;
use serde_json::{Value, json};

use super::super::cloud::{Cloud, NOWHERE, on_both};
use super::group;

/// A second host, smaller than the first: without a group, servers go to the first.
async fn add_small(cloud: &Cloud) -> kogge_node_sim::SimNode {
    cloud.add_host(SimConfig::new("sim2").with_size(64, 64 * 1024, 1000)).await
}

async fn placed(cloud: &Cloud, ids: &[String]) -> Vec<String> {
    let mut hosts = Vec::new();
    for id in ids {
        hosts.push(cloud.host_of(id).await);
    }
    hosts
}

/// Makes `count` servers of a group, one after the other; answers their ids.
async fn fill(cloud: &Cloud, group: &str, count: usize, extra: Value) -> Vec<String> {
    let mut ids = Vec::new();
    for _ in 0..count {
        ids.push(cloud.create_in(group, extra.clone()).await);
        // servers are placed in the order in which they were asked for
        cloud.time.advance(std::time::Duration::from_millis(1));
    }
    cloud.run().await;
    ids
}

/// Why no host took a server, as admins read it; its owner reads no host.
async fn fault(cloud: &Cloud, id: &str) -> String {
    let server = cloud.show(id).await;
    assert_eq!(
        (&server["status"], &server["fault"]["message"]),
        (&json!("ERROR"), &json!(NOWHERE)),
        "{server}"
    );
    cloud.fault_details(id).await
}

on_both! {
    anti_affinity_keeps_servers_apart_or_says_why_not(cloud) {
        add_small(&cloud).await;
        let id = group(&mut cloud, "anti-affinity", json!({})).await;
        let servers = fill(&cloud, &id, 3, json!({})).await;
        assert_eq!(placed(&cloud, &servers).await, ["sim1", "sim2", ""]);
        let full = format!("runs 1 server of group {id}, whose policy anti-affinity allows 1 there");
        let expected = format!("No valid host was found. sim1: {full}. sim2: {full}.");
        assert_eq!(fault(&cloud, &servers[2]).await, expected);
        cloud.boot(json!({})).await;
        cloud.delete(&format!("/servers/{}", servers[1])).await;
        cloud.wait(90).await;
        assert_eq!(placed(&cloud, &servers[2..]).await, [""], "for good, as in Nova");
        let next = fill(&cloud, &id, 1, json!({})).await;
        assert_eq!(placed(&cloud, &next).await, ["sim2"], "and in nobody's way");
    }

    servers_of_one_request_are_kept_apart_too(cloud) {
        add_small(&cloud).await;
        let id = group(&mut cloud, "anti-affinity", json!({})).await;
        cloud.create_in(&id, json!({"min_count": 2, "max_count": 2})).await;
        cloud.run().await;
        assert_eq!(cloud.count("SELECT COUNT(DISTINCT placed_host) AS n FROM servers").await, 2);
    }

    as_many_servers_share_a_host_as_the_rule_allows(cloud) {
        add_small(&cloud).await;
        let id = group(&mut cloud, "anti-affinity", json!({"max_server_per_host": 2})).await;
        let servers = fill(&cloud, &id, 5, json!({})).await;
        assert_eq!(placed(&cloud, &servers).await, ["sim1", "sim1", "sim2", "sim2", ""]);
        assert!(fault(&cloud, &servers[4]).await.contains("sim2: runs 2 servers of group"));
    }

    affinity_keeps_servers_together_or_says_why_not(cloud) {
        let small = SimConfig::new("sim2").with_size(64, 1536, 1000);
        cloud.add_host(small).await;
        let id = group(&mut cloud, "affinity", json!({})).await;
        // an admin puts the first one on the small host; the others must follow until it is full
        let mut body = cloud.server(&json!({"networks": "none", "host": "sim2"}));
        body["os:scheduler_hints"] = json!({ "group": id });
        let first = cloud.at("2.74").admin("POST", "/servers", Some(body)).await.expect(202);
        cloud.run().await;
        assert_eq!(placed(&cloud, &[first["server"]["id"].as_str().unwrap().to_owned()]).await, ["sim2"]);
        let servers = fill(&cloud, &id, 2, json!({})).await;
        assert_eq!(placed(&cloud, &servers).await, ["sim2", ""]);
        let message = fault(&cloud, &servers[1]).await;
        assert!(message.contains(&format!("sim1: runs no server of group {id}, whose policy is affinity.")), "{message}");
        assert!(message.contains("sim2: needs 512 MiB memory"), "{message}");
    }

    soft_anti_affinity_spreads_and_never_refuses(cloud) {
        add_small(&cloud).await;
        let id = group(&mut cloud, "soft-anti-affinity", json!({})).await;
        let servers = fill(&cloud, &id, 5, json!({})).await;
        assert_eq!(placed(&cloud, &servers).await, ["sim1", "sim2", "sim1", "sim2", "sim1"]);
    }

    soft_affinity_packs_and_overflows(cloud) {
        cloud.add_host(SimConfig::new("sim2").with_size(64, 2560, 1000)).await;
        let id = group(&mut cloud, "soft-affinity", json!({})).await;
        let mut body = cloud.server(&json!({"networks": "none", "host": "sim2"}));
        body["os:scheduler_hints"] = json!({ "group": id });
        cloud.at("2.74").admin("POST", "/servers", Some(body)).await.expect(202);
        cloud.run().await;
        let servers = fill(&cloud, &id, 2, json!({})).await;
        assert_eq!(placed(&cloud, &servers).await, ["sim2", "sim2"], "though sim1 has more room");
        let large = fill(&cloud, &id, 1, json!({"flavorRef": "large"})).await;
        assert_eq!(placed(&cloud, &large).await, ["sim1"], "what does not fit goes elsewhere");
    }

    a_host_that_does_not_answer_is_among_the_reasons(cloud) {
        let second = add_small(&cloud).await;
        second.faults().unreachable();
        let id = group(&mut cloud, "anti-affinity", json!({})).await;
        cloud.wait(90).await;
        let servers = fill(&cloud, &id, 2, json!({})).await;
        assert_eq!(placed(&cloud, &servers).await, ["sim1", ""]);
        assert_eq!(cloud.status(&servers[1]).await, "BUILD", "a host that is silent may come back soon");
        cloud.wait(60).await;
        let message = fault(&cloud, &servers[1]).await;
        assert!(message.contains("sim1: runs 1 server of group"), "{message}");
        assert!(message.ends_with("sim2: does not answer."), "{message}");
        assert_eq!(cloud.delete(&format!("/servers/{}", servers[1])).await.status, 204);
        second.faults().clear();
        cloud.wait(30).await;
        cloud.get(&format!("/servers/{}", servers[1])).await.fault(404);
    }

    two_that_are_placed_at_the_same_time_see_each_other(cloud) {
        add_small(&cloud).await;
        let id = group(&mut cloud, "anti-affinity", json!({})).await;
        let (theirs, ours) = (cloud.create_in(&id, json!({})).await, cloud.create_in(&id, json!({})).await);
        // another process has taken on the first: it holds the group and has not said yet where the server goes
        let hide = "UPDATE servers SET settled = $1 WHERE id = $2";
        let mut before = cloud.db.begin().await.unwrap();
        before.execute(Query::new(hide).bind(true).bind(theirs.as_str())).await.unwrap();
        before.commit().await.unwrap();
        let mut other = cloud.db.begin().await.unwrap();
        let lock = "UPDATE server_groups SET name = name WHERE id = $1";
        other.execute(Query::new(lock).bind(id.as_str())).await.unwrap();
        let place = cloud.compute.tasks().into_iter().find(|task| task.name() == "place_servers").unwrap();
        let placing = tokio::spawn(async move { place.run().await });
        until_it_waits(&cloud).await;
        let put = "UPDATE servers SET placed_host = 'sim1' WHERE id = $1";
        other.execute(Query::new(put).bind(theirs.as_str())).await.unwrap();
        other.commit().await.unwrap();
        placing.await.unwrap().unwrap();
        assert_eq!(placed(&cloud, &[ours]).await, ["sim2"]);
    }
}

/// Waits until somebody waits for the lock of a group. SQLite has one writer: there the other transaction has to end first.
async fn until_it_waits(cloud: &Cloud) {
    if cloud.db.is_sqlite() {
        return;
    }
    let waiting = "SELECT COUNT(*) AS n FROM pg_stat_activity \
                   WHERE wait_event_type = 'Lock' AND query LIKE 'UPDATE server_groups SET id = id%'";
    for _ in 0..3000 {
        if cloud.count(waiting).await > 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the placement does not wait for the group");
}
