//! SCS-0302: a domain manager manages the own domain, and only that.

use serde_json::{Value, json};

use crate::cloud::Cloud;

/// Domains `one` and `two`, each with a project, and a manager of `one`.
struct Domains {
    cloud: Cloud,
    admin: String,
    manager: String,
    one: String,
    two: String,
    their_user: String,
    their_project: String,
}

fn id(body: &Value, key: &str) -> String {
    body[key]["id"].as_str().unwrap().to_owned()
}

async fn domains() -> Domains {
    let cloud = Cloud::start().await;
    let admin = cloud.admin().await;
    let mut made = Vec::new();
    for name in ["one", "two"] {
        made.push(id(
            &cloud.post(&admin, "/v3/domains", json!({"domain": {"name": name}})).await.expect(201),
            "domain",
        ));
    }
    let (one, two) = (made[0].clone(), made[1].clone());
    let user =
        |name: &str, domain: &str| json!({"user": {"name": name, "password": "p", "domain_id": domain}});
    let boss = id(&cloud.post(&admin, "/v3/users", user("boss", &one)).await.expect(201), "user");
    let their_user = id(&cloud.post(&admin, "/v3/users", user("eve", &two)).await.expect(201), "user");
    let project = json!({"project": {"name": "p", "domain_id": two}});
    let their_project = id(&cloud.post(&admin, "/v3/projects", project).await.expect(201), "project");
    let role = cloud.identity.snapshot().role_named("manager").unwrap().id.clone();
    cloud.put(&admin, &format!("/v3/domains/{one}/users/{boss}/roles/{role}")).await.expect(204);
    let identity = json!({"methods": ["password"], "password": {"user": {"id": boss, "password": "p"}}});
    let manager = cloud.log_in(json!({"identity": identity, "scope": {"domain": {"id": one}}})).await.token();
    Domains { cloud, admin, manager, one, two, their_user, their_project }
}

fn role(cloud: &Cloud, name: &str) -> String {
    cloud.identity.snapshot().role_named(name).unwrap().id.clone()
}

#[tokio::test]
async fn a_manager_makes_users_groups_and_projects_in_the_own_domain() {
    let Domains { cloud, manager, one, two, .. } = domains().await;
    for (plural, key) in [("users", "user"), ("groups", "group"), ("projects", "project")] {
        let path = format!("/v3/{plural}");
        let own =
            cloud.post(&manager, &path, json!({ key: {"name": "new", "domain_id": one} })).await.expect(201);
        assert_eq!(own[key]["domain_id"], one.as_str());
        let own = format!("{path}/{}", id(&own, key));
        cloud.patch(&manager, &own, json!({ key: {"description": "d"} })).await.expect(200);
        cloud.post(&manager, &path, json!({ key: {"name": "new", "domain_id": two} })).await.expect(403);
        // that of the token is no domain that was named: Keystone asks the policy about none
        cloud.post(&manager, &path, json!({ key: {"name": "more"} })).await.expect(403);
        cloud.delete(&manager, &own).await.expect(204);
    }
}

