//! Server groups over HTTP, with everything that a store query or a placement can say, on both databases.

mod placing;

use kogge_auth::testing::Persona;
use serde_json::{Value, json};

use super::cloud::{Cloud, on_both};

const PATH: &str = "/os-server-groups";

/// Makes a group in the way of 2.64 and later, whatever the cloud speaks; answers its id.
pub async fn group(cloud: &mut Cloud, policy: &str, rules: Value) -> String {
    let body = json!({"server_group": {"name": policy, "policy": policy, "rules": rules}});
    let made = cloud.at("2.64").post(PATH, body).await.expect(200);
    made["server_group"]["id"].as_str().unwrap().to_owned()
}

fn ids(list: &Value) -> Vec<String> {
    let groups = list["server_groups"].as_array().unwrap();
    groups.iter().map(|group| group["id"].as_str().unwrap().to_owned()).collect()
}

async fn limit(cloud: &Cloud, resource: &str, most: i64) -> super::cloud::Answer {
    let path = format!("/os-quota-sets/{}", Persona::Member.project_id());
    cloud.admin("PUT", &path, Some(json!({"quota_set": {resource: most}}))).await
}

on_both! {
    a_group_is_shown_as_each_microversion_has_it(cloud) {
        let body = json!({"server_group": {"name": "späti", "policies": ["anti-affinity"]}});
        let made = cloud.at("2.1").post(PATH, body).await.expect(200);
        let id = made["server_group"]["id"].as_str().unwrap().to_owned();
        let server = cloud.create_in(&id, json!({})).await;
        let list = json!({"id": id, "name": "späti", "policies": ["anti-affinity"], "metadata": {}, "members": []});
        assert_eq!(made, json!({ "server_group": list }));
        let owner = json!({"project_id": Persona::Member.project_id(), "user_id": cloud.show(&server).await["user_id"]});
        let one = json!({"id": id, "name": "späti", "policy": "anti-affinity", "rules": {}});
        for (version, fields, shows_owner) in
            [("2.1", &list, false), ("2.12", &list, false), ("2.13", &list, true), ("2.63", &list, true),
             ("2.64", &one, true), ("2.103", &one, true)]
        {
            let mut expected = fields.clone();
            expected["members"] = json!([server]);
            for (key, value) in owner.as_object().unwrap().iter().filter(|_| shows_owner) {
                expected[key] = value.clone();
            }
            let shown = cloud.at(version).get(&format!("{PATH}/{id}")).await.expect(200);
            assert_eq!(shown, json!({ "server_group": expected }), "{version}");
            let listed = cloud.get(PATH).await.expect(200);
            assert_eq!(listed, json!({ "server_groups": [expected] }), "{version}");
        }
        let strict = json!({"server_group": {"name": "g", "policy": "anti-affinity", "rules": {"max_server_per_host": "3"}}});
        let made = cloud.post(PATH, strict).await.expect(200);
        assert_eq!(made["server_group"]["rules"], json!({"max_server_per_host": 3}));
        let soft = json!({"server_group": {"name": "g", "policy": "soft-anti-affinity", "rules": {"max_server_per_host": 3}}});
        assert_eq!(cloud.post(PATH, soft).await.fault(400), "Only anti-affinity policy supports rules.");
    }

    members_come_with_their_servers_and_go_with_them(cloud) {
        let id = group(&mut cloud, "soft-affinity", json!({})).await;
        let other = group(&mut cloud, "affinity", json!({})).await;
        let (first, second) = (cloud.create_in(&id, json!({})).await, cloud.create_in(&id, json!({})).await);
        let mut both = vec![first.clone(), second.clone()];
        both.sort();
        let path = format!("{PATH}/{id}");
        assert_eq!(cloud.get(&path).await.expect(200)["server_group"]["members"], json!(both));
        cloud.run().await;
        for (version, known) in [("2.70", None), ("2.71", Some(json!([id]))), ("2.103", Some(json!([id])))] {
            assert_eq!(cloud.at(version).show(&first).await.get("server_groups").cloned(), known, "{version}");
        }
        let renamed = cloud.put(&format!("/servers/{first}"), json!({"server": {"name": "x"}})).await.expect(200);
        assert_eq!(renamed["server"]["server_groups"], json!([id]));
        assert!(cloud.get("/servers/detail").await.expect(200)["servers"][0].get("server_groups").is_none());
        cloud.delete(&format!("/servers/{first}")).await;
        cloud.run().await;
        assert_eq!(cloud.get(&path).await.expect(200)["server_group"]["members"], json!([second]));
        assert_eq!(cloud.get(&format!("{PATH}/{other}")).await.expect(200)["server_group"]["members"], json!([]));
        assert_eq!(cloud.delete(&path).await.status, 204, "a group may go before its members");
        assert_eq!(cloud.delete(&path).await.fault(404), format!("Instance group {id} could not be found."));
        assert_eq!(cloud.show(&second).await["server_groups"], json!([]));
        assert_eq!(cloud.status(&second).await, "ACTIVE");
        cloud.delete(&format!("/servers/{second}")).await;
        cloud.run().await;
        cloud.assert_clean().await;
    }

    a_group_that_the_caller_may_not_see_is_no_group_for_servers(cloud) {
        cloud.at("2.64");
        let unknown = "70a599e0-31e7-49b7-b260-868f441e862b";
        let mut body = cloud.server(&json!({}));
        body["os:scheduler_hints"] = json!({ "group": unknown });
        let refused = cloud.post("/servers", body.clone()).await.fault(400);
        assert_eq!(refused, format!("Instance group {unknown} could not be found."));
        let path = format!("/compute/v2.1{PATH}");
        let new = json!({"server_group": {"name": "g", "policy": "affinity"}});
        let foreign = cloud.call(Persona::OtherMember, "POST", &path, Some(new)).await.expect(200);
        body["os:scheduler_hints"] = json!({ "group": foreign["server_group"]["id"] });
        let refused = cloud.post("/servers", body).await.fault(400);
        assert!(refused.starts_with("Instance group ") && refused.ends_with("could not be found."), "{refused}");
        assert_eq!(cloud.count("SELECT COUNT(*) AS n FROM servers").await, 0);
        assert_eq!(cloud.count("SELECT COUNT(*) AS n FROM server_group_members").await, 0);
    }

    groups_belong_to_projects(cloud) {
        let id = group(&mut cloud, "affinity", json!({})).await;
        let path = format!("/compute/v2.1{PATH}/{id}");
        let all = format!("/compute/v2.1{PATH}?all_projects=1");
        let new = || Some(json!({"server_group": {"name": "g", "policy": "affinity"}}));
        for persona in Persona::WITHOUT_PROJECT {
            for method in ["GET", "DELETE"] {
                cloud.call(persona, method, &path, None).await.fault(403);
            }
        }
        for persona in [Persona::OtherMember, Persona::OtherReader] {
            for method in ["GET", "DELETE"] {
                let missing = cloud.call(persona, method, &path, None).await.fault(404);
                assert_eq!(missing, format!("Instance group {id} could not be found."), "{persona:?} {method}");
            }
        }
        let others = cloud.call(Persona::OtherMember, "GET", &all, None).await.expect(200);
        assert_eq!(ids(&others), Vec::<String>::new(), "all_projects is for admins; others see their own");
        cloud.call(Persona::Reader, "DELETE", &path, None).await.fault(403);
        cloud.call(Persona::Reader, "POST", &format!("/compute/v2.1{PATH}"), new()).await.fault(403);
        cloud.call(Persona::Reader, "GET", &path, None).await.expect(200);
        let foreign = cloud.call(Persona::OtherMember, "POST", &format!("/compute/v2.1{PATH}"), new()).await;
        let foreign = foreign.expect(200)["server_group"]["id"].as_str().unwrap().to_owned();
        assert_eq!(ids(&cloud.get(PATH).await.expect(200)), std::slice::from_ref(&id));
        let seen = ids(&cloud.call(Persona::Admin, "GET", &all, None).await.expect(200));
        assert!(seen.len() == 2 && seen.contains(&id) && seen.contains(&foreign), "{seen:?}");
        assert_eq!(cloud.admin("DELETE", &format!("{PATH}/{id}"), None).await.status, 204);
    }

    a_list_is_paged_by_limit_and_offset(cloud) {
        let mut all = Vec::new();
        for _ in 0..4 {
            all.push(group(&mut cloud, "affinity", json!({})).await);
            cloud.time.advance(std::time::Duration::from_secs(1));
        }
        for (query, expected) in [
            ("", &all[..]),
            ("limit=2", &all[..2]),
            ("limit=2&offset=1", &all[1..3]),
            ("offset=3", &all[3..]),
            ("limit=0", &all[..]),
            ("limit=99999999999999999999&offset=2", &all[2..]),
            ("offset=4", &[]),
            ("offset=99999999999999999999", &[]),
        ] {
            let list = cloud.get(&format!("{PATH}?{query}")).await.expect(200);
            assert_eq!(ids(&list), expected, "{query}");
        }
        for query in ["limit=-1", "limit=x", "limit=", "offset=-1", "offset=1.5"] {
            let text = cloud.get(&format!("{PATH}?{query}")).await.fault(400);
            assert!(text.starts_with("Invalid input for query parameters"), "{query}: {text}");
        }
        cloud.at("2.74").get(&format!("{PATH}?colour=red")).await.expect(200);
        cloud.at("2.75").get(&format!("{PATH}?colour=red")).await.fault(400);
        let one = format!("{PATH}/{}?colour=red", all[0]);
        cloud.at("2.101").get(&one).await.expect(200);
        cloud.at("2.102").get(&one).await.fault(400);
        cloud.get(&format!("{PATH}/x")).await.fault(404);
    }

    quotas_of_groups_and_members_hold_and_are_shown(cloud) {
        limit(&cloud, "server_groups", 1).await.expect(200);
        limit(&cloud, "server_group_members", 2).await.expect(200);
        let id = group(&mut cloud, "affinity", json!({})).await;
        let body = json!({"server_group": {"name": "g", "policy": "affinity"}});
        assert_eq!(cloud.post(PATH, body).await.fault(403), "Quota exceeded, too many server groups.");
        cloud.create_in(&id, json!({})).await;
        let mut two = cloud.server(&json!({"min_count": 2}));
        two["os:scheduler_hints"] = json!({ "group": id });
        assert_eq!(cloud.post("/servers", two).await.fault(403), "Quota exceeded, too many servers in group");
        assert_eq!(cloud.count("SELECT COUNT(*) AS n FROM servers").await, 1, "all or none");
        cloud.create_in(&id, json!({})).await;
        cloud.create(json!({})).await;
        let path = format!("/os-quota-sets/{}/detail", Persona::Member.project_id());
        let set = cloud.get(&path).await.expect(200)["quota_set"].clone();
        assert_eq!(set["server_groups"], json!({"limit": 1, "in_use": 1, "reserved": 0}));
        assert_eq!(set["server_group_members"], json!({"limit": 2, "in_use": 0, "reserved": 0}), "per group, as in Nova");
        let limits = cloud.get("/limits").await.expect(200)["limits"]["absolute"].clone();
        assert_eq!((&limits["maxServerGroups"], &limits["totalServerGroupsUsed"]), (&json!(1), &json!(1)));
        assert_eq!(limits["maxServerGroupMembers"], 2);
        let text = limit(&cloud, "server_groups", 0).await.fault(400);
        assert!(text.contains("must be greater than or equal to already used and reserved 1"), "{text}");
        assert_eq!(cloud.delete(&format!("{PATH}/{id}")).await.status, 204);
        group(&mut cloud, "affinity", json!({})).await;
    }
}
