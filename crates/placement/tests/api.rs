//! Placement over HTTP: the router behind the front door, on both databases.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::Request;
use http_body_util::BodyExt;
use kogge_auth::testing::{Persona, Personas};
use kogge_auth::{AuthError, Authenticate, Caller, Policies, RequestFacts};
use kogge_clock::{Clock, Timestamp};
use kogge_db::Db;
use kogge_http::{Access, FaultStyle, FrontDoor};
use kogge_placement::{MIGRATIONS, Placement, RULES, VERSIONS, routes};
use serde_json::{Value, json};
use tower::ServiceExt;

const ADMIN: &str = "admin";
const A: &str = "11111111-2222-4333-8444-00000000000a";
const B: &str = "11111111-2222-4333-8444-00000000000b";
const C1: &str = "22222222-2222-4333-8444-000000000001";
const C2: &str = "22222222-2222-4333-8444-000000000002";

struct Cloud {
    router: Router,
    _dir: tempfile::TempDir,
}

/// The personas, and `service`: one with the role of services.
struct Tokens(Personas);

#[async_trait::async_trait]
impl Authenticate for Tokens {
    async fn authenticate(&self, token: &str, facts: RequestFacts<'_>) -> Result<Caller, AuthError> {
        if token != "service" {
            return self.0.authenticate(token, facts).await;
        }
        let mut caller = self.0.authenticate("member", facts).await?;
        caller.roles = Arc::from(["service".to_owned()]);
        Ok(caller)
    }
}

async fn cloud(postgres: bool) -> Option<Cloud> {
    let dir = tempfile::tempdir().unwrap();
    let db = Db::for_test(dir.path(), postgres).await.unwrap()?;
    let (clock, _) = Clock::fake(Timestamp::from_seconds(1_800_000_000));
    db.migrate(&[MIGRATIONS], &clock).await.unwrap();
    let door = FrontDoor {
        service: "placement",
        mount: "/placement",
        style: FaultStyle::Placement,
        versions: Some(VERSIONS),
        tokens: Arc::new(Tokens(Personas(Arc::new(Policies::compile(&[RULES]).unwrap())))),
    };
    let router = door.guard(routes().into_router(Placement::new(db, clock)));
    Some(Cloud { router, _dir: dir })
}

struct Answer {
    status: u16,
    headers: http::HeaderMap,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    #[track_caller]
    fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    fn code(&self) -> String {
        self.json()["errors"][0]["code"].as_str().unwrap().to_owned()
    }
}

impl Cloud {
    async fn ask(&self, token: &str, version: &str, method: &str, path: &str, body: Option<Value>) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "cloud.example")
            .header("x-auth-token", token)
            .header("openstack-api-version", format!("placement {version}"))
            .header("content-type", "application/json");
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let response = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            text: String::from_utf8_lossy(&bytes).into(),
        }
    }

    /// With these headers, and no others but the token.
    async fn raw(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &'static str) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header("host", "cloud.example");
        for (name, value) in [("x-auth-token", ADMIN)].iter().chain(headers) {
            request = request.header(*name, *value);
        }
        let body = if body.is_empty() { Body::empty() } else { Body::from(body) };
        let response = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&bytes).into();
        Answer { status: parts.status.as_u16(), headers: parts.headers, text }
    }

    async fn get(&self, path: &str) -> Value {
        self.ask(ADMIN, "1.39", "GET", path, None).await.expect(200).json()
    }

    async fn put(&self, path: &str, body: Value) -> Answer {
        self.ask(ADMIN, "1.39", "PUT", path, Some(body)).await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask(ADMIN, "1.39", "POST", path, Some(body)).await
    }

    async fn delete(&self, path: &str) -> Answer {
        self.ask(ADMIN, "1.39", "DELETE", path, None).await
    }

    async fn provider(&self, id: &str, name: &str, vcpus: i64) {
        self.post("/resource_providers", json!({ "uuid": id, "name": name })).await.expect(200);
        let stock = json!({ "resource_provider_generation": 0, "inventories": {
            "VCPU": { "total": vcpus }, "MEMORY_MB": { "total": 4096 } } });
        self.put(&format!("/resource_providers/{id}/inventories"), stock).await.expect(200);
    }

    async fn hold(&self, consumer: &str, provider: &str, vcpus: i64, seen: Value) -> Answer {
        self.put(&format!("/allocations/{consumer}"), holding(provider, vcpus, seen)).await
    }
}

