//! The route table: every route has a rule of the table, strangers get nothing, and other projects see nothing.

use std::collections::BTreeSet;

use kogge_auth::testing::Persona;
use kogge_http::Access;
use serde_json::json;

use super::cloud::Cloud;

#[test]
fn every_rule_of_a_route_stands_in_the_policy_table() {
    let known: BTreeSet<&str> = kogge_compute::RULES.rules.iter().map(|rule| rule.name).collect();
    for route in kogge_compute::routes().table() {
        if let Access::Rule(rule) = route.access {
            assert!(known.contains(rule.name), "{} {}", route.method, route.path);
        }
    }
}

#[test]
fn no_operation_stands_twice_in_the_route_table() {
    let routes = kogge_compute::routes();
    let mut seen = BTreeSet::new();
    for route in routes.table() {
        let key = (route.method.to_string(), route.path, route.action);
        assert!(seen.insert(key.clone()), "{key:?}");
    }
}

const VOLUME: &str = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";

fn filled(path: &str, server: &str) -> String {
    let mut filled = path.replace("/v2.1/servers/{id}", &format!("/v2.1/servers/{server}"));
    for (name, value) in [
        ("{id}", "x"),
        ("{key}", "k"),
        ("{tag}", "t"),
        ("{name}", "n"),
        ("{port}", "p"),
        ("{volume}", VOLUME),
    ] {
        filled = filled.replace(name, value);
    }
    for name in ["{network}", "{request}", "{alias}", "{project}", "{class}"] {
        filled = filled.replace(name, "x");
    }
    filled
}

#[tokio::test]
async fn nobody_without_token_gets_behind_the_version_documents() {
    let cloud = Cloud::start().await;
    for route in kogge_compute::routes().table() {
        let path = format!("/compute{}", filled(route.path, "70a599e0-31e7-49b7-b260-868f441e862b"));
        let answer = cloud.call_with("stranger", route.method.as_str(), &path, None).await;
        let public = route.access == Access::Public;
        assert_eq!(answer.status == 401, !public, "{} {path}: {}", route.method, answer.status);
    }
}

#[tokio::test]
async fn a_server_of_another_project_is_not_there_by_any_route() {
    let mut cloud = Cloud::start().await;
    let id = cloud.boot(json!({"metadata": {"k": "v"}})).await;
    cloud.at("2.34");
    for route in kogge_compute::routes().table() {
        // the older ways to a console are gone by this version
        let older = route.action.is_some_and(|action| action.ends_with("Console"));
        if older || !route.path.starts_with("/v2.1/servers/{id}") {
            continue;
        }
        let path = format!("/compute{}", filled(route.path, &id));
        let body = match route.action {
            Some("reboot") => json!({"reboot": {"type": "HARD"}}),
            Some("os-resetState") => json!({"os-resetState": {"state": "error"}}),
            Some("os-getConsoleOutput") => json!({"os-getConsoleOutput": {}}),
            Some("changePassword") => json!({"changePassword": {"adminPass": "x"}}),
            Some("createImage") => json!({"createImage": {"name": "x"}}),
            Some("createBackup") => {
                json!({"createBackup": {"name": "x", "backup_type": "daily", "rotation": 1}})
            }
            Some("os-migrateLive") => {
                json!({"os-migrateLive": {"host": null, "block_migration": "auto", "force": false}})
            }
            Some("evacuate") => json!({"evacuate": {}}),
            Some("rebuild") => json!({"rebuild": {"imageRef": cloud.image}}),
            Some("resize") => json!({"resize": {"flavorRef": "large"}}),
            Some(group @ ("addSecurityGroup" | "removeSecurityGroup")) => json!({group: {"name": "default"}}),
            Some("addFixedIp") => json!({"addFixedIp": {"networkId": "x"}}),
            Some(address @ ("removeFixedIp" | "addFloatingIp" | "removeFloatingIp")) => {
                json!({address: {"address": "10.0.0.9"}})
            }
            Some(action) => json!({ action: null }),
            None if route.path.ends_with("{migration}/action") => json!({"force_complete": null}),
            None if route.path.ends_with("/action") => json!({"os-stop": null}),
            None if route.path.ends_with("/metadata") => json!({"metadata": {"k": "w"}}),
            None if route.path.ends_with("{key}") => json!({"meta": {"k": "w"}}),
            None if route.path.ends_with("/remote-consoles") => {
                json!({"remote_console": {"protocol": "vnc", "type": "novnc"}})
            }
            None if route.path.ends_with("/tags") => json!({"tags": ["t"]}),
            None if route.path.contains("/os-volume_attachments") => {
                json!({"volumeAttachment": {"volumeId": VOLUME}})
            }
            None if route.path.ends_with("/os-interface") => json!({"interfaceAttachment": {}}),
            None => json!({"server": {"name": "stolen"}}),
        };
        let others = [Persona::OtherMember, Persona::OtherReader].map(|persona| (persona, 404));
        let without = Persona::WITHOUT_PROJECT.map(|persona| (persona, 403));
        for (persona, status) in others.into_iter().chain(without) {
            let body = matches!(route.method.as_str(), "POST" | "PUT").then(|| body.clone());
            let answer = cloud.call(persona, route.method.as_str(), &path, body).await;
            assert_eq!(
                answer.status, status,
                "{persona:?} {} {path} {:?}: {}",
                route.method, route.action, answer.body
            );
        }
        if route.method != http::Method::GET {
            let body = matches!(route.method.as_str(), "POST" | "PUT").then(|| body.clone());
            let answer = cloud.call(Persona::Reader, route.method.as_str(), &path, body).await;
            assert_eq!(
                answer.status, 403,
                "reader {} {path} {:?}: {}",
                route.method, route.action, answer.body
            );
        }
    }
    let server = cloud.show(&id).await;
    assert_eq!(
        (&server["name"], &server["status"], &server["metadata"]),
        (&json!("web"), &json!("ACTIVE"), &json!({"k": "v"}))
    );
}

#[tokio::test]
async fn admin_routes_are_closed_to_members() {
    let mut cloud = Cloud::start().await;
    cloud.at("2.35");
    for path in [
        "/os-hypervisors",
        "/os-hypervisors/detail",
        "/os-hypervisors/statistics",
        "/os-services",
        "/os-aggregates",
        "/os-availability-zone/detail",
        "/os-quota-class-sets/default",
        "/limits?tenant_id=x",
        "/flavors/small/os-flavor-access",
        "/servers?all_tenants=1",
    ] {
        for persona in [Persona::Member, Persona::Reader, Persona::OtherMember] {
            let answer = cloud.call(persona, "GET", &format!("/compute/v2.1{path}"), None).await;
            assert_eq!(answer.status, 403, "{persona:?} {path}");
        }
        assert_eq!(
            cloud.admin("GET", path, None).await.status / 100 * 100,
            if path.contains("access") { 400 } else { 200 },
            "{path}"
        );
    }
}
