//! Looking at the database itself: does it answer, how large is it, is it whole.

use kogge_clock::{Clock, Timestamp};
use serde::{Deserialize, Serialize};

use crate::connect::Pools;
use crate::{Db, DbError, Executor, Query};

/// A lease, as it stands in the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseState {
    /// What it is for: `task/converge_servers`.
    pub name: String,
    /// Who holds it; empty where nobody does.
    pub owner: String,
    /// Until when, if its owner is not heard of again; microseconds since 1970.
    pub expires_at: i64,
    /// How often it has changed hands.
    pub epoch: i64,
}

/// How large a database is, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DbSize {
    /// The data.
    pub data: u64,
    /// The write-ahead log beside a file; 0 for a server.
    pub wal: u64,
}

/// The connections of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolState {
    /// `read` and `write` for a file, `postgres` for a server.
    pub pool: &'static str,
    /// Those that work.
    pub busy: usize,
    /// Those that wait for work.
    pub idle: usize,
}

/// How closely to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Every page, but not whether indices fit their tables (`quick_check`).
    Quick,
    /// Everything (`integrity_check`, `foreign_key_check`).
    Deep,
}

impl Db {
    /// Whether it can be read.
    ///
    /// # Errors
    /// Why not.
    pub async fn probe_reading(&self) -> Result<(), DbError> {
        self.one(Query::new("SELECT COUNT(*) AS n FROM leases")).await.map(drop)
    }

    /// Whether it can be written: writes a row of its own for `owner`.
    ///
    /// # Errors
    /// Why not.
    pub async fn probe_writing(&self, owner: &str, clock: &Clock) -> Result<(), DbError> {
        const TOUCH: &str = "INSERT INTO leases (name, owner, expires_at) VALUES ($1, $2, $3)
            ON CONFLICT (name) DO UPDATE SET expires_at = excluded.expires_at";
        let touch = Query::new(TOUCH).bind(format!("probe/{owner}")).bind(owner).bind(clock.now());
        self.execute(touch).await.map(drop)
    }

    /// All leases by name.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn leases(&self) -> Result<Vec<LeaseState>, DbError> {
        let query = Query::new(
            "SELECT l.name AS name, l.owner AS owner, l.epoch AS epoch, \
             COALESCE(p.alive_until, l.expires_at) AS expires_at FROM leases l \
             LEFT JOIN processes p ON p.name = l.owner AND p.incarnation = l.incarnation ORDER BY l.name",
        );
        let read = |row: &crate::Row| {
            let expires_at = row.time("expires_at").map(Timestamp::as_micros)?;
            let (name, owner, epoch) = (row.text("name")?, row.text("owner")?, row.int("epoch")?);
            Ok(LeaseState { name, owner, expires_at, epoch })
        };
        self.list("leases", query, read).await
    }

    /// How large it is.
    ///
    /// # Errors
    /// Where the database or its file cannot be asked.
    pub async fn size(&self) -> Result<DbSize, DbError> {
        match &self.pools {
            Pools::Sqlite(db) => {
                let length = |path: &std::path::Path| std::fs::metadata(path).map_or(0, |facts| facts.len());
                let wal = std::path::PathBuf::from(format!("{}-wal", db.path.display()));
                Ok(DbSize { data: length(&db.path), wal: length(&wal) })
            }
            Pools::Postgres(_) => {
                let row =
                    self.one(Query::new("SELECT pg_database_size(current_database()) AS bytes")).await?;
                Ok(DbSize { data: u64::try_from(row.int("bytes")?).unwrap_or(0), wal: 0 })
            }
        }
    }

    /// The pools of this process.
    #[must_use]
    pub fn pools(&self) -> Vec<PoolState> {
        match &self.pools {
            Pools::Sqlite(db) => db.pools(),
            Pools::Postgres(server) => {
                let idle = server.pool.num_idle();
                let busy = (server.pool.size() as usize).saturating_sub(idle);
                vec![PoolState { pool: "postgres", busy, idle }]
            }
        }
    }

    /// What is wrong with the file, at most 20 complaints; none for a sound one. A server looks after itself: of it
    /// only the answer is asked.
    ///
    /// # Errors
    /// Where it cannot even be looked at.
    pub async fn check(&self, depth: Depth) -> Result<Vec<String>, DbError> {
        if !self.is_sqlite() {
            // asked of an empty database as well: no table of ours may be named
            return self.one(Query::new("SELECT 1 AS one")).await.map(|_| Vec::new());
        }
        let pages = match depth {
            Depth::Quick => Query::new("SELECT quick_check AS complaint FROM pragma_quick_check LIMIT 20"),
            Depth::Deep => {
                Query::new("SELECT integrity_check AS complaint FROM pragma_integrity_check LIMIT 20")
            }
        };
        let mut complaints = Vec::new();
        for row in self.all(pages).await? {
            complaints.push(row.text("complaint")?);
        }
        complaints.retain(|complaint| complaint != "ok");
        if depth == Depth::Deep {
            const KEYS: &str =
                "SELECT \"table\" AS child, parent, COUNT(*) AS n FROM pragma_foreign_key_check()
                GROUP BY \"table\", parent LIMIT 20";
            for row in self.all(Query::new(KEYS)).await? {
                let (child, parent, n) = (row.text("child")?, row.text("parent")?, row.int("n")?);
                complaints.push(format!("{n} rows of {child} refer to rows of {parent} that are not there"));
            }
        }
        Ok(complaints)
    }
}
