//! Leases: only one of several processes does a thing at a time.

use std::time::Duration;

use kogge_clock::Clock;

use crate::{Db, DbError, Executor, Query};

/// The right to do what `name` says, until it expires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// What it is for.
    pub name: String,
    /// Who holds it.
    pub owner: String,
}

const TAKE: &str = "INSERT INTO leases (name, owner, expires_at) VALUES ($1, $2, $3)
    ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, expires_at = excluded.expires_at
    WHERE leases.owner = excluded.owner OR leases.expires_at < $4";

impl Db {
    /// Takes or renews the lease `name` for `owner`; `None` while somebody else holds it.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn lease(
        &self,
        name: &str,
        owner: &str,
        ttl: Duration,
        clock: &Clock,
    ) -> Result<Option<Lease>, DbError> {
        let now = clock.now();
        let take = Query::new(TAKE).bind(name).bind(owner).bind(now.plus(ttl)).bind(now);
        let taken = self.execute(take).await? == 1;
        Ok(taken.then(|| Lease { name: name.to_owned(), owner: owner.to_owned() }))
    }

    /// Gives a lease back before it expires.
    ///
    /// # Errors
    /// Where the database fails; the lease then expires by itself.
    pub async fn release(&self, lease: &Lease) -> Result<(), DbError> {
        let give = Query::new("DELETE FROM leases WHERE name = $1 AND owner = $2");
        self.execute(give.bind(&lease.name).bind(&lease.owner)).await.map(drop)
    }
}
