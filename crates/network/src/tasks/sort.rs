//! Which hosts are concerned by the rows that were written.

use std::collections::HashMap;
use std::time::Instant;

use kogge_db::{Record as _, Source};
use kogge_ids::{PortId, RouterId, SecurityGroupId};

use super::memory::{Found, Written};
use super::seats::{Place, Seat};
use crate::Networking;
use crate::error::Result;
use crate::model::agents::L3;
use crate::model::holder::Holder;
use crate::store::rows::Router;
use crate::store::{agents, allocations, ports, routers};

impl Networking {
    /// Finds out whom the rows concern that were written, and rings for these hosts. What was committed before it was called
    /// is known after it.
    pub(super) async fn sort(&self) -> Result<()> {
        let _one = self.memory().sorting().await;
        if self.memory().is_unread() {
            self.read_everything().await?;
        }
        let written = self.memory().written();
        if written.is_empty() {
            return Ok(());
        }
        let found = self.find_out(&written).await?;
        for host in self.memory().sorted(&written, found) {
            self.bells().ring_here(&host);
        }
        Ok(())
    }

    async fn read_everything(&self) -> Result<()> {
        let began = Instant::now();
        self.place_routers(None).await?;
        let seats = seats(&mut self.db().into(), None).await?;
        self.memory().read(seats, began);
        self.bells().ring_all_here();
        Ok(())
    }

    async fn find_out(&self, written: &Written) -> Result<Found> {
        let keys = |wanted: &'static str| {
            let of = move |((table, key), _): &((&'static str, String), u64)| {
                (*table == wanted).then(|| key.clone())
            };
            written.iter().filter_map(of)
        };
        let mut found = Found {
            networks: keys("networks").filter_map(|key| key.parse().ok()).collect(),
            groups: keys("security_groups").filter_map(|key| key.parse().ok()).collect(),
            ..Found::default()
        };
        let routers: Vec<RouterId> = keys("routers").filter_map(|key| key.parse().ok()).collect();
        if !routers.is_empty() {
            let mut hosts = routers::hosts_of(&mut self.db().into(), &routers).await?;
            let known = self.nodes().known();
            let lives = |id: &RouterId| hosts.get(id).is_some_and(|host| known.contains(host));
            let homeless: Vec<RouterId> = routers.iter().filter(|id| !lives(id)).copied().collect();
            if !homeless.is_empty() {
                self.place_routers(Some(&homeless)).await?;
                hosts = routers::hosts_of(&mut self.db().into(), &routers).await?;
            }
            found.routers = routers.into_iter().map(|id| (id, hosts.remove(&id))).collect();
        }
        let ids: Vec<PortId> = keys("ports").filter_map(|key| key.parse().ok()).collect();
        if !ids.is_empty() {
            let mut there = seats(&mut self.db().into(), Some(&ids)).await?;
            found.ports = ids.into_iter().map(|id| (id, there.remove(&id))).collect();
        }
        Ok(found)
    }

    /// Gives these routers a host, or every router. There is one network per machine until an overlay joins them, so the
    /// first machine takes them; one whose machine is away stays there, for its guests do.
    pub(super) async fn place_routers(&self, which: Option<&[RouterId]>) -> Result<()> {
        let resting = agents::resting(self.db(), L3).await?;
        let mut own =
            self.nodes().all().into_iter().map(|(host, _)| host).filter(|host| !resting.contains(host));
        let Some(first) = own.next() else { return Ok(()) };
        let hosts: Vec<String> = self.nodes().known().into_iter().collect();
        if homeless(&mut self.db().into(), which, &hosts).await?.is_empty() {
            return Ok(());
        }
        let mut tx = self.db().begin().await?;
        // another process may have placed them meanwhile
        for router in homeless(&mut (&mut tx).into(), which, &hosts).await? {
            // it may be gone meanwhile: then there is nothing to place
            if Router::lock(&mut tx, &router).await?.is_some() {
                routers::place(&mut tx, router, &first).await?;
            }
        }
        tx.commit().await?;
        Ok(())
    }
}

/// The routers among these, or among all, that have no host, or one that is not among `hosts`.
async fn homeless(
    source: &mut Source<'_>,
    which: Option<&[RouterId]>,
    hosts: &[String],
) -> Result<Vec<RouterId>> {
    let (mut found, placed) = match which {
        Some(ids) => (routers::there(source, ids).await?, routers::hosts_of(source, ids).await?),
        None => (routers::all(source).await?, routers::hosts(source).await?),
    };
    found.retain(|id| !placed.get(id).is_some_and(|host| hosts.contains(host)));
    Ok(found)
}

/// What is to be remembered of these ports, or of all.
async fn seats(source: &mut Source<'_>, ids: Option<&[PortId]>) -> Result<HashMap<PortId, Seat>> {
    let found = ports::whereabouts(source, ids).await?;
    let there: Vec<PortId> = found.iter().map(|port| port.id).collect();
    let mut groups = ports::groups_of(source, &there).await?;
    let mut addresses = allocations::of_ports(source, &there).await?;
    let seat = |port: ports::Whereabouts| {
        let groups: Vec<SecurityGroupId> = groups.remove(&port.id).unwrap_or_default();
        let held = addresses.remove(&port.id).unwrap_or_default();
        let addresses = held.iter().map(|ip| ip.ip_address).collect();
        (port.id, Seat { place: place(port), groups, addresses })
    };
    Ok(found.into_iter().map(seat).collect())
}

/// Who has to know of a port.
fn place(port: ports::Whereabouts) -> Place {
    let router = port.holder_id.and_then(|id| id.parse().ok());
    match port.holder {
        Holder::Dhcp => Place::Dhcp(port.network),
        Holder::RouterInterface | Holder::RouterGateway => router.map_or(Place::Nowhere, Place::Router),
        // nodes learn of the address from its router
        Holder::FloatingIp => Place::Nowhere,
        Holder::Nobody | Holder::Server if port.host.is_empty() => Place::Nowhere,
        Holder::Nobody | Holder::Server => Place::Host(port.host),
    }
}
