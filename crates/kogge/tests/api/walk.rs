//! A user's walk: from nothing to a server with a floating IP, and back to nothing.

use kogge::test_cloud::TestCloud;
use serde_json::{Value, json};

use super::scene;

#[tokio::test]
async fn a_member_boots_a_server_reaches_it_and_leaves_nothing() {
    let cloud = super::cloud().await;
    let demo = cloud.session("kogge").await;
    let key = demo.post("/compute/v2.1/os-keypairs", json!({"keypair": {"name": "k"}})).await;
    assert!([200, 201].contains(&key.status), "{}", key.body);
    let (network, subnet) = scene::network(&demo, "net").await;
    let public = demo.get("/network/v2.0/networks?router:external=true").await;
    let public = public.body["networks"][0]["id"].as_str().unwrap().to_owned();
    let router = json!({"router": {"name": "r", "external_gateway_info": {"network_id": public}}});
    let router = demo.post("/network/v2.0/routers", router).await;
    assert_eq!(router.status, 201, "{}", router.body);
    let router = router.id("router");
    let path = format!("/network/v2.0/routers/{router}/add_router_interface");
    let added = demo.put(&path, json!({"subnet_id": subnet})).await;
    assert_eq!(added.status, 200, "{}", added.body);

    let image = scene::image(&demo, "guest").await;
    let flavor = scene::flavor(&demo, "SCS-1L-1-5").await;
    let body = json!({"server": {
        "name": "vm", "imageRef": image, "flavorRef": flavor, "key_name": "k", "networks": [{"uuid": network}],
    }});
    let made = demo.post("/compute/v2.1/servers", body).await;
    assert_eq!(made.status, 202, "{}", made.body);
    let id = made.id("server");
    scene::until_status(&cloud, &demo, &id, "ACTIVE").await;
    let path = format!("/compute/v2.1/servers/{id}/action");
    let read = json!({"os-getConsoleOutput": {}});
    let mut console = demo.post(&path, read.clone()).await;
    // where calls to the node are lost, "try again later" is an answer
    for _ in 0..50 {
        if console.status != 503 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        console = demo.post(&path, read.clone()).await;
    }
    assert!(console.body["output"].as_str().unwrap_or("").contains("login:"), "{}", console.body);

    let port = demo.get(&format!("/network/v2.0/ports?device_id={id}")).await;
    let port = port.body["ports"][0]["id"].as_str().unwrap().to_owned();
    let fip = json!({"floatingip": {"floating_network_id": public, "port_id": port}});
    let fip = demo.post("/network/v2.0/floatingips", fip).await;
    assert_eq!(fip.status, 201, "{}", fip.body);
    let address = fip.body["floatingip"]["floating_ip_address"].as_str().unwrap().to_owned();
    let shown = demo.get(&format!("/compute/v2.1/servers/{id}")).await;
    assert!(shown.body["server"]["addresses"].to_string().contains(&address), "{}", shown.body);

    assert_eq!(demo.delete(&format!("/compute/v2.1/servers/{id}")).await.status, 204);
    scene::until_status(&cloud, &demo, &id, "gone").await;
    let ports = demo.get(&format!("/network/v2.0/ports?device_id={id}")).await;
    assert_eq!(ports.body["ports"], json!([]));
    scene::until_no_guest(&cloud).await;
    nothing_is_allocated(&cloud).await;
    cloud.stop().await;
}

/// No host has anything given away.
pub(crate) async fn nothing_is_allocated(cloud: &TestCloud) {
    let admin = cloud.session("kogge-admin").await;
    let providers = admin.get("/placement/resource_providers").await;
    for provider in providers.body["resource_providers"].as_array().unwrap() {
        let path = format!("/placement/resource_providers/{}/usages", provider["uuid"].as_str().unwrap());
        let usages = admin.get(&path).await;
        for (class, used) in usages.body["usages"].as_object().unwrap() {
            assert_eq!(used, &Value::from(0), "{class} is still allocated");
        }
    }
}

#[tokio::test]
async fn links_follow_a_tls_proxy_with_a_prefix() {
    let cloud = TestCloud::start().await;
    let http = reqwest::Client::new();
    let answer = http
        .get(format!("{}/compute/v2.1", cloud.root()))
        .header("x-forwarded-proto", "https")
        .header("x-forwarded-host", "cloud.example")
        .header("x-forwarded-prefix", "/os")
        .send()
        .await
        .unwrap();
    let text = answer.text().await.unwrap();
    assert!(text.contains("https://cloud.example/os/compute/v2.1"), "{text}");
    cloud.stop().await;
}
