//! The running responders: DHCP and metadata of networks, metadata and router advertisements of routers.
//!
//! Each is a task on a socket that a thread opened inside the namespace. What they answer is swapped under them, so
//! that a change of the desired state never interrupts one; and a task that hangs holds up nobody else.

mod sockets;
mod tasks;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use kogge_ids::ServerId;
use kogge_node_api::{DesiredNetwork, DesiredRouter, NodeError};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::config::MetadataSource;
use crate::dhcp::leases::Leases;
use crate::dhcp::ra::Advert;
use crate::layout::Layout;
use crate::metadata::{Directory, serve};
use crate::names;
use crate::system::Netns;

/// All responders of a data plane, by the name of the namespace that they answer in.
pub(crate) struct Servers {
    runtime: Handle,
    source: Arc<dyn MetadataSource>,
    networks: BTreeMap<String, NetworkServers>,
    routers: BTreeMap<String, RouterServers>,
}

/// Responders of one network.
struct NetworkServers {
    leases: watch::Sender<Arc<Leases>>,
    metadata: Metadata,
    dhcp: Tasks,
}

/// Responders of one router, by the name of the leg. Each leg has a directory of its own: the same address may be a
/// different guest's on another leg, and a question is answered by the leg that it came in on.
#[derive(Default)]
struct RouterServers {
    metadata: BTreeMap<String, Metadata>,
    adverts: BTreeMap<String, (watch::Sender<Advert>, Tasks)>,
}

/// The metadata responder of one link.
struct Metadata {
    directory: Arc<Directory>,
    tasks: Tasks,
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

    /// Ends the responders in all namespaces but these; their sockets would keep a namespace alive.
    pub(crate) fn keep(&mut self, namespaces: &BTreeSet<String>) {
        self.networks.retain(|name, _| namespaces.contains(name));
        self.routers.retain(|name, _| namespaces.contains(name));
    }

    /// Ends the responders in a namespace, because it or a link of it was made anew: sockets hold on to the old one.
    pub(crate) fn forget(&mut self, namespace: &str) {
        self.networks.remove(namespace);
        self.routers.remove(namespace);
    }

    /// Makes a network's responders answer what `layout` says; starts them where they do not run.
    pub(crate) fn update_network(
        &mut self,
        layout: &Layout<'_>,
        network: &DesiredNetwork,
        namespace: &str,
    ) -> Result<(), NodeError> {
        let leases = Arc::new(Leases::new(layout, network));
        let asking = guests(layout, network);
        let alive = |running: &&NetworkServers| running.dhcp.alive() && running.metadata.tasks.alive();
        if let Some(running) = self.networks.get(namespace).filter(alive) {
            running.leases.send_if_modified(|now| {
                let differs = **now != *leases;
                *now = leases;
                differs
            });
            running.metadata.directory.replace(asking.into_iter());
            return Ok(());
        }
        self.networks.remove(namespace); // free the ports before they are bound again
        let link = names::service_link(network.segment);
        let opened = Netns::named(namespace).run(|| sockets::Dhcp::open(&link))?;
        let metadata = self.metadata(namespace, &link, asking)?;
        let (sender, receiver) = watch::channel(leases);
        let _inside = self.runtime.enter();
        let (v4, v6) = opened.registered()?;
        let mut dhcp = vec![tokio::spawn(tasks::dhcp_v4(v4, receiver.clone()))];
        dhcp.extend(v6.map(|v6| tokio::spawn(tasks::dhcp_v6(v6, receiver))));
        let servers = NetworkServers { leases: sender, metadata, dhcp: Tasks(dhcp) };
        self.networks.insert(namespace.to_owned(), servers);
        Ok(())
    }

    /// Makes a router's responders answer what `layout` says; starts them where they do not run.
    pub(crate) fn update_router(
        &mut self,
        layout: &Layout<'_>,
        router: &DesiredRouter,
        namespace: &str,
    ) -> Result<(), NodeError> {
        let mut running = self.routers.remove(namespace).unwrap_or_default();
        let on_legs = self.legs(layout, router, namespace, &mut running);
        let advertised = self.adverts(layout, router, namespace, &mut running);
        self.routers.insert(namespace.to_owned(), running);
        on_legs.and(advertised)
    }

    /// Metadata on every leg.
    fn legs(
        &self,
        layout: &Layout<'_>,
        router: &DesiredRouter,
        namespace: &str,
        running: &mut RouterServers,
    ) -> Result<(), NodeError> {
        let legs = router.interfaces.iter();
        let wanted: BTreeMap<String, &DesiredNetwork> = legs
            .filter_map(|leg| Some((names::leg(leg.port), *layout.networks.get(&leg.network)?)))
            .collect();
        running.metadata.retain(|leg, metadata| wanted.contains_key(leg) && metadata.tasks.alive());
        for (leg, network) in wanted {
            let asking = guests(layout, network);
            match running.metadata.get(&leg) {
                Some(metadata) => metadata.directory.replace(asking.into_iter()),
                None => {
                    let metadata = self.metadata(namespace, &leg, asking)?;
                    running.metadata.insert(leg, metadata);
                }
            }
        }
        Ok(())
    }

    /// Router advertisements on the legs that want them.
    fn adverts(
        &self,
        layout: &Layout<'_>,
        router: &DesiredRouter,
        namespace: &str,
        running: &mut RouterServers,
    ) -> Result<(), NodeError> {
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
            let opened = Netns::named(namespace).run(|| sockets::router_advertisements(&leg))?;
            let (sender, receiver) = watch::channel(advert);
            let _inside = self.runtime.enter();
            let socket = sockets::registered(opened.0)?;
            let task = tokio::spawn(tasks::advertise(socket, opened.1, receiver));
            running.adverts.insert(leg, (sender, Tasks(vec![task])));
        }
        Ok(())
    }

    /// Starts a metadata responder for what comes in on `link`.
    fn metadata(&self, namespace: &str, link: &str, asking: Vec<Asking>) -> Result<Metadata, NodeError> {
        let opened = Netns::named(namespace).run(|| sockets::Metadata::open(link))?;
        let directory = Arc::new(Directory::default());
        directory.replace(asking.into_iter());
        let _inside = self.runtime.enter();
        let tasks = opened
            .listening()?
            .into_iter()
            .map(|listener| tokio::spawn(serve(listener, Arc::clone(&directory), Arc::clone(&self.source))));
        Ok(Metadata { tasks: Tasks(tasks.collect()), directory })
    }
}

/// A source address, whose it is, and the floating IP that belongs to it.
type Asking = (IpAddr, ServerId, Option<IpAddr>);

/// Who asks from which source address in a network.
fn guests(layout: &Layout<'_>, network: &DesiredNetwork) -> Vec<Asking> {
    let mut found = Vec::new();
    for view in layout.ports.iter().filter(|view| view.network.id == network.id) {
        let Some(server) = view.port.server else { continue };
        let first = view.port.fixed_ips.iter().find_map(|ip| public(layout, network, ip.address));
        for address in view.asks_from() {
            let own = if address.is_ipv4() { public(layout, network, address) } else { first };
            found.push((address, server, own));
        }
    }
    found
}

/// The floating IP of an address.
fn public(layout: &Layout<'_>, network: &DesiredNetwork, fixed: IpAddr) -> Option<IpAddr> {
    let here = layout.routers.iter().filter(|r| r.interfaces.iter().any(|leg| leg.network == network.id));
    here.flat_map(|router| &router.floating_ips).find(|ip| ip.fixed == fixed).map(|ip| ip.external)
}
