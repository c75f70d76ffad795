//! Loading servers for a caller. What the caller may not see is not there.

use kogge_auth::{Caller, Rule, Target};
use kogge_db::{Executor, Page, Paged};
use kogge_ids::ServerId;
use regex::Regex;

use crate::Compute;
use crate::error::{Error, Result};
use crate::model::server::{Named, Server};
use crate::resources::server_filter::Asked;
use crate::service::flavors::is_admin;
use crate::store::{aggregates, server_list, servers as store};

/// Servers that are looked through at the same time.
const AT_ONCE: u32 = 500;

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

    /// One page of the servers that are asked for.
    pub(crate) async fn list_servers(&self, asked: &Asked) -> Result<Paged<Server>> {
        self.check_marker(asked).await?;
        if asked.sieve.is_open() {
            return Ok(server_list::list(self.db(), asked.select.clone(), &asked.page).await?);
        }
        self.sift(asked).await
    }

    /// As [`Compute::list_servers`], of each only its id and name.
    pub(crate) async fn list_names(&self, asked: &Asked) -> Result<Paged<Named>> {
        if !asked.sieve.is_open() {
            let found = self.list_servers(asked).await?;
            return Ok(found.map(|server| Named { id: server.id, name: server.name }));
        }
        self.check_marker(asked).await?;
        Ok(server_list::names(self.db(), asked.select.clone(), &asked.page).await?)
    }

    /// Refuses a marker that names no server of those that are listed.
    async fn check_marker(&self, asked: &Asked) -> Result<()> {
        let Some(marker) = &asked.page.marker else { return Ok(()) };
        let known = match marker.parse::<ServerId>() {
            Ok(id) => store::get(self.db(), id).await?,
            Err(_) => None,
        };
        let visible = known.is_some_and(|server| {
            asked.project.as_ref().is_none_or(|project| project == server.project.as_str())
        });
        visible.then_some(()).ok_or_else(|| Error::Invalid(format!("marker [{marker}] not found")))
    }

    /// Looks through the servers that SQL finds, some at a time, until the page is full.
    async fn sift(&self, asked: &Asked) -> Result<Paged<Server>> {
        let limit = asked.page.limit.map_or(usize::MAX, |limit| limit as usize);
        let mut step = Page { limit: Some(AT_ONCE), ..asked.page.clone() };
        let mut items = Vec::new();
        loop {
            let mut found = server_list::list(self.db(), asked.select.clone(), &step).await?;
            step.marker = found.items.last().map(|server| server.id.to_string());
            found.items.retain(|server| asked.sieve.lets_through(server));
            if let Some(pattern) = &asked.sieve.addresses {
                self.keep_addresses(&mut found.items, pattern).await?;
            }
            if let Some(pattern) = &asked.sieve.zone {
                self.keep_zones(&mut found.items, pattern).await?;
            }
            items.append(&mut found.items);
            let full = items.len() > limit;
            if full || !found.more || step.marker.is_none() {
                items.truncate(limit);
                return Ok(Paged { items, more: full });
            }
        }
    }

    /// Keeps the servers that show a zone that matches.
    async fn keep_zones(&self, servers: &mut Vec<Server>, pattern: &Regex) -> Result<()> {
        let aggregates = aggregates::list(self.db()).await?;
        servers.retain(|server| pattern.is_match(&self.zone_of_server(server, &aggregates)));
        Ok(())
    }

    /// Keeps the servers with a fixed address that matches.
    async fn keep_addresses(&self, servers: &mut Vec<Server>, pattern: &Regex) -> Result<()> {
        let ids: Vec<ServerId> = servers.iter().map(|server| server.id).collect();
        let ports = self.attached(&ids).await?;
        servers.retain(|server| {
            let ports = ports.get(&server.id).into_iter().flatten();
            ports.flat_map(|port| &port.fixed_ips).any(|(_, address)| pattern.is_match(&address.to_string()))
        });
        Ok(())
    }
}