fn holding(provider: &str, vcpus: i64, seen: Value) -> Value {
    json!({ "allocations": { provider: { "resources": { "VCPU": vcpus } } }, "project_id": "p", "user_id": "u",
        "consumer_generation": seen, "consumer_type": "INSTANCE" })
}

macro_rules! on_both {
    ($($name:ident($cloud:ident) $body:block)*) => {$(
        mod $name {
            use super::*;
            async fn body($cloud: Cloud) $body
            #[tokio::test]
            async fn sqlite() { body(cloud(false).await.unwrap()).await }
            #[tokio::test]
            async fn postgres() { if let Some(cloud) = cloud(true).await { body(cloud).await } }
        }
    )*};
}

on_both! {
    a_provider_is_made_shown_renamed_and_deleted(c) {
        let old = c.ask(ADMIN, "1.0", "POST", "/resource_providers", Some(json!({ "name": "old", "uuid": A }))).await.expect(201);
        assert_eq!(old.headers["location"], format!("http://cloud.example/placement/resource_providers/{A}"));
        assert!(old.text.is_empty());
        let new = c.post("/resource_providers", json!({ "name": "new", "uuid": B, "parent_provider_uuid": A })).await.expect(200);
        assert_eq!(new.headers["cache-control"], "no-cache");
        assert_eq!(new.headers["last-modified"], "Fri, 15 Jan 2027 08:00:00 GMT");
        assert_eq!(new.headers["openstack-api-version"], "placement 1.39");
        let new = new.json();
        assert_eq!((&new["root_provider_uuid"], &new["generation"]), (&json!(A), &json!(0)));
        assert_eq!(new["links"][0]["href"], format!("/placement/resource_providers/{B}"));
        let links = |version: &'static str| {
            let c = &c;
            async move {
                let shown = c.ask(ADMIN, version, "GET", &format!("/resource_providers/{A}"), None).await.expect(200).json();
                (shown["links"].as_array().unwrap().len(), shown.get("root_provider_uuid").is_some())
            }
        };
        assert_eq!([links("1.0").await, links("1.1").await, links("1.6").await], [(3, false), (4, false), (5, false)]);
        assert_eq!([links("1.11").await, links("1.14").await], [(6, false), (6, true)]);
        for body in [json!({ "name": "old" }), json!({ "name": "x", "uuid": A })] {
            assert_eq!(c.post("/resource_providers", body).await.expect(409).code(), "placement.duplicate_name");
        }
        let renamed = c.put(&format!("/resource_providers/{A}"), json!({ "name": "renamed" })).await.expect(200).json();
        assert_eq!(renamed["name"], "renamed");
        let refused = c.delete(&format!("/resource_providers/{A}")).await.expect(409);
        assert_eq!(refused.code(), "placement.resource_provider.cannot_delete_parent");
        c.delete(&format!("/resource_providers/{B}")).await.expect(204);
        c.delete(&format!("/resource_providers/{A}")).await.expect(204);
        c.delete(&format!("/resource_providers/{A}")).await.expect(404);
        assert_eq!(c.get("/resource_providers").await["resource_providers"], json!([]));
    }

    wrong_bodies_are_400_and_unknown_providers_404(c) {
        for body in [
            json!({}), json!([]), json!({ "name": 1 }), json!({ "name": "x".repeat(201) }), json!({ "name": "a\u{0}" }),
            json!({ "name": "a", "uuid": "x" }), json!({ "name": "a", "color": "red" }),
            json!({ "name": "a", "parent_provider_uuid": A }),
        ] {
            c.post("/resource_providers", body).await.expect(400);
        }
        let early = json!({ "name": "a", "parent_provider_uuid": null });
        c.ask(ADMIN, "1.13", "POST", "/resource_providers", Some(early)).await.expect(400);
        for path in ["", "/inventories", "/inventories/VCPU", "/usages", "/allocations", "/aggregates", "/traits"] {
            for id in [A, "nonsense", "%00"] {
                c.ask(ADMIN, "1.39", "GET", &format!("/resource_providers/{id}{path}"), None).await.expect(404);
            }
        }
    }

    a_tree_moves_as_a_whole_and_never_into_itself(c) {
        for (id, name, parent) in [(A, "a", None), (B, "b", Some(A)), (C1, "c", Some(B)), (C2, "d", None)] {
            c.post("/resource_providers", json!({ "uuid": id, "name": name, "parent_provider_uuid": parent })).await.expect(200);
        }
        c.put(&format!("/resource_providers/{A}"), json!({ "name": "a", "parent_provider_uuid": C1 })).await.expect(400);
        let early = json!({ "name": "b", "parent_provider_uuid": C2 });
        c.ask(ADMIN, "1.36", "PUT", &format!("/resource_providers/{B}"), Some(early.clone())).await.expect(400);
        c.put(&format!("/resource_providers/{B}"), early).await.expect(200);
        assert_eq!(c.get(&format!("/resource_providers/{C1}")).await["root_provider_uuid"], C2);
        let tree = c.get(&format!("/resource_providers?in_tree={C2}")).await;
        assert_eq!(tree["resource_providers"].as_array().unwrap().len(), 3);
    }

    inventories_need_the_present_generation(c) {
        c.provider(A, "a", 4).await;
        let path = format!("/resource_providers/{A}/inventories");
        let stock = c.get(&path).await;
        assert_eq!((&stock["resource_provider_generation"], &stock["inventories"]["VCPU"]["total"]), (&json!(1), &json!(4)));
        let stale = json!({ "resource_provider_generation": 0, "inventories": {} });
        assert_eq!(c.put(&path, stale).await.expect(409).code(), "placement.concurrent_update");
        let one = json!({ "resource_provider_generation": 1, "total": 8, "allocation_ratio": 2.0 });
        let changed = c.put(&format!("{path}/VCPU"), one).await.expect(200).json();
        assert_eq!((&changed["total"], &changed["resource_provider_generation"]), (&json!(8), &json!(2)));
        c.post(&path, json!({ "resource_class": "DISK_GB", "total": 100 })).await.expect(201);
        c.post(&path, json!({ "resource_class": "DISK_GB", "total": 100 })).await.expect(409);
        c.post(&path, json!({ "resource_class": "CUSTOM_NOBODY", "total": 1 })).await.expect(400);
        c.post(&path, json!({ "resource_class": "VGPU", "total": 1, "reserved": 2 })).await.expect(400);
        c.put(&format!("{path}/VGPU"), json!({ "resource_provider_generation": 3, "total": 1 })).await.expect(400);
        c.delete(&format!("{path}/DISK_GB")).await.expect(204);
        c.delete(&format!("{path}/DISK_GB")).await.expect(404);
        c.ask(ADMIN, "1.4", "DELETE", &path, None).await.expect(405);
        c.delete(&path).await.expect(204);
        assert_eq!(c.get(&path).await["inventories"], json!({}));
    }

    allocations_are_checked_counted_and_freed(c) {
        c.provider(A, "a", 4).await;
        c.hold(C1, A, 3, Value::Null).await.expect(204);
        assert_eq!(c.hold(C1, A, 3, Value::Null).await.expect(409).code(), "placement.concurrent_update");
        let full = c.hold(C2, A, 2, Value::Null).await.expect(409);
        assert!(full.text.contains("needs 2 vCPUs, 1 of 4 free"), "{}", full.text);
        assert_eq!(c.get(&format!("/allocations/{C2}")).await, json!({ "allocations": {} }));
        c.hold(C1, A, 4, json!(1)).await.expect(204);
        let held = c.get(&format!("/allocations/{C1}")).await;
        assert_eq!(held["allocations"][A]["resources"], json!({ "VCPU": 4 }));
        assert_eq!((&held["consumer_generation"], &held["consumer_type"]), (&json!(2), &json!("INSTANCE")));
        assert_eq!(c.get(&format!("/resource_providers/{A}/usages")).await["usages"], json!({ "MEMORY_MB": 0, "VCPU": 4 }));
        let holders = c.get(&format!("/resource_providers/{A}/allocations")).await;
        assert_eq!(holders["allocations"][C1], json!({ "consumer_generation": 2, "resources": { "VCPU": 4 } }));
        assert_eq!(c.get("/usages?project_id=p").await["usages"], json!({ "INSTANCE": { "VCPU": 4, "consumer_count": 1 } }));
        assert_eq!(c.get("/usages?project_id=p&consumer_type=all").await["usages"]["all"]["VCPU"], 4);
        let old = c.ask(ADMIN, "1.37", "GET", "/usages?project_id=p&user_id=u", None).await.expect(200).json();
        assert_eq!(old["usages"], json!({ "VCPU": 4 }));
        let inuse = c.delete(&format!("/resource_providers/{A}/inventories")).await.expect(409);
        assert_eq!(inuse.code(), "placement.inventory.inuse");
        assert_eq!(c.delete(&format!("/resource_providers/{A}")).await.expect(409).code(), "placement.resource_provider.inuse");
        c.delete(&format!("/allocations/{C1}")).await.expect(204);
        c.delete(&format!("/allocations/{C1}")).await.expect(404);
        c.delete(&format!("/resource_providers/{A}")).await.expect(204);
    }

    many_consumers_change_together_or_not_at_all(c) {
        c.provider(A, "a", 1).await;
        c.provider(B, "b", 1).await;
        c.hold(C1, A, 1, Value::Null).await.expect(204);
        c.hold(C2, B, 1, Value::Null).await.expect(204);
        let swap = json!({ C1: holding(B, 1, json!(1)), C2: holding(A, 1, json!(1)) });
        c.post("/allocations", swap).await.expect(204);
        assert!(c.get(&format!("/allocations/{C1}")).await["allocations"].get(B).is_some());
        let half = json!({ C1: holding(A, 1, json!(2)), C2: holding(A, 1, json!(2)) });
        c.post("/allocations", half).await.expect(409);
        assert!(c.get(&format!("/allocations/{C1}")).await["allocations"].get(B).is_some());
        let mut free = holding(A, 1, json!(2));
        free["allocations"] = json!({});
        c.post("/allocations", json!({ C1: free })).await.expect(204);
        assert_eq!(c.get(&format!("/allocations/{C1}")).await, json!({ "allocations": {} }));
        c.ask(ADMIN, "1.12", "POST", "/allocations", Some(json!({}))).await.expect(404);
        c.post("/allocations", json!({})).await.expect(400);
        c.hold("nonsense", A, 1, Value::Null).await.expect(400);
        c.hold(C1, C2, 1, Value::Null).await.expect(400);
    }

    old_versions_take_lists(c) {
        c.provider(A, "a", 4).await;
        let body = json!({ "allocations": [{ "resource_provider": { "uuid": A }, "resources": { "VCPU": 1 } }] });
        c.ask(ADMIN, "1.7", "PUT", &format!("/allocations/{C1}"), Some(body)).await.expect(204);
        let shown = c.ask(ADMIN, "1.11", "GET", &format!("/allocations/{C1}"), None).await.expect(200);
        assert!(shown.json().get("project_id").is_none());
        assert!(shown.headers.get("last-modified").is_none());
        assert_eq!(c.get(&format!("/allocations/{C1}")).await["consumer_type"], "unknown");
    }

    candidates_and_lists_match_amounts_traits_and_aggregates(c) {
        c.provider(A, "a", 4).await;
        c.provider(B, "b", 8).await;
        c.ask(ADMIN, "1.39", "PUT", "/traits/CUSTOM_SSD", None).await.expect(201);
        c.ask(ADMIN, "1.39", "PUT", "/traits/CUSTOM_SSD", None).await.expect(204);
        let traits = json!({ "traits": ["CUSTOM_SSD", "HW_CPU_X86_AVX2"], "resource_provider_generation": 1 });
        c.put(&format!("/resource_providers/{A}/traits"), traits.clone()).await.expect(200);
        c.put(&format!("/resource_providers/{A}/traits"), traits).await.expect(409);
        let unknown = json!({ "traits": ["CUSTOM_NOBODY"], "resource_provider_generation": 2 });
        c.put(&format!("/resource_providers/{A}/traits"), unknown).await.expect(400);
        let aggregates = json!({ "aggregates": [C1], "resource_provider_generation": 1 });
        c.put(&format!("/resource_providers/{B}/aggregates"), aggregates).await.expect(200);
        for (query, expected) in [
            ("resources=VCPU:1", vec!["a", "b"]),
            ("resources=VCPU:5", vec!["b"]),
            ("resources=VCPU:9", vec![]),
            ("resources=VCPU:1&required=CUSTOM_SSD", vec!["a"]),
            ("resources=VCPU:1&required=!CUSTOM_SSD", vec!["b"]),
            ("resources=VCPU:1&required=in:CUSTOM_SSD,HW_CPU_X86_AVX", vec!["a"]),
            (&format!("resources=VCPU:1&member_of={C1}"), vec!["b"]),
            (&format!("resources=VCPU:1&member_of=!{C1}"), vec!["a"]),
            (&format!("resources=VCPU:1&in_tree={B}"), vec!["b"]),
        ] {
            let listed = c.get(&format!("/resource_providers?{query}")).await;
            let names: Vec<&str> =
                listed["resource_providers"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
            assert_eq!(names, expected, "{query}");
            let found = c.get(&format!("/allocation_candidates?{query}")).await;
            assert_eq!(found["allocation_requests"].as_array().unwrap().len(), expected.len(), "{query}");
            assert_eq!(found["provider_summaries"].as_object().unwrap().len(), expected.len(), "{query}");
        }
        let found = c.get("/allocation_candidates?resources=VCPU:1&limit=1").await;
        assert_eq!(found["allocation_requests"], json!([{ "allocations": { A: { "resources": { "VCPU": 1 } } }, "mappings": { "": [A] } }]));
        assert_eq!(found["provider_summaries"][A]["resources"]["MEMORY_MB"], json!({ "capacity": 4096, "used": 0 }));
        let old = c.ask(ADMIN, "1.10", "GET", "/allocation_candidates?resources=VCPU:5", None).await.expect(200).json();
        assert_eq!(old["allocation_requests"][0]["allocations"][0]["resource_provider"]["uuid"], B);
        assert_eq!(old["provider_summaries"][B], json!({ "resources": { "VCPU": { "capacity": 8, "used": 0 } } }));
        for bad in ["", "?resources=NOBODY:1", "?resources=VCPU:1&required=CUSTOM_NOBODY", "?resources1=VCPU:1"] {
            c.ask(ADMIN, "1.39", "GET", &format!("/allocation_candidates{bad}"), None).await.expect(400);
        }
        assert_eq!(c.get("/traits?name=startswith:CUSTOM").await["traits"], json!(["CUSTOM_SSD"]));
        assert_eq!(c.get("/traits?associated=true").await["traits"].as_array().unwrap().len(), 2);
        c.delete("/traits/CUSTOM_SSD").await.expect(409);
        c.delete("/traits/HW_CPU_X86_AVX2").await.expect(400);
        c.delete(&format!("/resource_providers/{A}/traits")).await.expect(204);
        c.delete("/traits/CUSTOM_SSD").await.expect(204);
        c.delete("/traits/CUSTOM_SSD").await.expect(404);
    }

    classes_are_made_renamed_and_deleted(c) {
        c.post("/resource_classes", json!({ "name": "CUSTOM_GPU" })).await.expect(201);
        c.post("/resource_classes", json!({ "name": "CUSTOM_GPU" })).await.expect(409);
        c.post("/resource_classes", json!({ "name": "GPU" })).await.expect(400);
        c.ask(ADMIN, "1.39", "PUT", "/resource_classes/CUSTOM_GPU", None).await.expect(204);
        c.ask(ADMIN, "1.39", "PUT", "/resource_classes/CUSTOM_TPU", None).await.expect(201);
        c.ask(ADMIN, "1.6", "PUT", "/resource_classes/CUSTOM_GPU", Some(json!({ "name": "CUSTOM_G" }))).await.expect(200);
        c.ask(ADMIN, "1.6", "PUT", "/resource_classes/VCPU", Some(json!({ "name": "CUSTOM_V" }))).await.expect(400);
        assert_eq!(c.get("/resource_classes/CUSTOM_G").await["links"][0]["href"], "/placement/resource_classes/CUSTOM_G");
        c.ask(ADMIN, "1.39", "GET", "/resource_classes/CUSTOM_GPU", None).await.expect(404);
        c.provider(A, "a", 4).await;
        c.post(&format!("/resource_providers/{A}/inventories"), json!({ "resource_class": "CUSTOM_G", "total": 1 })).await.expect(201);
        c.delete("/resource_classes/CUSTOM_G").await.expect(409);
        c.delete("/resource_classes/VCPU").await.expect(400);
        c.delete("/resource_classes/CUSTOM_TPU").await.expect(204);
        assert_eq!(c.get("/resource_classes").await["resource_classes"].as_array().unwrap().len(), 22);
        c.ask(ADMIN, "1.1", "GET", "/resource_classes", None).await.expect(404);
    }

    resources_move_between_providers_in_one_step(c) {
        c.provider(A, "a", 4).await;
        c.provider(B, "b", 1).await;
        c.hold(C1, A, 4, Value::Null).await.expect(204);
        let body = json!({
            "inventories": {
                A: { "resource_provider_generation": 2, "inventories": { "MEMORY_MB": { "total": 4096 } } },
                B: { "resource_provider_generation": 1, "inventories": { "VCPU": { "total": 4 } } },
            },
            "allocations": { C1: holding(B, 4, json!(1)) },
        });
        c.ask(ADMIN, "1.39", "POST", "/reshaper", Some(body.clone())).await.expect(403);
        c.ask("service", "1.39", "POST", "/reshaper", Some(body.clone())).await.expect(204);
        assert_eq!(c.get(&format!("/allocations/{C1}")).await["allocations"][B]["resources"], json!({ "VCPU": 4 }));
        assert!(c.get(&format!("/resource_providers/{A}/inventories")).await["inventories"].get("VCPU").is_none());
        c.ask("service", "1.39", "POST", "/reshaper", Some(body)).await.expect(409);
    }

    a_reshape_counts_as_upstream_does_and_asks_the_policy_first(c) {
        c.provider(A, "a", 4).await;
        c.provider(B, "b", 1).await;
        c.hold(C1, A, 1, Value::Null).await.expect(204);
        c.hold(C2, A, 1, Value::Null).await.expect(204);
        let generation = async |id: &str| c.get(&format!("/resource_providers/{id}")).await["generation"].clone();
        let reshape = async |token: &str, body: Value| c.ask(token, "1.39", "POST", "/reshaper", Some(body)).await;
        for nonsense in [json!([]), json!({}), json!({ "inventories": {}, "allocations": {} })] {
            reshape(ADMIN, nonsense.clone()).await.expect(403);
            reshape("service", nonsense).await.expect(400);
        }
        let stock = json!({ "resource_provider_generation": 3, "inventories": { "VCPU": { "total": 9 } } });
        let unknown = reshape("service", json!({ "inventories": { C1: stock }, "allocations": {} })).await.expect(400);
        assert_eq!(unknown.code(), "placement.resource_provider.not_found");
        assert_eq!((generation(A).await, generation(B).await), (json!(3), json!(1)));
        let body = json!({
            "inventories": {
                A: { "resource_provider_generation": 3, "inventories": { "VCPU": { "total": 9 } } },
                B: { "resource_provider_generation": 1, "inventories": {} },
            },
            "allocations": { C1: holding(A, 2, json!(1)), C2: holding(A, 2, json!(1)) },
        });
        reshape("service", body).await.expect(204);
        // what is to be there, what is held there, what is left: three; and of the one that is emptied, one
        assert_eq!((generation(A).await, generation(B).await), (json!(6), json!(2)));
    }

    a_body_is_judged_after_the_policy_and_the_provider(c) {
        c.provider(A, "a", 4).await;
        for path in ["", "/inventories", "/inventories/VCPU", "/aggregates", "/traits"] {
            let put = async |token: &str, id: &str| {
                c.ask(token, "1.39", "PUT", &format!("/resource_providers/{id}{path}"), Some(json!("nonsense"))).await.status
            };
            assert_eq!([put("member", A).await, put(ADMIN, B).await, put(ADMIN, A).await], [403, 404, 400], "{path}");
        }
        for (method, path) in [("POST", "/allocations"), ("PUT", &format!("/allocations/{C1}")), ("POST", "/resource_providers")] {
            c.ask("member", "1.39", method, path, Some(json!("nonsense"))).await.expect(403);
            c.ask(ADMIN, "1.39", method, path, Some(json!("nonsense"))).await.expect(400);
        }
    }

    aggregates_are_kept_as_they_came_and_differ(c) {
        c.provider(A, "a", 4).await;
        let (path, plain) = (format!("/resource_providers/{A}/aggregates"), C1.replace('-', ""));
        let body = json!({ "aggregates": [plain], "resource_provider_generation": 1 });
        assert_eq!(c.put(&path, body).await.expect(200).json()["aggregates"], json!([plain]));
        assert_eq!(c.get(&path).await["aggregates"], json!([plain]));
        let found = c.get(&format!("/resource_providers?member_of={C1}")).await;
        assert_eq!(found["resource_providers"].as_array().unwrap().len(), 1);
        for (bad, why) in [
            (json!({ "aggregates": [C1, C1], "resource_provider_generation": 2 }), "has non-unique elements"),
            (json!({ "aggregates": ["x"], "resource_provider_generation": 2 }), "'x' is not a 'uuid'"),
            (json!({ "aggregates": [C1] }), "'resource_provider_generation' is a required property"),
        ] {
            let refused = c.put(&path, bad).await.expect(400);
            assert!(refused.text.contains(why), "{}", refused.text);
        }
        c.ask(ADMIN, "1.18", "PUT", &path, Some(json!([C1, C1]))).await.expect(400);
        assert_eq!(c.get(&path).await["aggregates"], json!([plain]));
    }

    usages_are_asked_for_with_good_ids(c) {
        for query in ["", "?project_id=", "?project_id=p&user_id=", "?user_id=u", "?project_id=p&color=red"] {
            c.ask(ADMIN, "1.39", "GET", &format!("/usages{query}"), None).await.expect(400);
        }
        let long = "x".repeat(256);
        for query in [format!("project_id={long}"), format!("project_id=p&user_id={long}"), "project_id=p&consumer_type=inst".into()] {
            let refused = c.ask(ADMIN, "1.39", "GET", &format!("/usages?{query}"), None).await.expect(400);
            assert!(refused.text.contains("Invalid query string parameters: "), "{}", refused.text);
        }
        c.ask("member", "1.39", "GET", &format!("/usages?project_id={long}"), None).await.expect(403);
    }

    manners_of_http_are_upstreams(c) {
        let json = ("content-type", "application/json");
        let refused = c.raw("PUT", &format!("/resource_providers/{A}"), &[], "").await.expect(415);
        assert!(refused.text.contains("The media type None is not supported, use application/json"), "{}", refused.text);
        let refused = c.raw("POST", "/resource_providers", &[], "I want one").await.expect(400);
        assert!(refused.text.contains("content-type header required when content-length > 0"), "{}", refused.text);
        c.raw("POST", "/resource_providers", &[("content-type", "text/plain")], "I want one").await.expect(415);
        c.raw("POST", "/resource_providers", &[json], "I want one").await.expect(400);
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9";
        let anything = format!("{browser},*/*;q=0.8");
        for (accept, status) in [("text/plain", 406), (browser, 406), (&*anything, 200), ("*/*", 200), ("application/json", 200)] {
            c.raw("GET", "/resource_providers", &[("accept", accept)], "").await.expect(status);
        }
        let refused = c.raw("GET", "/resource_providers", &[("accept", "text/plain")], "").await;
        assert!(refused.text.contains("Only application/json is provided"), "{}", refused.text);
        let page = c.raw("GET", "/nothing", &[("accept", "text/html")], "").await.expect(404);
        assert_eq!(page.headers["content-type"], "text/html; charset=UTF-8");
        assert!(page.text.contains("<title>404 Not Found</title>"), "{}", page.text);
        let refused = c.raw("DELETE", "/resource_providers", &[], "").await.expect(405);
        assert!(refused.text.contains("The method DELETE is not allowed for this resource."), "{}", refused.text);
        let root = async |version| c.ask("", version, "GET", "/", None).await.expect(200).headers;
        assert_eq!(root("1.15").await["cache-control"], "no-cache");
        assert!(root("1.15").await.contains_key("last-modified") && !root("1.14").await.contains_key("cache-control"));
    }

    only_administrators_and_services_get_in(c) {
        c.provider(A, "a", 4).await;
        for route in routes().table().to_vec() {
            let path = route.path.replace("{id}", A).replace("{class}", "VCPU").replace("{consumer}", C1).replace("{name}", "CUSTOM_X");
            let line = format!("{} {}", route.method, route.path);
            let public = route.access == Access::Public;
            let body = if route.path.ends_with("/traits") {
                json!({ "traits": [], "resource_provider_generation": 99 })
            } else if route.path == "/reshaper" {
                json!({ "inventories": {}, "allocations": {} })
            } else if route.path.ends_with("/inventories/{class}") {
                json!({ "resource_provider_generation": 99, "total": 1 })
            } else if route.path.ends_with("/inventories") && route.method == http::Method::PUT {
                json!({ "resource_provider_generation": 99, "inventories": {} })
            } else if route.path.ends_with("/inventories") {
                json!({ "resource_class": "VGPU", "total": 1 })
            } else if route.path.ends_with("/aggregates") {
                json!({ "aggregates": [], "resource_provider_generation": 99 })
            } else if route.path == "/allocations" {
                json!({ C1: holding(A, 1, Value::Null) })
            } else if route.path.starts_with("/allocations/") {
                holding(A, 1, Value::Null)
            } else {
                json!({ "name": "CUSTOM_X" })
            };
            let path = match route.path {
                "/usages" => "/usages?project_id=p".to_owned(),
                "/allocation_candidates" => "/allocation_candidates?resources=VCPU:1".to_owned(),
                _ => path,
            };
            let method = route.method.as_str();
            let ask = async |token: &str| c.ask(token, "1.39", method, &path, Some(body.clone())).await.status;
            assert_eq!(ask("expired").await == 401, !public, "{line}");
            let members = [Persona::Member, Persona::Reader, Persona::OtherMember];
            for who in members.into_iter().chain(Persona::WITHOUT_PROJECT) {
                let status = ask(who.token()).await;
                assert_eq!(status == 403, !public, "{line} {who:?}: {status}");
            }
            let status = ask("service").await;
            assert!(status != 403 && status != 401 && status < 500, "{line} service: {status}");
        }
        let own = format!("/usages?project_id={}", Persona::Reader.project_id());
        c.ask("reader", "1.39", "GET", &own, None).await.expect(200);
        c.ask("other-member", "1.39", "GET", &own, None).await.expect(403);
    }

    bodies_have_bounds(c) {
        c.provider(A, "a", 4).await;
        let many = |count: usize| (0..count).map(|n| format!("CUSTOM_{n}"));
        let ids = |count: u128| (0..count).map(|n| format!("{:08x}-2222-4333-8444-00000000000b", n + 1));
        let one = json!({ "total": 1 });
        let stock: serde_json::Map<String, Value> = many(257).map(|name| (name, one.clone())).collect();
        let body = json!({ "resource_provider_generation": 1, "inventories": stock });
        c.put(&format!("/resource_providers/{A}/inventories"), body).await.expect(400);
        let body = json!({ "resource_provider_generation": 1, "traits": many(1025).collect::<Vec<_>>() });
        c.put(&format!("/resource_providers/{A}/traits"), body).await.expect(400);
        let body = json!({ "resource_provider_generation": 1, "aggregates": ids(257).collect::<Vec<_>>() });
        c.put(&format!("/resource_providers/{A}/aggregates"), body).await.expect(400);
        let mut wide = holding(A, 1, Value::Null);
        wide["allocations"] = ids(65).map(|id| (id, json!({"resources": {"VCPU": 1}}))).collect::<serde_json::Map<_, _>>().into();
        c.put(&format!("/allocations/{C1}"), wide).await.expect(400);
        let classes: serde_json::Map<String, Value> = many(257).map(|name| (name, json!(1))).collect();
        let mut deep = holding(A, 1, Value::Null);
        deep["allocations"] = json!({ A: {"resources": classes} });
        c.put(&format!("/allocations/{C1}"), deep).await.expect(400);
        let all: serde_json::Map<String, Value> = ids(1001).map(|id| (id, holding(A, 1, Value::Null))).collect();
        c.post("/allocations", all.into()).await.expect(400);
        assert_eq!(c.get(&format!("/resource_providers/{A}/allocations")).await["allocations"], json!({}));
    }

    a_hundred_at_once_take_no_more_than_there_is(c) {
        c.provider(A, "a", 7).await;
        let tries = (0..100).map(|n| {
            let c = &c;
            async move {
                let path = format!("/allocations/22222222-2222-4333-8444-{n:012}");
                c.put(&path, holding(A, 1, Value::Null)).await.status
            }
        });
        let answers = futures_util::future::join_all(tries).await;
        assert!(answers.iter().all(|status| [204, 409].contains(status)), "{answers:?}");
        assert_eq!(answers.iter().filter(|status| **status == 204).count(), 7);
        assert_eq!(c.get(&format!("/resource_providers/{A}/usages")).await["usages"]["VCPU"], 7);
    }

    one_consumer_is_made_by_one_of_a_hundred(c) {
        c.provider(A, "a", 100).await;
        c.provider(B, "b", 100).await;
        let tries = (0..100).map(|n| {
            let c = &c;
            let at = if n % 2 == 0 { A } else { B };
            async move { c.put(&format!("/allocations/{C1}"), holding(at, 1, Value::Null)).await.status }
        });
        let answers = futures_util::future::join_all(tries).await;
        assert!(answers.iter().all(|status| [204, 409].contains(status)), "{answers:?}");
        assert_eq!(answers.iter().filter(|status| **status == 204).count(), 1);
        let held = c.get(&format!("/allocations/{C1}")).await;
        assert_eq!(held["allocations"].as_object().unwrap().len(), 1);
    }

    versions_are_negotiated(c) {
        let root = c.ask("", "1.0", "GET", "/", None).await.expect(200).json();
        assert_eq!((&root["versions"][0]["max_version"], &root["versions"][0]["id"]), (&json!("1.39"), &json!("v1.0")));
        c.ask(ADMIN, "1.40", "GET", "/resource_providers", None).await.expect(406);
        c.ask(ADMIN, "one", "GET", "/resource_providers", None).await.expect(400);
        c.ask(ADMIN, "latest", "GET", "/resource_providers", None).await.expect(200);
        for (path, first) in [("/traits", 6), ("/usages?project_id=p", 9), ("/allocation_candidates?resources=VCPU:1", 10)] {
            c.ask(ADMIN, &format!("1.{first}"), "GET", path, None).await.expect(200);
            c.ask(ADMIN, &format!("1.{}", first - 1), "GET", path, None).await.expect(404);
        }
        c.ask(ADMIN, "1.39", "GET", "/nothing", None).await.expect(404);
        c.ask(ADMIN, "1.39", "PATCH", "/traits", None).await.expect(405);
    }
}
