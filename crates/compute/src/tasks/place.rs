//! `place_servers`: a host with enough room, and the room on it, in one transaction, some servers at a time; or a fault,
//! and all that the server held goes back. That is for good, as in Nova. Only while a host that could take it is silent it waits a little.

mod board;

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use kogge_db::Tx;
use kogge_ids::ServerId;
use kogge_task::{Report, Task, TaskError, Wake};

use super::alone;
use crate::Compute;
use crate::error::{Error, Result};
use crate::model::server::{Fault, MoveKind, Server, ShelfPlace};
use crate::model::step::{Step, next_step};
use crate::store::{actions, servers as store};
use board::{Around, Board, Verdict};

/// Most servers of one run.
const BATCH: u32 = 256;
/// Most servers of one transaction: nobody else writes on SQLite while it lasts.
const AT_ONCE: usize = 32;
/// How soon to look again where a host is silent.
const LATER: Duration = Duration::from_secs(5);

/// What tenants are told; why each host did not do is for admins.
const NOWHERE: &str = "No valid host was found.";

/// Places servers.
pub(super) struct PlaceServers(pub(super) Compute);

#[async_trait]
impl Task for PlaceServers {
    kogge_task::named!("place_servers", every 10 s);

    fn wake(&self) -> Wake {
        self.0.wakes().place.clone()
    }

    async fn run(&self) -> std::result::Result<Report, TaskError> {
        let compute = &self.0;
        let waiting = store::due(compute.db(), store::Due::Unplaced, compute.now(), BATCH).await?;
        let mut report = Report { seen: waiting.len() as u64, ..Report::default() };
        let mut due = Vec::with_capacity(waiting.len());
        for server in &waiting {
            match next_step(server, &compute.config().patience(), compute.now()) {
                Step::Place => due.push(server.id),
                // a version before kept trying, and kept what the server held
                Step::Rest if server.found_no_host() => {
                    let forgone = compute.forgo(server.id).await;
                    report.done += u64::from(alone("placing", server.id, forgone).unwrap_or(false));
                }
                _ => {}
            }
        }
        for some in due.chunks(AT_ONCE) {
            report.done += compute.place(some).await;
        }
        report.more = report.done > 0 && waiting.len() == BATCH as usize;
        Ok(report)
    }
}

impl Compute {
    /// Places servers in one transaction; where one of them is in the way, each in its own. Answers of how many something
    /// was written down.
    async fn place(&self, servers: &[ServerId]) -> u64 {
        let error = match self.place_in_one(servers).await {
            Ok(done) => return done,
            Err(error) => error,
        };
        if let [one] = servers {
            return self.placed_alone(*one, Err(error)).await;
        }
        tracing::debug!(%error, "servers are placed one by one");
        let mut done = 0;
        for one in servers {
            let placed = self.place_in_one(std::slice::from_ref(one)).await;
            done += self.placed_alone(*one, placed).await;
        }
        done
    }

    /// What went wrong with one server is tried again in a while.
    async fn placed_alone(&self, id: ServerId, placed: Result<u64>) -> u64 {
        let placed = alone("placing", id, placed);
        if placed.is_none() {
            self.put_off(id).await;
        }
        placed.unwrap_or(0)
    }

    async fn place_in_one(&self, servers: &[ServerId]) -> Result<u64> {
        let mut tx = self.db().begin().await?;
        let mut board = Board::read(self, &mut tx).await?;
        let (mut done, mut hosts) = (0, BTreeSet::new());
        for id in servers {
            match self.place_on(&mut tx, &mut board, *id).await? {
                Placed::OnHost(host) => {
                    done += 1;
                    hosts.insert(host);
                }
                Placed::Nowhere => done += 1,
                Placed::NotNow => {}
            }
        }
        tx.commit().await?;
        hosts.iter().for_each(|host| self.wakes().converge.ring(host));
        Ok(done)
    }

