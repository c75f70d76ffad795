//! The blocking side: from plans to the machine, in an order that never opens before it closes.
//!
//! Rules come before links, links before addresses, additions before removals, and flows are cut last.

mod place;

use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use kogge_ids::PortId;
use kogge_node_api::{DesiredNetworking, NetworkKind, NodeError, ObservedNetworking, ObservedPort};
use nix::unistd::Uid;
use tokio::runtime::Handle;

use super::memory;
use crate::config::{DataplaneConfig, HostSide};
use crate::flows::{Place, cuts};
use crate::layout::{Layout, has_services};
use crate::names::{self, Namespaces};
use crate::plan::diff::Ownership;
use crate::plan::{self, Kind, NsPlan};
use crate::servers::Servers;
use crate::system::{Netns, ObservedNs, check_tools, list, open_tap, run};
use place::Placed;

/// Everything that a data plane remembers between calls.
pub(super) struct Engine {
    namespaces: Namespaces,
    folder: PathBuf,
    side: HostSide,
    servers: Servers,
    /// What was applied last, whether by this process or an earlier one.
    applied: Option<DesiredNetworking>,
    /// Whether `applied` was applied by this process: only then are taps plugged.
    ready: bool,
    /// What was done in each namespace.
    placed: BTreeMap<String, Placed>,
}

/// What went wrong on the way; the way is gone to its end.
#[derive(Default)]
struct Problems(Vec<NodeError>);

impl Problems {
    fn note<T>(&mut self, result: Result<T, NodeError>) -> Option<T> {
        result
            .inspect_err(|error| tracing::warn!(%error, "networking: a step failed"))
            .map_err(|error| self.0.push(error))
            .ok()
    }

    fn into_result<T>(mut self, value: T) -> Result<T, NodeError> {
        if self.0.is_empty() { Ok(value) } else { Err(self.0.swap_remove(0)) }
    }
}

impl Engine {
    /// Checks the machine and remembers what an earlier process applied.
    pub(super) fn open(config: DataplaneConfig, runtime: Handle) -> Result<Self, NodeError> {
        let refused = |because: &str| Err(NodeError::Refused { because: because.to_owned() });
        let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if config.prefix.is_empty() || config.prefix.len() > 32 || !config.prefix.chars().all(good) {
            return refused("a namespace prefix has 1 to 32 of a-z, 0-9 and -");
        }
        if !Uid::effective().is_root() {
            return refused("networking needs root; run as root, or use the simulated node");
        }
        check_tools()?;
        place::bridge_filter()?;
        let applied = memory::load(&config.data_dir);
        Ok(Self {
            namespaces: Namespaces::new(&config.prefix),
            folder: config.data_dir,
            side: config.host,
            servers: Servers::new(runtime, config.metadata),
            applied,
            ready: false,
            placed: BTreeMap::new(),
        })
    }

    /// Applies what an earlier process applied last.
    pub(super) fn recover(&mut self) -> Result<ObservedNetworking, NodeError> {
        match self.applied.clone() {
            Some(state) => self.apply(state),
            None => Ok(ObservedNetworking::default()),
        }
    }

    /// Makes everything as `desired` says.
    pub(super) fn apply(&mut self, desired: DesiredNetworking) -> Result<ObservedNetworking, NodeError> {
        let layout = Layout::new(&desired);
        let mut problems = Problems::default();
        self.prepare(&layout)?;
        problems.note(self.host_side(&layout));
        self.node_side(&layout, &mut problems)?;
        self.networks(&layout, &mut problems);
        self.routers(&layout, &mut problems);
        self.remove_stale(&layout, &mut problems);
        if let Some(before) = &self.applied {
            problems.note(self.cut_flows(before, &desired));
        }
        drop(layout);
        problems.note(memory::save(&self.folder, &desired));
        self.applied = Some(desired);
        self.ready = true;
        let observed = self.observe()?;
        problems.into_result(observed)
    }

    /// Makes the namespaces, so that links find their other ends.
    fn prepare(&mut self, layout: &Layout<'_>) -> Result<(), NodeError> {
        let node = self.namespaces.node();
        if Netns::named(&node).ensure()? {
            self.placed.clear();
        }
        for network in layout.networks.values().filter(|network| has_services(network)) {
            let name = self.namespaces.network(network.id);
            self.ensure(&name)?;
        }
        for router in layout.routers {
            let name = self.namespaces.router(router.id);
            self.ensure(&name)?;
        }
        Ok(())
    }

