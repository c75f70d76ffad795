//! Copies of a whole database.

use std::path::Path;

use crate::DbError;
use crate::sqlite::{may_wait, open_to_copy};

/// Writes the state of the SQLite file `from` at one moment to the new file `to`. Other processes may use `from`
/// meanwhile; what they commit after the beginning is not in the copy.
///
/// # Errors
/// Where `from` cannot be read, or `to` is there already or cannot be written.
pub async fn copy_file(from: &Path, to: &Path) -> Result<(), DbError> {
    let target = to.to_string_lossy();
    may_wait(|| open_to_copy(from)?.execute("VACUUM INTO ?1", [&target]).map(drop).map_err(DbError::from))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Db, DbOptions, Durability, Executor, Query};

    #[tokio::test]
    async fn a_copy_has_what_was_committed_while_its_source_is_in_use() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("from.sqlite"), dir.path().join("to.sqlite"));
        let options = |path: &Path| DbOptions::File { path: path.to_owned(), durability: Durability::Full };
        let db = Db::open(&options(&from)).await.unwrap();
        db.execute(Query::new("CREATE TABLE t (v BIGINT NOT NULL)")).await.unwrap();
        db.execute(Query::new("INSERT INTO t (v) VALUES (1)")).await.unwrap();
        let mut open = db.begin().await.unwrap();
        open.execute(Query::new("INSERT INTO t (v) VALUES (2)")).await.unwrap();
        copy_file(&from, &to).await.unwrap();
        open.commit().await.unwrap();
        let copy = Db::open(&options(&to)).await.unwrap();
        let row = copy.one(Query::new("SELECT SUM(v) AS v FROM t")).await.unwrap();
        assert_eq!(row.int("v").unwrap(), 1);
        assert!(copy_file(&from, &to).await.is_err(), "nothing is written over");
    }

    #[tokio::test]
    async fn a_file_that_is_not_there_is_not_made() {
        let dir = tempfile::tempdir().unwrap();
        let missing = dir.path().join("missing.sqlite");
        assert!(copy_file(&missing, &dir.path().join("to.sqlite")).await.is_err());
        assert!(!missing.exists());
    }
}
