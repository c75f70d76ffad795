//! `kogge explain` over the control socket: what became of a server, a volume and a port.

use std::path::Path;

use kogge::control::{self, Request};
use kogge::data_dir::DataDir;
use kogge::test_cloud::TestCloud;
use kogge_resource::story::Line;
use serde_json::json;

use crate::scene;

/// What is told, in one text; nothing where there is no such thing.
async fn told(cloud: &TestCloud, request: Request) -> Option<String> {
    let yaml = cloud.clouds_yaml();
    let data = DataDir::chosen(Path::new(&yaml).parent()).unwrap();
    let answer: Option<Result<Option<Vec<Line>>, String>> =
        control::ask(&data.control_socket(), request).await.unwrap();
    let lines = answer.unwrap().unwrap();
    lines.map(|lines| lines.iter().map(|line| format!("{}\n", line.what)).collect())
}

#[tokio::test]
async fn operators_are_told_what_became_of_a_server_its_volume_and_its_port() {
    let cloud = crate::cloud().await;
    let demo = cloud.session("kogge").await;
    let volume = json!({"volume": {"size": 1, "name": "data"}});
    let volume = demo.post("/volume/v3/volumes", volume).await.id("volume");
    let path = format!("/volume/v3/volumes/{volume}");
    let is = async |wanted: &str| demo.get(&path).await.body["volume"]["status"] == wanted;
    cloud.until("the volume to be made", async || is("available").await).await;
    let made = demo.post("/compute/v2.1/servers", scene::server_body(&demo, "web").await).await;
    let server = made.id("server");
    scene::until_status(&cloud, &demo, &server, "ACTIVE").await;
    let attach = json!({"volumeAttachment": {"volumeId": volume}});
    let attach = demo.post(&format!("/compute/v2.1/servers/{server}/os-volume_attachments"), attach).await;
    assert_eq!(attach.status, 200, "{}", attach.body);
    cloud.until("the volume to be in use", async || is("in-use").await).await;
    let ports = demo.get(&format!("/network/v2.0/ports?device_id={server}")).await;
    let port = ports.body["ports"][0]["id"].as_str().unwrap().to_owned();

    let id = server.parse().unwrap();
    let text = told(&cloud, Request::ExplainServer { id }).await.unwrap();
    assert!(text.starts_with("asked for by user") && text.contains("now: ACTIVE"), "{text}");

    let id = volume.parse().unwrap();
    let text = told(&cloud, Request::ExplainVolume { id }).await.unwrap();
    assert!(text.starts_with("asked for by user") && text.contains("1 GiB of type __DEFAULT__"), "{text}");
    assert!(text.contains("; placed on memory"), "{text}");
    assert!(text.contains(&format!("promised to server {server}")), "{text}");
    assert!(text.contains(&format!("in use by server {server} on ")), "{text}");
    assert!(text.ends_with("now: in-use; nothing is left to do\n"), "{text}");

    let id = port.parse().unwrap();
    let text = told(&cloud, Request::ExplainPort { id }).await.unwrap();
    assert!(text.starts_with("made in project ") && text.contains("with 10."), "{text}");
    let now = format!("now: ACTIVE; server {server} holds it; up on ");
    assert!(text.contains(&now) && text.contains("security groups filter it"), "{text}");

    let nobody = "70a599e0-31e7-49b7-b260-868f441e862b";
    assert_eq!(told(&cloud, Request::ExplainVolume { id: nobody.parse().unwrap() }).await, None);
    assert_eq!(told(&cloud, Request::ExplainPort { id: nobody.parse().unwrap() }).await, None);
    assert_eq!(told(&cloud, Request::ExplainServer { id: nobody.parse().unwrap() }).await, None);
}
