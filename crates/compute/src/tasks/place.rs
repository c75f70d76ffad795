//! `place_servers`: a host with enough room, and the room on it, in one transaction; or a fault, and all that the server
//! held goes back. That is for good, as in Nova. Only while a host that could take it is silent it waits a little.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_trait::async_trait;
use kogge_clock::Timestamp;
use kogge_db::Tx;
use kogge_ids::{ProviderId, ServerId};
use kogge_placement::{Candidate, MEMORY_MB, NoHost, Request, VCPU};
use kogge_task::{Report, Task, TaskError, Wake};

use super::alone;
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

/// What tenants are told; why each host did not do is for admins.
const NOWHERE: &str = "No valid host was found.";

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
        for server in &waiting {
            let step = next_step(server, &compute.config().patience(), compute.now());
            let placed = match step {
                Step::Place => compute.place(server.id).await,
                // a version before kept trying, and kept what the server held
                Step::Rest if server.found_no_host() => compute.forgo(server.id).await,
                _ => continue,
            };
            report.done += u64::from(alone("placing", server.id, placed).unwrap_or(false));
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
        let verdict = self.choose(&mut tx, &server).await?;
        let gives_up = matches!(verdict, Verdict::Nowhere(_));
        match verdict {
            Verdict::On(chosen) => {
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
            Verdict::NotYet => return Ok(false),
            Verdict::Nowhere(nowhere) => {
                actions::fail(&mut tx, id, None, NOWHERE, now).await?;
                let (generation, message) = (server.intent.generation, NOWHERE.to_owned());
                server.placed.fault = Some(Fault::new(generation, message, &nowhere.to_string(), now));
                self.give_back(&mut tx, &mut server).await?;
            }
        }
        if !store::save(&mut tx, &mut server, now).await? {
            return Ok(false);
        }
        tx.commit().await?;
        if gives_up {
            self.network_changed();
        }
        Ok(true)
    }

    /// Gives back what a server holds that found no host.
    async fn forgo(&self, id: ServerId) -> Result<bool> {
        let mut tx = self.db().begin().await?;
        store::lock(&mut tx, id).await?;
        let Some(mut server) = store::get(&mut tx, id).await? else { return Ok(false) };
        if server.deleted_at.is_some() || !server.found_no_host() {
            return Ok(false);
        }
        self.give_back(&mut tx, &mut server).await?;
        let saved = store::save(&mut tx, &mut server, self.now()).await?;
        tx.commit().await?;
        self.network_changed();
        Ok(saved)
    }

    /// Ports, addresses and the image's data go back to whoever may need them; the server keeps its name and its fault.
    async fn give_back(&self, tx: &mut Tx, server: &mut Server) -> Result<()> {
        self.drop_all_ports(tx, server.id).await?;
        server.nics.clear();
        server.intent.leaving.clear();
        self.release_image(tx, server.id).await
    }

    async fn choose(&self, tx: &mut Tx, server: &Server) -> Result<Verdict> {
        let all = hosts::list(&mut *tx).await?;
        let aggregates = aggregates::list(&mut *tx).await?;
        let neighbours = Neighbours::of(tx, server).await?;
        let company = self.company_in(tx, server.id).await?;
        let mut reasons = BTreeMap::new();
        let mut within: BTreeSet<ProviderId> = BTreeSet::new();
        let mut silent = all.is_empty();
        for host in &all {
            let kept_off = || company.as_ref().and_then(|company| company.objection(host.name()));
            let objection = self.objection(server, host, &aggregates, &neighbours).or_else(kept_off);
            let up = host.is_up(self.now(), self.config().host_patience());
            match objection {
                Some(reason) => drop(reasons.insert(host.name().to_owned(), reason)),
                None if up => drop(within.insert(host.id.uuid().into())),
                None => {
                    silent = true;
                    reasons.insert(host.name().to_owned(), "does not answer".to_owned());
                }
            }
        }
        let request = Request {
            resources: room(&server.shape, server.spec.root_gib),
            within: Some(within),
            ..Request::default()
        };
        let found = self.placement().candidates_in(tx, &request).await.map_err(Error::internal)?;
        let nowhere = match found.map(|candidates| best(candidates, company.as_ref())) {
            Ok(Some(chosen)) => return Ok(Verdict::On(chosen)),
            Ok(None) => NoHost { rejected: Vec::new() },
            Err(nowhere) => nowhere,
        };
        let waits_until = Timestamp::from_micros(server.intent.asked_at).plus(self.config().host_patience());
        if silent && self.now() < waits_until {
            return Ok(Verdict::NotYet);
        }
        let reason = |(name, theirs): (String, String)| {
            let ours = reasons.get(&name).cloned();
            (name, ours.unwrap_or(theirs))
        };
        Ok(Verdict::Nowhere(NoHost { rejected: nowhere.rejected.into_iter().map(reason).collect() }))
    }

    /// Why a host does not come into question, whether it answers or not and whatever room it has.
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
        let zone = zone_of(name, aggregates, &self.config().default_zone);
        if server.spec.host.is_none() && server.spec.zone.as_ref().is_some_and(|wanted| *wanted != zone) {
            return Some(format!("is in zone {zone}"));
        }
        neighbours.objection(name)
    }
}

/// What was found for a server.
enum Verdict {
    /// This host.
    On(Candidate),
    /// None now, but one that is silent may come back soon.
    NotYet,
    /// None.
    Nowhere(NoHost),
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