#[tokio::test]
async fn a_manager_sees_only_the_own_domain() {
    let Domains { cloud, manager, one, two, their_user, their_project, .. } = domains().await;
    let users = cloud.get(&manager, "/v3/users").await.expect(200);
    assert!(users["users"].as_array().unwrap().iter().all(|user| user["domain_id"] == one.as_str()));
    let projects = cloud.get(&manager, "/v3/projects").await.expect(200);
    assert!(projects["projects"].as_array().unwrap().is_empty());
    let domains = cloud.get(&manager, "/v3/domains").await.expect(200);
    assert_eq!(domains["domains"].as_array().unwrap().len(), 1);
    for path in [
        format!("/v3/users/{their_user}"),
        format!("/v3/projects/{their_project}"),
        format!("/v3/domains/{two}"),
    ] {
        cloud.get(&manager, &path).await.expect(403);
    }
    let foreign = cloud
        .get(&manager, &format!("/v3/role_assignments?scope.project.id={their_project}"))
        .await
        .expect(200);
    assert!(foreign["role_assignments"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn sub_lists_show_the_own_domain_only() {
    let Domains { cloud, admin, manager, one, their_user, their_project, .. } = domains().await;
    let make = async |path: &str, key: &str, body: Value| {
        id(&cloud.post(&admin, path, json!({ key: body })).await.expect(201), key)
    };
    let own_user = make("/v3/users", "user", json!({"name": "own", "domain_id": one})).await;
    let own_group = make("/v3/groups", "group", json!({"name": "own", "domain_id": one})).await;
    let other_group = make("/v3/groups", "group", json!({"name": "foreign"})).await;
    let own_project = make("/v3/projects", "project", json!({"name": "own", "domain_id": one})).await;
    for (group, user) in [(&own_group, &own_user), (&other_group, &own_user), (&own_group, &their_user)] {
        cloud.put(&admin, &format!("/v3/groups/{group}/users/{user}")).await.expect(204);
    }
    let reader = role(&cloud, "reader");
    for (project, user) in
        [(&own_project, &own_user), (&their_project, &own_user), (&own_project, &their_user)]
    {
        cloud.put(&admin, &format!("/v3/projects/{project}/users/{user}/roles/{reader}")).await.expect(204);
    }
    let credential = |user: &str| json!({"user_id": user, "type": "cert", "blob": "b"});
    make("/v3/credentials", "credential", credential(&own_user)).await;
    make("/v3/credentials", "credential", credential(&their_user)).await;
    let admins = role(&cloud, "admin");
    let listed = async |token: &str, path: &str, key: &str| {
        let listed = cloud.get(token, path).await.expect(200);
        let ids = listed[key].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned());
        let mut ids: Vec<String> = ids.collect();
        ids.sort_unstable();
        ids.join(" ")
    };
    let count = |ids: String| ids.split_whitespace().count();
    let of_user = [("groups", &own_group), ("projects", &own_project)];
    for (kind, own) in of_user {
        let path = format!("/v3/users/{own_user}/{kind}");
        assert_eq!(listed(&manager, &path, kind).await, *own, "{kind}");
        assert_eq!(count(listed(&admin, &path, kind).await), 2, "an administrator sees all {kind}");
    }
    let path = format!("/v3/groups/{own_group}/users");
    assert_eq!(listed(&manager, &path, "users").await, own_user);
    assert_eq!(count(listed(&admin, &path, "users").await), 2);
    assert_eq!(listed(&manager, "/v3/groups", "groups").await, own_group);
    assert_eq!(listed(&manager, "/v3/projects", "projects").await, own_project);
    // an administrator with a domain's token sees that domain in lists too
    let boss = cloud.identity.snapshot().user_named(&one, "boss").unwrap().id.clone();
    cloud.put(&admin, &format!("/v3/domains/{one}/users/{boss}/roles/{admins}")).await.expect(204);
    let identity = json!({"methods": ["password"], "password": {"user": {"id": boss, "password": "p"}}});
    let login = json!({"identity": identity, "scope": {"domain": {"id": one}}});
    let domain_admin = cloud.log_in(login).await.token();
    for (path, key, expected) in [
        ("/v3/domains".to_owned(), "domains", 1),
        ("/v3/users".to_owned(), "users", 2),
        ("/v3/groups".to_owned(), "groups", 1),
        ("/v3/projects".to_owned(), "projects", 1),
        ("/v3/projects?is_domain=true".to_owned(), "projects", 0),
        ("/v3/credentials".to_owned(), "credentials", 1),
        (format!("/v3/groups/{own_group}/users"), "users", 1),
        (format!("/v3/users/{own_user}/groups"), "groups", 1),
        (format!("/v3/users/{own_user}/projects"), "projects", 1),
    ] {
        assert_eq!(count(listed(&domain_admin, &path, key).await), expected, "{path}");
    }
    let assignments = cloud.get(&domain_admin, "/v3/role_assignments").await.expect(200);
    for line in assignments["role_assignments"].as_array().unwrap() {
        let scope = &line["scope"];
        let own = scope["domain"]["id"] == one.as_str() || scope["project"]["id"] == own_project.as_str();
        assert!(own, "{line}");
    }
}

#[tokio::test]
async fn a_credential_of_ones_own_shows_with_the_token_of_any_domain() {
    let Domains { cloud, admin, one, their_user, .. } = domains().await;
    let mut made = Vec::new();
    for user in
        [their_user.clone(), cloud.identity.snapshot().user_named("default", "admin").unwrap().id.clone()]
    {
        let body = json!({"credential": {"user_id": user, "type": "cert", "blob": "b"}});
        made.push(id(&cloud.post(&admin, "/v3/credentials", body).await.expect(201), "credential"));
    }
    let reader = role(&cloud, "reader");
    cloud.put(&admin, &format!("/v3/domains/{one}/users/{their_user}/roles/{reader}")).await.expect(204);
    let identity =
        json!({"methods": ["password"], "password": {"user": {"id": their_user, "password": "p"}}});
    let token = cloud.log_in(json!({"identity": identity, "scope": {"domain": {"id": one}}})).await.token();
    let listed = cloud.get(&token, "/v3/credentials").await.expect(200);
    let ids: Vec<&str> =
        listed["credentials"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(ids, [made[0].as_str()], "and none of a third domain");
}

#[tokio::test]
async fn a_manager_names_the_domain_of_what_is_made() {
    let Domains { cloud, manager, .. } = domains().await;
    for (path, key) in [("/v3/users", "user"), ("/v3/groups", "group"), ("/v3/projects", "project")] {
        cloud.post(&manager, path, json!({ key: {"name": "nameless"} })).await.expect(403);
    }
}

#[tokio::test]
async fn a_manager_changes_nothing_in_another_domain() {
    let Domains { cloud, manager, their_user, their_project, two, .. } = domains().await;
    let reader = role(&cloud, "reader");
    cloud
        .patch(&manager, &format!("/v3/users/{their_user}"), json!({"user": {"password": "x"}}))
        .await
        .expect(403);
    cloud.delete(&manager, &format!("/v3/users/{their_user}")).await.expect(403);
    cloud.delete(&manager, &format!("/v3/projects/{their_project}")).await.expect(403);
    cloud.patch(&manager, &format!("/v3/domains/{two}"), json!({"domain": {"name": "x"}})).await.expect(403);
    cloud
        .put(&manager, &format!("/v3/projects/{their_project}/users/{their_user}/roles/{reader}"))
        .await
        .expect(403);
}

#[tokio::test]
async fn a_manager_gives_the_managed_roles_in_the_own_domain_and_never_admin() {
    let Domains { cloud, manager, one, their_user, .. } = domains().await;
    let user = id(
        &cloud
            .post(&manager, "/v3/users", json!({"user": {"name": "u", "domain_id": one}}))
            .await
            .expect(201),
        "user",
    );
    let project = json!({"project": {"name": "p", "domain_id": one}});
    let project = id(&cloud.post(&manager, "/v3/projects", project).await.expect(201), "project");
    for name in ["manager", "member", "reader"] {
        let path = format!("/v3/projects/{project}/users/{user}/roles/{}", role(&cloud, name));
        cloud.put(&manager, &path).await.expect(204);
        cloud.delete(&manager, &path).await.expect(204);
    }
    for name in ["admin", "service"] {
        let path = format!("/v3/projects/{project}/users/{user}/roles/{}", role(&cloud, name));
        cloud.put(&manager, &path).await.expect(403);
        cloud
            .put(&manager, &format!("/v3/domains/{one}/users/{user}/roles/{}", role(&cloud, name)))
            .await
            .expect(403);
    }
    let member = role(&cloud, "member");
    cloud
        .put(&manager, &format!("/v3/projects/{project}/users/{their_user}/roles/{member}"))
        .await
        .expect(403);
    cloud.put(&manager, &format!("/v3/system/users/{user}/roles/{member}")).await.expect(403);
}

#[tokio::test]
async fn a_manager_finds_the_managed_roles() {
    let Domains { cloud, manager, .. } = domains().await;
    let listed = cloud.get(&manager, "/v3/roles?name=member").await.expect(200);
    assert_eq!(listed["roles"].as_array().unwrap().len(), 1);
    cloud.get(&manager, &format!("/v3/roles/{}", role(&cloud, "reader"))).await.expect(200);
    cloud.get(&manager, &format!("/v3/roles/{}", role(&cloud, "admin"))).await.expect(403);
}

#[tokio::test]
async fn a_manager_of_a_project_is_no_domain_manager() {
    let Domains { cloud, admin, one, .. } = domains().await;
    let manager_role = role(&cloud, "manager");
    let project = cloud.identity.seeded_project("demo").unwrap();
    let user = cloud.identity.seeded_user("demo").unwrap();
    cloud.put(&admin, &format!("/v3/projects/{project}/users/{user}/roles/{manager_role}")).await.expect(204);
    let token = cloud.demo().await;
    cloud.post(&token, "/v3/users", json!({"user": {"name": "x", "domain_id": "default"}})).await.expect(403);
    cloud.post(&token, "/v3/users", json!({"user": {"name": "x", "domain_id": one}})).await.expect(403);
    cloud.get(&token, "/v3/roles").await.expect(403);
}

#[tokio::test]
async fn what_is_not_there_is_missing_whatever_a_token_is_of() {
    let Domains { cloud, manager, .. } = domains().await;
    let known = role(&cloud, "reader");
    for (path, key) in [("/v3/roles", "role"), ("/v3/domains", "domain")] {
        let unknown = format!("{path}/{}", "0".repeat(32));
        cloud.patch(&manager, &unknown, json!({ key: {"description": "d"} })).await.expect(404);
        cloud.delete(&manager, &unknown).await.expect(404);
    }
    let path = format!("/v3/roles/{known}");
    cloud.patch(&manager, &path, json!({"role": {"description": "d"}})).await.expect(403);
    cloud.delete(&manager, &path).await.expect(403);
}

#[tokio::test]
async fn a_new_cloud_has_a_domain_with_a_manager_who_reaches_nothing_else() {
    let cloud = Cloud::start().await;
    let managed = json!({"name": "managed"});
    let user = json!({"name": "domain-manager", "domain": managed, "password": "domain-manager-password"});
    let identity = json!({"methods": ["password"], "password": {"user": user}});
    let answer = cloud.log_in(json!({"identity": identity, "scope": {"domain": managed}})).await;
    let manager = answer.token();
    let domains = cloud.get(&manager, "/v3/domains").await.expect(200);
    let domains: Vec<&str> =
        domains["domains"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(domains, ["managed"]);
    let user = json!({"user": {"name": "x", "domain_id": "default"}});
    cloud.post(&manager, "/v3/users", user).await.expect(403);
    let admin = role(&cloud, "admin");
    let id = cloud.identity.snapshot().domain_named("managed").unwrap().id.clone();
    let own = cloud.get(&manager, "/v3/users").await.expect(200);
    let own = own["users"][0]["id"].as_str().unwrap().to_owned();
    cloud.put(&manager, &format!("/v3/domains/{id}/users/{own}/roles/{admin}")).await.expect(403);
}
