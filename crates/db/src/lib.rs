//! SQLite and PostgreSQL from the same SQL.
//!
//! One SQL text serves both databases (`$1` placeholders, `TEXT`, `BIGINT`, `BOOLEAN`; see `docs/adr`). A store
//! function takes an [`Executor`]: `&Db` for reading outside of a transaction, `&mut Tx` inside one.
//!
//! ```no_run
//! # async fn f(db: kogge_db::Db) -> Result<(), kogge_db::DbError> {
//! use kogge_db::{Executor, Query};
//! let mut tx = db.begin().await?;
//! tx.execute(Query::new("UPDATE servers SET name = $1 WHERE id = $2").bind("web").bind("…")).await?;
//! tx.commit().await?;
//! let row = (&db).optional(Query::new("SELECT name FROM servers WHERE id = $1").bind("…")).await?;
//! # let _ = row; Ok(()) }
//! ```
//!
//! Invariants: one connection writes on SQLite (`BEGIN IMMEDIATE`), so a transaction never fails half-way for a
//! lock; an acknowledged commit is on the disk (`synchronous=FULL`); built SQL exists in [`select`] only; a row that
//! cannot be read costs no other row ([`damage`]); an outage ends with its cause, without a restart ([`DbError::outage`]).

mod connect;
mod copy;
mod damage;
mod error;
mod executor;
pub mod filter;
mod inspect;
mod listen;
mod lives;
mod migrate;
mod page;
mod postgres;
mod process;
mod query;
pub mod record;
mod row;
mod select;
mod source;
mod sqlite;
mod turn;
mod upkeep;
mod value;
mod watch;

pub use connect::{Db, DbOptions, Durability};
pub use copy::copy_file;
pub use damage::{DamageBook, DamagedRow};
pub use error::{DbError, Outage};
pub use executor::{Executor, Tx};
pub use filter::{BadFilter, ListError, ListQuery};
pub use inspect::{DbSize, Depth, LeaseState, PoolState};
pub use listen::{Heard, LONGEST_WORD, Listener};
pub use lives::Life;
pub use migrate::{Migration, Migrations};
pub use page::{Direction, Page, Paged, SortKey};
pub use process::{EnterError, Grant, LIFETIME, Lease, Newcomer, Process};
pub use query::Query;
pub use record::{Column, Record};
pub use row::{Row, Take};
pub use select::Select;
pub use source::Source;
pub use value::Value;
pub use watch::Touched;
