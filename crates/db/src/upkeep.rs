//! What a database is asked for besides rows.

use crate::connect::Pools;
use crate::{Db, DbError, Executor, Query};

impl Db {
    /// Whether nothing was ever kept here: no migration was applied.
    ///
    /// # Errors
    /// Where the database cannot be asked.
    pub async fn is_blank(&self) -> Result<bool, DbError> {
        let count = match self.pools {
            Pools::Sqlite(_) => "SELECT COUNT(*) AS n FROM sqlite_master WHERE name = 'schema_migrations'",
            Pools::Postgres(_) => {
                "SELECT COUNT(*) AS n FROM information_schema.tables WHERE table_name = 'schema_migrations' AND \
                 table_schema = ANY (current_schemas(false))"
            }
        };
        Ok(self.one(Query::new(count)).await?.int("n")? == 0)
    }

    /// Brings everything that was committed from the log beside a SQLite file into the file itself, so that whoever
    /// copies the file alone has it. Nobody waits for it; what readers hold up is left to the next time.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub async fn checkpoint(&self) -> Result<(), DbError> {
        if let Pools::Sqlite(pools) = &self.pools {
            pools.checkpoint().await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use kogge_clock::Clock;

    use super::*;
    use crate::{Migration, Migrations};

    const STEPS: Migrations = Migrations {
        owner: "test",
        steps: &[Migration { version: 1, name: "a table", sql: "CREATE TABLE t (x TEXT NOT NULL);\n" }],
    };

    #[tokio::test]
    async fn a_database_is_blank_until_something_is_kept_in_it() {
        for postgres in [false, true] {
            let dir = tempfile::tempdir().unwrap();
            let Some(db) = Db::for_test(dir.path(), postgres).await.unwrap() else { continue };
            assert!(db.is_blank().await.unwrap());
            db.migrate(&[STEPS], &Clock::system()).await.unwrap();
            assert!(!db.is_blank().await.unwrap());
        }
    }

    #[tokio::test]
    async fn after_a_checkpoint_the_file_alone_has_everything() {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::for_test(dir.path(), false).await.unwrap().unwrap();
        db.migrate(&[STEPS], &Clock::system()).await.unwrap();
        let mut tx = db.begin().await.unwrap();
        tx.execute(Query::new("INSERT INTO t (x) VALUES ('kept')")).await.unwrap();
        tx.commit().await.unwrap();
        db.checkpoint().await.unwrap();
        let copy = tempfile::tempdir().unwrap();
        std::fs::copy(dir.path().join("test.sqlite"), copy.path().join("test.sqlite")).unwrap();
        let other = Db::for_test(copy.path(), false).await.unwrap().unwrap();
        let row = (&other).one(Query::new("SELECT x FROM t")).await.unwrap();
        assert_eq!(row.text("x").unwrap(), "kept");
    }
}
