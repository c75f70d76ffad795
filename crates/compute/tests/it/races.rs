//! A hundred simultaneous tries go over no limit and make nothing twice, on both databases.

use futures_util::future::join_all;
use kogge_auth::testing::Persona;
use serde_json::{Value, json};

use super::cloud::{Answer, Cloud, on_both};

const TRIES: usize = 100;

async fn limit(cloud: &Cloud, name: &str, most: i64) {
    let path = format!("/os-quota-sets/{}", Persona::Member.project_id());
    cloud.admin("PUT", &path, Some(json!({"quota_set": {name: most}}))).await.expect(200);
}

/// Sends the same kind of request a hundred times at once; answers how many were taken. None is an error of ours.
async fn taken(cloud: &Cloud, method: &str, path: &str, body: impl Fn(usize) -> Value) -> usize {
    let path = format!("/compute/v2.1{path}");
    let tries = (0..TRIES).map(|n| cloud.call(Persona::Member, method, &path, Some(body(n))));
    count(&join_all(tries).await)
}

fn count(answers: &[Answer]) -> usize {
    for answer in answers {
        assert!(answer.status < 500, "{}: {}", answer.status, answer.body);
    }
    answers.iter().filter(|answer| answer.status < 300).count()
}

on_both! {
    instances_cores_and_memory_stay_within_the_quota(cloud) {
        for (name, most) in [("instances", 7), ("cores", 7), ("ram", 7 * 512)] {
            for other in ["instances", "cores", "ram"] {
                limit(&cloud, other, -1).await;
            }
            limit(&cloud, name, most).await;
            let server = cloud.server(&json!({"networks": []}));
            assert_eq!(taken(&cloud, "POST", "/servers", |_| server.clone()).await, 7, "{name}");
            assert_eq!(cloud.count("SELECT COUNT(*) AS n FROM servers WHERE deleted_at IS NULL").await, 7, "{name}");
            for row in cloud.get("/servers").await.expect(200)["servers"].as_array().unwrap() {
                cloud.delete(&format!("/servers/{}", row["id"].as_str().unwrap())).await;
            }
            cloud.run().await;
        }
    }

    keypairs_groups_and_their_members_stay_within_the_quota(cloud) {
        limit(&cloud, "key_pairs", 7).await;
        let key = |n: usize| json!({"keypair": {"name": format!("k{n}")}});
        assert_eq!(taken(&cloud, "POST", "/os-keypairs", key).await, 7);
        limit(&cloud, "server_groups", 7).await;
        let group = |n: usize| json!({"server_group": {"name": format!("g{n}"), "policies": ["soft-affinity"]}});
        cloud.at("2.15");
        assert_eq!(taken(&cloud, "POST", "/os-server-groups", group).await, 7);
        limit(&cloud, "server_group_members", 7).await;
        limit(&cloud, "instances", -1).await;
        limit(&cloud, "cores", -1).await;
        limit(&cloud, "ram", -1).await;
        let groups = cloud.get("/os-server-groups").await.expect(200);
        let mut server = cloud.server(&json!({"networks": []}));
        server["os:scheduler_hints"] = json!({"group": groups["server_groups"][0]["id"]});
        assert_eq!(taken(&cloud, "POST", "/servers", |_| server.clone()).await, 7);
    }

    one_name_is_taken_once(cloud) {
        let key = json!({"keypair": {"name": "same"}});
        assert_eq!(taken(&cloud, "POST", "/os-keypairs", |_| key.clone()).await, 1);
        let admins = |path: &'static str, body: Value| {
            let cloud = &cloud;
            async move {
                let tries = (0..TRIES).map(|_| cloud.admin("POST", path, Some(body.clone())));
                count(&join_all(tries).await)
            }
        };
        assert_eq!(admins("/os-aggregates", json!({"aggregate": {"name": "same"}})).await, 1);
        let flavor = json!({"flavor": {"name": "same", "id": "same", "ram": 1, "vcpus": 1, "disk": 0}});
        assert_eq!(admins("/flavors", flavor).await, 1);
    }

    tags_metadata_and_interfaces_of_one_server_stay_within_their_bounds(cloud) {
        let id = cloud.boot(json!({})).await;
        limit(&cloud, "metadata_items", 7).await;
        let path = format!("/servers/{id}/metadata");
        taken(&cloud, "POST", &path, |n| json!({"metadata": {format!("k{n}"): "v"}})).await;
        let shown = cloud.get(&path).await.expect(200);
        assert_eq!(shown["metadata"].as_object().unwrap().len(), 7);
        cloud.at("2.26");
        let tags = (0..TRIES).map(|n| {
            let path = format!("/compute/v2.1/servers/{id}/tags/t{n}");
            let cloud = &cloud;
            async move { cloud.call(Persona::Member, "PUT", &path, None).await }
        });
        count(&join_all(tags).await);
        let shown = cloud.get(&format!("/servers/{id}/tags")).await.expect(200);
        assert_eq!(shown["tags"].as_array().unwrap().len(), 50);
        let attach = json!({"interfaceAttachment": {"net_id": cloud.network}});
        taken(&cloud, "POST", &format!("/servers/{id}/os-interface"), |_| attach.clone()).await;
        cloud.run().await;
        let shown = cloud.get(&format!("/servers/{id}/os-interface")).await.expect(200);
        assert_eq!(shown["interfaceAttachments"].as_array().unwrap().len(), 26);
    }

    what_admins_change_at_once_is_all_kept(cloud) {
        let change = |n: usize| {
            let body = json!({"extra_specs": {format!("k{n}"): "v"}});
            let cloud = &cloud;
            async move { cloud.admin("POST", "/flavors/large/os-extra_specs", Some(body)).await }
        };
        assert_eq!(count(&join_all((0..TRIES).map(change)).await), TRIES);
        let specs = cloud.admin("GET", "/flavors/large/os-extra_specs", None).await.expect(200);
        assert_eq!(specs["extra_specs"].as_object().unwrap().len(), TRIES + 1);
        let made = cloud.admin("POST", "/os-aggregates", Some(json!({"aggregate": {"name": "rack"}}))).await.expect(200);
        let path = format!("/os-aggregates/{}/action", made["aggregate"]["id"]);
        let change = |n: usize| {
            let body = json!({"set_metadata": {"metadata": {format!("k{n}"): "v"}}});
            let (cloud, path) = (&cloud, path.as_str());
            async move { cloud.admin("POST", path, Some(body)).await }
        };
        assert_eq!(count(&join_all((0..TRIES).map(change)).await), TRIES);
        let shown = cloud.admin("GET", path.trim_end_matches("/action"), None).await.expect(200);
        assert_eq!(shown["aggregate"]["metadata"].as_object().unwrap().len(), TRIES);
    }
}
