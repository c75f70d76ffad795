//! The processes that share a database: who lives, and who holds what.
//!
//! A process enters under a name, which its data directory keeps, and says every few seconds that it lives. What it
//! holds ([`Process::lease`]) it holds for as long as it lives: a lease costs one write when it changes hands, however
//! often it is used. A process that is late has lost nothing until another one, which wants something of it, declares it
//! dead; from then on it is, and has to enter anew. Each time that a lease changes hands its epoch rises.
//!
//! ```text
//!   A: enter ─ lease x (epoch 4) ─ renew ─ renew ─ (stands still) ───────────────── renew: dead! ─ enter ─ lease x: B's
//!   B:                                    lease x: A's   … late: bury A ─ lease x (epoch 5)
//! ```
//!
//! Whether somebody is late the database's clock decides ([`Db::now`]). A process believes itself alive by its own
//! clock, which nobody sets, for less long than the others do ([`Process::is_sure`]).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use kogge_clock::{Clock, Timestamp};
use tokio::sync::watch;

use crate::{Db, DbError, Executor, Query, Row};

/// How long a process counts as alive without saying so.
pub const LIFETIME: Duration = Duration::from_secs(30);
/// How long it believes so itself: shorter, for a statement may take its time.
const CERTAINTY: Duration = Duration::from_secs(22);

/// Who enters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newcomer {
    /// Its name: that of its data directory.
    pub name: String,
    /// The machine and directory that it lives in. Another process of the same name there is dead, for the directory is
    /// locked; one elsewhere may live.
    pub place: String,
    /// Who it is, for people.
    pub address: String,
}

/// Why a process could not enter.
#[derive(Debug, thiserror::Error)]
pub enum EnterError {
    /// Another process of this name lives elsewhere.
    #[error(
        "a process of the same name lives: {address}, in {place}, heard of {seconds_ago} s ago; a copy of a data directory \
         cannot run beside the original"
    )]
    Occupied {
        /// Who it is.
        address: String,
        /// Where it lives.
        place: String,
        /// How long ago it was heard of.
        seconds_ago: i64,
    },
    /// The database failed.
    #[error("the database failed")]
    Db(#[from] DbError),
}

/// What was made of the wish for a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lease {
    /// This process holds it.
    Held(Grant),
    /// Another one does, which lives.
    Elsewhere {
        /// Its name.
        owner: String,
    },
}

/// The right to do something, in one epoch of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// What it is for.
    pub name: String,
    /// How often it has changed hands.
    pub epoch: u64,
    incarnation: i64,
}

/// This process among those that share a database. Cheap to clone.
#[derive(Clone)]
pub struct Process(Arc<Inner>);

struct Inner {
    db: Db,
    clock: Clock,
    who: Newcomer,
    state: Mutex<State>,
    incarnations: watch::Sender<i64>,
}

struct State {
    incarnation: i64,
    /// Until when nobody can have declared it dead.
    sure_until: Instant,
    held: BTreeMap<String, Grant>,
}

const ENTER: &str = "INSERT INTO processes (name, incarnation, place, address, started_at, alive_until)
    VALUES ($1, 1, $2, $3, {now}, {now} + $4)
    ON CONFLICT (name) DO UPDATE SET incarnation = processes.incarnation + 1, place = excluded.place,
        address = excluded.address, started_at = excluded.started_at, alive_until = excluded.alive_until
    WHERE processes.place = excluded.place OR processes.alive_until <= {now}
    RETURNING incarnation";
const WHO: &str =
    "SELECT place, address, ({now} + $2 - alive_until) / 1000000 AS ago FROM processes WHERE name = $1";
const RENEW: &str = "UPDATE processes SET alive_until = {now} + $3
    WHERE name = $1 AND incarnation = $2 AND alive_until > 0";
const BURY: &str = "UPDATE processes SET alive_until = 0
    WHERE name = $1 AND incarnation = $2 AND alive_until <= {now}";
const HOLDER: &str = "SELECT l.owner AS owner, l.incarnation AS incarnation, l.epoch AS epoch,
    COALESCE(p.alive_until, 0) AS alive_until, {now} AS now
    FROM leases l LEFT JOIN processes p ON p.name = l.owner AND p.incarnation = l.incarnation
    WHERE l.name = $1";
