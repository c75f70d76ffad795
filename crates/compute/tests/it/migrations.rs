//! What administrators see of the moves of servers.

use kogge_auth::testing::Persona;
use kogge_node_sim::{Call, Times};
use serde_json::{Value, json};

use super::cloud::{Cloud, on_both};

const PATH: &str = "/os-migrations";

async fn listed(cloud: &Cloud, query: &str) -> Vec<Value> {
    let body = cloud.admin("GET", &format!("{PATH}{query}"), None).await.expect(200);
    body["migrations"].as_array().unwrap().clone()
}

async fn statuses(cloud: &Cloud, query: &str) -> Vec<String> {
    let one = |row: &Value| row["status"].as_str().unwrap().to_owned();
    listed(cloud, query).await.iter().map(one).collect()
}

async fn resize(cloud: &Cloud, id: &str, flavor: &str, end: Option<&str>) {
    cloud.action(id, json!({"resize": {"flavorRef": flavor}})).await.expect(202);
    cloud.wait(5).await;
    cloud.run().await;
    if let Some(end) = end {
        let status = cloud.action(id, json!({ end: null })).await.status;
        assert!(status == 202 || status == 204, "{status}");
        cloud.run().await;
    }
}

on_both! {
    a_resize_leaves_a_migration_that_says_what_became_of_it(cloud) {
        let id = cloud.boot(json!({})).await;
        assert!(listed(&cloud, "").await.is_empty());
        cloud.action(&id, json!({"resize": {"flavorRef": "large"}})).await.expect(202);
        assert_eq!(statuses(&cloud, "").await, ["migrating"]);
        cloud.run().await;
        assert_eq!(statuses(&cloud, "").await, ["finished"]);
        cloud.action(&id, json!({"revertResize": null})).await.expect(202);
        assert_eq!(statuses(&cloud, "").await, ["reverting"]);
        cloud.run().await;
        assert_eq!(statuses(&cloud, "").await, ["reverted"]);
        cloud.wait(5).await;
        let id = cloud.boot(json!({})).await;
        resize(&cloud, &id, "wide", Some("confirmResize")).await;
        assert_eq!(statuses(&cloud, "").await, ["confirmed", "reverted"], "the newest first");
        // what happens later is none of their business
        cloud.action(&id, json!({"os-stop": null})).await.expect(202);
        cloud.run().await;
        assert_eq!(statuses(&cloud, "").await, ["confirmed", "reverted"]);
        // who deletes a resized server stays with what it is
        cloud.wait(5).await;
        resize(&cloud, &id, "large", None).await;
        assert_eq!(cloud.delete(&format!("/servers/{id}")).await.status, 204);
        cloud.run().await;
        assert_eq!(statuses(&cloud, "").await, ["confirmed", "confirmed", "reverted"]);
    }

    a_resize_that_fails_says_so_until_it_succeeds(cloud) {
        let id = cloud.boot(json!({})).await;
        cloud.node.faults().fail(Call::Apply, Times::N(1));
        cloud.action(&id, json!({"resize": {"flavorRef": "large"}})).await.expect(202);
        cloud.run().await;
        cloud.node.faults().clear();
        cloud.wait(600).await;
        assert_eq!(cloud.status(&id).await, "VERIFY_RESIZE");
        assert_eq!(statuses(&cloud, "").await, ["finished"]);
    }

    migrations_show_by_version_and_are_paged_and_filtered(cloud) {
        let web = cloud.boot(json!({"name": "web"})).await;
        let database = cloud.boot(json!({"name": "db"})).await;
        resize(&cloud, &web, "large", Some("confirmResize")).await;
        cloud.wait(5).await;
        resize(&cloud, &database, "large", None).await;
        let old = listed(cloud.at("2.22"), "").await;
        assert_eq!(old[1]["instance_uuid"], web.as_str());
        assert_eq!((&old[1]["source_compute"], &old[1]["dest_node"]), (&json!("sim1"), &json!("sim1")));
        assert!(old[1]["dest_host"].is_string() && old[1]["updated_at"].is_string() && old[1]["id"] == 1);
        for (version, field) in [("2.23", "migration_type"), ("2.59", "uuid"), ("2.80", "project_id")] {
            assert!(old[0].get(field).is_none(), "{field}");
            let new = listed(cloud.at(version), "").await;
            assert!(new[0][field].is_string(), "{field}");
        }
        assert_eq!(listed(&cloud, "").await[0]["migration_type"], "resize");

        let page = cloud.admin("GET", &format!("{PATH}?limit=1"), None).await.expect(200);
        assert_eq!(page["migrations"][0]["instance_uuid"], database.as_str());
        let next = page["migrations_links"][0]["href"].as_str().unwrap();
        let next = next.split_once('?').unwrap().1;
        let page = cloud.admin("GET", &format!("{PATH}?{next}"), None).await.expect(200);
        assert_eq!(page["migrations"][0]["instance_uuid"], web.as_str());
        assert!(page.get("migrations_links").is_none());
        let nobody = "80a599e0-31e7-49b7-b260-868f441e862b";
        for marker in [nobody, "x"] {
            let why = cloud.admin("GET", &format!("{PATH}?marker={marker}"), None).await.fault(400);
            assert_eq!(why, format!("Marker {marker} could not be found."));
        }

        let project = Persona::Member.project_id();
        for (query, count) in [
            ("status=confirmed".to_owned(), 1),
            ("status=error".to_owned(), 0),
            ("migration_type=resize".to_owned(), 2),
            ("migration_type=live-migration".to_owned(), 0),
            (format!("instance_uuid={web}"), 1),
            ("host=sim1".to_owned(), 2),
            ("host=elsewhere&source_compute=sim1".to_owned(), 0),
            ("source_compute=sim1".to_owned(), 2),
            ("hidden=true".to_owned(), 0),
            ("hidden=0".to_owned(), 2),
            (format!("project_id={project}"), 2),
            ("user_id=nobody".to_owned(), 0),
            ("changes-since=2199-01-01T00:00:00Z".to_owned(), 0),
            ("changes-before=2199-01-01T00:00:00Z".to_owned(), 2),
        ] {
            assert_eq!(listed(&cloud, &format!("?{query}")).await.len(), count, "{query}");
        }
        for (version, query) in
            [("2.59", "nonsense=1"), ("2.65", "changes-before=2199-01-01T00:00:00Z"), ("2.79", "user_id=x")]
        {
            let why = cloud.at(version).admin("GET", &format!("{PATH}?{query}"), None).await.fault(400);
            assert!(why.contains("Additional properties are not allowed"), "{why}");
        }
        assert_eq!(listed(cloud.at("2.58"), "?nonsense=1&limit=1").await.len(), 2, "no pages yet");
        cloud.get(PATH).await.fault(403);
    }
}
