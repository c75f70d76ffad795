//! Loading servers for a caller. What the caller may not see is not there.

use kogge_auth::{Caller, Rule, Target};
use kogge_db::{Executor, Page, Paged};
use kogge_ids::ServerId;

use crate::Compute;
use crate::error::{Error, Result};
use crate::model::server::Server;
use crate::service::flavors::is_admin;
use crate::store::server_list::{self, ServerFilter};
use crate::store::servers as store;

/// What a rule about `server` is asked.
pub(crate) fn target(server: &Server) -> Target<'_> {
    Target::project(server.project.as_str()).user(server.user.as_str())
}

/// The id in a path; anything else names no server.
pub(crate) fn parse_id(id: &str) -> Result<ServerId> {
    id.parse().map_err(|_| Error::no_server(id))
}

/// Loads a server, deleted or not, that the caller may know of, and asks `rule` about it.
pub(crate) async fn load_any(db: impl Executor, caller: &Caller, id: &str, rule: &Rule) -> Result<Server> {
    let server = store::get(db, parse_id(id)?).await?.ok_or_else(|| Error::no_server(id))?;
    let own = caller.project_id() == Some(&server.project);
    if !own && !is_admin(caller) && !caller.may(rule, &target(&server)) {
        return Err(Error::no_server(id));
    }
    caller.allow(rule, &target(&server))?;
    Ok(server)
}

/// As [`load_any`], for servers that are not deleted.
pub(crate) async fn load(db: impl Executor, caller: &Caller, id: &str, rule: &Rule) -> Result<Server> {
    let server = load_any(db, caller, id, rule).await?;
    if server.deleted_at.is_some() { Err(Error::no_server(id)) } else { Ok(server) }
}

impl Compute {
    /// A server that the caller may see.
    pub(crate) async fn server(&self, caller: &Caller, id: &str, rule: &Rule) -> Result<Server> {
        load(self.db(), caller, id, rule).await
    }

    /// One page of servers that SQL finds by `filter` and `matches` lets through.
    pub(crate) async fn list_servers(
        &self,
        filter: &ServerFilter,
        matches: Option<&(dyn Fn(&Server) -> bool + Send + Sync)>,
        page: &Page,
    ) -> Result<Paged<Server>> {
        if let Some(marker) = &page.marker {
            let known = match marker.parse::<ServerId>() {
                Ok(id) => store::get(self.db(), id).await?,
                Err(_) => None,
            };
            let visible = known.is_some_and(|server| {
                filter.project.as_ref().is_none_or(|project| project == server.project.as_str())
            });
            visible.then_some(()).ok_or_else(|| Error::Invalid(format!("marker [{marker}] not found")))?;
        }
        let Some(matches) = matches else {
            return Ok(server_list::list(self.db(), filter, page).await?);
        };
        let all = Page { limit: None, ..page.clone() };
        let mut found = server_list::list(self.db(), filter, &all).await?;
        found.items.retain(|server| matches(server));
        let limit = page.limit.map_or(usize::MAX, |limit| limit as usize);
        let more = found.items.len() > limit;
        found.items.truncate(limit);
        Ok(Paged { items: found.items, more })
    }
}