/// Only who lives takes a lease, and only of somebody who does not.
const TAKE: &str = "INSERT INTO leases (name, owner, incarnation, epoch, expires_at)
    SELECT $1, $2, $3, 1, me.alive_until FROM processes me
    WHERE me.name = $2 AND me.incarnation = $3 AND me.alive_until > 0
    ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, incarnation = excluded.incarnation,
        epoch = leases.epoch + 1, expires_at = excluded.expires_at
    WHERE NOT EXISTS (SELECT 1 FROM processes p WHERE p.name = leases.owner
        AND p.incarnation = leases.incarnation AND p.alive_until > 0)
    RETURNING epoch";
const RELEASE: &str =
    "UPDATE leases SET owner = '', incarnation = 0 WHERE name = $1 AND owner = $2 AND incarnation = $3";

impl Db {
    /// The time that decides about lives and leases: a server's own clock; for a file, which one process has, that
    /// process's.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn now(&self, clock: &Clock) -> Result<Timestamp, DbError> {
        self.one(self.timed("SELECT {now} AS now", clock)).await?.time("now")
    }

    /// A statement with the database's time, in microseconds, for `{now}`.
    pub(crate) fn timed(&self, sql: &'static str, clock: &Clock) -> Query {
        const SERVERS: &str = "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)";
        let now = if self.is_sqlite() { clock.now().as_micros().to_string() } else { SERVERS.to_owned() };
        Query::built(sql.replace("{now}", &now), Vec::new())
    }

    /// Lets this process enter.
    ///
    /// # Errors
    /// [`EnterError::Occupied`] where another one of the same name lives elsewhere.
    pub async fn enter(&self, who: Newcomer, clock: &Clock) -> Result<Process, EnterError> {
        let sure_until = Instant::now() + CERTAINTY;
        let incarnation = incarnate(self, &who, clock).await?;
        let state = State { incarnation, sure_until, held: BTreeMap::new() };
        Ok(Process(Arc::new(Inner {
            db: self.clone(),
            clock: clock.clone(),
            who,
            state: Mutex::new(state),
            incarnations: watch::Sender::new(incarnation),
        })))
    }
}

/// A new incarnation of a process.
async fn incarnate(db: &Db, who: &Newcomer, clock: &Clock) -> Result<i64, EnterError> {
    let enter = db.timed(ENTER, clock).bind(&who.name).bind(&who.place).bind(&who.address).bind(micros());
    if let Some(row) = db.returning(enter).await? {
        return Ok(row.int("incarnation")?);
    }
    let row = db.one(db.timed(WHO, clock).bind(&who.name).bind(micros())).await?;
    Err(EnterError::Occupied {
        address: row.text("address")?,
        place: row.text("place")?,
        seconds_ago: row.int("ago")?,
    })
}

fn micros() -> i64 {
    i64::try_from(LIFETIME.as_micros()).unwrap_or(i64::MAX)
}

