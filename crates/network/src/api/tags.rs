//! Tags: the same seven operations for every kind of thing that has them.

use axum::extract::State;
use http::StatusCode;
use kogge_http::{Access, ApiError, Auth, Json, Path, Routes};
use serde_json::{Value, json};

use super::TAGGED;
use crate::error::Error;
use crate::service::tags::{TagChange, Tagged};
use crate::{Networking, policy};

/// Adds them all.
pub(crate) fn routes(routes: Routes<Networking>) -> Routes<Networking> {
    let routes = TAGGED.iter().fold(routes, |routes, (kind, path)| kind_routes(routes, *kind, path));
    // upstream's tag plug-in spells this kind both ways
    kind_routes(routes, Tagged::SecurityGroup, "security_groups")
}

fn kind_routes(routes: Routes<Networking>, kind: Tagged, path: &str) -> Routes<Networking> {
    let Some((many, one)) = paths(path) else { return routes };
    let (get, change) = match kind {
        Tagged::Network => (policy::GET_NETWORK_TAGS, policy::UPDATE_NETWORK_TAGS),
        Tagged::Subnet => (policy::GET_SUBNET_TAGS, policy::UPDATE_SUBNET_TAGS),
        Tagged::Port => (policy::GET_PORT_TAGS, policy::UPDATE_PORT_TAGS),
        Tagged::Router => (policy::GET_ROUTER_TAGS, policy::UPDATE_ROUTER_TAGS),
        Tagged::FloatingIp => (policy::GET_FLOATINGIP_TAGS, policy::UPDATE_FLOATINGIP_TAGS),
        Tagged::SecurityGroup => (policy::GET_SECURITY_GROUP_TAGS, policy::UPDATE_SECURITY_GROUP_TAGS),
        Tagged::SubnetPool => (policy::GET_SUBNETPOOL_TAGS, policy::UPDATE_SUBNETPOOL_TAGS),
    };
    let (get, change) = (Access::Rule(get), Access::Rule(change));
    routes
        .get(many, get, move |State(net): State<Networking>, Auth(caller): Auth, Path(id): Path<String>| async move {
            let tags = net.tags(&caller, kind, &id).await?;
            Ok::<_, ApiError>(Json(json!({"tags": tags})))
        })
        .put(many, change, move |state: State<Networking>, auth: Auth, path: Path<String>, Json(body): Json<Value>| async move {
            let tags = changed(kind, state, auth, path, TagChange::Replace(list(&body)?)).await?;
            Ok::<_, ApiError>(Json(json!({"tags": tags})))
        })
        .post(many, change, move |state: State<Networking>, auth: Auth, path: Path<String>, Json(body): Json<Value>| async move {
            let tags = changed(kind, state, auth, path, TagChange::Add(list(&body)?)).await?;
            Ok::<_, ApiError>((StatusCode::CREATED, Json(json!({"tags": tags}))))
        })
        .delete(many, change, move |state: State<Networking>, auth: Auth, path: Path<String>| async move {
            changed(kind, state, auth, path, TagChange::Clear).await?;
            Ok::<_, ApiError>(StatusCode::NO_CONTENT)
        })
        .get(one, get, move |State(net): State<Networking>, Auth(caller): Auth, Path((id, tag)): Path<(String, String)>| async move {
            let tags = net.tags(&caller, kind, &id).await?;
            if tags.contains(&tag) { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::from(Error::tag_not_found(tag))) }
        })
        .put(one, change, move |state: State<Networking>, auth: Auth, Path((id, tag)): Path<(String, String)>| async move {
            changed(kind, state, auth, Path(id), TagChange::Add(vec![tag])).await?;
            Ok::<_, ApiError>(StatusCode::CREATED)
        })
        .delete(one, change, move |state: State<Networking>, auth: Auth, Path((id, tag)): Path<(String, String)>| async move {
            changed(kind, state, auth, Path(id), TagChange::Remove(tag)).await?;
            Ok::<_, ApiError>(StatusCode::NO_CONTENT)
        })
}

/// The two paths of a kind; the table wants them as constants.
fn paths(kind: &str) -> Option<(&'static str, &'static str)> {
    Some(match kind {
        "networks" => ("/v2.0/networks/{id}/tags", "/v2.0/networks/{id}/tags/{tag}"),
        "subnets" => ("/v2.0/subnets/{id}/tags", "/v2.0/subnets/{id}/tags/{tag}"),
        "ports" => ("/v2.0/ports/{id}/tags", "/v2.0/ports/{id}/tags/{tag}"),
        "routers" => ("/v2.0/routers/{id}/tags", "/v2.0/routers/{id}/tags/{tag}"),
        "floatingips" => ("/v2.0/floatingips/{id}/tags", "/v2.0/floatingips/{id}/tags/{tag}"),
        "security-groups" => ("/v2.0/security-groups/{id}/tags", "/v2.0/security-groups/{id}/tags/{tag}"),
        "security_groups" => ("/v2.0/security_groups/{id}/tags", "/v2.0/security_groups/{id}/tags/{tag}"),
        "subnetpools" => ("/v2.0/subnetpools/{id}/tags", "/v2.0/subnetpools/{id}/tags/{tag}"),
        _ => return None,
    })
}

fn list(body: &Value) -> Result<Vec<String>, Error> {
    let bad = || Error::Attribute("Invalid input for tags. Reason: a list of texts is wanted.".to_owned());
    let items = body.get("tags").and_then(Value::as_array).ok_or_else(bad)?;
    items.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(bad)).collect()
}

async fn changed(
    kind: Tagged,
    State(net): State<Networking>,
    Auth(caller): Auth,
    Path(id): Path<String>,
    change: TagChange,
) -> Result<Vec<String>, ApiError> {
    let mut tx = net.db().begin().await?;
    let tags = net.change_tags_in(&mut tx, &caller, kind, &id, change).await?;
    tx.commit().await?;
    Ok(tags)
}
