//! What the fixture of the isolation matrix does not have, as it belongs to nobody.

use kogge::cloud::Door;
use kogge::test_cloud::Session;
use serde_json::{Value, json};

use super::{Scene, items};
use crate::isolation::fixture::{UNKNOWN, credentials};

/// The consumer of an allocation.
const CONSUMER: &str = "0c000000-0000-4000-8000-00000000000c";

/// Id of a flavor to which the server can be resized.
pub(in crate::golden) const LARGER: &str = "larger";

/// Makes again what is missing of it.
pub(super) async fn mend(scene: &mut Scene) {
    match scene.service {
        "identity" => identity(scene).await,
        "placement" => placement(scene).await,
        "network" => network(scene).await,
        "compute" => compute(scene).await,
        _ => image(scene).await,
    }
}

/// Images to sort and to filter: one without data, and one for everybody.
async fn image(scene: &mut Scene) {
    let (admin, demo) = (scene.session("admin").clone(), scene.session("member").clone());
    let waiting = json!({"name": "a", "disk_format": "raw", "container_format": "bare", "min_ram": 64,
        "tags": ["t", "u"], "os_distro": "debian"});
    let open = json!({"name": "z", "visibility": "public", "protected": true});
    for (session, body, kind) in [(&demo, waiting, "image:a"), (&admin, open, "image:z")] {
        let found = admin.get(&format!("/image/v2/images?name={}&visibility=all", text(&body["name"]))).await;
        if items(&found.body, "images").next().is_none() {
            let made = session.post("/image/v2/images", body).await;
            scene.names.learn(&text(&made.body["id"]), kind);
        }
    }
    scene.fixture.set("tags", "t".to_owned());
    scene.fixture.set("stores", "file".to_owned());
}

