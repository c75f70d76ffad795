//! The running responders: DHCP and metadata of networks, metadata and router advertisements of routers.
//!
//! Each is a task on a socket that a thread opened inside the namespace. What they answer is swapped under them, so
//! that a change of the desired state never interrupts one; and a task that hangs holds up nobody else.

mod sockets;
mod tasks;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use kogge_ids::{NetworkId, RouterId, ServerId};
use kogge_node_api::{DesiredNetwork, DesiredRouter, NodeError};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::config::MetadataSource;
use crate::dhcp::leases::Leases;
use crate::dhcp::ra::Advert;
use crate::layout::Layout;
use crate::metadata::{Directory, link_local, serve};
use crate::names;
use crate::system::Netns;

/// All responders of a data plane.
pub(crate) struct Servers {
    runtime: Handle,
    source: Arc<dyn MetadataSource>,
    networks: BTreeMap<NetworkId, NetworkServers>,
    routers: BTreeMap<RouterId, RouterServers>,
}

/// Responders of one network.
struct NetworkServers {
    leases: watch::Sender<Arc<Leases>>,
    directory: Arc<Directory>,
    tasks: Tasks,
}

/// Responders of one router.
struct RouterServers {
    directory: Arc<Directory>,
    tasks: Tasks,
    adverts: BTreeMap<String, (watch::Sender<Advert>, Tasks)>,
}

/// Tasks that end when this is dropped.
struct Tasks(Vec<JoinHandle<()>>);

impl Tasks {
    fn alive(&self) -> bool {
        self.0.iter().all(|task| !task.is_finished())
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        for task in &self.0 {
            task.abort();
        }
    }
}

impl Servers {
    /// No responders yet; they will run on `runtime`.
    pub(crate) fn new(runtime: Handle, source: Arc<dyn MetadataSource>) -> Self {
        Self { runtime, source, networks: BTreeMap::new(), routers: BTreeMap::new() }
    }

    /// Ends the responders of what is gone; their sockets would keep a namespace alive.
    pub(crate) fn keep(&mut self, networks: &BTreeSet<NetworkId>, routers: &BTreeSet<RouterId>) {
        self.networks.retain(|id, _| networks.contains(id));
        self.routers.retain(|id, _| routers.contains(id));
    }

    /// Ends the responders of a network, because its namespace was made anew.
    pub(crate) fn forget_network(&mut self, id: NetworkId) {
        self.networks.remove(&id);
    }

    /// Ends the responders of a router, because its namespace was made anew.
    pub(crate) fn forget_router(&mut self, id: RouterId) {
        self.routers.remove(&id);
    }

    /// Makes a network's responders answer what `layout` says; starts them where they do not run.
    pub(crate) fn update_network(
        &mut self,
        layout: &Layout<'_>,
        network: &DesiredNetwork,
        namespace: &Netns,
    ) -> Result<(), NodeError> {
        let leases = Arc::new(Leases::new(layout, network));
        if let Some(running) = self.networks.get(&network.id).filter(|running| running.tasks.alive()) {
            running.leases.send_if_modified(|now| {
                let differs = **now != *leases;
                *now = leases;
                differs
            });
            running.directory.replace(guests(layout, network).into_iter());
            return Ok(());
        }
        self.networks.remove(&network.id); // free the ports before they are bound again
        let link = names::service_link(network.segment);
        let opened = namespace.run(|| sockets::Network::open(&link))?;
        let directory = Arc::new(Directory::default());
        directory.replace(guests(layout, network).into_iter());
        let (sender, receiver) = watch::channel(leases);
        let _inside = self.runtime.enter();
        let mut tasks = vec![
            tokio::spawn(tasks::dhcp_v4(opened.dhcp_v4()?, receiver.clone())),
            tokio::spawn(serve(opened.metadata_v4()?, Arc::clone(&directory), Arc::clone(&self.source))),
        ];
        if let Some((dhcp, metadata)) = opened.v6()? {
            tasks.push(tokio::spawn(tasks::dhcp_v6(dhcp, receiver)));
            tasks.push(tokio::spawn(serve(metadata, Arc::clone(&directory), Arc::clone(&self.source))));
        }
        let servers = NetworkServers { leases: sender, directory, tasks: Tasks(tasks) };
        self.networks.insert(network.id, servers);
        Ok(())
    }

