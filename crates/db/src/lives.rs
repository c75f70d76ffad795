//! Which processes share a database, for people: who lives, and who is late.

use kogge_clock::{Clock, Timestamp};

use crate::{Db, DbError, Executor as _, LIFETIME, Row};

/// A process that shares a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    /// Its name.
    pub name: String,
    /// When it was heard of last.
    pub heard_of: Timestamp,
    /// Whether it counts as alive.
    pub alive: bool,
}

const LIVES: &str =
    "SELECT name, alive_until, {now} AS now FROM processes WHERE alive_until > 0 ORDER BY name";

impl Db {
    /// The processes by name: those that live, and those that are late. Who left, or was declared dead by one that took
    /// its work, is not among them.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn lives(&self, clock: &Clock) -> Result<Vec<Life>, DbError> {
        self.list("processes", self.timed(LIVES, clock), read).await
    }
}

fn read(row: &Row) -> Result<Life, DbError> {
    let (until, now) = (row.time("alive_until")?, row.time("now")?);
    let lifetime = i64::try_from(LIFETIME.as_micros()).unwrap_or(i64::MAX);
    Ok(Life {
        name: row.text("name")?,
        heard_of: Timestamp::from_micros(until.as_micros() - lifetime),
        alive: until > now,
    })
}
