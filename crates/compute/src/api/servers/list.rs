//! `GET /servers`, `GET /servers/detail`.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use kogge_db::Paged;
use kogge_http::{ApiError, Auth, BaseUrl, Json, Microversion, Pairs};
use kogge_ids::ServerId;
use serde::Serialize;

use super::filter;
use crate::api::wire::server::{self, Viewer};
use crate::links::{self, Link};
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
    let asked = filter::read(&compute, &caller, version, &pairs, false)?;
    let matches = |server: &Server| asked.matches(server);
    let found = if asked.empty {
        Paged { items: Vec::new(), more: false }
    } else {
        compute.list_names(&asked.filter, sieve(&asked, &matches).as_ref(), &asked.page).await?
    };
    let servers_links = next(&base, "servers", &pairs, found.more, found.items.last().map(|last| last.id));
    let servers = found.items.into_iter().map(|one| server::brief(one, &base)).collect();
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
    let asked = filter::read(&compute, &caller, version, &pairs, true)?;
    let matches = |server: &Server| asked.matches(server);
    let found = if asked.empty {
        Paged { items: Vec::new(), more: false }
    } else {
        compute.list_servers(&asked.filter, sieve(&asked, &matches).as_ref(), &asked.page).await?
    };
    let last = found.items.last().map(|last| last.id);
    let servers_links = next(&base, "servers/detail", &pairs, found.more, last);
    let details = compute.details(found.items).await?;
    let viewer = Viewer { caller: &caller, version, base: &base };
    Ok(Json(List { servers: server::details(&details, viewer), servers_links }).into_response())
}

fn next(
    base: &BaseUrl,
    collection: &str,
    pairs: &Pairs,
    more: bool,
    last: Option<ServerId>,
) -> Option<Vec<Link>> {
    links::next(base, collection, pairs, more, last.map(|id| id.to_string()).as_deref())
}

/// What SQL cannot answer, if anything.
fn sieve<'a>(
    asked: &'a filter::Asked,
    matches: &'a (dyn Fn(&Server) -> bool + Send + Sync),
) -> Option<Sieve<'a>> {
    let needed = !asked.patterns.is_empty() || asked.addresses.is_some();
    needed.then_some(Sieve { matches, addresses: asked.addresses.as_ref() })
}