    /// Makes a router's responders answer what `layout` says; starts them where they do not run.
    pub(crate) fn update_router(
        &mut self,
        layout: &Layout<'_>,
        router: &DesiredRouter,
        namespace: &Netns,
    ) -> Result<(), NodeError> {
        let networks = router.interfaces.iter().filter_map(|leg| layout.networks.get(&leg.network));
        let guests: Vec<_> = networks.flat_map(|network| guests(layout, network)).collect();
        let running = match self.routers.remove(&router.id).filter(|running| running.tasks.alive()) {
            Some(running) => running,
            None => self.start_router(namespace)?,
        };
        running.directory.replace(guests.into_iter());
        let running = self.routers.entry(router.id).or_insert(running);
        let wanted: BTreeMap<String, Advert> = router
            .interfaces
            .iter()
            .filter(|_| router.admin_up)
            .filter_map(|leg| {
                let advert = Advert::new(layout.networks.get(&leg.network)?, leg)?;
                Some((names::leg(leg.port), advert))
            })
            .collect();
        running.adverts.retain(|leg, (_, tasks)| wanted.contains_key(leg) && tasks.alive());
        for (leg, advert) in wanted {
            if let Some((sender, _)) = running.adverts.get(&leg) {
                sender.send_if_modified(|now| std::mem::replace(now, advert.clone()) != advert);
                continue;
            }
            let (socket, index) = namespace.run(|| sockets::router_advertisements(&leg))?;
            let (sender, receiver) = watch::channel(advert);
            let _inside = self.runtime.enter();
            let socket = sockets::registered(socket)?;
            let task = tokio::spawn(tasks::advertise(socket, index, receiver));
            running.adverts.insert(leg, (sender, Tasks(vec![task])));
        }
        Ok(())
    }

    fn start_router(&self, namespace: &Netns) -> Result<RouterServers, NodeError> {
        let (v4, v6) = namespace.run(|| Ok((sockets::metadata_v4()?, sockets::metadata_v6().ok())))?;
        let directory = Arc::new(Directory::default());
        let _inside = self.runtime.enter();
        let mut tasks = Vec::new();
        for listener in std::iter::once(v4).chain(v6) {
            let listener = sockets::listening(listener)?;
            tasks.push(tokio::spawn(serve(listener, Arc::clone(&directory), Arc::clone(&self.source))));
        }
        Ok(RouterServers { directory, tasks: Tasks(tasks), adverts: BTreeMap::new() })
    }
}

/// Who asks from which source address in a network.
fn guests(layout: &Layout<'_>, network: &DesiredNetwork) -> Vec<(IpAddr, ServerId, Option<IpAddr>)> {
    let mut found = Vec::new();
    for view in layout.ports.iter().filter(|view| view.network.id == network.id) {
        let Some(server) = view.port.server else { continue };
        let first = view.port.fixed_ips.iter().find_map(|ip| public(layout, network, ip.address));
        for ip in view.port.fixed_ips.iter().filter(|ip| ip.address.is_ipv4()) {
            found.push((ip.address, server, public(layout, network, ip.address)));
        }
        found.push((link_local(view.mac), server, first));
    }
    found
}

/// The floating IP of an address.
fn public(layout: &Layout<'_>, network: &DesiredNetwork, fixed: IpAddr) -> Option<IpAddr> {
    let here = layout.routers.iter().filter(|r| r.interfaces.iter().any(|leg| leg.network == network.id));
    here.flat_map(|router| &router.floating_ips).find(|ip| ip.fixed == fixed).map(|ip| ip.external)
}