    /// Places a server, or writes down why not.
    async fn place_on(&self, tx: &mut Tx, board: &mut Board, id: ServerId) -> Result<Placed> {
        store::lock(tx, id).await?;
        let Some(mut server) = store::get(&mut *tx, id).await? else { return Ok(Placed::NotNow) };
        let now = self.now();
        if next_step(&server, &self.config().patience(), now) != Step::Place {
            return Ok(Placed::NotNow);
        }
        let around = Around::of(self, tx, &server).await?;
        let placed = match board.choose(&server, &around, self.config().host_patience()) {
            Verdict::On(chosen) => {
                let (owner, room) = (&server.project, &chosen.room);
                let held =
                    self.placement().allocate_in(tx, id, owner, &server.user, chosen.provider, room).await;
                match held {
                    Ok(()) => {}
                    // somebody else took the room: the next run sees that
                    Err(kogge_placement::Error::NoRoom { .. }) => return Ok(Placed::NotNow),
                    Err(error) => return Err(Error::internal(error)),
                }
                actions::note_placed(tx, id, &chosen.why).await?;
                board.take(&chosen);
                self.host_ports(tx, id, &chosen.name).await?;
                server.placed.host = Some(chosen.name.clone());
                server.placed.fault = None;
                Placed::OnHost(chosen.name)
            }
            Verdict::NotYet => {
                // those that could be placed now must not wait behind it
                store::put_off(tx, &id.to_string(), now.plus(LATER)).await?;
                return Ok(Placed::NotNow);
            }
            Verdict::Nowhere(nowhere) if server.intent.shelf.is_some() => {
                // it has a picture and stays on the shelf, as it was
                tracing::warn!(server.id = %id, %nowhere, "a server stays on the shelf");
                actions::fail(tx, id, None, None, NOWHERE, now).await?;
                if let Some(shelf) = &mut server.intent.shelf {
                    shelf.place = ShelfPlace::Away;
                }
                Placed::Nowhere
            }
            Verdict::Nowhere(nowhere) => {
                actions::fail(tx, id, None, None, NOWHERE, now).await?;
                let (generation, message) = (server.intent.generation, NOWHERE.to_owned());
                server.placed.fault = Some(Fault::new(generation, message, &nowhere.to_string(), now));
                self.give_back(tx, &mut server).await?;
                Placed::Nowhere
            }
        };
        // it is locked since it was read: nobody else wrote it
        if store::save(tx, &mut server, now).await? { Ok(placed) } else { Err(Error::Busy) }
    }

    /// Another host for a server that moves, the best one or this one; nothing where none takes it.
    pub(crate) async fn another_host(
        &self,
        tx: &mut Tx,
        server: &Server,
        wanted: Option<&str>,
        kind: MoveKind,
    ) -> Result<Option<String>> {
        let board = Board::read(self, tx).await?;
        let mut around = Around::of(self, tx, server).await?;
        let from = server.placed.host.as_deref().unwrap_or_default();
        board.bar(&mut around, from, kind != MoveKind::Evacuation);
        let mut server = server.clone();
        // a host that was asked for at the boot is no pin, but the zone is
        server.spec.host = wanted.map(str::to_owned);
        Ok(match board.choose(&server, &around, Duration::ZERO) {
            Verdict::On(chosen) => Some(chosen.name),
            Verdict::NotYet => None,
            Verdict::Nowhere(nowhere) => {
                tracing::info!(server.id = %server.id, %nowhere, "a server finds no other host");
                None
            }
        })
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
        Ok(saved)
    }

    /// Ports, addresses and the image's data go back to whoever may need them; the server keeps its name and its fault.
    async fn give_back(&self, tx: &mut Tx, server: &mut Server) -> Result<()> {
        self.drop_all_ports(tx, server.id).await?;
        server.nics.clear();
        server.intent.leaving.clear();
        self.let_volumes_go_in(tx, server).await?;
        self.release_image(tx, server.id).await
    }
}

/// What became of a server.
enum Placed {
    OnHost(String),
    /// No host takes it: that is written down.
    Nowhere,
    /// It is not to be placed any more, or not yet.
    NotNow,
}
