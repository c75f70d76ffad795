//! What a database can answer instead of rows.

use std::fmt;

/// Why a database cannot do now what it could do before. Nothing of what was asked for has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outage {
    /// Its disk is full.
    Full,
    /// Nobody answers at its address, or not any more.
    Unreachable,
    /// No connection or lock was to be had in time.
    Busy,
    /// Its disk fails, or may not be written.
    Failing,
    /// What it reads from its disk is not what it wrote.
    Corrupt,
}

impl Outage {
    /// True where the same statement may well succeed later, without anybody mending anything.
    #[must_use]
    pub const fn passes(self) -> bool {
        !matches!(self, Self::Corrupt)
    }
}

impl fmt::Display for Outage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "the disk of the database is full",
            Self::Unreachable => "the database does not answer",
            Self::Busy => "the database is busy",
            Self::Failing => "the disk of the database fails",
            Self::Corrupt => "the database is damaged",
        })
    }
}

/// A database error. Conflicts and outages are told apart, since callers act on them; the rest is trouble of ours.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// A unique constraint refused the row.
    #[error("a row with the same key exists ({constraint})")]
    Unique {
        /// The constraint or the columns, as the database names them.
        constraint: String,
    },
    /// A foreign key refused the change.
    #[error("a row that others refer to, or that refers to a missing one")]
    Reference,
    /// A column has another type than was asked for, or is missing.
    #[error("column {column} could not be read")]
    Column {
        /// Its name.
        column: String,
        /// What the driver says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The database was made by a newer or a different Kogge.
    #[error("migration {version} of {owner} {because}")]
    Migration {
        /// The crate whose tables these are.
        owner: &'static str,
        /// The migration's number.
        version: i64,
        /// What is wrong.
        because: String,
    },
    /// The database cannot do it now. The reason is for the operator: it may name addresses and files.
    #[error("{outage} ({because})")]
    Outage {
        /// In which way.
        outage: Outage,
        /// What the driver says.
        because: String,
    },
    /// Anything else.
    #[error("the database failed")]
    Driver(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl DbError {
    /// True where a unique constraint refused the row.
    #[must_use]
    pub const fn is_unique_violation(&self) -> bool {
        matches!(self, Self::Unique { .. })
    }

    /// In which way the database cannot do anything now, where that is the reason.
    #[must_use]
    pub const fn outage(&self) -> Option<Outage> {
        match self {
            Self::Outage { outage, .. } => Some(*outage),
            _ => None,
        }
    }

    /// A [`DbError::Column`] from any error.
    pub fn column(name: &str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Column { column: name.to_owned(), source: source.into() }
    }

    /// A [`DbError::Outage`].
    pub(crate) fn out(outage: Outage, because: impl fmt::Display) -> Self {
        Self::Outage { outage, because: because.to_string() }
    }
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        if let Some(outage) = outage(&error) {
            return Self::out(outage, error);
        }
        let Some(db) = error.as_database_error() else { return Self::Driver(error.into()) };
        if db.is_unique_violation() {
            let constraint = db.constraint().unwrap_or_else(|| db.message()).to_owned();
            return Self::Unique { constraint };
        }
        if db.is_foreign_key_violation() {
            return Self::Reference;
        }
        Self::Driver(error.into())
    }
}

impl From<rusqlite::Error> for DbError {
    fn from(error: rusqlite::Error) -> Self {
        /// `SQLITE_CONSTRAINT_PRIMARYKEY`, `SQLITE_CONSTRAINT_UNIQUE`, `SQLITE_CONSTRAINT_FOREIGNKEY`.
        const KEYS: (i32, i32, i32) = (1555, 2067, 787);
        let rusqlite::Error::SqliteFailure(failure, message) = &error else {
            return Self::Driver(error.into());
        };
        let code = failure.extended_code;
        if let Some(outage) = of_sqlite(code) {
            return Self::out(outage, error);
        }
        if code == KEYS.0 || code == KEYS.1 {
            return Self::Unique { constraint: message.clone().unwrap_or_default() };
        }
        if code == KEYS.2 { Self::Reference } else { Self::Driver(error.into()) }
    }
}

fn outage(error: &sqlx::Error) -> Option<Outage> {
    use sqlx::Error as E;
    match error {
        E::Io(error) if error.kind() == std::io::ErrorKind::StorageFull => Some(Outage::Full),
        E::Io(_) | E::Tls(_) | E::Protocol(_) | E::PoolClosed | E::WorkerCrashed => Some(Outage::Unreachable),
        E::PoolTimedOut => Some(Outage::Busy),
        // a transaction that its connection does not have: the database ended it by itself
        E::InvalidSavePointStatement | E::BeginFailed => Some(Outage::Failing),
        E::Database(db) => of_postgres(&db.code()?),
        _ => None,
    }
}

/// By SQLite's extended result code, <https://www.sqlite.org/rescode.html>.
const fn of_sqlite(code: i32) -> Option<Outage> {
    /// `SQLITE_IOERR_SHMSIZE`: no room for the index of the write-ahead log.
    const SHMSIZE: i32 = 10 | (19 << 8);
    if code == SHMSIZE {
        return Some(Outage::Full);
    }
    match code & 0xff {
        5 | 6 => Some(Outage::Busy),
        8 | 10 | 14 => Some(Outage::Failing),
        11 | 26 => Some(Outage::Corrupt),
        13 => Some(Outage::Full),
        _ => None,
    }
}

/// By SQLSTATE, <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
fn of_postgres(code: &str) -> Option<Outage> {
    match code {
        "53100" => Some(Outage::Full),
        // too many connections, out of memory; a lock or an answer that took too long; a deadlock
        "53000" | "53200" | "53300" | "55P03" | "57014" | "40001" | "40P01" | "25P03" => Some(Outage::Busy),
        // shutting down, starting, a standby that only reads
        "57P01" | "57P02" | "57P03" | "57P05" | "25006" => Some(Outage::Unreachable),
        "58000" | "58030" => Some(Outage::Failing),
        "XX001" | "XX002" => Some(Outage::Corrupt),
        _ if code.starts_with("08") => Some(Outage::Unreachable),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_codes_tell_how_the_database_is_out() {
        assert_eq!(of_sqlite(13), Some(Outage::Full));
        assert_eq!(of_sqlite(4874), Some(Outage::Full));
        assert_eq!(of_sqlite(778), Some(Outage::Failing));
        assert_eq!(of_sqlite(11), Some(Outage::Corrupt));
        assert_eq!(of_sqlite(261), Some(Outage::Busy));
        assert_eq!(of_sqlite(2067), None);
        assert_eq!(of_postgres("53100"), Some(Outage::Full));
        assert_eq!(of_postgres("08006"), Some(Outage::Unreachable));
        assert_eq!(of_postgres("23505"), None);
    }

    #[test]
    fn a_refused_connection_is_an_outage_that_says_so() {
        let refused = sqlx::Error::Io(std::io::ErrorKind::ConnectionRefused.into());
        let error = DbError::from(refused);
        assert_eq!(error.outage(), Some(Outage::Unreachable));
        assert!(error.to_string().contains("refused"), "{error}");
    }
}
