//! Servers with all that their views show, in a constant number of queries for any number of servers.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kogge_auth::Caller;
use kogge_ids::{ServerGroupId, ServerId};
use sha2::{Digest as _, Sha224};

use crate::Compute;
use crate::error::Result;
use crate::lower::network::Attached;
use crate::model::host::{Aggregate, Host, zone_of};
use crate::model::server::Server;
use crate::store::{aggregates, hosts};

/// A server with what stands elsewhere.
#[derive(Debug, Clone)]
pub(crate) struct Details {
    /// The server.
    pub(crate) server: Server,
    /// Its ports in the guest's order.
    pub(crate) ports: Vec<Attached>,
    /// The zone that it is in, or was asked for; empty for none.
    pub(crate) zone: String,
    /// `UP`, `DOWN`, `MAINTENANCE`, or empty without host.
    pub(crate) host_status: &'static str,
    /// The server group that it is in, where [`Compute::detail_for`] looked.
    pub(crate) group: Option<ServerGroupId>,
}

impl Compute {
    /// The zone that a server is in, or was asked for; empty for none.
    pub(super) fn zone_of_server(&self, server: &Server, aggregates: &[Aggregate]) -> String {
        match &server.placed.host {
            Some(host) => zone_of(host, aggregates, &self.config().default_zone),
            None => server.spec.zone.clone().unwrap_or_default(),
        }
    }

    /// The details of servers, in the same order.
    pub(crate) async fn details(&self, servers: Vec<Server>) -> Result<Vec<Details>> {
        let ids: Vec<ServerId> =
            servers.iter().filter(|server| server.deleted_at.is_none()).map(|server| server.id).collect();
        let mut ports = if ids.is_empty() { HashMap::new() } else { self.attached(&ids).await? };
        let aggregates = aggregates::list(self.db()).await?;
        let names: BTreeSet<&str> =
            servers.iter().filter_map(|server| server.placed.host.as_deref()).collect();
        let hosts: BTreeMap<String, Host> = hosts::named(self.db(), &names)
            .await?
            .into_iter()
            .map(|host| (host.name().to_owned(), host))
            .collect();
        let (now, patience) = (self.now(), self.config().host_patience());
        Ok(servers
            .into_iter()
            .map(|server| {
                let mut attached = ports.remove(&server.id).unwrap_or_default();
                let slot = |port| server.nics.iter().position(|nic| nic.port == port).unwrap_or(usize::MAX);
                attached.sort_by_key(|port| slot(port.id));
                let host = server.placed.host.as_deref();
                let zone = self.zone_of_server(&server, &aggregates);
                let host_status = match host.map(|name| hosts.get(name)) {
                    Some(Some(host)) if host.disabled => "MAINTENANCE",
                    Some(Some(host)) if host.is_up(now, patience) => "UP",
                    Some(_) => "DOWN",
                    None => "",
                };
                Details { server, ports: attached, zone, host_status, group: None }
            })
            .collect())
    }

    /// The details of one server.
    pub(crate) async fn detail(&self, server: Server) -> Result<Details> {
        let mut all = self.details(vec![server]).await?;
        all.pop().ok_or(crate::error::Error::Busy)
    }

    /// The details of one server, with the group that the caller may know of. Lists do not show groups.
    pub(crate) async fn detail_for(&self, caller: &Caller, server: Server) -> Result<Details> {
        let group = self.group_of_server(caller, server.id).await?;
        Ok(Details { group, ..self.detail(server).await? })
    }
}

/// The host as its project may know it: the same for servers on the same host, and nothing else.
pub(crate) fn host_id(project: &str, host: Option<&str>) -> String {
    let Some(host) = host else { return String::new() };
    let mut digest = Sha224::new();
    digest.update(project.as_bytes());
    digest.update(host.as_bytes());
    hex::encode(digest.finalize())
}

#[cfg(test)]
mod tests {
    use super::host_id;

    #[test]
    fn a_host_id_tells_hosts_apart_within_a_project_only() {
        assert_eq!(host_id("p", None), "");
        assert_eq!(host_id("p", Some("h")).len(), 56);
        assert_ne!(host_id("p", Some("h")), host_id("p", Some("i")));
        assert_ne!(host_id("p", Some("h")), host_id("q", Some("h")));
    }
}
