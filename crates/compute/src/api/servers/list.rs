//! `GET /servers`, `GET /servers/detail`.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use kogge_auth::Caller;
use kogge_db::{Page, Paged};
use kogge_http::{ApiError, Auth, BaseUrl, Json, Microversion, Pairs};
use serde::Serialize;

use super::filter::{self, Asked};
use crate::api::links::{self, Link};
use crate::api::wire::server::{self, Parts, Viewer};
use crate::model::server::Server;
use crate::{Compute, policy};

#[derive(Serialize)]
struct List<T> {
    servers: Vec<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    servers_links: Option<Vec<Link>>,
}

/// `GET /servers`
pub(crate) async fn index(
    State(compute): State<Compute>,
    Auth(caller): Auth,
    version: Microversion,
    base: BaseUrl,
    pairs: Pairs,
) -> Result<Response, ApiError> {
    caller.allow_on_own(&policy::SERVERS_INDEX)?;
    let found = find(&compute, &caller, version, &pairs, false).await?;
    let servers_links = next(&base, "servers", &pairs, &found);
    let servers = found.items.iter().map(|one| server::brief(one, &base)).collect();
    Ok(Json(List { servers, servers_links }).into_response())
}

/// `GET /servers/detail`
pub(crate) async fn details(
    State(compute): State<Compute>,
    Auth(caller): Auth,
    version: Microversion,
    base: BaseUrl,
    pairs: Pairs,
) -> Result<Response, ApiError> {
    caller.allow_on_own(&policy::SERVERS_DETAIL)?;
    let found = find(&compute, &caller, version, &pairs, true).await?;
    let servers_links = next(&base, "servers/detail", &pairs, &found);
    let details = compute.details(found.items).await?;
    let viewer = Viewer { caller: &caller, version, base: &base };
    let servers = details.iter().map(|one| server::detail(one, viewer, Parts::LIST)).collect();
    Ok(Json(List { servers, servers_links }).into_response())
}

fn next(base: &BaseUrl, collection: &str, pairs: &Pairs, found: &Paged<Server>) -> Option<Vec<Link>> {
    let last = found.items.last().map(|server| server.id.to_string());
    links::next(base, collection, pairs, found.more, last.as_deref())
}

async fn find(
    compute: &Compute,
    caller: &Caller,
    version: Microversion,
    pairs: &Pairs,
    detail: bool,
) -> Result<Paged<Server>, ApiError> {
    let asked = filter::read(compute, caller, version, pairs, detail)?;
    if asked.empty {
        return Ok(Paged { items: Vec::new(), more: false });
    }
    if asked.addresses.is_some() {
        return Ok(by_address(compute, &asked).await?);
    }
    let matches = |server: &Server| asked.matches(server);
    let matches: Option<&(dyn Fn(&Server) -> bool + Send + Sync)> =
        if asked.patterns.is_empty() { None } else { Some(&matches) };
    Ok(compute.list_servers(&asked.filter, matches, &asked.page).await?)
}

/// The servers with a fixed address that matches.
async fn by_address(compute: &Compute, asked: &Asked) -> Result<Paged<Server>, crate::Error> {
    let Some(pattern) = &asked.addresses else { return Ok(Paged { items: Vec::new(), more: false }) };
    let all = Page { limit: None, ..asked.page.clone() };
    let matches = |server: &Server| asked.matches(server);
    let found = compute.list_servers(&asked.filter, Some(&matches), &all).await?;
    let ids: Vec<_> = found.items.iter().map(|server| server.id).collect();
    let ports = compute.attached(&ids).await?;
    let mut items = found.items;
    items.retain(|server| {
        let addresses = ports.get(&server.id).into_iter().flatten().flat_map(|port| port.fixed_ips.iter());
        addresses.into_iter().any(|(_, address)| pattern.is_match(&address.to_string()))
    });
    let limit = asked.page.limit.map_or(usize::MAX, |limit| limit as usize);
    let more = items.len() > limit;
    items.truncate(limit);
    Ok(Paged { items, more })
}
