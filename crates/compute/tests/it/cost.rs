//! What requests cost does not grow with what is there: the number of statements is the same with few servers and with
//! many. And what is counted instead of being added up is right, whatever happened.

use kogge_auth::testing::Persona;
use kogge_db::{Executor as _, Query};
use serde_json::json;

use super::cloud::{Cloud, on_both};

/// How many statements a request takes.
async fn statements(cloud: &Cloud, method: &str, path: &str, body: Option<serde_json::Value>) -> u64 {
    let before = cloud.db.statements();
    let answer = cloud.call(Persona::Member, method, path, body).await;
    assert!(answer.status < 300, "{}", answer.body);
    cloud.db.statements() - before
}

async fn lift(cloud: &Cloud) {
    let all = json!({"quota_set": {"instances": -1, "cores": -1, "ram": -1}});
    let path = format!("/os-quota-sets/{}", Persona::Member.project_id());
    cloud.admin("PUT", &path, Some(all)).await.expect(200);
}

async fn boot(cloud: &Cloud, count: usize) {
    let body = cloud.server(&json!({"min_count": count, "max_count": count}));
    cloud.post("/servers", body).await.expect(202);
    cloud.run().await;
}

const READS: [&str; 5] = [
    "/compute/v2.1/servers",
    "/compute/v2.1/servers/detail",
    "/compute/v2.1/flavors/detail",
    "/network/v2.0/ports",
    "/network/v2.0/networks",
];

on_both! {
    lists_take_as_many_statements_for_many_servers_as_for_few(cloud) {
        lift(&cloud).await;
        boot(&cloud, 3).await;
        let mut few = Vec::new();
        for path in READS {
            few.push(statements(&cloud, "GET", path, None).await);
        }
        boot(&cloud, 40).await;
        for (path, few) in READS.into_iter().zip(few) {
            assert_eq!(statements(&cloud, "GET", path, None).await, few, "{path}");
        }
    }

    a_server_takes_as_many_statements_as_the_first_ones(cloud) {
        lift(&cloud).await;
        boot(&cloud, 3).await;
        let create = || Some(cloud.server(&json!({})));
        let path = "/compute/v2.1/servers";
        statements(&cloud, "POST", path, create()).await;
        cloud.run().await;
        let early = statements(&cloud, "POST", path, create()).await;
        let before = cloud.db.statements();
        cloud.run().await;
        let early_tasks = cloud.db.statements() - before;
        boot(&cloud, 60).await;
        statements(&cloud, "POST", path, create()).await;
        cloud.run().await;
        assert_eq!(statements(&cloud, "POST", path, create()).await, early);
        let before = cloud.db.statements();
        cloud.run().await;
        assert_eq!(cloud.db.statements() - before, early_tasks);
    }

    quotas_are_counted_right_through_the_life_of_servers(cloud) {
        let used = || async {
            let path = format!("/os-quota-sets/{}/detail", Persona::Member.project_id());
            let set = cloud.get(&path).await.expect(200)["quota_set"].clone();
            ["instances", "cores", "ram"].map(|name| set[name]["in_use"].as_i64().unwrap())
        };
        assert_eq!(used().await, [0, 0, 0]);
        let id = cloud.boot(json!({})).await;
        boot(&cloud, 2).await;
        assert_eq!(used().await, [3, 3, 3 * 512]);
        for done in [json!({"revertResize": null}), json!({"confirmResize": null})] {
            cloud.action(&id, json!({"resize": {"flavorRef": "large"}})).await.expect(202);
            cloud.run().await;
            assert_eq!(used().await, [3, 3, 2 * 512 + 2048]);
            let answer = cloud.action(&id, done).await;
            assert!(answer.status < 300, "{}", answer.body);
            cloud.run().await;
        }
        assert_eq!(used().await, [3, 3, 2 * 512 + 2048]);
        cloud.assert_counts().await;
        for server in cloud.get("/servers").await.expect(200)["servers"].as_array().unwrap() {
            cloud.delete(&format!("/servers/{}", server["id"].as_str().unwrap())).await.expect(204);
        }
        cloud.run().await;
        assert_eq!(used().await, [0, 0, 0]);
        cloud.assert_clean().await;
    }

    a_count_that_somebody_spoiled_is_named_and_mended(cloud) {
        cloud.boot(json!({})).await;
        for spoil in [
            "UPDATE inventories SET used = used + 7 WHERE resource_class = 'VCPU'",
            "INSERT INTO quota_moves (project_id, instances, cores, ram) VALUES ('p', 2, -1, 5)",
            "INSERT INTO network_quota_moves (project_id, resource, amount) VALUES ('p', 'port', -4)",
        ] {
            cloud.db.execute(Query::new(spoil)).await.unwrap();
        }
        let placement = kogge_placement::recount(&cloud.db).await.unwrap();
        assert!(placement.len() == 1 && placement[0].contains("counts 8 of VCPU as used, and 1"), "{placement:?}");
        let compute = kogge_compute::recount(&cloud.db).await.unwrap();
        assert_eq!(compute, ["project p counts 2 servers, -1 cores and 5 MiB too many"]);
        let network = kogge_network::recount(&cloud.db).await.unwrap();
        assert_eq!(network, ["project p counts -4 ports too many"]);
        cloud.assert_counts().await;
    }
}
