//! Instance actions.

use kogge_clock::Timestamp;
use kogge_db::{DbError, Direction, Executor, Page, Paged, Query, Record as _, SortKey, Tx};
use kogge_ids::ServerId;

use crate::model::action::Action;
use crate::model::bounds;
use crate::store::changes::Changes;

const KEYS: &[SortKey] = &[SortKey { name: "created_at", expression: "started_at" }];

pub(crate) async fn insert(tx: &mut Tx, action: &Action) -> Result<(), DbError> {
    action.insert(tx).await?;
    forget_oldest(tx, action.server).await
}

/// Forgets what ended long ago where a server has very many actions.
async fn forget_oldest(tx: &mut Tx, server: ServerId) -> Result<(), DbError> {
    let delete = Query::new(
        "DELETE FROM server_actions WHERE server_id = $1 AND finished_at IS NOT NULL AND started_at < \
         (SELECT started_at FROM server_actions WHERE server_id = $1 ORDER BY started_at DESC LIMIT 1 OFFSET $2)",
    );
    tx.execute(delete.bind(server).bind(bounds::ACTIONS)).await.map(drop)
}

pub(crate) async fn get(
    db: impl Executor,
    server: ServerId,
    request: &str,
) -> Result<Option<Action>, DbError> {
    Action::get(db, &(server, request.to_owned())).await
}

/// The actions of a server, newest first.
pub(crate) async fn list(
    db: impl Executor,
    server: ServerId,
    changes: Changes,
    page: &Page,
) -> Result<Paged<Action>, DbError> {
    let select = changes.of_rows(Action::select().and("server_id = ?", server));
    // the table's key has two columns, so the page's own marker does not do
    let select = select.and_some(
        "started_at < (SELECT MIN(a.started_at) FROM server_actions a WHERE a.request_id = ?)",
        page.marker.clone(),
    );
    let page = Page { marker: None, ..page.clone() };
    select
        .page(&page, KEYS, &[("created_at", Direction::Descending)], "request_id")
        .fetch(db, Action::from_row)
        .await
}

/// Ends the open actions that a server's reached generation fulfils.
pub(crate) async fn finish(
    tx: &mut Tx,
    server: ServerId,
    generation: i64,
    host: Option<&str>,
    now: Timestamp,
) -> Result<(), DbError> {
    let update = Query::new(
        "UPDATE server_actions SET finished_at = $3, updated_at = $3, host = $4 \
         WHERE server_id = $1 AND generation <= $2 AND finished_at IS NULL",
    );
    tx.execute(update.bind(server).bind(generation).bind(now).bind(host)).await.map(drop)
}

/// Ends the open actions of a server as failed: all of them, or only those of three names.
pub(crate) async fn fail(
    tx: &mut Tx,
    server: ServerId,
    only: Option<[&str; 5]>,
    host: Option<&str>,
    why: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    let update = Query::new(
        "UPDATE server_actions SET finished_at = $2, updated_at = $2, host = $3, message = 'Error', details = $4 \
         WHERE server_id = $1 AND finished_at IS NULL AND (name IN ($5, $6, $7, $8, $9) OR $5 IS NULL)",
    );
    let mut update = update.bind(server).bind(now).bind(host).bind(why);
    for at in 0..5 {
        update = update.bind(only.map(|names| names[at]));
    }
    tx.execute(update).await.map(drop)
}

/// Writes down where the open actions of a server put it, and why there.
pub(crate) async fn note_placed(tx: &mut Tx, server: ServerId, why: &str) -> Result<(), DbError> {
    let update =
        Query::new("UPDATE server_actions SET placed = $2 WHERE server_id = $1 AND finished_at IS NULL");
    tx.execute(update.bind(server).bind(why)).await.map(drop)
}

/// All actions of a server, the oldest first.
pub(crate) async fn all(db: impl Executor, server: ServerId) -> Result<Vec<Action>, DbError> {
    let select = Action::select().and("server_id = ?", server).order_by("started_at", Direction::Ascending);
    Action::all(db, select).await
}

/// Forgets the actions of a server that nobody asks for any more.
pub(crate) async fn forget(tx: &mut Tx, server: ServerId) -> Result<(), DbError> {
    tx.execute(Query::new("DELETE FROM server_actions WHERE server_id = $1").bind(server)).await.map(drop)
}
