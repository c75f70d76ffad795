//! Pages, sorting, filters.

use serde_json::{Value, json};

use crate::cloud::{both, column};

both!(pages_lead_from_one_to_the_next_and_back, cloud, {
    for name in ["a", "b", "c", "d", "e"] {
        cloud.make("network", json!({"name": name})).await;
    }
    let mut path = "/networks?router:external=false&limit=2&sort_key=name&sort_dir=asc".to_owned();
    let mut names = Vec::new();
    let mut last = Value::Null;
    for _ in 0..10 {
        let page = cloud.ok(200, "GET", &path, Value::Null).await;
        names.extend(column(&page["networks"], "name"));
        let links = page["networks_links"].as_array().cloned().unwrap_or_default();
        last = page;
        let Some(next) = links.iter().find(|link| link["rel"] == "next") else { break };
        path = next["href"].as_str().unwrap().replace("http://cloud/network/v2.0", "");
    }
    assert_eq!(names, ["a", "b", "c", "d", "e"]);
    let links = last["networks_links"].as_array().unwrap();
    let back = links.iter().find(|link| link["rel"] == "previous").unwrap()["href"].as_str().unwrap();
    let page = cloud.ok(200, "GET", &back.replace("http://cloud/network/v2.0", ""), Value::Null).await;
    assert_eq!(column(&page["networks"], "name"), ["c", "d"]);
});

both!(a_full_page_leads_on_to_an_empty_one_that_leads_back, cloud, {
    for name in ["a", "b"] {
        cloud.make("network", json!({"name": name})).await;
    }
    let first = "/networks?router:external=false&limit=1&sort_key=name&sort_dir=asc";
    let follow = async |page: &Value, rel: &str| {
        let links = page["networks_links"].as_array().cloned().unwrap_or_default();
        let link = links.into_iter().find(|link| link["rel"] == rel)?;
        let path = link["href"].as_str().unwrap().replace("http://cloud/network/v2.0", "");
        Some(cloud.ok(200, "GET", &path, Value::Null).await)
    };
    let (mut page, mut seen) = (cloud.ok(200, "GET", first, Value::Null).await, Vec::new());
    for way in ["next", "next", "previous", "previous"] {
        seen.push(column(&page["networks"], "name").join(""));
        page = follow(&page, way).await.unwrap();
    }
    seen.push(column(&page["networks"], "name").join(""));
    assert_eq!(seen, ["a", "b", "", "b", "a"]);
    let whole = cloud.ok(200, "GET", "/networks?router:external=false", Value::Null).await;
    assert!(whole.get("networks_links").is_none(), "who set no limit has it all");
});

both!(several_sort_keys_and_directions, cloud, {
    for (name, mtu) in [("a", 1400), ("b", 1300), ("c", 1400)] {
        cloud.make("network", json!({"name": name, "mtu": mtu})).await;
    }
    let path = "/networks?router:external=false&sort_key=mtu&sort_dir=desc&sort_key=name&sort_dir=desc";
    let list = cloud.ok(200, "GET", path, Value::Null).await;
    assert_eq!(column(&list["networks"], "name"), ["c", "a", "b"]);
});

both!(nonsense_in_queries_is_refused, cloud, {
    for query in [
        "colour=red",
        "sort_key=colour",
        "limit=-1",
        "admin_state_up=maybe",
        "mtu=big",
        "tenant_id=a&project_id=b",
    ] {
        let (status, body) = cloud
            .call(kogge_auth::testing::Persona::Member, "GET", &format!("/networks?{query}"), Value::Null)
            .await;
        assert_eq!(status, 400, "{query} → {body}");
    }
    let missing = "/networks?limit=1&marker=4e72dc2d-44c5-4336-9667-f7972e95c402";
    cloud.fault(404, "NetworkNotFound", "GET", missing, Value::Null).await;
});

both!(several_values_are_alternatives_and_filters_are_exact, cloud, {
    for name in ["a", "b", "A"] {
        cloud.make("network", json!({"name": name})).await;
    }
    let list = cloud.ok(200, "GET", "/networks?name=a&name=b&sort_key=name&sort_dir=asc", Value::Null).await;
    assert_eq!(column(&list["networks"], "name"), ["a", "b"]);
    let list = cloud
        .ok(
            200,
            "GET",
            "/networks?name=' OR 1=1 --&router:external=false".replace(' ', "%20").as_str(),
            Value::Null,
        )
        .await;
    assert_eq!(list["networks"], json!([]));
});
