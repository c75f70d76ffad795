//! Who is in which group.

use http::StatusCode;
use kogge_auth::{Rule, Target};
use kogge_http::{ApiError, Json};
use kogge_resource::keystone::Keystone;
use kogge_resource::{At, Call, Dialect as _, List as _, Listing, Loaded};
use serde_json::Value;

use super::collection;
use super::groups::Groups;
use super::kept::{from, page};
use super::users::Users;
use crate::error::{Error, Result};
use crate::model::{Kind, Membership, Record as _};
use crate::policy;
use crate::service::{Draft, Identity, is_seen, with_group, with_user};

/// `GET /v3/groups/{group_id}/users`; with a domain's token those of that domain.
pub(crate) async fn users(call: Call<Identity>) -> Result<Json<Value>, ApiError> {
    const LIST: Listing = Listing { names: &["domain_id", "enabled", "name"], ..Users::LIST };
    let wanted = Keystone::wanted(&LIST, &call)?;
    let (id, rule) = (call.key(), &policy::LIST_USERS_IN_GROUP);
    let group = Loaded::<Groups>::get(&call, &mut At::Now(&call.service), id, rule).await?;
    let snapshot = call.service.snapshot();
    let members = snapshot.memberships.among("group_id", &group.id, from(&wanted));
    let rows = members.filter_map(|member| snapshot.users.get(&member.user_id));
    let rows = rows.filter(|user| is_seen(&call.caller, &user.domain_id)).cloned();
    let page = page(&call.service, &LIST, rows, &wanted)?;
    Ok(collection::<Users>(&call, &LIST, &wanted, page).await?)
}

/// `GET /v3/users/{user_id}/groups`; with a domain's token those of that domain.
pub(crate) async fn groups(call: Call<Identity>) -> Result<Json<Value>, ApiError> {
    const LIST: Listing = Listing { names: &["name"], ..Groups::LIST };
    let wanted = Keystone::wanted(&LIST, &call)?;
    let (id, rule) = (call.key(), &policy::LIST_GROUPS_FOR_USER);
    let user = Loaded::<Users>::get(&call, &mut At::Now(&call.service), id, rule).await?;
    let snapshot = call.service.snapshot();
    let ids = snapshot.group_ids_of(&user.id);
    let rows = ids.iter().filter_map(|id| snapshot.groups.get(id));
    let rows = rows.filter(|group| is_seen(&call.caller, &group.domain_id)).cloned();
    let page = page(&call.service, &LIST, rows, &wanted)?;
    Ok(collection::<Groups>(&call, &LIST, &wanted, page).await?)
}

/// The membership of the path, where `rule` lets the caller act on it and both group and user are there.
fn membership(call: &Call<Identity>, rule: &Rule) -> Result<Membership> {
    let (group_id, user_id) = (call.param("group_id"), call.param("user_id"));
    let snapshot = call.service.snapshot();
    let (group, user) = (snapshot.groups.get(group_id), snapshot.users.get(user_id));
    let target = group.map_or_else(Target::none, |group| with_group(Target::none(), group));
    let target = match user {
        Some(user) => with_user(target, user),
        None => target,
    };
    call.caller.allow(rule, &target)?;
    group.ok_or_else(|| Error::not_found("group", group_id))?;
    user.ok_or_else(|| Error::not_found("user", user_id))?;
    Ok(Membership { user_id: user_id.to_owned(), group_id: group_id.to_owned() })
}

fn not_in(row: &Membership) -> Error {
    Error::Missing(format!("User '{}' not found in group '{}'.", row.user_id, row.group_id))
}

/// `PUT /v3/groups/{group_id}/users/{user_id}`.
pub(crate) async fn add(call: Call<Identity>) -> Result<StatusCode, ApiError> {
    let row = membership(&call, &policy::ADD_USER_TO_GROUP)?;
    let add = |draft: &mut Draft| {
        draft.groups.get(&row.group_id).ok_or_else(|| Error::not_found("group", &row.group_id))?;
        draft.users.get(&row.user_id).ok_or_else(|| Error::not_found("user", &row.user_id))?;
        if draft.memberships.get(&row.id()).is_none() {
            draft.put(row);
        }
        Ok(())
    };
    call.service.write(add).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET` and `HEAD /v3/groups/{group_id}/users/{user_id}`.
pub(crate) async fn check(call: Call<Identity>) -> Result<StatusCode, ApiError> {
    let row = membership(&call, &policy::CHECK_USER_IN_GROUP)?;
    let found = call.service.snapshot().memberships.get(&row.id()).is_some();
    if found { Ok(StatusCode::NO_CONTENT) } else { Err(not_in(&row).into()) }
}

/// `DELETE /v3/groups/{group_id}/users/{user_id}`.
pub(crate) async fn remove(call: Call<Identity>) -> Result<StatusCode, ApiError> {
    let row = membership(&call, &policy::REMOVE_USER_FROM_GROUP)?;
    let remove = |draft: &mut Draft| {
        draft.memberships.get(&row.id()).ok_or_else(|| not_in(&row))?;
        draft.delete(Kind::Membership, &row.id());
        Ok(())
    };
    call.service.write(remove).await?;
    Ok(StatusCode::NO_CONTENT)
}
