//! What operators are told of a server.

use kogge_node_sim::SimConfig;
use serde_json::json;

use super::cloud::{Cloud, on_both};

on_both! {
    a_story_says_where_a_server_was_placed_and_why(cloud) {
        cloud.add_host(SimConfig::new("sim2").with_size(1, 600, 100)).await;
        let id = cloud.boot(json!({})).await;
        cloud.action(&id, json!({"os-stop": null})).await.expect(202);
        cloud.run().await;
        let lines = cloud.compute.story(id.parse().unwrap()).await.unwrap().unwrap();
        let text: Vec<String> = lines.into_iter().map(|line| line.what).collect();
        let text = text.join("\n");
        assert!(text.starts_with("asked for by user"), "{text}");
        assert!(text.contains("create: placed on sim1, with the most memory free"), "{text}");
        assert!(text.contains("; sim2 has"), "{text}");
        assert!(text.contains("stop: done on sim1"), "{text}");
        assert!(text.ends_with("now: SHUTOFF, on sim1; nothing is left to do"), "{text}");
        // the owner reads nothing of hosts
        let list = cloud.get(&format!("/servers/{id}/os-instance-actions")).await.expect(200);
        assert!(!list.to_string().contains("sim1"), "{list}");
        let nobody = "70a599e0-31e7-49b7-b260-868f441e862b".parse().unwrap();
        assert!(cloud.compute.story(nobody).await.unwrap().is_none());
    }
}
