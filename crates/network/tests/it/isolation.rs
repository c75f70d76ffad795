//! Every route by every persona: what belongs to others is not there.

use http::Method;
use kogge_auth::testing::Persona;
use kogge_http::Access;
use serde_json::{Value, json};

use crate::cloud::{Cloud, both, id};

/// One of each thing, of the member's project: path of its list → id.
async fn things(cloud: &Cloud) -> Vec<(&'static str, String)> {
    let (network, subnet, router, external) = cloud.routed("10.1.0.0/24").await;
    let port = id(&cloud.make("port", json!({"network_id": network})).await);
    let floating = id(&cloud.make("floatingip", json!({"floating_network_id": external})).await);
    let group = cloud.make("security_group", json!({"name": "g"})).await;
    let rule = id(&group["security_group_rules"][0]);
    let pool = id(&cloud.make("subnetpool", json!({"name": "p", "prefixes": ["10.0.0.0/8"]})).await);
    let scope = cloud
        .ok(201, "POST", "/address-scopes", json!({"address_scope": {"name": "s", "ip_version": 4}}))
        .await;
    let policy = json!({"object_type": "network", "object_id": network, "action": "access_as_shared", "target_tenant": "d"});
    let policy = cloud.ok(201, "POST", "/rbac-policies", json!({"rbac_policy": policy})).await;
    vec![
        ("/networks", network),
        ("/subnets", subnet),
        ("/ports", port),
        ("/routers", router),
        ("/floatingips", floating),
        ("/security-groups", id(&group)),
        ("/security-group-rules", rule),
        ("/subnetpools", pool),
        ("/address-scopes", id(&scope["address_scope"])),
        ("/rbac-policies", id(&policy["rbac_policy"])),
    ]
}

fn word(path: &str) -> &'static str {
    match path {
        "/networks" => "network",
        "/subnets" => "subnet",
        "/ports" => "port",
        "/routers" => "router",
        "/floatingips" => "floatingip",
        "/security-groups" => "security_group",
        "/security-group-rules" => "security_group_rule",
        "/subnetpools" => "subnetpool",
        "/address-scopes" => "address_scope",
        _ => "rbac_policy",
    }
}

both!(strangers_see_nothing_and_readers_change_nothing, cloud, {
    for (path, id) in things(cloud).await {
        let one = format!("{path}/{id}");
        let (field, value) = match path {
            "/floatingips" => ("description", "stolen"),
            "/rbac-policies" => ("target_tenant", "stolen"),
            _ => ("name", "stolen"),
        };
        let change = json!({ word(path): {field: value} });
        for who in Persona::WITHOUT_PROJECT {
            assert_eq!(cloud.call(who, "GET", path, Value::Null).await.0, 403, "{who:?} {path}");
            assert_eq!(cloud.call(who, "POST", path, change.clone()).await.0, 403, "{who:?} {path}");
            for method in ["GET", "DELETE"] {
                assert_eq!(cloud.call(who, method, &one, Value::Null).await.0, 404, "{who:?} {one}");
            }
        }
        for who in [Persona::OtherMember, Persona::OtherReader] {
            assert_eq!(cloud.call(who, "GET", &one, Value::Null).await.0, 404, "{who:?} {one}");
            assert_eq!(cloud.call(who, "DELETE", &one, Value::Null).await.0, 404, "{who:?} {one}");
            let (_, list) = cloud.call(who, "GET", path, Value::Null).await;
            assert!(!list.to_string().contains(&id), "{who:?} sees {one} in {list}");
            if path != "/security-group-rules" {
                let (status, body) = cloud.call(who, "PUT", &one, change.clone()).await;
                assert_eq!(status, 404, "{who:?} {one} {body}");
            }
        }
        assert_eq!(cloud.call(Persona::Reader, "GET", &one, Value::Null).await.0, 200, "{one}");
        let (status, body) = cloud.call(Persona::Reader, "DELETE", &one, Value::Null).await;
        assert_eq!(status, 403, "{one} {body}");
        assert_eq!(cloud.call(Persona::Admin, "GET", &one, Value::Null).await.0, 200, "{one}");
    }
});

both!(every_route_wants_a_token_and_never_breaks, cloud, {
    let routes = kogge_network::routes();
    assert!(routes.table().len() > 90);
    for route in routes.table() {
        let path = route
            .path
            .replace("{id}", "nonsense")
            .replace("{tag}", "t")
            .replace("{alias}", "a")
            .replace("{project}", "p");
        if route.access != Access::Public {
            let (status, _) = cloud.send(None, route.method.clone(), &path, &[], None).await;
            assert_eq!(status, 401, "{} {path}", route.method);
            let (status, _) = cloud.send(Some("forged"), route.method.clone(), &path, &[], None).await;
            assert_eq!(status, 401, "{} {path}", route.method);
        }
        for who in Persona::ALL {
            for body in
                [Value::Null, json!({}), json!([]), json!({"network": {"name": []}}), json!({"tags": [1]})]
            {
                let body = (route.method != Method::GET && !body.is_null()).then_some(body);
                let (status, answer) =
                    cloud.send(Some(who.token()), route.method.clone(), &path, &[], body.clone()).await;
                assert!(
                    status.as_u16() < 500,
                    "{who:?} {} {path} {body:?} → {status} {answer}",
                    route.method
                );
            }
        }
    }
});

both!(readers_and_strangers_create_nothing, cloud, {
    let network = cloud.network().await;
    let bodies = [
        ("/networks", json!({"network": {}})),
        ("/subnets", json!({"subnet": {"network_id": network, "cidr": "10.0.0.0/24", "ip_version": 4}})),
        ("/ports", json!({"port": {"network_id": network}})),
        ("/routers", json!({"router": {}})),
        ("/security-groups", json!({"security_group": {"name": "g"}})),
        ("/subnetpools", json!({"subnetpool": {"name": "p", "prefixes": ["10.0.0.0/8"]}})),
        ("/address-scopes", json!({"address_scope": {"name": "s", "ip_version": 4}})),
    ];
    for (path, body) in bodies {
        let (status, answer) = cloud.call(Persona::Reader, "POST", path, body.clone()).await;
        assert_eq!(status, 403, "{path} {answer}");
        if path == "/ports" || path == "/subnets" {
            assert_eq!(cloud.call(Persona::OtherMember, "POST", path, body).await.0, 404, "{path}");
        }
    }
});

both!(what_nobody_may_change_is_said_before_whose_thing_it_is, cloud, {
    let pool = id(&cloud.make("subnetpool", json!({"name": "p", "prefixes": ["10.0.0.0/8"]})).await);
    let path = format!("/subnetpools/{pool}");
    let fixed = json!({"subnetpool": {"shared": true}});
    for who in [Persona::OtherMember, Persona::Member] {
        let (status, answer) = cloud.call(who, "PUT", &path, fixed.clone()).await;
        assert_eq!(status, 400, "{who:?}: {answer}");
        assert_eq!(answer["NeutronError"]["message"], "Cannot update read-only attribute shared", "{who:?}");
    }
    let change = json!({"subnetpool": {"name": "stolen"}});
    assert_eq!(cloud.call(Persona::OtherMember, "PUT", &path, change).await.0, 404);
});
