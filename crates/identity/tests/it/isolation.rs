//! Every route × who asks: strangers get 401, members and readers see and change nothing that is not theirs.

use http::Method;
use kogge_http::{Access, RouteInfo};
use serde_json::json;

use crate::cloud::{Cloud, in_default, scoped};

/// Routes that answer 2xx to every token, by design.
const FOR_ALL: [&str; 8] = [
    "/v3/auth/projects",
    "/v3/auth/domains",
    "/v3/auth/system",
    "/v3/auth/catalog",
    "/v3/regions",
    "/v3/regions/{region_id}",
    "/v3/domains/{domain_id}",
    "/v3/credentials",
];

/// The path of a route with ids of things that are another's.
fn filled(cloud: &Cloud, path: &str) -> String {
    let snapshot = cloud.identity.snapshot();
    let (user, project) =
        (cloud.identity.seeded_user("alt_demo").unwrap(), cloud.identity.seeded_project("alt_demo").unwrap());
    let reader = snapshot.role_named("reader").unwrap().id.clone();
    let first = |id: Option<String>| id.unwrap_or_default();
    [
        ("{user_id}", user.to_string()),
        ("{project_id}", project.to_string()),
        ("{role_id}", reader.clone()),
        ("{implied_role_id}", reader),
        ("{domain_id}", "default".to_owned()),
        ("{region_id}", "RegionOne".to_owned()),
        ("{service_id}", first(snapshot.services.iter().next().map(|row| row.id.clone()))),
        ("{endpoint_id}", first(snapshot.endpoints.iter().next().map(|row| row.id.clone()))),
    ]
    .iter()
    .fold(path.to_owned(), |path, (name, id)| path.replace(name, id))
    .replace(['{', '}'], "")
}

fn body(route: &RouteInfo) -> Option<serde_json::Value> {
    let wants = [Method::POST, Method::PATCH].contains(&route.method)
        || route.path == "/v3/projects/{project_id}/tags";
    let all = json!({
        "user": {"name": "x", "domain_id": "default"}, "group": {"name": "x", "domain_id": "default"},
    });
    let key = match route.path.split('/').nth(2).unwrap_or("") {
        "users" if route.path.ends_with("application_credentials") => {
            return wants.then(|| json!({"application_credential": {"name": "x"}}));
        }
        "users" if route.path.ends_with("OS-EC2") => return wants.then(|| json!({"tenant_id": "x"})),
        "users" => "user",
        "groups" => "group",
        "projects" if route.path.ends_with("/tags") => return wants.then(|| json!({"tags": ["x"]})),
        "projects" => return wants.then(|| json!({"project": {"name": "x"}})),
        "domains" => return wants.then(|| json!({"domain": {"name": "x"}})),
        "roles" => return wants.then(|| json!({"role": {"name": "x"}})),
        "regions" => return Some(json!({"region": {"description": "x"}})),
        "services" => return wants.then(|| json!({"service": {"type": "x"}})),
        "endpoints" if route.method == Method::PATCH => return Some(json!({"endpoint": {"enabled": false}})),
        "endpoints" => {
            return wants
                .then(|| json!({"endpoint": {"service_id": "x", "interface": "public", "url": "http://a"}}));
        }
        "ec2tokens" | "s3tokens" => return Some(json!({"credentials": {"access": "x"}})),
        "credentials" if route.method == Method::PATCH => return Some(json!({"credential": {"blob": "x"}})),
        "credentials" => {
            return wants.then(|| json!({"credential": {"user_id": "x", "type": "t", "blob": "b"}}));
        }
        _ => return None,
    };
    wants.then(|| json!({ key: all[key].clone() }))
}

#[tokio::test]
async fn strangers_and_ended_tokens_get_401_everywhere() {
    let cloud = Cloud::start().await;
    let ended = cloud.demo().await;
    cloud.subject(&ended, Method::DELETE, &ended).await.expect(204);
    for route in kogge_identity::routes().table() {
        if route.access == Access::Public {
            continue;
        }
        for token in ["", "garbage", &ended] {
            let answer =
                cloud.call(token, route.method.clone(), &filled(&cloud, route.path), body(route)).await;
            assert_eq!(answer.status, 401, "{} {} with {token:?}", route.method, route.path);
        }
    }
}