    fn ensure(&mut self, name: &str) -> Result<(), NodeError> {
        if Netns::named(name).ensure()? {
            self.forget(name);
        }
        Ok(())
    }

    /// A namespace or a link of it is made anew: nothing of what was done there is.
    fn forget(&mut self, name: &str) {
        self.placed.remove(name);
        self.servers.forget(name);
    }

    /// The gateway addresses and the host's protection.
    fn host_side(&mut self, layout: &Layout<'_>) -> Result<(), NodeError> {
        let plan = plan::host(layout, &self.namespaces, &self.side);
        let host = Netns::named_or_own(self.side.namespace.as_deref());
        // the empty name is no namespace's: the host's plan
        place::apply(&host, &plan, Ownership::Shared, self.placed.entry(String::new()).or_default())
            .map(|_| ())
    }

    /// Rules, bridges and veth pairs.
    fn node_side(&mut self, layout: &Layout<'_>, problems: &mut Problems) -> Result<(), NodeError> {
        let name = self.namespaces.node();
        let plan = plan::node(layout, &self.namespaces);
        let node = Netns::named(&name);
        let before = node.run(|| ObservedNs::read(false))?;
        for (link, planned) in &plan.links {
            if let Kind::Veth { namespace, .. } = &planned.kind
                && !before.links.contains_key(link)
            {
                self.forget(namespace);
            }
        }
        let placed = self.placed.entry(name).or_default();
        placed.verify_links();
        let outcome = place::apply(&node, &plan, Ownership::Ours, placed)?;
        problems.note(outcome.links);
        problems.note(node.run(|| place::remove(&outcome.remove)));
        Ok(())
    }

    fn networks(&mut self, layout: &Layout<'_>, problems: &mut Problems) {
        for network in layout.networks.values().filter(|network| has_services(network)) {
            let name = self.namespaces.network(network.id);
            let placed = problems.note(self.inside(&name, &plan::network(layout, network)));
            if placed.is_some() {
                let started = self.servers.update_network(layout, network, &name);
                problems.note(started);
            }
        }
    }

    fn routers(&mut self, layout: &Layout<'_>, problems: &mut Problems) {
        for router in layout.routers {
            let name = self.namespaces.router(router.id);
            let placed = problems.note(self.inside(&name, &plan::router(layout, router)));
            if placed.is_some() {
                let started = self.servers.update_router(layout, router, &name);
                problems.note(started);
            }
        }
    }

    /// Applies a plan in a network's or router's namespace, removals included.
    fn inside(&mut self, name: &str, plan: &NsPlan) -> Result<(), NodeError> {
        let namespace = Netns::named(name);
        let placed = self.placed.entry(name.to_owned()).or_default();
        let outcome = place::apply(&namespace, plan, Ownership::Ours, placed)?;
        outcome.links?;
        namespace.run(|| place::remove(&outcome.remove))
    }

    /// Namespaces of networks and routers that are gone.
    fn remove_stale(&mut self, layout: &Layout<'_>, problems: &mut Problems) {
        let with_services = layout.networks.values().filter(|network| has_services(network));
        let networks = with_services.map(|network| self.namespaces.network(network.id));
        let routers = layout.routers.iter().map(|router| self.namespaces.router(router.id));
        let node = self.namespaces.node();
        let wanted: BTreeSet<String> = networks.chain(routers).chain(std::iter::once(node)).collect();
        self.servers.keep(&wanted);
        for name in list().into_iter().filter(|name| self.namespaces.owns(name) && !wanted.contains(name)) {
            self.placed.remove(&name);
            problems.note(Netns::named(&name).remove());
        }
    }

    /// Makes the kernel forget flows that are no longer allowed.
    fn cut_flows(&self, before: &DesiredNetworking, after: &DesiredNetworking) -> Result<(), NodeError> {
        let mut by_namespace: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
        for cut in cuts(before, after) {
            let name = match cut.place {
                Place::Zone(_) => self.namespaces.node(),
                Place::Router(id) => self.namespaces.router(id),
            };
            by_namespace.entry(name).or_default().push(cut.arguments());
        }
        for (name, all) in by_namespace {
            Netns::named(&name).run(|| all.iter().try_for_each(|args| place::forget_flows(args)))?;
        }
        Ok(())
    }

