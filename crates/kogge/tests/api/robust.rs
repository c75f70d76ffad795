//! Bad input on every route of the table: the service's own 4xx, never a 5xx, never a hang.

use http::Method;
use kogge::cloud::{Door, doors};
use kogge::test_cloud::{Session, TestCloud};
use serde_json::{Value, json};

/// Bodies that nobody should send.
fn bodies() -> Vec<Vec<u8>> {
    let deep = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
    let odd = json!({"server": [], "network": 7, "subnet": null, "port": {"fixed_ips": "x", "mac_address": {}},
        "router": {"external_gateway_info": [[]]}, "floatingip": {"floating_network_id": {}},
        "security_group": {"name": {}}, "security_group_rule": {"port_range_min": "x"}, "auth": {"identity": {}},
        "user": {"name": []}, "project": {"tags": 3}, "role": "r", "keypair": {"public_key": 5},
        "server_group": {"name": "g", "policy": "anti-affinity", "rules": {"max_server_per_host": -1e300}}, "flavor": {}, "image": []});
    let huge = json!({"server": {"name": "x".repeat(100_000)}, "network": {"name": "ä".repeat(70_000)}});
    vec![
        Vec::new(),
        b"{".to_vec(),
        b"null".to_vec(),
        b"[]".to_vec(),
        b"\"x\"".to_vec(),
        b"{}".to_vec(),
        b"\xff\xfe\x00".to_vec(),
        deep.into_bytes(),
        odd.to_string().into_bytes(),
        huge.to_string().into_bytes(),
    ]
}

/// Ids that nobody has.
const IDS: [&str; 5] =
    ["00000000-0000-4000-8000-000000000000", "x", "%00%ff", "..%2f..%2fetc%2fpasswd", "%27%20OR%201=1--"];

const QUERIES: [&str; 5] = [
    "",
    "?limit=-1&marker=x&sort_key=password&sort_dir=up",
    "?limit=99999999999999999999&changes-since=yesterday&ip=%5B%28&name=%28%28",
    "?fields=id&fields=%00&page_reverse=maybe&sort=%3A%3A%2C",
    "?tags=%2C%2C&not-tags=&status=%FF&all_tenants=banana&created_at=gt:x&size_min=a",
];

fn filled(door: &Door, path: &str, id: &str) -> String {
    let mut text = door.mount.to_owned();
    for part in path.trim_start_matches('/').split('/') {
        text.push('/');
        text.push_str(if part.starts_with('{') { id } else { part });
    }
    text
}

async fn hold(session: &Session, method: &Method, path: &str, body: &[u8]) {
    let answer = session.send_bytes(method.clone(), path, Some("application/json"), body.to_vec()).await;
    let sent = String::from_utf8_lossy(&body[..body.len().min(120)]).into_owned();
    let came = String::from_utf8_lossy(&answer.bytes[..answer.bytes.len().min(300)]).into_owned();
    assert!(
        answer.status < 500 || answer.status == 501,
        "{method} {path} with {sent}: {} {came}",
        answer.status
    );
    assert!(!answer.header("x-openstack-request-id").is_empty(), "{method} {path}: no request id");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_route_breaks_on_bad_input() {
    let cloud = TestCloud::start().await;
    let admin = cloud.session("kogge-admin").await;
    let newest = admin.speaking("compute 2.100");
    for door in doors(None) {
        for route in &door.table {
            // it would end the session of the test itself
            if route.method == Method::DELETE && route.path == "/v3/auth/tokens" {
                continue;
            }
            for id in IDS {
                let path = filled(&door, route.path, id);
                hold(&admin, &route.method, &path, b"{}").await;
            }
            let path = filled(&door, route.path, IDS[0]);
            if route.method == Method::GET {
                for query in QUERIES {
                    hold(&newest, &route.method, &format!("{path}{query}"), b"").await;
                }
            } else if route.action.is_none() {
                for body in bodies() {
                    hold(&newest, &route.method, &path, &body).await;
                }
            } else if let Some(action) = route.action {
                for value in [json!(null), json!(1), json!([]), json!({}), json!({"x": 1}), json!("x")] {
                    let body = Value::from_iter([(action.to_owned(), value)]).to_string();
                    hold(&newest, &route.method, &path, body.as_bytes()).await;
                }
            }
        }
    }
    cloud.stop().await;
}

#[tokio::test]
async fn strangers_get_401_for_known_and_unknown_paths_alike() {
    let cloud = TestCloud::start().await;
    for path in [
        "/compute/v2.1/servers",
        "/compute/v2.1/nothing",
        "/network/v2.0/x",
        "/image/v2/images",
        "/placement/x",
    ] {
        let answer = cloud.stranger().get(path).await;
        assert_eq!(answer.status, 401, "{path}");
        assert!(answer.header("www-authenticate").starts_with("Keystone uri="), "{path}");
    }
    cloud.stop().await;
}

#[tokio::test]
async fn what_identity_does_not_have_is_404_without_a_token_too() {
    let cloud = TestCloud::start().await;
    let stranger = cloud.stranger();
    for path in ["/identity/v2.0", "/identity/v2.0/tokens", "/identity/v3/nothing"] {
        assert_eq!(stranger.get(path).await.status, 404, "{path}");
    }
    assert_eq!(stranger.post("/identity/v3/v3/auth/tokens", json!({})).await.status, 404);
    assert_eq!(stranger.put("/identity/v3/users", Value::Null).await.status, 405);
    assert_eq!(stranger.get("/identity/v3/users").await.status, 401, "what is there wants a token");
    // who sends a token that is none learns that
    let forged = cloud.with_token("gAAAAABnotatokenatall");
    assert_eq!(forged.get("/identity/v2.0").await.status, 401);
    cloud.stop().await;
}

#[tokio::test]
async fn the_network_service_takes_paths_with_their_old_extension() {
    let cloud = TestCloud::start().await;
    let demo = cloud.session("kogge").await;
    let network = json!({"network": {"name": "with.json"}});
    let id = demo.post("/network/v2.0/networks.json", network).await.id("network");
    let path = format!("/network/v2.0/networks/{id}");
    let shown = demo.get(&format!("{path}.json")).await;
    assert_eq!((shown.status, &shown.body["network"]["name"]), (200, &json!("with.json")));
    let listed = demo.get("/network/v2.0/networks.json?name=with.json").await;
    assert_eq!(listed.body["networks"].as_array().unwrap().len(), 1);
    // a tag is what its user wrote
    assert_eq!(demo.put(&format!("{path}/tags/a.json"), Value::Null).await.status, 201);
    assert_eq!(demo.get(&format!("{path}/tags.json")).await.body["tags"], json!(["a.json"]));
    assert_eq!(demo.get("/network/v2.0/networks.xml").await.status, 404);
    assert_eq!(cloud.stranger().get("/network/v2.0/networks.json").await.status, 401);
    cloud.stop().await;
}
