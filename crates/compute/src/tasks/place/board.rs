//! The hosts of the cloud at one moment, read once for many servers, and which of them takes a server.

use std::collections::{BTreeMap, BTreeSet};

use kogge_clock::Timestamp;
use kogge_db::Tx;
use kogge_ids::ProviderId;
use kogge_node_api::Accelerator;
use kogge_placement::{MEMORY_MB, NoHost, Request, Resources, Supply, VCPU, candidates};

use crate::Compute;
use crate::error::{Error, Result};
use crate::model::hardware::needs;
use crate::model::host::{Aggregate, Host, zone_of};
use crate::model::server::Server;
use crate::model::server_group::Company;
use crate::model::wishes::{Properties, aggregate_objection, trait_objection};
use crate::service::servers::boot::room_for;
use crate::store::{aggregates, hosts, servers as store};

/// The hosts, and the room on them. What is placed is counted here too.
pub(super) struct Board {
    seats: Vec<Seat>,
    /// What has room and is no host of compute: it is only named where nothing takes a server.
    others: Vec<Supply>,
    now: Timestamp,
}

/// So many hosts are named where one is chosen.
const LISTED: usize = 16;

struct Seat {
    host: Host,
    zone: String,
    /// What its aggregates say.
    properties: Properties,
    up: bool,
    supply: Option<Supply>,
}

impl Seat {
    fn provider(&self) -> ProviderId {
        self.host.id.uuid().into()
    }
}

/// What was found for a server.
pub(super) enum Verdict {
    /// This host.
    On(Chosen),
    /// None now, but one that is silent may come back soon.
    NotYet,
    /// None.
    Nowhere(NoHost),
}

/// A host for a server.
pub(super) struct Chosen {
    pub(super) provider: ProviderId,
    pub(super) name: String,
    /// What it takes there.
    pub(super) room: Resources,
    /// Why it is this one, for operators.
    pub(super) why: String,
    seat: usize,
}

/// What other servers have to do with the place of one.
pub(super) struct Around {
    /// Hosts that are no choice, and why.
    barred: BTreeMap<String, String>,
    neighbours: Neighbours,
    company: Option<Company>,
}

impl Around {
    pub(super) async fn of(compute: &Compute, tx: &mut Tx, server: &Server) -> Result<Self> {
        let neighbours = Neighbours::of(tx, server).await?;
        Ok(Self { barred: BTreeMap::new(), neighbours, company: compute.company_in(tx, server.id).await? })
    }
}

impl Board {
    pub(super) async fn read(compute: &Compute, tx: &mut Tx) -> Result<Self> {
        let (now, patience) = (compute.now(), compute.config().host_patience());
        let aggregates = aggregates::list(&mut *tx).await?;
        let supplies = compute.placement().supplies_in(tx).await.map_err(Error::internal)?;
        let mut supplies: BTreeMap<ProviderId, Supply> =
            supplies.into_iter().map(|supply| (supply.provider.id, supply)).collect();
        let seat = |host: Host| Seat {
            zone: zone_of(host.name(), &aggregates, &compute.config().default_zone),
            properties: properties_of(host.name(), &aggregates),
            up: host.is_up(now, patience),
            supply: supplies.remove(&host.id.uuid().into()),
            host,
        };
        let seats = hosts::list(&mut *tx).await?.into_iter().map(seat).collect();
        Ok(Self { seats, others: supplies.into_values().collect(), now })
    }

    /// The host that a soft policy of the group likes best; of those the one with the most memory free, then the most
    /// CPUs.
    pub(super) fn choose(&self, server: &Server, around: &Around, patience: std::time::Duration) -> Verdict {
        let needed = room_for(server, &server.shape);
        let takes = |seat: &Seat| {
            seat.up
                && seat.supply.as_ref().is_some_and(|supply| supply.fits(&needed))
                && objection(server, seat, around).is_none()
        };
        let liked =
            |seat: &Seat| around.company.as_ref().map_or(0, |company| company.preference(seat.host.name()));
        let free = |seat: &Seat, class| seat.supply.as_ref().map_or(0, |supply| supply.free_of(class));
        let fitting = self.seats.iter().enumerate().filter(|(_, seat)| takes(seat));
        let best = fitting
            .max_by_key(|(_, seat)| (liked(seat), free(seat, MEMORY_MB), free(seat, VCPU), seat.provider()));
        if let Some((index, seat)) = best {
            let (provider, name) = (seat.provider(), seat.host.name().to_owned());
            let why = self.why(seat, server, around, &needed);
            return Verdict::On(Chosen { provider, name, room: needed, why, seat: index });
        }
        let silent = |seat: &Seat| !seat.up && objection(server, seat, around).is_none();
        let may_come = self.seats.is_empty() || self.seats.iter().any(silent);
        let waits_until = Timestamp::from_micros(server.intent.asked_at).plus(patience);
        if may_come && self.now < waits_until {
            return Verdict::NotYet;
        }
        Verdict::Nowhere(self.reasons(server, around, needed))
    }

    /// Why a host was chosen, and why others were not, as far as they are few.
    fn why(&self, chosen: &Seat, server: &Server, around: &Around, needed: &Resources) -> String {
        let free = |class| chosen.supply.as_ref().map_or(0, |supply| supply.free_of(class));
        let mut why = format!(
            "{}, with the most memory free of those that take it ({} MiB, and {} CPUs)",
            chosen.host.name(),
            free(MEMORY_MB),
            free(VCPU)
        );
        if self.seats.len() > LISTED {
            return why;
        }
        for seat in self.seats.iter().filter(|seat| seat.host.name() != chosen.host.name()) {
            let full = || {
                let fits = seat.supply.as_ref().is_some_and(|supply| supply.fits(needed));
                (!fits).then(|| "has no room".to_owned())
            };
            let silent = || (!seat.up).then(|| "does not answer".to_owned());
            let not = objection(server, seat, around).or_else(silent).or_else(full);
            let not = not.unwrap_or_else(|| "has less free".to_owned());
            why.push_str(&format!("; {} {not}", seat.host.name()));
        }
        why
    }

