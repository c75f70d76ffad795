//! Roles: `member` can be given and taken, `admin` cannot be given, and no role can be made.

use kogge_client::Method;
use kogge_conform::Problem;
use serde_json::json;

use super::{Desk, grant};
use crate::created::{PROJECT, ROLE, USER, USER_GROUP, try_create};

pub(super) async fn look(desk: &mut Desk<'_>) -> Result<(), Problem> {
    let user = desk.make(&USER, "user-roles").await?;
    let group = desk.make(&USER_GROUP, "group-roles").await?;
    let project = desk.make(&PROJECT, "project-roles").await?;
    let (Some(user), Some(group), Some(project)) = (user, group, project) else { return Ok(()) };
    let (member, admin) = (desk.role("member").await?, desk.role("admin").await?);
    let domain = desk.domain.clone();
    let targets = [("domains", domain.as_str()), ("projects", project.as_str())];
    let actors = [("users", user.as_str()), ("groups", group.as_str())];
    for target in targets {
        for actor in actors {
            if let Some(member) = &member {
                given_and_taken(desk, &grant(target, actor, member), target.0, actor.0).await?;
            }
            if let Some(admin) = &admin {
                never_given(desk, &grant(target, actor, admin), target.0, actor.0).await?;
            }
        }
    }
    no_new_role(desk).await
}

async fn given_and_taken(desk: &mut Desk<'_>, path: &str, target: &str, actor: &str) -> Result<(), Problem> {
    let what = |verb: &str| format!("role member of {actor} on {target} of the own domain can be {verb}");
    if desk.must(Method::PUT, path, None, &what("given")).await?.is_none() {
        return Ok(());
    }
    desk.must(Method::HEAD, path, None, &what("looked up")).await?;
    if desk.must(Method::DELETE, path, None, &what("taken")).await?.is_some() {
        let left = desk.call(Method::HEAD, path, None).await?;
        if left.status.is_success() {
            desk.notice(what("taken"), "it is still there");
        }
    }
    Ok(())
}

/// Upstream accepts any answer as long as the role is not there afterwards; so do we.
async fn never_given(desk: &mut Desk<'_>, path: &str, target: &str, actor: &str) -> Result<(), Problem> {
    let given = desk.call(Method::PUT, path, None).await?;
    let there = desk.call(Method::HEAD, path, None).await?.status.is_success();
    if given.status.is_success() || there {
        let found = format!("it was given, with status {}", given.status.as_u16());
        desk.notice(format!("role admin cannot be given to {actor} on {target} of the own domain"), found);
        // taken away again; it would also vanish with its holder
        desk.call(Method::DELETE, path, None).await?;
    }
    Ok(())
}

async fn no_new_role(desk: &mut Desk<'_>) -> Result<(), Problem> {
    let name = desk.name("role");
    if let Ok(made) = try_create(desk.context, desk.client, &ROLE, &name, json!({"name": name})).await? {
        desk.made.push((&ROLE, made));
        desk.notice("refused: creating a role", "it was created");
    }
    Ok(())
}