/// The only one, or that of the smallest text.
async fn first(session: &Session, path: &str, key: &str, by: &[&str]) -> Value {
    let answer = session.get(path).await;
    let text = |item: &&Value| by.iter().map(|field| item[field].to_string()).collect::<String>();
    let found = items(&answer.body, key).min_by_key(text).cloned();
    found.unwrap_or_else(|| panic!("{path} is empty: {}", answer.body))
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The user of the fixture signs in, with a role on its project, and makes credentials.
async fn identity(scene: &mut Scene) {
    let admin = scene.session("admin").clone();
    let (user, project) = (scene.fixture.id("users"), scene.fixture.id("projects"));
    let member = first(&admin, "/identity/v3/roles?name=member", "roles", &["name"]).await;
    for role in [text(&member["id"]), scene.fixture.id("roles")] {
        let path = format!("/identity/v3/projects/{project}/users/{user}/roles/{role}");
        assert_eq!(admin.put(&path, Value::Null).await.status, 204, "{path}");
    }
    let own = format!("/identity/v3/users/{user}");
    let known = scene.people.iter().find(|(name, _)| *name == "owner").map(|(_, session)| session.clone());
    let signed_in = match known {
        Some(session) if session.get(&own).await.status == 200 => session,
        _ => {
            let scope = json!({"project": {"id": project}});
            scene.cloud.log_in("victim", &scene.fixture.password, scope).await
        }
    };
    credentials(&mut scene.fixture, &signed_in).await;
    scene.set_person("owner", signed_in);
    catalog(scene, &admin).await;
    scene.fixture.set("implies", text(&member["id"]));
    scene.fixture.set("tags", "t".to_owned());
}

/// A service with an endpoint in a region of its own: those of the cloud must stay.
async fn catalog(scene: &mut Scene, admin: &Session) {
    admin.put("/identity/v3/regions/golden", json!({"region": {"description": "d"}})).await;
    scene.fixture.set("regions", "golden".to_owned());
    let service = json!({"service": {"type": "golden", "name": "gold", "description": "d"}});
    let id = found_or_made(admin, "services", "service", "type=golden", service).await;
    let endpoint = json!({"endpoint": {"interface": "public", "region_id": "golden", "service_id": id,
        "url": "http://127.0.0.1/gold/%(project_id)s"}});
    let query = format!("service_id={id}");
    scene.fixture.set("services", id);
    let endpoint = found_or_made(admin, "endpoints", "endpoint", &query, endpoint).await;
    scene.fixture.set("endpoints", endpoint);
}

/// The id of what a query finds, or of what is made where it finds nothing.
async fn found_or_made(admin: &Session, kind: &str, key: &str, query: &str, body: Value) -> String {
    let found = admin.get(&format!("/identity/v3/{kind}?{query}")).await;
    match items(&found.body, kind).next() {
        Some(one) => text(&one["id"]),
        None => admin.post(&format!("/identity/v3/{kind}"), body).await.id(key),
    }
}

/// A provider with everything, and who uses it: made anew, so that generations are what they were.
async fn placement(scene: &mut Scene) {
    let admin = scene.session("admin").speaking("placement 1.39");
    let one = format!("/placement/resource_providers/{UNKNOWN}");
    let users = admin.get(&format!("{one}/allocations")).await;
    for consumer in users.body["allocations"].as_object().into_iter().flatten().map(|(consumer, _)| consumer)
    {
        admin.delete(&format!("/placement/allocations/{consumer}")).await;
    }
    admin.delete(&one).await;
    for path in ["resource_classes/CUSTOM_GOLD", "traits/CUSTOM_GOLD"] {
        assert!(admin.put(&format!("/placement/{path}"), Value::Null).await.status < 300, "{path}");
    }
    let made = admin.post("/placement/resource_providers", json!({"name": "golden", "uuid": UNKNOWN})).await;
    assert_eq!(made.status, 200, "{}", made.body);
    let stock =
        json!({"VCPU": {"total": 8, "allocation_ratio": 2.0}, "CUSTOM_GOLD": {"total": 5, "reserved": 1}});
    let set = [
        ("inventories", json!({"resource_provider_generation": 0, "inventories": stock})),
        ("traits", json!({"resource_provider_generation": 1, "traits": ["CUSTOM_GOLD", "HW_CPU_X86_AVX"]})),
        ("aggregates", json!({"resource_provider_generation": 2, "aggregates": [CONSUMER]})),
    ];
    for (what, body) in set {
        let answer = admin.put(&format!("{one}/{what}"), body).await;
        assert_eq!(answer.status, 200, "{what}: {}", answer.body);
    }
    let demo = scene.session("member");
    let held = json!({"allocations": {UNKNOWN: {"resources": {"CUSTOM_GOLD": 1}}}, "consumer_generation": null,
        "project_id": demo.project_id(), "user_id": demo.user_id(), "consumer_type": "INSTANCE"});
    let answer = admin.put(&format!("/placement/allocations/{CONSUMER}"), held).await;
    assert_eq!(answer.status, 204, "{}", answer.body);
    let shown = admin.get(&one).await;
    scene.generation = shown.body["generation"].as_u64().unwrap();
    scene.names.learn(CONSUMER, "consumer");
    for (kind, id) in [
        ("resource_providers", UNKNOWN),
        ("allocations", CONSUMER),
        ("inventories", "CUSTOM_GOLD"),
        ("resource_classes", "CUSTOM_GOLD"),
        ("traits", "CUSTOM_GOLD"),
    ] {
        scene.fixture.set(kind, id.to_owned());
    }
}

async fn network(scene: &mut Scene) {
    let admin = scene.session("admin").clone();
    let rules = "/network/v2.0/default-security-group-rules";
    let fields = ["direction", "ethertype", "remote_group_id", "protocol"];
    let rule = first(&admin, rules, "default_security_group_rules", &fields).await;
    let agent = first(&admin, "/network/v2.0/agents", "agents", &["binary", "host"]).await;
    scene.fixture.set("default-security-group-rules", text(&rule["id"]));
    scene.fixture.set("agents", text(&agent["id"]));
    scene.fixture.set("network-ip-availabilities", scene.fixture.id("networks"));
    scene.fixture.set("extensions", "router".to_owned());
    scene.fixture.set("tags", "t".to_owned());
}

async fn compute(scene: &mut Scene) {
    let admin = scene.session("admin").clone();
    let larger = json!({"flavor": {"id": LARGER, "name": "larger", "ram": 2048, "vcpus": 1, "disk": 6}});
    admin.post("/compute/v2.1/flavors", larger).await;
    let flavor = scene.fixture.id("flavors");
    let specs = json!({"extra_specs": {"scs:cpu-type": "shared-core"}});
    let made = admin.post(&format!("/compute/v2.1/flavors/{flavor}/os-extra_specs"), specs).await;
    assert_eq!(made.status, 200, "{}", made.body);
    let known = admin.get("/compute/v2.1/os-aggregates").await;
    let mine = items(&known.body, "aggregates").find(|aggregate| aggregate["name"] == "golden");
    let aggregate = match mine {
        Some(aggregate) => aggregate["id"].to_string(),
        None => {
            let body = json!({"aggregate": {"name": "golden"}});
            let made = admin.post("/compute/v2.1/os-aggregates", body).await;
            made.body["aggregate"]["id"].to_string()
        }
    };
    scene.fixture.set("os-aggregates", aggregate);
    let actions = format!("/compute/v2.1/servers/{}/os-instance-actions", scene.fixture.id("servers"));
    let action = first(scene.session("member"), &actions, "instanceActions", &["action"]).await;
    scene.fixture.set("os-instance-actions", text(&action["request_id"]));
    for (kind, id) in [
        ("ips", "n"),
        ("metadata", "k"),
        ("tags", "t"),
        ("os-extra_specs", "scs:cpu-type"),
        ("extensions", "os-keypairs"),
        ("os-quota-class-sets", "default"),
    ] {
        scene.fixture.set(kind, id.to_owned());
    }
    for (kind, path, key) in [
        ("os-hypervisors", "os-hypervisors", "hypervisors"),
        ("os-services", "os-services?binary=nova-compute", "services"),
    ] {
        for (version, suffix) in [("2.1", "number"), ("2.53", "id")] {
            let session = admin.speaking(&format!("compute {version}"));
            let found = first(&session, &format!("/compute/v2.1/{path}"), key, &["id"]).await;
            scene.fixture.set(numbered_kind(kind, suffix), text(&found["id"]));
        }
    }
}

/// The names of hypervisors and services in the fixture: by number before 2.53, by id since then.
fn numbered_kind(kind: &str, suffix: &str) -> &'static str {
    match (kind, suffix) {
        ("os-hypervisors", "number") => "hypervisor-number",
        ("os-hypervisors", _) => "hypervisor",
        (_, "number") => "service-number",
        _ => "service",
    }
}

/// The path of a route to a hypervisor or service.
pub(super) fn numbered(scene: &Scene, door: &Door, path: &str, version: &str) -> String {
    let minor: u16 = version.split_once('.').and_then(|(_, minor)| minor.parse().ok()).unwrap_or(1);
    let kind = if path.contains("os-hypervisors") { "os-hypervisors" } else { "os-services" };
    let id = match path.rsplit('/').next() {
        // these two took a name before
        Some("search" | "servers") if minor < 53 => "sim".to_owned(),
        _ => scene.fixture.id(numbered_kind(kind, if minor < 53 { "number" } else { "id" })),
    };
    format!("{}{}", door.mount, path.replace("{id}", &id))
}
