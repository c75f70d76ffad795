//! What single steps of a request cost: `cargo bench -p kogge`. `scripts/bench` measures the whole program.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a benchmark that cannot go on must stop")]

use std::hint::black_box;
use std::sync::Arc;

use criterion::Criterion;
use kogge::cloud::rule_sets;
use kogge::test_cloud::{Session, TestCloud};
use kogge_auth::testing::Persona;
use kogge_auth::{Authenticate, Policies, RequestFacts, Target};
use kogge_standards::flavor_name::FlavorName;
use serde_json::json;
use tokio::runtime::Runtime;

/// Servers in the listing.
const SERVERS: usize = 100;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    flavor_names(&mut criterion);
    policy(&mut criterion);
    tokens_and_lists(&mut criterion);
    criterion.final_summary();
}

fn flavor_names(criterion: &mut Criterion) {
    for (what, name) in [("short", "SCS-1L-1"), ("long", "SCS-16T-64-3x10s_bms_hwv_i3h_GNa-64-24h_ib")] {
        assert!(FlavorName::parse(name).is_ok(), "{name} does not parse: the bench would measure an error");
        criterion.bench_function(&format!("flavor name, {what}"), |bench| {
            bench.iter(|| FlavorName::parse(black_box(name)));
        });
    }
}

fn policy(criterion: &mut Criterion) {
    let policies = Arc::new(Policies::compile(&rule_sets()).expect("our own rules compile"));
    let project = Persona::Member.project_id();
    for (what, persona, may) in [("allowed", Persona::Member, true), ("refused", Persona::OtherMember, false)]
    {
        let caller = persona.caller(&policies);
        let rule = &kogge_compute::policy::SERVERS_SHOW;
        assert_eq!(caller.may(rule, &Target::project(&project)), may, "{what}");
        criterion.bench_function(&format!("policy check, {what}"), |bench| {
            bench.iter(|| caller.may(black_box(rule), &Target::project(&project)));
        });
    }
}

fn tokens_and_lists(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let (cloud, demo) = runtime.block_on(filled_cloud());
    let identity = cloud.cloud.services.identity.clone();
    let facts = RequestFacts { method: "GET", path: "/v2.1/servers", service: "compute" };
    criterion.bench_function("token to caller", |bench| {
        bench.to_async(&runtime).iter(|| async {
            identity.authenticate(black_box(demo.token()), facts).await.expect("a good token")
        });
    });
    criterion.bench_function("token to caller, forged", |bench| {
        let forged = format!("{}AAAA", &demo.token()[..demo.token().len() - 4]);
        bench.to_async(&runtime).iter(|| async {
            assert!(identity.authenticate(black_box(&forged), facts).await.is_err());
        });
    });
    criterion.bench_function(&format!("list of {SERVERS} servers with details, over HTTP"), |bench| {
        bench.to_async(&runtime).iter(|| async {
            assert_eq!(demo.get("/compute/v2.1/servers/detail").await.status, 200);
        });
    });
    runtime.block_on(cloud.stop());
}

/// A cloud whose demo project has [`SERVERS`] active servers.
async fn filled_cloud() -> (TestCloud, Session) {
    let cloud = TestCloud::start().await;
    let (admin, demo) = (cloud.session("kogge-admin").await, cloud.session("kogge").await);
    let project = demo.project_id();
    let quota = json!({"quota_set": {"instances": -1, "cores": -1, "ram": -1}});
    assert_eq!(admin.put(&format!("/compute/v2.1/os-quota-sets/{project}"), quota).await.status, 200);
    let quota = json!({"quota": {"port": -1}});
    assert_eq!(admin.put(&format!("/network/v2.0/quotas/{project}"), quota).await.status, 200);
    let body = server_body(&demo).await;
    for _ in 0..SERVERS {
        assert_eq!(demo.post("/compute/v2.1/servers", body.clone()).await.status, 202);
    }
    cloud
        .until("all servers to be active", async || {
            let active = demo.get("/compute/v2.1/servers?status=ACTIVE").await;
            active.body["servers"].as_array().is_some_and(|servers| servers.len() == SERVERS)
        })
        .await;
    (cloud, demo)
}

/// What to ask for a server: the body of the request, with the image, network and flavor that it names.
async fn server_body(demo: &Session) -> serde_json::Value {
    let image = json!({"name": "bench", "disk_format": "raw", "container_format": "bare"});
    let image = demo.post("/image/v2/images", image).await.body["id"].as_str().expect("an id").to_owned();
    let path = format!("/image/v2/images/{image}/file");
    let kind = Some("application/octet-stream");
    assert_eq!(demo.send_bytes(http::Method::PUT, &path, kind, vec![0; 1 << 20]).await.status, 204);
    let network =
        demo.post("/network/v2.0/networks", json!({"network": {"name": "bench"}})).await.id("network");
    let subnet = json!({"subnet": {"network_id": network, "ip_version": 4, "cidr": "10.64.0.0/16"}});
    assert_eq!(demo.post("/network/v2.0/subnets", subnet).await.status, 201);
    let flavors = demo.get("/compute/v2.1/flavors").await;
    let flavors = flavors.body["flavors"].as_array().expect("a list");
    let flavor = flavors.iter().find(|flavor| flavor["name"] == "SCS-1L-1-5").expect("a mandatory flavor");
    json!({"server": {"name": "bench", "imageRef": image, "flavorRef": flavor["id"], "networks": [{"uuid": network}]}})
}
