//! Addresses of servers by Nova's words of old: the actions before 2.44 and the proxies before 2.36.

use http::Method;
use kogge::test_cloud::{Answer, Session, TestCloud};
use serde_json::{Value, json};

use crate::races::{judge, rush};
use crate::scene;

const FLOATING: &str = "/compute/v2.1/os-floating-ips";

/// A running server on a network behind a router.
struct Scene {
    cloud: TestCloud,
    demo: Session,
    network: String,
    subnet: String,
    public: Value,
    server: String,
}

impl Scene {
    async fn new() -> Self {
        let cloud = TestCloud::start().await;
        let demo = cloud.session("kogge").await;
        let public =
            demo.get("/network/v2.0/networks?router:external=true").await.body["networks"][0].clone();
        let (network, subnet) = scene::routed(&demo, public["id"].as_str().unwrap()).await;
        let body = scene::server_body(&demo, "addressed").await;
        let mut scene = Self { cloud, demo, network, subnet, public, server: String::new() };
        scene.server = scene.server(body).await;
        scene
    }

    async fn server(&self, mut body: Value) -> String {
        body["server"]["networks"] = json!([{ "uuid": self.network }]);
        let made = self.demo.post("/compute/v2.1/servers", body).await;
        assert_eq!(made.status, 202, "{}", made.body);
        let id = made.id("server");
        scene::until_status(&self.cloud, &self.demo, &id, "ACTIVE").await;
        id
    }

    async fn act(&self, who: &Session, action: &str, body: Value) -> Answer {
        let path = format!("/compute/v2.1/servers/{}/action", self.server);
        who.post(&path, Value::from_iter([(action.to_owned(), body)])).await
    }

    /// The addresses of the server, of one type.
    async fn addresses(&self, kind: &str) -> Vec<String> {
        let answer = self.demo.get(&format!("/compute/v2.1/servers/{}", self.server)).await;
        let all = answer.body["server"]["addresses"].as_object().unwrap().clone();
        let all = all.into_iter().flat_map(|(_, list)| list.as_array().unwrap().clone());
        let fitting = all.filter(|one| one["OS-EXT-IPS:type"] == kind);
        fitting.map(|one| one["addr"].as_str().unwrap().to_owned()).collect()
    }
}

