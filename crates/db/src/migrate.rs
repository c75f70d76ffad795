//! Migrations: each service brings its own, numbered from 1.

use std::time::Duration;

use kogge_clock::Clock;

use crate::{Db, DbError, Executor, Query};

/// One step of a schema. A released step never changes.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Its number: 1, 2, 3 … without gaps.
    pub version: i64,
    /// What it is about.
    pub name: &'static str,
    /// Statements that both databases take, separated by `;` at the end of a line.
    pub sql: &'static str,
}

/// The migrations of one crate.
#[derive(Debug, Clone, Copy)]
pub struct Migrations {
    /// The crate, e.g. `compute`.
    pub owner: &'static str,
    /// Its steps in order.
    pub steps: &'static [Migration],
}

const OWN: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (
    owner TEXT NOT NULL, version BIGINT NOT NULL, name TEXT NOT NULL, applied_at BIGINT NOT NULL,
    PRIMARY KEY (owner, version))";
const LEASES: &str = "CREATE TABLE IF NOT EXISTS leases (
    name TEXT NOT NULL PRIMARY KEY, owner TEXT NOT NULL, expires_at BIGINT NOT NULL)";

/// The later steps of these two.
const STEPS: Migrations = Migrations {
    owner: "db",
    steps: &[Migration {
        version: 1,
        name: "processes, and epochs of leases",
        sql: include_str!("../migrations/0001_processes.sql"),
    }],
};

/// Longest statement of a migration.
const LONGEST: Duration = Duration::from_secs(3600);

impl Db {
    /// Brings the schema of every crate to its newest step, all in one transaction. Several processes may do this
    /// at the same time.
    ///
    /// # Errors
    /// [`DbError::Migration`] where the database knows steps that this program does not; nothing is changed then.
    pub async fn migrate(&self, all: &[Migrations], clock: &Clock) -> Result<(), DbError> {
        let mut tx = self.begin().await?;
        if !self.is_sqlite() {
            // steps over large tables may take their time
            tx.patience = LONGEST;
            tx.execute(Query::new("SET LOCAL statement_timeout = 0")).await?;
            tx.execute(Query::new("SELECT pg_advisory_xact_lock(6004001)")).await?;
        }
        tx.execute(Query::new(OWN)).await?;
        tx.execute(Query::new(LEASES)).await?;
        for migrations in std::iter::once(&STEPS).chain(all) {
            let newest =
                Query::new("SELECT COALESCE(MAX(version), 0) AS v FROM schema_migrations WHERE owner = $1");
            let applied = tx.one(newest.bind(migrations.owner)).await?.int("v")?;
            let known = migrations.steps.last().map_or(0, |step| step.version);
            if applied > known {
                let because = "is unknown to this program: start a newer kogge".to_owned();
                return Err(DbError::Migration { owner: migrations.owner, version: applied, because });
            }
            for step in migrations.steps.iter().filter(|step| step.version > applied) {
                apply(&mut tx, migrations.owner, step, clock).await?;
            }
        }
        tx.commit().await
    }
}

async fn apply(
    tx: &mut crate::Tx,
    owner: &'static str,
    step: &Migration,
    clock: &Clock,
) -> Result<(), DbError> {
    for statement in statements(step.sql) {
        tx.execute(Query::built(statement.to_owned(), Vec::new())).await.map_err(|error| {
            let because = format!("failed at `{}`: {:?}", statement.lines().next().unwrap_or(""), error);
            DbError::Migration { owner, version: step.version, because }
        })?;
    }
    let done = Query::new(
        "INSERT INTO schema_migrations (owner, version, name, applied_at) VALUES ($1, $2, $3, $4)",
    );
    tx.execute(done.bind(owner).bind(step.version).bind(step.name).bind(clock.now())).await?;
    Ok(())
}

/// Splits at `;` that ends a line; drops empty pieces and those that are only comments.
fn statements(sql: &str) -> impl Iterator<Item = &str> {
    sql.split(";\n").map(|piece| piece.trim().trim_end_matches(';')).filter(|piece| {
        piece.lines().any(|line| !line.trim().is_empty() && !line.trim_start().starts_with("--"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_split_at_line_ends() {
        let sql = "-- first\nCREATE TABLE a (x TEXT);\n\n-- nothing\n;\nCREATE INDEX b ON a (x);\n";
        let found: Vec<&str> = statements(sql).collect();
        assert_eq!(found.len(), 2);
        assert!(found[0].ends_with("CREATE TABLE a (x TEXT)"));
        assert_eq!(found[1], "CREATE INDEX b ON a (x)");
    }
}
