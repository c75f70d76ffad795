//! Grants and `role_assignments`.

use serde_json::{Value, json};

use crate::cloud::{Cloud, in_default, scoped};

struct Ids {
    user: String,
    project: String,
    reader: String,
    member: String,
}

fn ids(cloud: &Cloud) -> Ids {
    let role = |name: &str| cloud.identity.snapshot().role_named(name).unwrap().id.clone();
    Ids {
        user: cloud.identity.seeded_user("demo").unwrap().to_string(),
        project: cloud.identity.seeded_project("alt_demo").unwrap().to_string(),
        reader: role("reader"),
        member: role("member"),
    }
}

async fn list(cloud: &Cloud, token: &str, query: &str) -> Vec<Value> {
    let body = cloud.get(token, &format!("/v3/role_assignments?{query}")).await.expect(200);
    body["role_assignments"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_role_is_given_checked_listed_and_taken() {
    let cloud = Cloud::start().await;
    let admin = cloud.admin().await;
    let Ids { user, project, reader, .. } = ids(&cloud);
    for scope in [format!("projects/{project}"), "domains/default".to_owned(), "system".to_owned()] {
        let one = format!("/v3/{scope}/users/{user}/roles/{reader}");
        cloud.get(&admin, &one).await.expect(404);
        cloud.put(&admin, &one).await.expect(204);
        cloud.get(&admin, &one).await.expect(204);
        assert_eq!(cloud.call(&admin, http::Method::HEAD, &one, None).await.status, 204);
        let listed = cloud.get(&admin, &format!("/v3/{scope}/users/{user}/roles")).await.expect(200);
        assert_eq!(listed["roles"][0]["name"], "reader", "{scope}");
        cloud.delete(&admin, &one).await.expect(204);
        cloud.delete(&admin, &one).await.expect(404);
    }
}

#[tokio::test]
async fn a_token_loses_its_good_with_the_role() {
    let cloud = Cloud::start().await;
    let admin = cloud.admin().await;
    let Ids { user, project, reader, .. } = ids(&cloud);
    let one = format!("/v3/projects/{project}/users/{user}/roles/{reader}");
    cloud.put(&admin, &one).await.expect(204);
    let token = cloud.log_in(scoped("demo", json!({"project": in_default("alt_demo")}))).await.token();
    cloud.get(&token, "/v3/auth/projects").await.expect(200);
    cloud.delete(&admin, &one).await.expect(204);
    assert_eq!(cloud.get(&token, "/v3/auth/projects").await.status, 401);
}

#[tokio::test]
async fn unknown_things_are_404() {
    let cloud = Cloud::start().await;
    let admin = cloud.admin().await;
    let Ids { user, project, reader, .. } = ids(&cloud);
    for path in [
        format!("/v3/projects/{project}/users/{user}/roles/none"),
        format!("/v3/projects/{project}/users/none/roles/{reader}"),
        format!("/v3/projects/none/users/{user}/roles/{reader}"),
        format!("/v3/domains/none/users/{user}/roles/{reader}"),
        format!("/v3/domains/default/groups/none/roles/{reader}"),
    ] {
        cloud.put(&admin, &path).await.expect(404);
    }
}

#[tokio::test]
async fn an_inherited_role_reaches_the_projects_of_the_domain() {
    let cloud = Cloud::start().await;
    let admin = cloud.admin().await;
    let Ids { user, project, reader, .. } = ids(&cloud);
    let one = format!("/v3/OS-INHERIT/domains/default/users/{user}/roles/{reader}/inherited_to_projects");
    cloud.put(&admin, &one).await.expect(204);
    cloud.get(&admin, &one).await.expect(204);
    let all = format!("/v3/OS-INHERIT/domains/default/users/{user}/roles/inherited_to_projects");
    assert_eq!(cloud.get(&admin, &all).await.expect(200)["roles"][0]["name"], "reader");
    cloud.get(&admin, &format!("/v3/domains/default/users/{user}/roles/{reader}")).await.expect(404);
    cloud.log_in(scoped("demo", json!({"project": in_default("alt_demo")}))).await.expect(201);
    let direct =
        list(&cloud, &admin, &format!("user.id={user}&scope.OS-INHERIT:inherited_to=projects")).await;
    assert_eq!(direct.len(), 1);
    assert_eq!(
        direct[0]["scope"],
        json!({"domain": {"id": "default"}, "OS-INHERIT:inherited_to": "projects"})
    );
    let effective =
        list(&cloud, &admin, &format!("user.id={user}&scope.project.id={project}&effective")).await;
    assert_eq!(effective.len(), 1);
    assert_eq!(
        effective[0]["scope"],
        json!({"project": {"id": project}, "OS-INHERIT:inherited_to": "projects"})
    );
    assert_eq!(effective[0]["links"]["assignment"], format!("http://cloud.test/identity{one}"));
}

#[tokio::test]
async fn effective_assignments_show_groups_and_implications() {
    let cloud = Cloud::start().await;
    let admin = cloud.admin().await;
    let Ids { user, project, member, reader, .. } = ids(&cloud);
    let group = cloud.post(&admin, "/v3/groups", json!({"group": {"name": "g"}})).await.expect(201);
    let group = group["group"]["id"].as_str().unwrap();
    cloud.put(&admin, &format!("/v3/groups/{group}/users/{user}")).await.expect(204);
    cloud.put(&admin, &format!("/v3/projects/{project}/groups/{group}/roles/{member}")).await.expect(204);
    let lines = list(&cloud, &admin, &format!("user.id={user}&scope.project.id={project}&effective=1")).await;
    assert_eq!(lines.len(), 2);
    let implied = lines.iter().find(|line| line["role"]["id"] == reader.as_str()).unwrap();
    assert_eq!(implied["user"]["id"], user.as_str());
    let base = "http://cloud.test/identity/v3";
    assert_eq!(implied["links"]["membership"], format!("{base}/groups/{group}/users/{user}"));
    assert_eq!(
        implied["links"]["assignment"],
        format!("{base}/projects/{project}/groups/{group}/roles/{member}")
    );
    assert_eq!(implied["links"]["prior_role"], format!("{base}/prior_role/{reader}/implies/{member}"));
    let direct = list(&cloud, &admin, &format!("group.id={group}")).await;
    assert_eq!((direct.len(), direct[0]["group"]["id"].as_str()), (1, Some(group)));
}

#[tokio::test]
async fn names_are_shown_where_asked_for() {
    let cloud = Cloud::start().await;
    let admin = cloud.admin().await;
    let Ids { user, .. } = ids(&cloud);
    let lines = list(&cloud, &admin, &format!("user.id={user}&include_names=True")).await;
    let domain = json!({"id": "default", "name": "Default"});
    assert_eq!(lines[0]["user"], json!({"id": user, "name": "demo", "domain": domain}));
    assert_eq!(lines[0]["role"]["name"], "member");
    assert_eq!(lines[0]["scope"]["project"]["name"], "demo");
    assert_eq!(lines[0]["scope"]["project"]["domain"], domain);
    let system = list(&cloud, &admin, "scope.system=all&include_names").await;
    assert_eq!(system[0]["scope"], json!({"system": {"all": true}}));
}

#[tokio::test]
async fn filters_that_contradict_each_other_are_400() {
    let cloud = Cloud::start().await;
    let admin = cloud.admin().await;
    for query in [
        "user.id=a&group.id=b",
        "scope.project.id=a&scope.domain.id=b",
        "scope.system=all&scope.domain.id=b",
        "effective&group.id=b",
        "include_subtree",
        "effective&scope.domain.id=b&scope.OS-INHERIT:inherited_to=projects",
    ] {
        cloud.get(&admin, &format!("/v3/role_assignments?{query}")).await.expect(400);
    }
}

#[tokio::test]
async fn the_subtree_is_included_where_asked_for() {
    let cloud = Cloud::start().await;
    let admin = cloud.admin().await;
    let Ids { user, project, reader, .. } = ids(&cloud);
    let leaf = json!({"project": {"name": "leaf", "parent_id": project}});
    let leaf = cloud.post(&admin, "/v3/projects", leaf).await.expect(201)["project"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    cloud.put(&admin, &format!("/v3/projects/{leaf}/users/{user}/roles/{reader}")).await.expect(204);
    let without = list(&cloud, &admin, &format!("scope.project.id={project}&user.id={user}")).await;
    let with =
        list(&cloud, &admin, &format!("scope.project.id={project}&user.id={user}&include_subtree")).await;
    assert_eq!((without.len(), with.len()), (0, 1));
}

#[tokio::test]
async fn a_domains_role_is_given_on_its_projects_only() {
    let cloud = Cloud::start().await;
    let admin = cloud.admin().await;
    let Ids { user, project, .. } = ids(&cloud);
    let domain = cloud.post(&admin, "/v3/domains", json!({"domain": {"name": "d1"}})).await.expect(201);
    let local = json!({"role": {"name": "local", "domain_id": domain["domain"]["id"]}});
    let local =
        cloud.post(&admin, "/v3/roles", local).await.expect(201)["role"]["id"].as_str().unwrap().to_owned();
    cloud.put(&admin, &format!("/v3/projects/{project}/users/{user}/roles/{local}")).await.expect(403);
}