impl Process {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.who.name
    }

    /// The database.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.0.db
    }

    /// The time.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// How often a process of this name has entered.
    #[must_use]
    pub fn incarnation(&self) -> i64 {
        self.state().incarnation
    }

    /// Tells of every new incarnation: what an older one held is lost.
    #[must_use]
    pub fn incarnations(&self) -> watch::Receiver<i64> {
        self.0.incarnations.subscribe()
    }

    /// Whether nobody can have declared it dead. Where this is false, nothing is to be done that needs a lease.
    #[must_use]
    pub fn is_sure(&self) -> bool {
        Instant::now() < self.state().sure_until
    }

    /// Until when it is sure, if it is not heard of again.
    #[must_use]
    pub fn sure_until(&self) -> Instant {
        self.state().sure_until
    }

    /// Whether this grant still holds for sure.
    #[must_use]
    pub fn holds(&self, grant: &Grant) -> bool {
        let state = self.state();
        Instant::now() < state.sure_until && state.held.get(&grant.name) == Some(grant)
    }

    /// Says that it lives; to be called several times in [`LIFETIME`]. Where it was declared dead meanwhile it has lost
    /// all that it held, and enters anew.
    ///
    /// # Errors
    /// Where the database fails, or another process of this name lives.
    pub async fn renew(&self) -> Result<(), EnterError> {
        let Inner { db, clock, who, .. } = &*self.0;
        let sure_until = Instant::now() + CERTAINTY;
        let incarnation = self.incarnation();
        let renew = db.timed(RENEW, clock).bind(&who.name).bind(incarnation).bind(micros());
        if db.execute(renew).await? == 1 {
            self.state().sure_until = sure_until;
            return Ok(());
        }
        tracing::warn!(
            process = who.name,
            "this process was declared dead by another one, and has lost what it held"
        );
        {
            let mut state = self.state();
            state.held.clear();
            state.sure_until = Instant::now();
        }
        let sure_until = Instant::now() + CERTAINTY;
        let fresh = incarnate(db, who, clock).await?;
        {
            let mut state = self.state();
            state.incarnation = fresh;
            state.sure_until = sure_until;
        }
        self.0.incarnations.send_replace(fresh);
        Ok(())
    }

    /// Takes the lease `name`, or finds that this process holds it already.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn lease(&self, name: &str) -> Result<Lease, DbError> {
        if let Some(grant) = self.held(name) {
            return Ok(Lease::Held(grant));
        }
        let Inner { db, clock, .. } = &*self.0;
        let Some(holder) = db.optional(db.timed(HOLDER, clock).bind(name)).await? else {
            return self.take(name).await;
        };
        let (owner, incarnation) = (holder.text("owner")?, holder.int("incarnation")?);
        let alive_until = holder.int("alive_until")?;
        if owner == self.name() && incarnation == self.incarnation() {
            return Ok(Lease::Held(self.keep(name, &holder, incarnation)?));
        }
        if alive_until > holder.int("now")? {
            return Ok(Lease::Elsewhere { owner });
        }
        if alive_until > 0 {
            let bury = db.timed(BURY, clock).bind(&owner).bind(incarnation);
            if db.execute(bury).await? == 1 {
                tracing::warn!(process = owner, "a process is not heard of any more and is declared dead");
            }
        }
        self.take(name).await
    }

    async fn take(&self, name: &str) -> Result<Lease, DbError> {
        let Inner { db, clock, who, .. } = &*self.0;
        let incarnation = self.incarnation();
        let take = Query::new(TAKE).bind(name).bind(&who.name).bind(incarnation);
        if let Some(row) = db.returning(take).await? {
            return Ok(Lease::Held(self.keep(name, &row, incarnation)?));
        }
        // somebody else was faster, or this process was declared dead
        let holder = db.optional(db.timed(HOLDER, clock).bind(name)).await?;
        let owner = holder.map(|row| row.text("owner")).transpose()?;
        Ok(Lease::Elsewhere { owner: owner.unwrap_or_else(|| "nobody yet".to_owned()) })
    }

    fn keep(&self, name: &str, row: &Row, incarnation: i64) -> Result<Grant, DbError> {
        let epoch = u64::try_from(row.int("epoch")?).unwrap_or_default();
        let grant = Grant { name: name.to_owned(), epoch, incarnation };
        let mut state = self.state();
        if state.incarnation == incarnation {
            state.held.insert(name.to_owned(), grant.clone());
        }
        Ok(grant)
    }

    fn held(&self, name: &str) -> Option<Grant> {
        let state = self.state();
        state.held.get(name).filter(|_| Instant::now() < state.sure_until).cloned()
    }

    /// Gives a lease back, so that another process may take it.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn release(&self, grant: &Grant) -> Result<(), DbError> {
        self.state().held.remove(&grant.name);
        let release = Query::new(RELEASE).bind(&grant.name).bind(self.name()).bind(grant.incarnation);
        self.0.db.execute(release).await.map(drop)
    }

    /// Leaves: what it held is free at once.
    ///
    /// # Errors
    /// Where the database fails; then the others find out by themselves.
    pub async fn leave(&self) -> Result<(), DbError> {
        let leave = Query::new("UPDATE processes SET alive_until = 0 WHERE name = $1 AND incarnation = $2");
        let incarnation = {
            let mut state = self.state();
            state.held.clear();
            state.sure_until = Instant::now();
            state.incarnation
        };
        // whoever waits for the end of its certainty finds out now
        self.0.incarnations.send_replace(incarnation);
        self.0.db.execute(leave.bind(self.name()).bind(incarnation)).await.map(drop)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
