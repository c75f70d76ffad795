//! Imports, as rows.

use kogge_clock::Timestamp;
use kogge_db::{DbError, Direction, Executor, Query, Record as _, Tx};
use kogge_ids::ImageId;

use crate::model::task::{Import, Progress};

pub(crate) async fn of_image(db: impl Executor, image: ImageId) -> Result<Vec<Import>, DbError> {
    let select = Import::select().and("image_id = ?", image);
    let select = select.order_by("created_at", Direction::Ascending).order_by("id", Direction::Ascending);
    Import::all(db, select).await
}

/// Those that nobody works at and that are not done, as many as each project may have worked at, `share`, and in a
/// fair order: the first of every project before the second of any.
pub(crate) async fn waiting(db: impl Executor, now: Timestamp, share: i64) -> Result<Vec<Import>, DbError> {
    const SQL: &str =
        "SELECT w.* FROM (SELECT t.*, ROW_NUMBER() OVER (PARTITION BY owner ORDER BY created_at, id)
                AS place
            FROM image_tasks t WHERE status IN ('pending', 'processing')
                AND (busy_until IS NULL OR busy_until < $1)) w
        WHERE w.place + (SELECT COUNT(*) FROM image_tasks b
            WHERE b.owner = w.owner AND b.status = 'processing' AND b.busy_until >= $1) <= $2
        ORDER BY w.place, w.created_at, w.id LIMIT 20";
    db.list("image_tasks", Query::new(SQL).bind(now).bind(share), Import::from_row).await
}

/// Takes an import for `process` to work at until `until`. Zero: another process has it.
pub(crate) async fn take(
    db: impl Executor,
    id: &str,
    process: &str,
    (now, until): (Timestamp, Timestamp),
) -> Result<u64, DbError> {
    const SQL: &str =
        "UPDATE image_tasks SET status = 'processing', attempts = attempts + 1, busy_until = $1,
            updated_at = $2, busy_by = $4
        WHERE id = $3 AND status IN ('pending', 'processing') AND (busy_until IS NULL OR busy_until < $2)";
    db.execute(Query::new(SQL).bind(until).bind(now).bind(id).bind(process)).await
}

/// `process` goes on working at it. Zero: it is not its any more.
pub(crate) async fn busy(
    db: impl Executor,
    id: &str,
    process: &str,
    until: Timestamp,
) -> Result<u64, DbError> {
    const SQL: &str =
        "UPDATE image_tasks SET busy_until = $1 WHERE id = $2 AND status = 'processing' AND busy_by = $3";
    db.execute(Query::new(SQL).bind(until).bind(id).bind(process)).await
}

/// The processes that work at imports.
pub(crate) async fn processes(db: impl Executor) -> Result<Vec<String>, DbError> {
    const SQL: &str = "SELECT DISTINCT busy_by FROM image_tasks
        WHERE status = 'processing' AND busy_until IS NOT NULL AND busy_by IS NOT NULL";
    db.all(Query::new(SQL)).await?.iter().map(|row| row.text("busy_by")).collect()
}

/// Lets go of what a process works at that has ended.
pub(crate) async fn release(db: impl Executor, process: &str) -> Result<u64, DbError> {
    const SQL: &str = "UPDATE image_tasks SET busy_until = NULL WHERE status = 'processing' AND busy_by = $1";
    db.execute(Query::new(SQL).bind(process)).await
}

/// Drops the ended imports of the project of `import` but the newest `kept`, some at a time.
pub(crate) async fn forget(tx: &mut Tx, import: &Import, kept: i64) -> Result<u64, DbError> {
    const SQL: &str = "DELETE FROM image_tasks WHERE id IN (SELECT id FROM image_tasks
        WHERE owner = $1 AND status IN ('success', 'failure') ORDER BY created_at DESC, id LIMIT 100 OFFSET $2)";
    tx.execute(Query::new(SQL).bind(&import.owner).bind(kept)).await
}

/// Ends it.
pub(crate) async fn end(
    tx: &mut Tx,
    id: &str,
    progress: Progress,
    message: &str,
    (now, expires): (Timestamp, Timestamp),
) -> Result<u64, DbError> {
    const SQL: &str = "UPDATE image_tasks SET status = $1, message = $2, updated_at = $3, expires_at = $4,
        busy_until = NULL, busy_by = NULL WHERE id = $5";
    let query = Query::new(SQL).bind(progress.as_str()).bind(message).bind(now).bind(expires);
    tx.execute(query.bind(id)).await
}

/// Drops those that are over for long.
pub(crate) async fn expire(db: impl Executor, now: Timestamp) -> Result<u64, DbError> {
    db.execute(Query::new("DELETE FROM image_tasks WHERE expires_at < $1").bind(now)).await
}
