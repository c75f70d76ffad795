//! Words between the processes that share a server: `LISTEN` and `NOTIFY`.
//!
//! They may be lost while a connection is; whoever listens is told of that ([`Heard::Gap`]). A file has one process,
//! and nobody to talk to.

use sqlx::postgres::{PgListener, PgPoolOptions};

use crate::connect::Pools;
use crate::{Db, DbError, Executor, Query};

/// Most bytes of one word: the server takes less than 8000.
pub const LONGEST_WORD: usize = 7000;

/// What was heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// A word of some process, maybe of this one.
    Word(String),
    /// The connection was lost: words may have been missed.
    Gap,
}

/// Who listens.
pub struct Listener(PgListener);

impl Listener {
    /// Waits for the next word.
    ///
    /// # Errors
    /// Where the server cannot be reached any more.
    pub async fn heard(&mut self) -> Result<Heard, DbError> {
        let word = self.0.try_recv().await?;
        Ok(word.map_or(Heard::Gap, |word| Heard::Word(word.payload().to_owned())))
    }
}

impl Db {
    /// Says a word to all who listen on `channel`.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn say(&self, channel: &str, word: &str) -> Result<(), DbError> {
        if self.is_sqlite() {
            return Ok(());
        }
        let say = Query::new("SELECT pg_notify($1, $2)");
        self.execute(say.bind(channel).bind(word)).await.map(drop)
    }

    /// Listens on `channel`, on a connection of its own. `None` for a file.
    ///
    /// # Errors
    /// Where the server cannot be reached.
    pub async fn listen(&self, channel: &str) -> Result<Option<Listener>, DbError> {
        let Pools::Postgres(server) = &self.pools else { return Ok(None) };
        let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(server.options());
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.listen(channel).await?;
        Ok(Some(Listener(listener)))
    }
}
