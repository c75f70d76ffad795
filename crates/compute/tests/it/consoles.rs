//! Remote consoles: who gets the address of one, and for how long it is good.

use futures_util::future::join_all;
use kogge_auth::testing::Persona;
use kogge_node_api::NodeError;
use kogge_node_sim::{Call, Times};
use serde_json::{Value, json};

use super::cloud::{Cloud, on_both};

fn ask(protocol: &str, kind: &str) -> Value {
    json!({ "remote_console": { "protocol": protocol, "type": kind } })
}

/// The token in an address.
fn token(url: &Value) -> String {
    let url = url.as_str().unwrap().replace("%3D", "=");
    url.rsplit_once("token=").unwrap().1.to_owned()
}

async fn granted(cloud: &mut Cloud, id: &str, kind: (&str, &str)) -> String {
    let path = format!("/servers/{id}/remote-consoles");
    token(&cloud.at("2.6").post(&path, ask(kind.0, kind.1)).await.expect(200)["remote_console"]["url"])
}

#[tokio::test]
async fn consoles_are_there_or_refused_in_novas_words() {
    let mut cloud = Cloud::start().await;
    let id = cloud.boot(json!({"name": "web"})).await;
    let path = format!("/servers/{id}/remote-consoles");
    cloud.at("2.5").post(&path, ask("vnc", "novnc")).await.fault(404);
    let console = cloud.at("2.6").post(&path, ask("vnc", "novnc")).await.expect(200);
    let console = &console["remote_console"];
    assert_eq!((&console["protocol"], &console["type"]), (&json!("vnc"), &json!("novnc")));
    let url = console["url"].as_str().unwrap();
    assert!(url.contains("/console/vnc.html?path=console%2Fwebsockify%3Ftoken%3D"), "{url}");
    let serial = cloud.post(&path, ask("serial", "serial")).await.expect(200);
    let url = serial["remote_console"]["url"].as_str().unwrap();
    assert!(url.starts_with("ws://") && url.contains("/console/websockify?token="), "{url}");
    for (protocol, kind, why) in [
        ("vnc", "xvpvnc", "Invalid console type xvpvnc"),
        ("serial", "novnc", "Invalid console type novnc"),
        ("spice", "spice-html5", "Unavailable console type spice-html5."),
        ("rdp", "rdp-html5", "Unavailable console type rdp."),
    ] {
        assert_eq!(cloud.post(&path, ask(protocol, kind)).await.fault(400), why);
    }
    cloud.post(&path, ask("mks", "webmks")).await.fault(400);
    let why = cloud.at("2.8").post(&path, ask("mks", "webmks")).await.fault(400);
    assert_eq!(why, "Unavailable console type webmks.");
    cloud.at("2.98").post(&path, ask("spice", "spice-direct")).await.fault(400);
    let why = cloud.at("2.99").post(&path, ask("spice", "spice-direct")).await.fault(400);
    assert_eq!(why, "Unavailable console type spice-direct.");
    cloud.post(&path, json!({ "remote_console": {} })).await.fault(400);
    cloud.post("/servers/nonsense/remote-consoles", ask("vnc", "novnc")).await.fault(404);
    let other = format!("/compute/v2.1{path}");
    cloud.call(Persona::OtherMember, "POST", &other, Some(ask("vnc", "novnc"))).await.fault(404);
    cloud.call(Persona::Reader, "POST", &other, Some(ask("vnc", "novnc"))).await.fault(403);
}

#[tokio::test]
async fn the_older_actions_end_with_2_6() {
    let mut cloud = Cloud::start().await;
    let id = cloud.boot(json!({"name": "web"})).await;
    cloud.at("2.5");
    for (action, kind) in [("os-getVNCConsole", "novnc"), ("os-getSerialConsole", "serial")] {
        let console = cloud.action(&id, json!({ action: { "type": kind } })).await.expect(200);
        assert_eq!(console["console"]["type"], kind);
        assert!(!token(&console["console"]["url"]).is_empty());
        cloud.action(&id, json!({ action: { "type": "nonsense" } })).await.fault(400);
        cloud.action(&id, json!({ action: { "type": kind, "more": 1 } })).await.fault(400);
    }
    let why = cloud.action(&id, json!({"os-getVNCConsole": {"type": "xvpvnc"}})).await.fault(400);
    assert_eq!(why, "Invalid console type xvpvnc");
    let why = cloud.action(&id, json!({"os-getSPICEConsole": {"type": "spice-html5"}})).await.fault(400);
    assert_eq!(why, "Unavailable console type spice-html5.");
    cloud.action(&id, json!({"os-getRDPConsole": {"type": "rdp-html5"}})).await.fault(400);
    cloud.at("2.6");
    for action in ["os-getVNCConsole", "os-getSPICEConsole", "os-getRDPConsole", "os-getSerialConsole"] {
        cloud.action(&id, json!({ action: { "type": "novnc" } })).await.fault(404);
    }
}

