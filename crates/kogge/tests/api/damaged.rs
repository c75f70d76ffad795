//! One damaged row: its object alone is lost, lists and tasks go on, and the operator is told.

use kogge::test_cloud::{Session, TestCloud};
use kogge_db::{Executor, Query};
use serde_json::{Value, json};

use crate::scene;

/// A kind of object: where it is, and what spoils a row of it.
struct Kind {
    list: &'static str,
    many: &'static str,
    one: &'static str,
    table: &'static str,
    spoil: &'static str,
}

const fn kind(
    list: &'static str,
    many: &'static str,
    one: &'static str,
    table: &'static str,
    spoil: &'static str,
) -> Kind {
    Kind { list, many, one, table, spoil }
}

const KINDS: [Kind; 9] = [
    kind(
        "/compute/v2.1/servers/detail",
        "servers",
        "/compute/v2.1/servers",
        "servers",
        "UPDATE servers SET spec = '{' WHERE id = $1",
    ),
    kind(
        "/compute/v2.1/flavors/detail",
        "flavors",
        "/compute/v2.1/flavors",
        "flavors",
        "UPDATE flavors SET extra_specs = 'x' WHERE id = $1",
    ),
    kind(
        "/image/v2/images",
        "images",
        "/image/v2/images",
        "images",
        "UPDATE images SET properties = '[' WHERE id = $1",
    ),
    kind(
        "/network/v2.0/networks",
        "networks",
        "/network/v2.0/networks",
        "networks",
        "UPDATE networks SET tags = 'x' WHERE id = $1",
    ),
    kind(
        "/network/v2.0/subnets",
        "subnets",
        "/network/v2.0/subnets",
        "subnets",
        "UPDATE subnets SET cidr = '10.0.0.0/99' WHERE id = $1",
    ),
    kind(
        "/network/v2.0/ports",
        "ports",
        "/network/v2.0/ports",
        "ports",
        "UPDATE ports SET tags = '{]' WHERE id = $1",
    ),
    kind(
        "/network/v2.0/security-groups",
        "security_groups",
        "/network/v2.0/security-groups",
        "security_groups",
        "UPDATE security_groups SET tags = '?' WHERE id = $1",
    ),
    kind(
        "/network/v2.0/routers",
        "routers",
        "/network/v2.0/routers",
        "routers",
        "UPDATE routers SET tags = '?' WHERE id = $1",
    ),
    kind(
        "/compute/v2.1/os-server-groups",
        "server_groups",
        "/compute/v2.1/os-server-groups",
        "server_groups",
        "UPDATE server_groups SET policy = 'x' WHERE id = $1",
    ),
];

async fn made(session: &Session, path: &str, key: &str, body: Value) -> String {
    let made = session.post(path, json!({ key: body })).await;
    assert!(made.status < 300, "{path}: {}", made.body);
    made.id(key)
}

fn ids(answer: &Value, many: &str) -> Vec<String> {
    let list = answer[many].as_array().unwrap_or_else(|| panic!("{answer}"));
    list.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

/// Two of everything; the first of each is to be damaged.
async fn scenery(cloud: &TestCloud, demo: &Session, admin: &Session) -> Vec<Vec<String>> {
    let mut all: Vec<Vec<String>> = vec![Vec::new(); KINDS.len()];
    for name in ["bad", "good"] {
        let server = demo.post("/compute/v2.1/servers", scene::server_body(demo, name).await).await;
        assert_eq!(server.status, 202, "{}", server.body);
        let server = server.id("server");
        scene::until_status(cloud, demo, &server, "ACTIVE").await;
        let flavor = json!({"name": name, "vcpus": 1, "ram": 64, "disk": 1});
        let flavor = made(admin, "/compute/v2.1/flavors", "flavor", flavor).await;
        let image = scene::image(demo, name).await;
        let (network, subnet) = scene::network(demo, &format!("{name}-spare")).await;
        // its own network stays readable: one thing at a time
        let (free, _) = scene::network(demo, &format!("{name}-free")).await;
        let port = made(demo, "/network/v2.0/ports", "port", json!({"network_id": free, "name": name})).await;
        let group = json!({"name": name});
        let security = made(demo, "/network/v2.0/security-groups", "security_group", group.clone()).await;
        let router = made(demo, "/network/v2.0/routers", "router", group).await;
        let company = json!({"name": name, "policies": ["affinity"]});
        let company = made(demo, "/compute/v2.1/os-server-groups", "server_group", company).await;
        for (slot, id) in
            all.iter_mut().zip([server, flavor, image, network, subnet, port, security, router, company])
        {
            slot.push(id);
        }
    }
    all
}

#[tokio::test]
async fn a_damaged_row_costs_its_own_object_only() {
    let cloud = TestCloud::start().await;
    let (demo, admin) = (cloud.session("kogge").await, cloud.session("kogge-admin").await);
    let scenery = scenery(&cloud, &demo, &admin).await;
    let db = &cloud.cloud.services.db;
    for (kind, pair) in KINDS.iter().zip(&scenery) {
        assert_eq!(db.execute(Query::new(kind.spoil).bind(&pair[0])).await.unwrap(), 1, "{}", kind.table);
        let list = admin.get(kind.list).await;
        assert_eq!(list.status, 200, "{}: {}", kind.list, list.body);
        let list = demo.get(kind.list).await;
        assert_eq!(list.status, 200, "{}: {}", kind.list, list.body);
        let ids = ids(&list.body, kind.many);
        assert!(ids.contains(&pair[1]) && !ids.contains(&pair[0]), "{}: {ids:?}", kind.list);
        assert_eq!(demo.get(&format!("{}/{}", kind.one, pair[1])).await.status, 200, "{}", kind.one);
        let shown = demo.get(&format!("{}/{}", kind.one, pair[0])).await;
        assert_eq!(shown.status, 500, "{}: {}", kind.one, shown.body);
        assert!(
            db.damage().rows().iter().any(|row| row.table == kind.table && row.key == pair[0]),
            "{} {}: {:?}",
            kind.table,
            pair[0],
            db.damage().rows()
        );
    }
    tasks_go_on(&cloud).await;
    assert_eq!(cloud.cloud.node.guests().await.unwrap().here, 2, "the guest of a damaged row runs on");
    let body = scene::server_body(&demo, "later").await;
    let later = demo.post("/compute/v2.1/servers", body).await.id("server");
    scene::until_status(&cloud, &demo, &later, "ACTIVE").await;
    cloud.stop().await;
}

/// Every task has run twice more, and well.
async fn tasks_go_on(cloud: &TestCloud) {
    let before = cloud.cloud.tasks();
    let due = |name: &str| before.iter().find(|task| task.name == name).map_or(0, |task| task.runs) + 2;
    cloud
        .until("every task to run well again", async || {
            let tasks = cloud.cloud.tasks();
            let mut soon = tasks.iter().filter(|task| task.period_seconds <= 15);
            soon.all(|task| task.failures == 0 && task.runs >= due(task.name))
        })
        .await;
}
