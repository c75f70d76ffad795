//! Servers that lived in a time, as bills want them.

use kogge_clock::Timestamp;
use kogge_db::{DbError, Direction, Executor, Row, Select};
use kogge_ids::{ProjectId, ServerId};

use crate::model::flavor::Shape;

/// A server that lived in a time.
#[derive(Debug, Clone)]
pub(crate) struct Lived {
    /// Its id.
    pub(crate) id: ServerId,
    /// Its name.
    pub(crate) name: String,
    /// Its project.
    pub(crate) project: ProjectId,
    /// What it was made of last.
    pub(crate) shape: Shape,
    /// Nova's `vm_state`.
    pub(crate) vm_state: String,
    /// When it ran first.
    pub(crate) launched_at: Timestamp,
    /// When it was gone.
    pub(crate) deleted_at: Option<Timestamp>,
}

fn read(row: &Row) -> Result<Lived, DbError> {
    Ok(Lived {
        id: row.parse("id")?,
        name: row.text("name")?,
        project: row.parse("project_id")?,
        shape: row.json("shape")?,
        vm_state: row.text("vm_state")?,
        launched_at: row.time("launched_at")?,
        deleted_at: row.opt_time("deleted_at")?,
    })
}

const COLUMNS: &str = "id, name, project_id, shape, vm_state, launched_at, deleted_at";

/// The servers that lived between these times, of one project or of all, by project and id; behind `after`, at most
/// `most`.
pub(crate) async fn lived(
    db: impl Executor,
    (begin, end): (Timestamp, Timestamp),
    project: Option<&str>,
    after: Option<&(String, String)>,
    most: u32,
) -> Result<Vec<Lived>, DbError> {
    let mut select = Select::new(COLUMNS, "servers")
        .and("(deleted_at IS NULL OR deleted_at > ?)", begin)
        .and("launched_at < ?", end)
        .and_some("project_id = ?", project.map(str::to_owned));
    if let Some((project, id)) = after {
        // both columns as one text: ids have no blank
        select = select.and("project_id || ' ' || id > ?", format!("{project} {id}"));
    }
    let select = select.order_by("project_id", Direction::Ascending).order_by("id", Direction::Ascending);
    db.list("servers", select.slice(most, 0).query(), read).await
}

/// Projects and shapes of the living servers of a host.
pub(crate) async fn shapes_on(db: impl Executor, host: &str) -> Result<Vec<(String, Shape)>, DbError> {
    let select = Select::new("project_id, shape", "servers")
        .and("placed_host = ?", host)
        .and_fixed("deleted_at IS NULL");
    let select = select.order_by("project_id", Direction::Ascending);
    db.list("servers", select.query(), |row| Ok((row.text("project_id")?, row.json("shape")?))).await
}
