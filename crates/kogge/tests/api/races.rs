//! A hundred at once: of a quota of three just three are made, of one name just one, and nobody gets a 5xx.

use futures_util::future::join_all;
use http::Method;
use kogge::test_cloud::{Answer, Session, TestCloud};
use kogge_clock::Clock;
use serde_json::{Value, json};

use crate::scene;

const TRIES: usize = 100;
const ROOM: usize = 3;

/// Sends the same request a hundred times at once, with the number of the try for those that must differ.
pub(crate) async fn rush(
    session: &Session,
    method: &Method,
    path: impl Fn(usize) -> String,
    body: impl Fn(usize) -> Value,
) -> Vec<Answer> {
    let tries = (0..TRIES).map(|number| {
        let (session, method, path, body) = (session.clone(), method.clone(), path(number), body(number));
        async move { session.send(method, &path, Some(body)).await }
    });
    join_all(tries).await
}

/// Complains unless just `room` of the answers are successes and the others are the client's fault.
pub(crate) fn judge(what: &str, answers: &[Answer], room: usize) -> Option<String> {
    let good = answers.iter().filter(|answer| answer.status < 300).count();
    let odd = answers.iter().find(|answer| (300..400).contains(&answer.status) || answer.status >= 500);
    let told = odd.or(answers.iter().find(|answer| answer.status >= 300));
    let told = told.map_or(String::new(), |answer| format!("{} {}", answer.status, answer.body));
    (good != room || odd.is_some()).then(|| format!("{what}: {good} of {room} were made; others: {told}"))
}

/// How many of a list the caller has now.
async fn count(session: &Session, list: &str) -> usize {
    let answer = session.get(list).await;
    let items = answer.body.as_object().into_iter().flatten().find_map(|(_, value)| value.as_array());
    items.unwrap_or_else(|| panic!("{list}: {} {}", answer.status, answer.body)).len()
}

