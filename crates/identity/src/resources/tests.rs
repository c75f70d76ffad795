//! What requests cost: the same with ten thousand users as with a hundred. Work is counted, not time.

#[allow(dead_code, reason = "the other tests use the rest")]
#[path = "../../tests/it/cloud.rs"]
mod cloud;

use cloud::Cloud;
use http::Method;
use serde_json::{Value, json};

use crate::model::{Actor, Assignment, Credential, Extra, Group, Membership, Target, User, UserOptions};
use crate::snapshot::work::{self, Work};

const EVERYBODY: &str = "everybody";

fn id(number: usize) -> String {
    format!("{number:032x}")
}

fn user(number: usize) -> User {
    User {
        id: id(number),
        name: format!("user-{number:06}"),
        domain_id: "default".to_owned(),
        enabled: true,
        default_project_id: None,
        passwords: Vec::new(),
        options: UserOptions::default(),
        created_at: 0,
        extra: Extra::new(),
    }
}

/// A cloud of so many users. Each has a role on a project and a credential, and all are in one group.
async fn cloud_of(users: usize) -> Cloud {
    let cloud = Cloud::start().await;
    let snapshot = cloud.identity.snapshot();
    let role_id = snapshot.role_named("reader").unwrap().id.clone();
    let project_id = snapshot.project_named("default", "demo").unwrap().id.clone();
    let fill = |draft: &mut crate::Draft| {
        let (id_of_group, name) = (EVERYBODY.to_owned(), EVERYBODY.to_owned());
        let (domain_id, description, extra) = ("default".to_owned(), String::new(), Extra::new());
        draft.put(Group { id: id_of_group.clone(), name, domain_id, description, extra });
        for number in 0..users {
            let (user_id, group_id) = (id(number), id_of_group.clone());
            draft.put(user(number));
            draft.put(Membership { user_id: user_id.clone(), group_id });
            let (actor, target) = (Actor::User(user_id.clone()), Target::Project(project_id.clone()));
            draft.put(Assignment { actor, target, role_id: role_id.clone(), inherited: false });
            let (kind, sealed_blob) = ("cert".to_owned(), String::new());
            let (project_id, extra) = (None, Extra::new());
            draft.put(Credential { id: user_id.clone(), user_id, project_id, kind, sealed_blob, extra });
        }
        Ok(())
    };
    cloud.identity.write(fill).await.unwrap();
    cloud
}

/// Requests that concern one user or one page.
fn requests(cloud: &Cloud) -> Vec<(Method, String, Value)> {
    let (one, other) = (id(50), id(51));
    let snapshot = cloud.identity.snapshot();
    let role = &snapshot.role_named("member").unwrap().id;
    let project = &snapshot.project_named("default", "demo").unwrap().id;
    let grant = format!("/v3/projects/{project}/users/{one}/roles/{role}");
    let get = |path: String| (Method::GET, path, Value::Null);
    vec![
        get(format!("/v3/users/{one}")),
        get("/v3/users?limit=10".into()),
        get(format!("/v3/users?limit=10&marker={one}")),
        get("/v3/users?domain_id=default&limit=10".into()),
        get("/v3/users?name=user-000050".into()),
        get("/v3/users?name=user-000050&domain_id=default".into()),
        get(format!("/v3/groups/{EVERYBODY}/users?limit=10&marker={one}")),
        get(format!("/v3/groups/{EVERYBODY}/users/{one}")),
        get(format!("/v3/users/{one}/groups")),
        get(format!("/v3/users/{one}/projects")),
        get(format!("/v3/role_assignments?user.id={one}")),
        get(format!("/v3/role_assignments?user.id={one}&effective")),
        get(format!("/v3/credentials?user_id={one}")),
        get(format!("/v3/users/{one}/credentials/OS-EC2")),
        get("/v3/domains".into()),
        (Method::PATCH, format!("/v3/users/{one}"), json!({"user": {"email": "x"}})),
        // to a name beside the old one: far from each other they lie in two chunks, where there are two
        (Method::PATCH, format!("/v3/users/{one}"), json!({"user": {"name": "user-00005b"}})),
        (Method::PATCH, format!("/v3/users/{one}"), json!({"user": {"enabled": false}})),
        (Method::POST, "/v3/users".into(), json!({"user": {"name": "user-00005c"}})),
        (Method::POST, "/v3/users".into(), json!({"user": {"name": "user-00005c"}})),
        (Method::PATCH, format!("/v3/groups/{EVERYBODY}"), json!({"group": {"description": "x"}})),
        (Method::PUT, grant.clone(), Value::Null),
        (Method::DELETE, grant, Value::Null),
        (Method::DELETE, format!("/v3/groups/{EVERYBODY}/users/{one}"), Value::Null),
        (Method::PUT, format!("/v3/groups/{EVERYBODY}/users/{one}"), Value::Null),
        (
            Method::POST,
            "/v3/credentials".into(),
            json!({"credential": {"user_id": one, "type": "x", "blob": ""}}),
        ),
        (Method::DELETE, format!("/v3/users/{other}"), Value::Null),
    ]
}

async fn costs(users: usize) -> Vec<(String, u16, Work)> {
    let cloud = cloud_of(users).await;
    let admin = cloud.admin().await;
    let mut costs = Vec::new();
    for (method, path, body) in requests(&cloud) {
        let what = format!("{method} {path} {body}");
        work::take();
        let answer = cloud.call(&admin, method, &path, Some(body).filter(|body| !body.is_null())).await;
        costs.push((what, answer.status.as_u16(), work::take()));
    }
    costs
}

#[tokio::test]
async fn a_request_costs_the_same_with_ten_thousand_users_as_with_a_hundred() {
    let (few, many) = (costs(100).await, costs(10_000).await);
    let differ: Vec<_> = few.iter().zip(&many).filter(|(few, many)| few != many).collect();
    assert!(differ.is_empty(), "{differ:#?}");
    for (what, status, work) in &many {
        assert!((200..300).contains(status) || *status == 409, "{what}: {status}");
        assert!(work.read < 50 && work.written < 10 && work.copied < 30, "{what}: {work:?}");
    }
    // to see one user, only the roles of who asks are looked at
    assert_eq!(few[1].2.read, few[0].2.read + 11, "a page, and the item after it");
    assert!(few.iter().any(|(.., work)| work.copied > 0 && work.written == 1), "changes are counted");
}
