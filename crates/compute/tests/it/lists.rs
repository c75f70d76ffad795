//! Lists of servers: filters, order, pages, cost.

use kogge_auth::testing::Persona;
use serde_json::{Value, json};

use super::cloud::Cloud;

fn names(list: &Value) -> Vec<String> {
    list["servers"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
}

async fn three() -> Cloud {
    let cloud = Cloud::start().await;
    for (name, flavor) in [("alpha-1", "small"), ("alpha-2", "large"), ("beta", "small")] {
        cloud.boot(json!({"name": name, "flavorRef": flavor})).await;
        cloud.time.advance(std::time::Duration::from_secs(1));
    }
    cloud
}

#[tokio::test]
async fn the_newest_come_first_and_pages_join() {
    let cloud = three().await;
    assert_eq!(names(&cloud.get("/servers").await.expect(200)), ["beta", "alpha-2", "alpha-1"]);
    let first = cloud.get("/servers/detail?limit=2").await.expect(200);
    assert_eq!(names(&first), ["beta", "alpha-2"]);
    let next = first["servers_links"][0]["href"].as_str().unwrap();
    assert!(next.starts_with("http://cloud.example/compute/v2.1/servers/detail?limit=2&marker="), "{next}");
    let second = cloud.get(next.split("/v2.1").nth(1).unwrap()).await.expect(200);
    assert_eq!(names(&second), ["alpha-1"]);
    assert!(second.get("servers_links").is_none());
    assert_eq!(
        names(&cloud.get("/servers?sort_key=display_name&sort_dir=asc").await.expect(200)),
        ["alpha-1", "alpha-2", "beta"]
    );
    assert_eq!(names(&cloud.get("/servers?limit=0").await.expect(200)).len(), 0);
    cloud.get("/servers?limit=-1").await.fault(400);
    cloud.get("/servers?limit=x").await.fault(400);
    cloud.get("/servers?marker=80a599e0-31e7-49b7-b260-868f441e862b").await.fault(400);
    cloud.get("/servers?sort_key=nonsense").await.fault(400);
    cloud.get("/servers?sort_key=host").await.fault(403);
}

#[tokio::test]
async fn filters_find_what_they_say() {
    let mut cloud = three().await;
    let image = cloud.image.clone();
    let address = cloud.get("/servers/detail?name=beta").await.expect(200)["servers"][0]["addresses"]["net"]
        [0]["addr"]
        .as_str()
        .unwrap()
        .to_owned();
    for (query, expected) in [
        ("name=^alpha".to_owned(), 2),
        ("name=a-1$".to_owned(), 1),
        ("name=nothing".to_owned(), 0),
        ("flavor=large".to_owned(), 1),
        ("flavor=none".to_owned(), 0),
        (format!("image={image}"), 3),
        ("image=none".to_owned(), 0),
        ("status=ACTIVE".to_owned(), 3),
        ("status=active&status=SHUTOFF".to_owned(), 3),
        ("status=SHUTOFF".to_owned(), 0),
        ("status=999".to_owned(), 0),
        (format!("ip={address}$"), 1),
        ("ip=10.1.0".to_owned(), 3),
        ("ip=10.9".to_owned(), 0),
        ("changes-since=2051-01-01T12:34:00Z".to_owned(), 0),
        ("changes-since=2011-01-01T12:34:00Z".to_owned(), 3),
        ("host=sim1".to_owned(), 3),
        ("unknown=1".to_owned(), 3),
    ] {
        assert_eq!(
            names(&cloud.get(&format!("/servers?{query}")).await.expect(200)).len(),
            expected,
            "{query}"
        );
        assert_eq!(
            names(&cloud.get(&format!("/servers/detail?{query}")).await.expect(200)).len(),
            expected,
            "{query}"
        );
    }
    cloud.get("/servers?changes-since=2011/01/01").await.fault(400);
    cloud.get("/servers?name=(").await.fault(400);
    cloud.get("/servers?status=DELETED").await.fault(403);
    cloud.get("/servers?all_tenants=1").await.fault(403);
    cloud.at("2.38").get("/servers?status=999").await.fault(400);
    cloud.at("2.75").get("/servers?unknown=1").await.fault(400);
    assert_eq!(
        names(&cloud.at("2.75").admin("GET", "/servers?all_tenants=1&host=sim1", None).await.expect(200))
            .len(),
        3
    );
    assert_eq!(
        names(&cloud.admin("GET", "/servers?all_tenants=1&host=none", None).await.expect(200)).len(),
        0
    );
    assert_eq!(
        names(&cloud.admin("GET", "/servers", None).await.expect(200)).len(),
        0,
        "an admin's own project"
    );
}

#[tokio::test]
async fn tags_locks_and_changes_filter_by_microversion() {
    let mut cloud = three().await;
    cloud.at("2.73");
    let list = cloud.get("/servers").await.expect(200);
    let id = |at: usize| list["servers"][at]["id"].as_str().unwrap().to_owned();
    cloud.put(&format!("/servers/{}/tags", id(0)), json!({"tags": ["red", "green"]})).await.expect(200);
    cloud.put(&format!("/servers/{}/tags", id(1)), json!({"tags": ["red"]})).await.expect(200);
    cloud.action(&id(2), json!({"lock": null})).await.expect(202);
    for (query, expected) in [
        ("tags=red", 2),
        ("tags=red,green", 1),
        ("tags=re", 0),
        ("tags-any=green,blue", 1),
        ("not-tags=red,green", 2),
        ("not-tags-any=red,green", 1),
        ("locked=true", 1),
        ("locked=0", 2),
    ] {
        assert_eq!(
            names(&cloud.get(&format!("/servers?{query}")).await.expect(200)).len(),
            expected,
            "{query}"
        );
    }
    cloud.get("/servers?locked=perhaps").await.fault(400);
    assert_eq!(names(&cloud.at("2.25").get("/servers?tags=red").await.expect(200)).len(), 3, "passed over");
}

#[tokio::test]
async fn deleted_servers_show_up_among_changes() {
    let cloud = three().await;
    let id = cloud.get("/servers").await.expect(200)["servers"][0]["id"].as_str().unwrap().to_owned();
    cloud.delete(&format!("/servers/{id}")).await;
    cloud.run().await;
    assert_eq!(names(&cloud.get("/servers").await.expect(200)).len(), 2);
    let list = cloud.get("/servers/detail?changes-since=2011-01-01T12:34:00Z").await.expect(200);
    let gone = list["servers"].as_array().unwrap().iter().find(|one| one["id"] == id.as_str()).unwrap();
    assert_eq!(gone["status"], "DELETED");
    let list = cloud.admin("GET", "/servers?all_tenants=1&status=DELETED", None).await.expect(200);
    assert_eq!(names(&list), ["beta"]);
}

#[tokio::test]
async fn servers_of_other_projects_are_not_there() {
    let cloud = three().await;
    let list = cloud.call(Persona::OtherMember, "GET", "/compute/v2.1/servers", None).await.expect(200);
    assert_eq!(list["servers"], json!([]));
    let id = cloud.get("/servers").await.expect(200)["servers"][0]["id"].as_str().unwrap().to_owned();
    let marker = format!("/compute/v2.1/servers?marker={id}");
    cloud.call(Persona::OtherMember, "GET", &marker, None).await.fault(400);
}

#[tokio::test]
async fn every_filter_that_is_taken_filters() {
    let mut cloud = three().await;
    cloud.at("2.90");
    let shown = cloud.get("/servers/detail?name=beta").await.expect(200)["servers"][0].clone();
    let (zone, created) =
        (shown["OS-EXT-AZ:availability_zone"].as_str().unwrap(), shown["created"].as_str().unwrap());
    let by_date = created.split('T').next().unwrap();
    for (query, expected) in [
        (format!("availability_zone={zone}"), 3),
        ("availability_zone=elsewhere".to_owned(), 0),
        (format!("created_at={by_date}"), 3),
        ("created_at=1999".to_owned(), 0),
        (format!("launched_at={by_date}"), 3),
        ("launched_at=1999".to_owned(), 0),
        ("terminated_at=1999".to_owned(), 0),
        ("access_ip_v4=9.9.9.9".to_owned(), 0),
        ("access_ip_v6=fe99".to_owned(), 0),
        ("progress=77".to_owned(), 0),
        ("root_device_name=nosuch".to_owned(), 0),
        ("root_device_name=/dev/vda".to_owned(), 3),
        ("kernel_id=nosuch".to_owned(), 0),
        ("ramdisk_id=nosuch".to_owned(), 0),
        ("locked_by=admin".to_owned(), 0),
        ("launch_index=many".to_owned(), 0),
        ("launch_index=0".to_owned(), 3),
        ("power_state=1".to_owned(), 3),
        ("power_state=on".to_owned(), 0),
        ("config_drive=perhaps".to_owned(), 0),
        ("config_drive=".to_owned(), 3),
        // of several values the last one counts
        ("name=nothing&name=beta".to_owned(), 1),
    ] {
        let all = format!("/servers?all_tenants=1&{query}");
        assert_eq!(names(&cloud.admin("GET", &all, None).await.expect(200)).len(), expected, "{query}");
    }
    let id = shown["id"].as_str().unwrap();
    cloud.action(id, json!({"lock": null})).await.expect(202);
    let locked = cloud.admin("GET", "/servers?all_tenants=1&locked_by=owner", None).await.expect(200);
    assert_eq!(names(&locked), ["beta"]);
}

#[tokio::test]
async fn changes_before_a_second_include_it_whole() {
    let mut cloud = Cloud::start().await;
    cloud.time.advance(std::time::Duration::from_millis(1300));
    let id = cloud.boot(json!({"name": "alpha"})).await;
    cloud.at("2.66");
    let updated = cloud.show(&id).await["updated"].as_str().unwrap().to_owned();
    for (query, expected) in [
        (format!("changes-before={updated}"), 1),
        (format!("changes-before={updated}&changes-since={updated}"), 1),
        ("changes-before=2001-01-01T00:00:00Z".to_owned(), 0),
    ] {
        let expected_of = |list: Value| names(&list).len() == expected;
        assert!(expected_of(cloud.get(&format!("/servers?{query}")).await.expect(200)), "{query}");
    }
    let path = format!("/servers/{id}/os-instance-actions");
    let actions = cloud.get(&path).await.expect(200);
    let second = format!(
        "{}Z",
        actions["instanceActions"][0]["updated_at"].as_str().unwrap().split('.').next().unwrap()
    );
    let found = cloud.get(&format!("{path}?changes-before={second}")).await.expect(200);
    assert_eq!(found["instanceActions"].as_array().unwrap().len(), 1, "{actions}");
}
