//! `GET /servers`, `GET /servers/detail`.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use kogge_auth::Caller;
use kogge_db::Paged;
use kogge_http::{ApiError, Auth, BaseUrl, Json, Microversion, Pairs};
use serde::Serialize;

use super::filter;
use crate::api::links::{self, Link};
use crate::api::wire::server::{self, Parts, Viewer};
use crate::model::server::Server;
use crate::service::servers::find::Sieve;
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
    let sieve = Sieve { matches: &|server| asked.matches(server), addresses: asked.addresses.as_ref() };
    let sieve = (!asked.patterns.is_empty() || asked.addresses.is_some()).then_some(sieve);
    Ok(compute.list_servers(&asked.filter, sieve.as_ref(), &asked.page).await?)
}