async fn set_quota(admin: &Session, path: &str, key: &str, name: &str, limit: usize) {
    let set = admin.put(path, json!({ key: { name: limit } })).await;
    assert_eq!(set.status, 200, "{name}: {}", set.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn networking_quotas_hold_for_a_hundred_at_once() {
    let cloud = TestCloud::start().await;
    let (admin, demo) = (cloud.session("kogge-admin").await, cloud.session("kogge").await);
    let (network, _) = scene::network(&demo, "crowded").await;
    let (public, _) = public(&demo).await;
    let group = demo.post("/network/v2.0/security-groups", json!({"security_group": {"name": "g"}})).await;
    let group = group.id("security_group");
    let quota = format!("/network/v2.0/quotas/{}", demo.project_id());
    let mut complaints = Vec::new();
    for (name, list, body) in [
        ("network", "networks", json!({"network": {"name": "n"}})),
        ("router", "routers", json!({"router": {"name": "r"}})),
        ("port", "ports", json!({"port": {"network_id": network}})),
        ("floatingip", "floatingips", json!({"floatingip": {"floating_network_id": public}})),
        ("security_group", "security-groups", json!({"security_group": {"name": "s"}})),
        ("subnetpool", "subnetpools", json!({"subnetpool": {"name": "p", "prefixes": ["10.200.0.0/16"]}})),
    ] {
        let path = format!("/network/v2.0/{list}");
        let own = format!("{path}?project_id={}", demo.project_id());
        let before = count(&demo, &own).await;
        set_quota(&admin, &quota, "quota", name, before + ROOM).await;
        let answers = rush(&demo, &Method::POST, |_| path.clone(), |_| body.clone()).await;
        complaints.extend(judge(name, &answers, ROOM));
        let after = count(&demo, &own).await;
        if after != before + ROOM {
            complaints.push(format!("{name}: {before} became {after}"));
        }
    }
    for (name, list, body) in [
        (
            "subnet",
            "subnets",
            (|network: &str, number: usize| {
                json!({"subnet": {"network_id": network, "ip_version": 4,
            "cidr": format!("10.201.{number}.0/24")}})
            }) as fn(&str, usize) -> Value,
        ),
        ("security_group_rule", "security-group-rules", |group, number| {
            json!({"security_group_rule": {
            "security_group_id": group, "direction": "ingress", "protocol": "tcp", "ethertype": "IPv4",
            "port_range_min": number + 1, "port_range_max": number + 1}})
        }),
    ] {
        let path = format!("/network/v2.0/{list}");
        let before = count(&demo, &format!("{path}?project_id={}", demo.project_id())).await;
        set_quota(&admin, &quota, "quota", name, before + ROOM).await;
        let of = if name == "subnet" { &network } else { &group };
        let answers = rush(&demo, &Method::POST, |_| path.clone(), |number| body(of, number)).await;
        complaints.extend(judge(name, &answers, ROOM));
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    cloud.stop().await;
}

/// Ids of the external network and its subnet.
async fn public(session: &Session) -> (String, String) {
    let found = session.get("/network/v2.0/networks?router:external=true").await;
    let network = &found.body["networks"][0];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&network["id"]), text(&network["subnets"][0]))
}

#[tokio::test(flavor = "multi_thread")]
async fn compute_quotas_hold_for_a_hundred_at_once() {
    let cloud = TestCloud::start().await;
    let (admin, demo) = (cloud.session("kogge-admin").await, cloud.session("kogge").await);
    let server = scene::server_body(&demo, "crowd").await;
    let quota = format!("/compute/v2.1/os-quota-sets/{}", demo.project_id());
    let named = |key: &'static str, more: Value| {
        move |number: usize| {
            let mut body = json!({"name": format!("x{number}")});
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            Value::from_iter([(key.to_owned(), body)])
        }
    };
    let mut complaints = Vec::new();
    for (name, list, body) in [
        ("server_groups", "os-server-groups", named("server_group", json!({"policies": ["affinity"]}))),
        ("key_pairs", "os-keypairs", named("keypair", json!({}))),
        ("instances", "servers", named("server", server["server"].clone())),
    ] {
        let path = format!("/compute/v2.1/{list}");
        set_quota(&admin, &quota, "quota_set", name, ROOM).await;
        let answers = rush(&demo, &Method::POST, |_| path.clone(), body).await;
        complaints.extend(judge(name, &answers, ROOM));
        let after = count(&demo, &path).await;
        if after != ROOM {
            complaints.push(format!("{name}: there are {after}"));
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_one_name_there_is_one() {
    // the logins of the test are not what is tried here
    let cloud = TestCloud::with(|config| config.identity.bcrypt_cost = 4, Clock::system()).await;
    let (admin, demo) = (cloud.session("kogge-admin").await, cloud.session("kogge").await);
    let (network, subnet) = scene::network(&demo, "one").await;
    let (public, _) = public(&admin).await;
    let user = demo.user_id();
    let id = "0f000000-0000-4000-8000-00000000000a";
    let mut complaints = Vec::new();
    for (session, path, body) in [
        (&demo, "/compute/v2.1/os-keypairs".to_owned(), json!({"keypair": {"name": "one"}})),
        (
            &admin,
            "/compute/v2.1/flavors".to_owned(),
            json!({"flavor": {"name": "one", "id": "one", "ram": 64, "vcpus": 1,
            "disk": 0}}),
        ),
        (&admin, "/compute/v2.1/os-aggregates".to_owned(), json!({"aggregate": {"name": "one"}})),
        (&admin, "/placement/resource_providers".to_owned(), json!({"name": "one"})),
        (&demo, "/image/v2/images".to_owned(), json!({"name": "one", "id": id})),
        (&admin, "/identity/v3/users".to_owned(), json!({"user": {"name": "one", "domain_id": "default"}})),
        (&admin, "/identity/v3/groups".to_owned(), json!({"group": {"name": "one", "domain_id": "default"}})),
        (
            &admin,
            "/identity/v3/projects".to_owned(),
            json!({"project": {"name": "one", "domain_id": "default"}}),
        ),
        (&admin, "/identity/v3/domains".to_owned(), json!({"domain": {"name": "one"}})),
        (&admin, "/identity/v3/roles".to_owned(), json!({"role": {"name": "one"}})),
        (&admin, "/identity/v3/regions".to_owned(), json!({"region": {"id": "one"}})),
        (
            &demo,
            format!("/identity/v3/users/{user}/application_credentials"),
            json!({"application_credential": {"name": "one"}}),
        ),
        (
            &demo,
            "/network/v2.0/subnets".to_owned(),
            json!({"subnet": {"network_id": network, "ip_version": 4,
            "cidr": "10.202.0.0/24"}}),
        ),
        (
            &demo,
            "/network/v2.0/ports".to_owned(),
            json!({"port": {"network_id": network,
            "fixed_ips": [{"subnet_id": subnet, "ip_address": "10.0.0.77"}]}}),
        ),
        (
            &demo,
            "/network/v2.0/ports".to_owned(),
            json!({"port": {"network_id": network,
            "mac_address": "fa:16:3e:00:00:77"}}),
        ),
        (
            &admin,
            "/network/v2.0/floatingips".to_owned(),
            json!({"floatingip": {"floating_network_id": public,
            "floating_ip_address": floating(&admin, &public).await}}),
        ),
        (
            &demo,
            "/network/v2.0/rbac-policies".to_owned(),
            json!({"rbac_policy": {"object_type": "network",
            "object_id": network, "action": "access_as_shared", "target_tenant": admin.project_id()}}),
        ),
    ] {
        let answers = rush(session, &Method::POST, |_| path.clone(), |_| body.clone()).await;
        complaints.extend(judge(&format!("{path} {body}"), &answers, 1));
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    cloud.stop().await;
}

/// An address of the external network that is free.
async fn floating(admin: &Session, public: &str) -> String {
    let body = json!({"floatingip": {"floating_network_id": public}});
    let made = admin.post("/network/v2.0/floatingips", body).await;
    let address = made.body["floatingip"]["floating_ip_address"].as_str().unwrap().to_owned();
    admin.delete(&format!("/network/v2.0/floatingips/{}", made.id("floatingip"))).await;
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_once_is_taken_by_one() {
    let cloud = TestCloud::start().await;
    let demo = cloud.session("kogge").await;
    let (network, subnet) = scene::network(&demo, "taken").await;
    let mut complaints = Vec::new();

    // one image, a hundred uploads
    let body = json!({"name": "u", "disk_format": "raw", "container_format": "bare"});
    let image = demo.post("/image/v2/images", body).await.body["id"].as_str().unwrap().to_owned();
    let file = format!("/image/v2/images/{image}/file");
    let uploads = join_all((0..TRIES).map(|number| {
        let (demo, file) = (demo.clone(), file.clone());
        let data = vec![u8::try_from(number).unwrap(); 4096];
        async move { demo.send_bytes(Method::PUT, &file, Some("application/octet-stream"), data).await }
    }));
    complaints.extend(judge("an upload", &uploads.await, 1));

    // one subnet, ten routers
    let mut routers = Vec::new();
    for _ in 0..10 {
        let made = demo.post("/network/v2.0/routers", json!({"router": {"name": "r"}})).await;
        routers.push(made.id("router"));
    }
    let path = |number: usize| format!("/network/v2.0/routers/{}/add_router_interface", routers[number % 10]);
    let answers = rush(&demo, &Method::PUT, path, |_| json!({"subnet_id": subnet})).await;
    complaints.extend(judge("the gateway of a subnet", &answers, 1));

    // one port, a hundred deletions
    let port = demo.post("/network/v2.0/ports", json!({"port": {"network_id": network}})).await.id("port");
    let removals =
        rush(&demo, &Method::DELETE, |_| format!("/network/v2.0/ports/{port}"), |_| Value::Null).await;
    complaints.extend(judge("a deletion", &removals, 1));
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    cloud.stop().await;
}