#[tokio::test]
async fn only_a_guest_that_runs_has_a_console() {
    let mut cloud = Cloud::start().await;
    let id = cloud.create(json!({"name": "web"})).await;
    let path = format!("/servers/{id}/remote-consoles");
    let not_ready = format!("Instance {id} is not ready");
    assert_eq!(cloud.at("2.6").post(&path, ask("vnc", "novnc")).await.fault(409), not_ready);
    cloud.run().await;
    cloud.action(&id, json!({"pause": null})).await;
    cloud.run().await;
    cloud.post(&path, ask("vnc", "novnc")).await.expect(200);
    cloud.action(&id, json!({"unpause": null})).await;
    cloud.run().await;
    let server = id.parse().unwrap();
    let because = "the guest was started by a version without this console".to_owned();
    let old = NodeError::Refused { because };
    cloud.node.faults().fail_with(Call::OpenConsole, Some(server), Times::N(1), old);
    let why = cloud.post(&path, ask("vnc", "novnc")).await.fault(409);
    assert!(why.contains("by a version without this console"), "{why}");
    cloud.node.faults().fail(Call::OpenConsole, Times::N(1));
    cloud.post(&path, ask("vnc", "novnc")).await.fault(503);
    assert_eq!(
        cloud.count("SELECT COUNT(*) AS n FROM console_tokens").await,
        1,
        "no right to what is not there"
    );
    cloud.action(&id, json!({"os-stop": null})).await;
    cloud.run().await;
    assert_eq!(cloud.post(&path, ask("serial", "serial")).await.fault(409), not_ready);
}

on_both! {
    a_token_says_where_the_console_is_until_it_ends(cloud) {
        let id = cloud.boot(json!({"name": "web"})).await;
        let token = granted(&mut cloud, &id, ("vnc", "novnc")).await;
        let path = format!("/os-console-auth-tokens/{token}");
        cloud.at("2.30").admin("GET", &path, None).await.fault(400);
        let found = cloud.at("2.31").admin("GET", &path, None).await.expect(200);
        let host = cloud.host_of(&id).await;
        let console =
            json!({"instance_uuid": id, "host": host, "port": 0, "internal_access_path": null});
        assert_eq!(found, json!({ "console": console }));
        assert_eq!(cloud.at("2.99").admin("GET", &path, None).await.expect(200), found);
        cloud.get(&path).await.fault(403);
        let why = cloud.admin("GET", "/os-console-auth-tokens/nonsense", None).await.fault(404);
        assert_eq!(why, "Token not found");
        let known = "SELECT COUNT(*) AS n FROM console_tokens";
        cloud.wait(595).await;
        cloud.admin("GET", &path, None).await.expect(200);
        cloud.wait(5).await;
        cloud.admin("GET", &path, None).await.fault(404);
        cloud.run().await;
        assert_eq!(cloud.count(known).await, 0, "what ended is not kept");
        let token = granted(&mut cloud, &id, ("serial", "serial")).await;
        assert_eq!(cloud.count("SELECT COUNT(*) AS n FROM console_tokens WHERE hash LIKE '%-%'").await, 0);
        cloud.delete(&format!("/servers/{id}")).await;
        cloud.run().await;
        assert_eq!(cloud.count(known).await, 0);
        let path = format!("/os-console-auth-tokens/{token}");
        cloud.at("2.31").admin("GET", &path, None).await.fault(404);
    }

    a_server_has_so_many_tokens_however_many_ask_at_once(cloud) {
        let id = cloud.boot(json!({"name": "web"})).await;
        let path = format!("/compute/v2.1/servers/{id}/remote-consoles");
        cloud.at("2.6");
        let tries = (0..100).map(|_| cloud.call(Persona::Member, "POST", &path, Some(ask("serial", "serial"))));
        for answer in join_all(tries).await {
            answer.expect(200);
        }
        assert_eq!(cloud.count("SELECT COUNT(*) AS n FROM console_tokens").await, 32);
    }
}
