//! Where to read: the database, or the transaction that is under way.

use async_trait::async_trait;

use crate::{DamageBook, Db, DbError, Executor, Query, Row, Take, Tx};

/// Where to read. `&mut` of it is an [`Executor`] that several reads share.
pub enum Source<'a> {
    /// Outside of a transaction.
    Db(&'a Db),
    /// Inside one.
    Tx(&'a mut Tx),
}

impl<'a> From<&'a Db> for Source<'a> {
    fn from(db: &'a Db) -> Self {
        Self::Db(db)
    }
}

impl<'a> From<&'a mut Tx> for Source<'a> {
    fn from(tx: &'a mut Tx) -> Self {
        Self::Tx(tx)
    }
}

#[async_trait]
impl Executor for &mut Source<'_> {
    async fn all(self, query: Query) -> Result<Vec<Row>, DbError> {
        match self {
            Source::Db(db) => (*db).all(query).await,
            Source::Tx(tx) => (**tx).all(query).await,
        }
    }
    async fn each(self, query: Query, take: &mut Take<'_>) -> Result<(), DbError> {
        match self {
            Source::Db(db) => (*db).each(query, take).await,
            Source::Tx(tx) => (**tx).each(query, take).await,
        }
    }
    async fn optional(self, query: Query) -> Result<Option<Row>, DbError> {
        match self {
            Source::Db(db) => (*db).optional(query).await,
            Source::Tx(tx) => (**tx).optional(query).await,
        }
    }
    async fn execute(self, query: Query) -> Result<u64, DbError> {
        match self {
            Source::Db(db) => (*db).execute(query).await,
            Source::Tx(tx) => (**tx).execute(query).await,
        }
    }
    fn damage_book(&self) -> DamageBook {
        match self {
            Source::Db(db) => db.damage_book(),
            Source::Tx(tx) => tx.damage_book(),
        }
    }
}
