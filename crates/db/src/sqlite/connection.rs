//! One connection: how it is opened, and how it runs a statement.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, OpenFlags, Rows, ToSql};

use super::may_wait;
use super::table::Table;
use crate::query::SQLITE_LIST;
use crate::{DbError, Durability, Query, Row, Take, Value};

/// Longest wait for a lock of another process.
const BUSY: Duration = Duration::from_secs(5);
/// Statements that a connection keeps prepared.
const PREPARED: usize = 256;
/// Rows after which a list is a long one.
const MANY: usize = 500;
/// Rows of a portion.
const PORTION: usize = 50;
/// A statement that takes longer is noted in the log.
const SLOW: Duration = Duration::from_secs(1);

/// What a connection is for.
#[derive(Debug, Clone, Copy)]
pub(super) enum How {
    Reading,
    Writing(Durability),
}

impl How {
    pub(super) const fn is_durable(self) -> bool {
        matches!(self, Self::Writing(Durability::Full))
    }
}

pub(super) fn open(path: &Path, how: How) -> Result<Connection, DbError> {
    let access = match how {
        How::Reading => OpenFlags::SQLITE_OPEN_READ_ONLY,
        How::Writing(_) => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
    };
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(PREPARED);
    connection.pragma_update(None, "foreign_keys", true)?;
    // what a reader keeps is void as soon as somebody commits, and clearing costs as much as there ever was
    let kept_kib = if matches!(how, How::Reading) { -2_000 } else { -20_000 };
    connection.pragma_update(None, "cache_size", kept_kib)?;
    if let How::Writing(durability) = how {
        let synchronous = match durability {
            Durability::Full => "FULL",
            Durability::None => "OFF",
        };
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", synchronous)?;
        // the only lock that it may wait for is waited for without holding up a thread
        connection.busy_timeout(Duration::ZERO)?;
    }
    Ok(connection)
}

/// A connection for a copy of the whole file, which may wait long.
pub(crate) fn open_to_copy(path: &Path) -> Result<Connection, DbError> {
    let connection = open(path, How::Reading)?;
    connection.busy_timeout(BUSY * 6)?;
    Ok(connection)
}

/// All rows.
pub(super) fn all(connection: &Connection, query: &Query) -> Result<Vec<Row>, DbError> {
    run(connection, query, |rows| {
        let mut table = Table::default();
        if read(rows, &mut table, MANY)? {
            may_wait(|| read(rows, &mut table, usize::MAX))?;
        }
        Ok(table.into_rows().collect())
    })
}

/// Shows all rows to `take`, a portion at a time.
pub(super) fn each(connection: &Connection, query: &Query, take: &mut Take<'_>) -> Result<(), DbError> {
    run(connection, query, |rows| {
        let mut table = Table::default();
        for _ in 0..MANY / PORTION {
            let more = read(rows, &mut table, PORTION)?;
            table = table.each(take)?;
            if !more {
                return Ok(());
            }
        }
        may_wait(|| {
            while read(rows, &mut table, PORTION)? {
                table = std::mem::take(&mut table).each(take)?;
            }
            table.each(take).map(drop)
        })
    })
}

/// The first row, if any.
pub(super) fn first(connection: &Connection, query: &Query) -> Result<Option<Row>, DbError> {
    run(connection, query, |rows| {
        let mut table = Table::default();
        read(rows, &mut table, 1)?;
        Ok(table.into_rows().next())
    })
}

/// Runs a statement; how many rows it changed.
pub(super) fn execute(connection: &Connection, query: &Query) -> Result<u64, DbError> {
    run(connection, query, |rows| {
        while rows.next()?.is_some() {}
        Ok(())
    })?;
    Ok(connection.changes())
}

/// Reads at most `most` rows more; true where there may be others behind them.
fn read(rows: &mut Rows<'_>, table: &mut Table, most: usize) -> Result<bool, DbError> {
    for _ in 0..most {
        let Some(row) = rows.next()? else { return Ok(false) };
        table.push(row)?;
    }
    Ok(true)
}

fn run<T>(
    connection: &Connection,
    query: &Query,
    work: impl FnOnce(&mut Rows<'_>) -> Result<T, DbError>,
) -> Result<T, DbError> {
    let begun = Instant::now();
    let sql = query.text(SQLITE_LIST);
    let mut statement = connection.prepare_cached(&sql)?;
    bind(&mut statement, &query.values)?;
    let done = work(&mut statement.raw_query());
    let took = begun.elapsed();
    if took > SLOW {
        tracing::warn!(sql = %sql, millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX), "a slow statement");
    }
    done
}

/// Gives each placeholder the value of its number. SQLite takes `$2` for a name, and numbers names as they come.
fn bind(statement: &mut CachedStatement<'_>, values: &[Value]) -> Result<(), DbError> {
    for index in 1..=statement.parameter_count() {
        let number: Option<usize> =
            statement.parameter_name(index).and_then(|name| name.get(1..)?.parse().ok());
        let value = number.and_then(|number| values.get(number.checked_sub(1)?));
        let Some(value) = value else {
            return Err(DbError::Driver(format!("placeholder {index} has no value").into()));
        };
        statement.raw_bind_parameter(index, value)?;
    }
    Ok(())
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Text(Some(text)) => ValueRef::Text(text.as_bytes()),
            Self::Int(Some(number)) => ValueRef::Integer(*number),
            Self::Bool(Some(yes)) => ValueRef::Integer(i64::from(*yes)),
            Self::Real(Some(number)) => ValueRef::Real(*number),
            Self::Text(None) | Self::Int(None) | Self::Bool(None) | Self::Real(None) => ValueRef::Null,
        }))
    }
}
