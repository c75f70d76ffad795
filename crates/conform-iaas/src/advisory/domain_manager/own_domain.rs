//! Users, groups and projects of the own domain: made, found, changed, joined, and removed.

use kogge_client::{Method, encode_segment};
use kogge_conform::Problem;
use serde_json::{Value, json};

use super::Desk;
use crate::created::{PROJECT, Thing, USER, USER_GROUP, id_of};
use crate::lookup::text;

pub(super) async fn look(desk: &mut Desk<'_>) -> Result<(), Problem> {
    let user = desk.make(&USER, "user").await?;
    let group = desk.make(&USER_GROUP, "group").await?;
    let project = desk.make(&PROJECT, "project").await?;
    for (thing, id) in [(&USER, &user), (&USER_GROUP, &group), (&PROJECT, &project)] {
        if let Some(id) = id {
            found_and_changed(desk, thing, id).await?;
        }
    }
    if let (Some(user), Some(group)) = (user, group) {
        membership(desk, &user, &group).await?;
    }
    Ok(())
}

async fn found_and_changed(desk: &mut Desk<'_>, thing: &Thing, id: &str) -> Result<(), Problem> {
    let what = |verb: &str| format!("a {} of the own domain can be {verb}", thing.word);
    let path = format!("{}/{}", thing.path, encode_segment(id));
    desk.must(Method::GET, &path, None, &what("shown")).await?;
    let list = format!("{}?domain_id={}", thing.path, encode_segment(&desk.domain));
    if let Some(answer) = desk.must(Method::GET, &list, None, &what("listed")).await? {
        let body: Value = answer.json()?;
        let listed = body.get(thing.many).and_then(Value::as_array).cloned().unwrap_or_default();
        if !listed.iter().any(|object| id_of(object).as_deref() == Some(id)) {
            desk.notice(what("listed"), "the new one is not in the list");
        }
    }
    let changed = "changed by a check, which removes it soon";
    let body = Value::from_iter([(thing.one, json!({"description": changed}))]);
    if let Some(answer) = desk.must(Method::PATCH, &path, Some(&body), &what("changed")).await? {
        let shown: Value = answer.json()?;
        let now = shown.get(thing.one).and_then(|object| text(object, "description"));
        if now.as_deref() != Some(changed) {
            desk.notice(what("changed"), "the answer shows the old description");
        }
    }
    Ok(())
}

async fn membership(desk: &mut Desk<'_>, user: &str, group: &str) -> Result<(), Problem> {
    let members = format!("groups/{}/users", encode_segment(group));
    let one = format!("{members}/{}", encode_segment(user));
    desk.must(Method::PUT, &one, None, "a user of the own domain can be added to a group of it").await?;
    desk.must(Method::HEAD, &one, None, "a membership in the own domain can be looked up").await?;
    if let Some(answer) = desk.must(Method::GET, &members, None, "the users of a group can be listed").await?
    {
        let body: Value = answer.json()?;
        let count = body.get("users").and_then(Value::as_array).map_or(0, Vec::len);
        if count != 1 {
            desk.notice("the new group has one user", format!("it has {count}"));
        }
    }
    desk.must(Method::DELETE, &one, None, "a user can be removed from a group of the own domain").await?;
    Ok(())
}