    /// Which ports have a guest on the other end.
    pub(super) fn observe(&self) -> Result<ObservedNetworking, NodeError> {
        let node = Netns::named(&self.namespaces.node());
        let Some(desired) = self.applied.as_ref().filter(|_| node.exists()) else {
            return Ok(ObservedNetworking::default());
        };
        let seen = node.run(|| ObservedNs::read(false))?;
        let ports = desired.ports.iter().map(|port| {
            let link = seen.links.get(&names::tap(port.id));
            let up = link.is_some_and(|link| link.up && link.carrier && link.master.is_some());
            ObservedPort { id: port.id, up: up && port.admin_up }
        });
        Ok(ObservedNetworking { ports: ports.collect(), ..ObservedNetworking::default() })
    }

    /// Makes and joins a tap, behind rules that are there.
    pub(super) fn plug(&mut self, id: PortId) -> Result<OwnedFd, NodeError> {
        let not_yet = || NodeError::NotYet { what: format!("the network of port {id}") };
        if self.ready && !self.filters()? {
            let state = self.applied.clone().ok_or_else(not_yet)?;
            self.apply(state)?;
        }
        let desired = self.applied.as_ref().filter(|_| self.ready).ok_or_else(not_yet)?;
        let layout = Layout::new(desired);
        let view = layout.ports.iter().find(|view| view.port.id == id).ok_or_else(not_yet)?;
        let (tap, mtu) = (&view.tap, view.network.mtu);
        let bridge = names::bridge(view.network.segment);
        Netns::named(&self.namespaces.node()).run(|| {
            let descriptor = open_tap(tap)?;
            place::batch(&[
                format!("link set dev {tap} mtu {mtu}"),
                format!("link set dev {tap} master {bridge}"),
                format!("link set dev {tap} up"),
            ])?;
            Ok(descriptor)
        })
    }

    /// Whether the rules that this process set are those in the node's namespace.
    fn filters(&self) -> Result<bool, NodeError> {
        let name = self.namespaces.node();
        let node = Netns::named(&name);
        let Some(placed) = self.placed.get(&name).filter(|_| node.exists()) else { return Ok(false) };
        node.run(|| placed.holds())
    }

    /// Removes a tap.
    pub(super) fn unplug(&mut self, id: PortId) -> Result<(), NodeError> {
        let node = Netns::named(&self.namespaces.node());
        if !node.exists() {
            return Ok(());
        }
        let tap = names::tap(id);
        node.run(|| {
            if !ObservedNs::read(false)?.links.contains_key(&tap) {
                return Ok(());
            }
            match run("ip", &["link", "del", "dev", &tap], "") {
                Err(error) if error.to_string().contains("Cannot find device") => Ok(()),
                other => other.map(|_| ()),
            }
        })
    }

    /// Removes everything.
    pub(super) fn teardown(&mut self) -> Result<(), NodeError> {
        let mut problems = Problems::default();
        self.servers.keep(&BTreeSet::new());
        self.placed.clear();
        self.ready = false;
        let node = Netns::named(&self.namespaces.node());
        if node.exists() {
            problems.note(node.run(place::remove_links));
        }
        problems.note(self.leave_host());
        for name in list().into_iter().filter(|name| self.namespaces.owns(name)) {
            problems.note(Netns::named(&name).remove());
        }
        problems.note(memory::forget(&self.folder));
        self.applied = None;
        problems.into_result(())
    }

    /// Removes our rules and links from the host.
    fn leave_host(&self) -> Result<(), NodeError> {
        let host = Netns::named_or_own(self.side.namespace.as_deref());
        if !host.exists() {
            return Ok(());
        }
        let table = self.namespaces.host_table();
        let networks = self.applied.iter().flat_map(|state| &state.networks);
        let external = networks.filter(|network| network.kind == NetworkKind::External);
        let links: Vec<String> = external.map(|network| self.namespaces.host_link(network.id)).collect();
        host.run(|| {
            let seen = ObservedNs::read(false)?;
            let lines: Vec<String> = links
                .iter()
                .filter(|link| seen.links.contains_key(*link))
                .map(|link| format!("link del dev {link}"))
                .collect();
            place::batch(&lines)?;
            run("nft", &["-f", "-"], &format!("table inet {table}\ndelete table inet {table}\n")).map(|_| ())
        })
    }
}