    /// Bars the host that a server leaves, and those that cannot take its disk over where that comes along.
    pub(super) fn bar(&self, around: &mut Around, from: &str, carried: bool) {
        let simulated = |seat: &Seat| seat.host.facts.accelerator == Accelerator::Simulated;
        let gives = self.seats.iter().any(|seat| seat.host.name() == from && simulated(seat));
        for seat in &self.seats {
            let name = seat.host.name();
            let why = match name == from {
                true => "is the host that it leaves",
                false if carried && !(gives && simulated(seat)) => "cannot take a disk over from that host",
                false => continue,
            };
            around.barred.insert(name.to_owned(), why.to_owned());
        }
    }

    /// Counts the room of a server that was written down as used.
    pub(super) fn take(&mut self, chosen: &Chosen) {
        if let Some(supply) = self.seats.get_mut(chosen.seat).and_then(|seat| seat.supply.as_mut()) {
            supply.take(&chosen.room);
        }
    }

    /// Why each host does not do.
    fn reasons(&self, server: &Server, around: &Around, resources: Resources) -> NoHost {
        let silent = || "does not answer".to_owned();
        let ours = |seat: &Seat| objection(server, seat, around).or_else(|| (!seat.up).then(silent));
        let ours: BTreeMap<String, String> =
            self.seats.iter().filter_map(|seat| Some((seat.host.name().to_owned(), ours(seat)?))).collect();
        let open = self.seats.iter().filter(|seat| !ours.contains_key(seat.host.name()));
        let within = Some(open.map(Seat::provider).collect());
        let request = Request { resources, within, ..Request::default() };
        let supplies: Vec<Supply> = self
            .seats
            .iter()
            .filter_map(|seat| seat.supply.clone())
            .chain(self.others.iter().cloned())
            .collect();
        let rejected =
            candidates(&supplies, &request).err().map(|nowhere| nowhere.rejected).unwrap_or_default();
        let reason = |(name, theirs): (String, String)| {
            let ours = ours.get(&name).cloned();
            (name, ours.unwrap_or(theirs))
        };
        NoHost { rejected: rejected.into_iter().map(reason).collect() }
    }
}

/// What the aggregates of a host say, taken together.
fn properties_of(host: &str, aggregates: &[Aggregate]) -> Properties {
    let mut all = Properties::new();
    for aggregate in aggregates.iter().filter(|aggregate| aggregate.hosts.iter().any(|one| one == host)) {
        for (key, value) in aggregate.metadata.iter() {
            all.entry(key.clone()).or_default().insert(value.clone());
        }
    }
    all
}

/// Why a host does not come into question, whether it answers or not and whatever room it has.
fn objection(server: &Server, seat: &Seat, around: &Around) -> Option<String> {
    let name = seat.host.name();
    if let Some(why) = around.barred.get(name) {
        return Some(why.clone());
    }
    if server.spec.host.as_deref().is_some_and(|wanted| wanted != name) {
        return Some("is not the host that was asked for".to_owned());
    }
    if seat.host.disabled {
        return Some("is disabled".to_owned());
    }
    if server.spec.host.is_none() && server.spec.zone.as_ref().is_some_and(|wanted| *wanted != seat.zone) {
        return Some(format!("is in zone {}", seat.zone));
    }
    let traits = seat.supply.as_ref().map(|supply| &supply.traits);
    let wished = traits.and_then(|traits| trait_objection(server, traits));
    let wished = wished.or_else(|| needs::objection(server, &seat.host.facts));
    if let Some(why) = wished.or_else(|| aggregate_objection(server, &seat.properties)) {
        return Some(why);
    }
    let kept_off = || around.company.as_ref().and_then(|company| company.objection(name));
    around.neighbours.objection(name).or_else(kept_off)
}

/// The hosts of the servers that scheduler hints name.
struct Neighbours {
    same: Option<BTreeSet<String>>,
    different: BTreeSet<String>,
}

impl Neighbours {
    async fn of(tx: &mut Tx, server: &Server) -> Result<Self> {
        let same = hosts_of(tx, server, "same_host").await?;
        let different = hosts_of(tx, server, "different_host").await?.unwrap_or_default();
        Ok(Self { same, different })
    }

    fn objection(&self, host: &str) -> Option<String> {
        if self.different.contains(host) {
            return Some("runs a server that the hint different_host names".to_owned());
        }
        let same = self.same.as_ref().is_none_or(|hosts| hosts.contains(host));
        (!same).then(|| "runs no server that the hint same_host names".to_owned())
    }
}

async fn hosts_of(tx: &mut Tx, server: &Server, hint: &str) -> Result<Option<BTreeSet<String>>> {
    let Some(value) = server.spec.hints.as_ref().and_then(|hints| hints.get(hint)) else { return Ok(None) };
    let ids: Vec<&serde_json::Value> =
        value.as_array().map_or_else(|| vec![value], |list| list.iter().collect());
    let mut found = BTreeSet::new();
    for id in ids.into_iter().filter_map(|id| id.as_str()?.parse().ok()) {
        let other = store::get(&mut *tx, id).await?;
        // the servers of other projects are none of the owner's business
        found.extend(
            other.filter(|other| other.project == server.project).and_then(|other| other.placed.host),
        );
    }
    Ok(Some(found))
}