/// Keystone looks these up before it asks the policy; the others it asks about first, so that nobody learns what there is.
#[tokio::test]
async fn what_is_not_there_is_404_or_403_to_whom_may_not_as_keystone_has_it() {
    let cloud = Cloud::start().await;
    let (admin, demo) = (cloud.admin().await, cloud.demo().await);
    let role = cloud.identity.snapshot().role_named("member").unwrap().id.clone();
    let body = json!({"group": {"name": "g"}});
    let group = cloud.post(&admin, "/v3/groups", body).await.expect(201)["group"]["id"].clone();
    let group = format!("/v3/groups/{}", group.as_str().unwrap());
    let known = [
        (Method::PATCH, format!("/v3/roles/{role}"), "/v3/roles/unknown"),
        (Method::DELETE, format!("/v3/roles/{role}"), "/v3/roles/unknown"),
        (Method::PATCH, "/v3/domains/default".to_owned(), "/v3/domains/unknown"),
        (Method::DELETE, "/v3/domains/default".to_owned(), "/v3/domains/unknown"),
        (Method::DELETE, group.clone(), "/v3/groups/unknown"),
    ];
    let body = |method: &Method, path: &str| {
        let key = path.split('/').nth(2).unwrap().trim_end_matches('s');
        (*method == Method::PATCH).then(|| json!({ key: {"description": "d"} }))
    };
    for (method, there, unknown) in known {
        cloud.call(&demo, method.clone(), &there, body(&method, &there)).await.expect(403);
        cloud.call(&demo, method.clone(), unknown, body(&method, unknown)).await.expect(404);
    }
    cloud.get(&demo, "/v3/roles/unknown").await.expect(404);
    for (method, unknown) in [
        (Method::PATCH, "/v3/groups/unknown"),
        (Method::GET, "/v3/domains/unknown"),
        (Method::DELETE, "/v3/users/unknown"),
        (Method::DELETE, "/v3/projects/unknown"),
        (Method::DELETE, "/v3/services/unknown"),
    ] {
        cloud.call(&demo, method.clone(), unknown, body(&method, unknown)).await.expect(403);
    }
}

#[tokio::test]
async fn members_and_readers_reach_nothing_that_is_anothers() {
    let cloud = Cloud::start().await;
    let before = cloud.identity.snapshot().version;
    for (name, project) in [("demo", "demo"), ("demo-reader", "demo")] {
        let token = cloud.log_in(scoped(name, json!({"project": in_default(project)}))).await.token();
        for route in kogge_identity::routes().table() {
            let for_all = FOR_ALL.contains(&route.path) && route.method == Method::GET;
            if route.access == Access::Public || for_all || route.path == "/v3/auth/tokens" {
                continue;
            }
            let path = filled(&cloud, route.path);
            let answer = cloud.call(&token, route.method.clone(), &path, body(route)).await;
            // an unknown access key is 404 for everybody, and so is a group that shall go
            let is_key = path.ends_with("OS-EC2/credential_id");
            let is_group = route.path == "/v3/groups/{group_id}" && route.method == Method::DELETE;
            let status = if is_key || is_group { 404 } else { 403 };
            assert_eq!(answer.status, status, "{name}: {} {path}: {}", route.method, answer.body);
        }
    }
    assert_eq!(cloud.identity.snapshot().version, before, "nothing was written");
}

#[tokio::test]
async fn an_admin_never_gets_a_500() {
    let cloud = Cloud::start().await;
    let admin = cloud.admin().await;
    for route in kogge_identity::routes().table() {
        if route.method == Method::DELETE || route.access == Access::Public {
            continue;
        }
        let answer = cloud.call(&admin, route.method.clone(), &filled(&cloud, route.path), body(route)).await;
        assert!(
            answer.status.as_u16() < 500 && answer.status != 401 && answer.status != 405,
            "{} {}: {}",
            route.method,
            route.path,
            answer.status
        );
        let nonsense = cloud
            .call(&admin, route.method.clone(), &filled(&cloud, route.path), Some(json!([1, "x"])))
            .await;
        assert!(nonsense.status.as_u16() < 500, "{} {}", route.method, route.path);
    }
}