fn message(answer: &Answer) -> &str {
    let fault = answer.body.as_object().unwrap().values().next().unwrap();
    fault["message"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_gets_and_loses_fixed_addresses() {
    let scene = Scene::new().await;
    let demo = &scene.demo;
    let first = scene.addresses("fixed").await;
    assert_eq!(first.len(), 1);
    let added = scene.act(demo, "addFixedIp", json!({"networkId": scene.network})).await;
    assert_eq!((added.status, added.bytes.len()), (202, 0), "{}", added.body);
    let both = scene.addresses("fixed").await;
    assert_eq!(both.len(), 2, "{both:?}");
    let removed = scene.act(demo, "removeFixedIp", json!({"address": first[0]})).await;
    assert_eq!(removed.status, 202, "{}", removed.body);
    assert_eq!(
        scene.addresses("fixed").await,
        both.iter().filter(|ip| **ip != first[0]).cloned().collect::<Vec<_>>()
    );
    let again = scene.act(demo, "removeFixedIp", json!({"address": first[0]})).await;
    assert_eq!(again.status, 400, "{}", again.body);
    let why = format!("Instance {} does not have fixed IP '{}'.", scene.server, first[0]);
    assert_eq!(message(&again), why);
    for unknown in [
        json!("00000000-0000-4000-8000-000000000000"),
        json!("nothing"),
        json!(7),
        scene.public["id"].clone(),
    ] {
        let answer = scene.act(demo, "addFixedIp", json!({"networkId": unknown})).await;
        assert_eq!(answer.status, 404, "{unknown}: {}", answer.body);
    }
    for (action, body) in [
        ("addFixedIp", json!({})),
        ("addFixedIp", json!({"networkId": ""})),
        ("addFixedIp", json!({"networkId": "n".repeat(37)})),
        ("addFixedIp", json!({"networkId": scene.network, "more": 1})),
        ("removeFixedIp", json!({"address": "10.8.0.300"})),
        ("removeFixedIp", Value::Null),
        ("addFloatingIp", json!({"fixed_address": "10.8.0.3"})),
        ("removeFloatingIp", json!({"address": 7})),
    ] {
        let answer = scene.act(demo, action, body.clone()).await;
        assert_eq!(answer.status, 400, "{action} {body}: {}", answer.body);
    }
    scene.act(demo, "lock", Value::Null).await;
    let locked = scene.act(demo, "addFixedIp", json!({"networkId": scene.network})).await;
    assert_eq!(locked.status, 409, "{}", locked.body);
    assert_eq!(scene.addresses("fixed").await.len(), 1);
    scene.cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_floating_ip_is_taken_led_to_a_server_and_given_back() {
    let scene = Scene::new().await;
    let demo = &scene.demo;
    let pool = scene.public["name"].clone();
    let pools = demo.get("/compute/v2.1/os-floating-ip-pools").await;
    assert_eq!(pools.body, json!({"floating_ip_pools": [{"name": pool}]}));
    let made = demo.post(FLOATING, json!({"pool": pool})).await;
    assert_eq!(made.status, 200, "{}", made.body);
    let floating = made.body["floating_ip"].clone();
    let address = floating["ip"].as_str().unwrap();
    let id = floating["id"].as_str().unwrap();
    let free = json!({"id": id, "ip": address, "fixed_ip": null, "instance_id": null, "pool": pool});
    assert_eq!(floating, free);
    assert_eq!(demo.get(FLOATING).await.body, json!({"floating_ips": [free]}));
    let fixed = scene.addresses("fixed").await;
    let unfit =
        scene.act(demo, "addFloatingIp", json!({"address": address, "fixed_address": "10.8.0.250"})).await;
    assert_eq!((unfit.status, message(&unfit)), (400, "Specified fixed address not assigned to instance"));
    let unknown = scene.act(demo, "addFloatingIp", json!({"address": "192.0.2.99"})).await;
    assert_eq!((unknown.status, message(&unknown)), (404, "floating IP not found"));
    let early = scene.act(demo, "removeFloatingIp", json!({"address": address})).await;
    assert_eq!(early.status, 409, "{}", early.body);
    let led = scene.act(demo, "addFloatingIp", json!({"address": address})).await;
    assert_eq!((led.status, led.bytes.len()), (202, 0), "{}", led.body);
    assert_eq!(scene.addresses("floating").await, [address]);
    let shown = demo.get(&format!("{FLOATING}/{id}")).await.body["floating_ip"].clone();
    assert_eq!((&shown["instance_id"], &shown["fixed_ip"]), (&json!(scene.server), &json!(fixed[0])));
    let parted = scene.act(demo, "removeFloatingIp", json!({"address": address})).await;
    assert_eq!(parted.status, 202, "{}", parted.body);
    assert!(scene.addresses("floating").await.is_empty());
    assert_eq!(scene.act(demo, "removeFloatingIp", json!({"address": "192.0.2.99"})).await.status, 404);
    scene.act(demo, "addFloatingIp", json!({"address": address, "fixed_address": fixed[0]})).await;
    let second = demo.post(FLOATING, Value::Null).await;
    assert_eq!(second.status, 200, "without a pool it is the one there is: {}", second.body);
    let other = second.body["floating_ip"]["ip"].as_str().unwrap();
    let twice = scene.act(demo, "addFloatingIp", json!({"address": other})).await;
    assert_eq!(twice.status, 400, "a fixed address has one floating IP: {}", twice.body);
    let gone = demo.delete(&format!("{FLOATING}/{id}")).await;
    assert_eq!((gone.status, gone.bytes.len()), (202, 0), "{}", gone.body);
    assert!(scene.addresses("floating").await.is_empty());
    for answer in
        [demo.get(&format!("{FLOATING}/{id}")).await, demo.delete(&format!("{FLOATING}/{id}")).await]
    {
        let why = format!("Floating IP not found for ID {id}");
        assert_eq!((answer.status, message(&answer)), (404, why.as_str()));
    }
    let none = demo.post(FLOATING, json!({"pool": "nothing"})).await;
    assert_eq!((none.status, message(&none)), (404, "Floating IP pool not found."));
    scene.cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_own_addresses_are_changed() {
    let scene = Scene::new().await;
    let (demo, alt) = (&scene.demo, scene.cloud.session("kogge-alt").await);
    let reader = scene.cloud.session("kogge-reader").await;
    let own = demo.post(FLOATING, json!({})).await.body["floating_ip"].clone();
    let foreign = alt.post(FLOATING, json!({})).await.body["floating_ip"].clone();
    let path = format!("{FLOATING}/{}", foreign["id"].as_str().unwrap());
    assert_eq!(demo.get(&path).await.status, 404);
    assert_eq!(demo.delete(&path).await.status, 404);
    assert_eq!(demo.get(FLOATING).await.body, json!({"floating_ips": [own]}));
    for action in ["addFloatingIp", "removeFloatingIp"] {
        let answer = scene.act(demo, action, json!({"address": foreign["ip"]})).await;
        assert_eq!(answer.status, 404, "{action}: {}", answer.body);
    }
    for (action, body) in [
        ("addFloatingIp", json!({"address": foreign["ip"]})),
        ("addFixedIp", json!({"networkId": scene.network})),
        ("removeFixedIp", json!({"address": scene.addresses("fixed").await[0]})),
    ] {
        assert_eq!(scene.act(&alt, action, body.clone()).await.status, 404, "{action}");
        assert_eq!(scene.act(&reader, action, body).await.status, 403, "{action}");
    }
    assert_eq!(reader.post(FLOATING, json!({})).await.status, 403);
    assert_eq!(reader.get(FLOATING).await.status, 200);
    assert_eq!(scene.addresses("fixed").await.len(), 1);
    scene.cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn networks_are_shown_in_words_of_old_up_to_their_last_version() {
    let scene = Scene::new().await;
    let demo = scene.demo.speaking("compute 2.35");
    let admin = scene.cloud.session("kogge-admin").await.speaking("compute 2.35");
    let list = demo.get("/compute/v2.1/os-networks").await;
    let ids: Vec<&Value> = list.body["networks"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    assert!(ids.contains(&&json!(scene.network)) && ids.contains(&&scene.public["id"]), "{}", list.body);
    let one = format!("/compute/v2.1/os-networks/{}", scene.network);
    let (seen, known) = (demo.get(&one).await.body, admin.get(&one).await.body);
    let fields = |body: &Value| body["network"].as_object().unwrap().len();
    assert_eq!((fields(&seen), fields(&known)), (11, 32), "{seen}");
    assert_eq!((&seen["network"]["label"], &seen["network"]["cidr"]), (&json!("routed"), &Value::Null));
    let tenant = demo.get(&format!("/compute/v2.1/os-tenant-networks/{}", scene.network)).await;
    assert_eq!(tenant.body["network"], json!({"id": scene.network, "label": "routed", "cidr": "None"}));
    assert_eq!(demo.get("/compute/v2.1/os-tenant-networks").await.status, 200);
    for path in ["os-networks/nothing", "os-tenant-networks/00000000-0000-4000-8000-000000000000"] {
        let answer = demo.get(&format!("/compute/v2.1/{path}")).await;
        assert_eq!((answer.status, message(&answer)), (404, "Network not found"));
    }
    let later = demo.speaking("compute 2.36");
    for path in ["os-networks", "os-tenant-networks", "os-floating-ips", "os-floating-ip-pools"] {
        assert_eq!(later.get(&format!("/compute/v2.1/{path}")).await.status, 404, "{path}");
    }
    for (method, path) in [
        (Method::POST, "os-networks"),
        (Method::POST, "os-networks/add"),
        (Method::POST, "os-networks/x/action"),
        (Method::DELETE, "os-networks/x"),
        (Method::POST, "os-tenant-networks"),
        (Method::DELETE, "os-tenant-networks/x"),
    ] {
        let path = format!("/compute/v2.1/{path}");
        assert_eq!(demo.send(method.clone(), &path, Some(json!({}))).await.status, 410, "{method} {path}");
        assert_eq!(scene.cloud.stranger().send(method.clone(), &path, None).await.status, 401, "{path}");
    }
    let last = demo.speaking("compute 2.43");
    assert_eq!(scene.act(&last, "addFixedIp", json!({"networkId": scene.network})).await.status, 202);
    let later = demo.speaking("compute 2.44");
    for action in ["addFixedIp", "removeFixedIp", "addFloatingIp", "removeFloatingIp"] {
        let answer = scene.act(&later, action, json!({"address": "10.8.0.9"})).await;
        assert_eq!(answer.status, 404, "{action}: {}", answer.body);
    }
    scene.cloud.stop().await;
}

/// A subnet of four free addresses, of which the server has one, and one floating IP for a hundred.
#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_at_once_get_what_there_is() {
    let scene = Scene::new().await;
    let demo = &scene.demo;
    let taken = scene.addresses("fixed").await[0].parse::<std::net::Ipv4Addr>().unwrap();
    let (start, end) = (u32::from(taken), u32::from(taken) + 3);
    let pool = json!({"start": taken, "end": std::net::Ipv4Addr::from(end)});
    let path = format!("/network/v2.0/subnets/{}", scene.subnet);
    let set = demo.put(&path, json!({"subnet": {"allocation_pools": [pool]}})).await;
    assert_eq!(set.status, 200, "{start}: {}", set.body);
    let action = format!("/compute/v2.1/servers/{}/action", scene.server);
    let body = json!({"addFixedIp": {"networkId": scene.network}});
    let ports = demo.get(&format!("/network/v2.0/ports?fixed_ips=subnet_id={}", scene.subnet)).await;
    let of_pool =
        ports.body["ports"].as_array().unwrap().iter().flat_map(|port| port["fixed_ips"].as_array().unwrap());
    let held = of_pool.filter(|ip| {
        let ip: std::net::Ipv4Addr = ip["ip_address"].as_str().unwrap().parse().unwrap();
        (start..=end).contains(&u32::from(ip))
    });
    let free = 4 - held.count();
    let answers = rush(demo, &Method::POST, |_| action.clone(), |_| body.clone()).await;
    assert_eq!(judge("fixed addresses", &answers, free), None);
    assert_eq!(scene.addresses("fixed").await.len(), 1 + free);
    let admin = scene.cloud.session("kogge-admin").await;
    let quota = format!("/network/v2.0/quotas/{}", demo.project_id());
    assert_eq!(admin.put(&quota, json!({"quota": {"floatingip": 3}})).await.status, 200);
    let answers = rush(demo, &Method::POST, |_| FLOATING.to_owned(), |_| json!({})).await;
    assert_eq!(judge("floating IPs", &answers, 3), None);
    let refused = answers.iter().find(|answer| answer.status >= 400).unwrap();
    assert_eq!((refused.status, message(refused)), (403, "IP allocation over quota."));
    let address = demo.get(FLOATING).await.body["floating_ips"][0]["ip"].clone();
    let fixed = scene.addresses("fixed").await;
    let answers = rush(
        demo,
        &Method::POST,
        |_| action.clone(),
        |number| json!({"addFloatingIp": {"address": address, "fixed_address": fixed[number % fixed.len()]}}),
    )
    .await;
    assert!(answers.iter().all(|answer| answer.status == 202), "all may have it, one after the other");
    assert_eq!(scene.addresses("floating").await.len(), 1, "it leads to one address");
    let body = json!({"removeFloatingIp": {"address": address}});
    let answers = rush(demo, &Method::POST, |_| action.clone(), |_| body.clone()).await;
    assert_eq!(judge("parting", &answers, 1), None);
    scene.cloud.stop().await;
}
