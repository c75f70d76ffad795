//! `place_servers`: a host with enough room, and the room on it, in one transaction; or a fault with every host's
//! reason.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_trait::async_trait;
use kogge_db::Tx;
use kogge_ids::{ProviderId, ServerId};
use kogge_placement::{Candidate, MEMORY_MB, NoHost, Request, VCPU};
use kogge_task::{Report, Task, TaskError, Wake};

use super::register::failed;
use crate::Compute;
use crate::error::{Error, Result};
use crate::model::host::{Aggregate, Host, zone_of};
use crate::model::server::{Fault, Server};
use crate::model::server_group::Company;
use crate::model::step::{Step, next_step};
use crate::service::servers::boot::room;
use crate::store::{actions, aggregates, hosts, servers as store};

/// Most servers of one run.
const BATCH: usize = 256;

/// Places servers.
pub(super) struct PlaceServers(pub(super) Compute);

#[async_trait]
impl Task for PlaceServers {
    fn name(&self) -> &'static str {
        "place_servers"
    }

    fn period(&self) -> Duration {
        Duration::from_secs(10)
    }

    fn wake(&self) -> Wake {
        self.0.wakes().place.clone()
    }

    async fn run(&self) -> std::result::Result<Report, TaskError> {
        let compute = &self.0;
        let waiting = store::unsettled(compute.db(), None, BATCH).await?;
        let mut report = Report { seen: waiting.len() as u64, ..Report::default() };
        let place =
            |server: &&Server| next_step(server, &compute.config().patience(), compute.now()) == Step::Place;
        for server in waiting.iter().filter(place) {
            if compute.place(server.id).await.map_err(failed)? {
                report.done += 1;
            }
        }
        if report.done > 0 {
            compute.wakes().converge.wake();
        }
        report.more = report.done > 0 && waiting.len() == BATCH;
        Ok(report)
    }
}

impl Compute {
    /// Places a server, or writes down why not. False where it was not to be placed any more.
    async fn place(&self, id: ServerId) -> Result<bool> {
        let mut tx = self.db().begin().await?;
        store::lock(&mut tx, id).await?;
        let Some(mut server) = store::get(&mut tx, id).await? else { return Ok(false) };
        let now = self.now();
        if next_step(&server, &self.config().patience(), now) != Step::Place {
            return Ok(false);
        }
        match self.choose(&mut tx, &server).await? {
            Ok(chosen) => {
                let needed = room(&server.shape, server.spec.root_gib);
                let held = self
                    .placement()
                    .allocate_in(&mut tx, id, &server.project, &server.user, chosen.provider, &needed)
                    .await;
                match held {
                    Ok(()) => {}
                    // somebody else took the room: the next run sees that
                    Err(kogge_placement::Error::NoRoom { .. }) => return Ok(false),
                    Err(error) => return Err(Error::internal(error)),
                }
                self.host_ports(&mut tx, id, &chosen.name).await?;
                server.placed.host = Some(chosen.name);
                server.placed.fault = None;
            }
            Err(nowhere) => {
                let message = nowhere.to_string();
                actions::fail(&mut tx, id, None, &message, now).await?;
                let generation = server.intent.generation;
                let (code, details, at) = (500, String::new(), now.as_micros());
                server.placed.fault = Some(Fault { generation, code, message, details, at });
            }
        }
        if !store::save(&mut tx, &mut server, now).await? {
            return Ok(false);
        }
        tx.commit().await?;
        Ok(true)
    }

    async fn choose(&self, tx: &mut Tx, server: &Server) -> Result<std::result::Result<Candidate, NoHost>> {
        let all = hosts::list(&mut *tx).await?;
        let aggregates = aggregates::list(&mut *tx).await?;
        let neighbours = Neighbours::of(tx, server).await?;
        let company = self.company_in(tx, server.id).await?;
        let mut reasons = BTreeMap::new();
        let mut within: BTreeSet<ProviderId> = BTreeSet::new();
        for host in &all {
            let kept_off = || company.as_ref().and_then(|company| company.objection(host.name()));
            match self.objection(server, host, &aggregates, &neighbours).or_else(kept_off) {
                Some(reason) => drop(reasons.insert(host.name().to_owned(), reason)),
                None => drop(within.insert(host.id.uuid().into())),
            }
        }
        let request = Request {
            resources: room(&server.shape, server.spec.root_gib),
            within: Some(within),
            ..Request::default()
        };
        let found = self.placement().candidates_in(tx, &request).await.map_err(Error::internal)?;
        let best = |candidates| best(candidates, company.as_ref());
        Ok(found.map(best).and_then(|best| best.ok_or(NoHost { rejected: Vec::new() })).map_err(|nowhere| {
            let reason = |(name, theirs): (String, String)| {
                let ours = reasons.get(&name).cloned();
                (name, ours.unwrap_or(theirs))
            };
            NoHost { rejected: nowhere.rejected.into_iter().map(reason).collect() }
        }))
    }

    /// Why a host does not come into question, whatever room it has.
    fn objection(
        &self,
        server: &Server,
        host: &Host,
        aggregates: &[Aggregate],
        neighbours: &Neighbours,
    ) -> Option<String> {
        let name = host.name();
        if server.spec.host.as_deref().is_some_and(|wanted| wanted != name) {
            return Some("is not the host that was asked for".to_owned());
        }
        if host.disabled {
            return Some("is disabled".to_owned());
        }
        if !host.is_up(self.now(), self.config().host_patience()) {
            return Some("does not answer".to_owned());
        }
        let zone = zone_of(name, aggregates, &self.config().default_zone);
        if server.spec.host.is_none() && server.spec.zone.as_ref().is_some_and(|wanted| *wanted != zone) {
            return Some(format!("is in zone {zone}"));
        }
        neighbours.objection(name)
    }
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

/// The host that a soft policy of the group likes best; of those the one with the most memory free, then the most CPUs.
fn best(candidates: Vec<Candidate>, company: Option<&Company>) -> Option<Candidate> {
    let liked = |one: &Candidate| company.map_or(0, |company| company.preference(&one.name));
    let free = |one: &Candidate, class: &str| one.free.get(class).copied().unwrap_or(0);
    candidates.into_iter().max_by_key(|one| (liked(one), free(one, MEMORY_MB), free(one, VCPU)))
}
