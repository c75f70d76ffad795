//! Servers: row to model and back, and the single `save`.

use std::collections::BTreeMap;
use std::time::Duration;

use kogge_clock::Timestamp;
use kogge_db::{Db, DbError, Direction, Executor, Query, Row, Select, Tx};
use kogge_ids::ServerId;

use crate::model::migration;
use crate::model::server::{BootedImage, Placed, Server};
use crate::model::state;
use crate::model::step::{Patience, Step, next_step};
use crate::store::{big, json, migrations};

pub(crate) const COLUMNS: &str = "id, project_id, user_id, name, hostname, description, image_id, \
    image_properties, shape, spec, metadata, tags, nics, volumes, locked, access_v4, access_v6, intent, placed_host, \
    placed_fault, observed, created_at, updated_at, deleted_at, version";

/// A server from its row.
pub(crate) fn read(row: &Row) -> Result<Server, DbError> {
    Ok(Server {
        id: row.parse("id")?,
        project: row.parse("project_id")?,
        user: row.parse("user_id")?,
        name: row.text("name")?,
        hostname: row.text("hostname")?,
        description: row.opt_text("description")?,
        shape: row.json("shape")?,
        image: image(row)?,
        spec: row.json("spec")?,
        metadata: row.json("metadata")?,
        tags: tags(&row.text("tags")?),
        nics: row.json("nics")?,
        volumes: row.json("volumes")?,
        lock: row.opt_json("locked")?,
        access_v4: row.opt_parse("access_v4")?,
        access_v6: row.opt_parse("access_v6")?,
        intent: row.json("intent")?,
        placed: Placed { host: row.opt_text("placed_host")?, fault: row.opt_json("placed_fault")? },
        observed: row.json("observed")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
        deleted_at: row.opt_time("deleted_at")?,
        version: row.int("version")?,
    })
}

/// An empty text is no image.
fn image(row: &Row) -> Result<Option<BootedImage>, DbError> {
    if row.text("image_id")?.is_empty() {
        return Ok(None);
    }
    Ok(Some(BootedImage { id: row.parse("image_id")?, properties: row.json("image_properties")? }))
}

/// Tags stand in one column as `,a,b,`, for a tag has no comma: so a filter needs no join.
fn tags(text: &str) -> Vec<String> {
    text.split(',').filter(|tag| !tag.is_empty()).map(str::to_owned).collect()
}

fn tags_text(tags: &[String]) -> String {
    if tags.is_empty() { String::new() } else { format!(",{},", tags.join(",")) }
}

/// When there is something to do next, in microseconds.
fn due_at(server: &Server) -> i64 {
    match next_step(server, &Patience::default(), server.updated_at) {
        Step::Rest => i64::MAX,
        Step::Wait(until) => until.as_micros(),
        Step::Watch => {
            let told = Timestamp::from_micros(server.observed.told_at);
            told.plus(Patience::default().tell_again).as_micros()
        }
        _ => 0,
    }
}

/// Whether nothing is left to do, however late it is.
fn settled(server: &Server) -> bool {
    next_step(server, &Patience::default(), Timestamp::from_micros(i64::MAX)) == Step::Rest
}

pub(crate) async fn insert(tx: &mut Tx, server: &Server) -> Result<(), DbError> {
    let insert = Query::new(
        "INSERT INTO servers (id, version, project_id, user_id, name, hostname, description, image_id, \
         image_properties, flavor_id, shape, vcpus, ram_mib, spec, key_name, config_drive, zone, metadata, tags, \
         nics, locked, access_v4, access_v6, intent, placed_host, placed_fault, observed, status, vm_state, \
         task_state, power_state, launched_at, settled, updated_at, deleted_at, created_at, reservation_id, \
         launch_index, due_at, volumes) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, \
         $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40)",
    );
    let insert = bound(insert, server)?
        .bind(server.created_at)
        .bind(&server.spec.reservation_id)
        .bind(server.spec.launch_index)
        .bind(due_at(server))
        .bind(json(&server.volumes)?);
    tx.execute(insert).await.map(drop)
}

/// Writes a server that was read at `server.version`, with what is computed from it, and raises the version. False
/// where somebody else wrote it since: read it again and decide anew.
pub(crate) async fn save(tx: &mut Tx, server: &mut Server, now: Timestamp) -> Result<bool, DbError> {
    server.updated_at = now;
    let update = Query::new(
        "UPDATE servers SET version = $2 + 1, project_id = $3, user_id = $4, name = $5, hostname = $6, \
         description = $7, image_id = $8, image_properties = $9, flavor_id = $10, shape = $11, vcpus = $12, \
         ram_mib = $13, spec = $14, key_name = $15, config_drive = $16, zone = $17, metadata = $18, tags = $19, \
         nics = $20, locked = $21, access_v4 = $22, access_v6 = $23, intent = $24, placed_host = $25, \
         placed_fault = $26, observed = $27, status = $28, vm_state = $29, task_state = $30, power_state = $31, \
         launched_at = $32, settled = $33, updated_at = $34, deleted_at = $35, due_at = $36, volumes = $37 \
         WHERE id = $1 AND version = $2",
    );
    let done =
        tx.execute(bound(update, server)?.bind(due_at(server)).bind(json(&server.volumes)?)).await? == 1;
    if done {
        server.version += 1;
        if let Some(status) = migration::progress(server) {
            migrations::follow(tx, server.id, status, now).await?;
        }
    }
    Ok(done)
}

fn bound(query: Query, server: &Server) -> Result<Query, DbError> {
    let view = state::view(server);
    Ok(query
        .bind(server.id)
        .bind(server.version)
        .bind(&server.project)
        .bind(&server.user)
        .bind(&server.name)
        .bind(&server.hostname)
        .bind(server.description.clone())
        .bind(server.image.as_ref().map(|image| image.id.to_string()).unwrap_or_default())
        .bind(json(&server.image.as_ref().map(|image| image.properties.clone()).unwrap_or_default())?)
        .bind(&server.shape.id)
        .bind(json(&server.shape)?)
        .bind(server.shape.vcpus)
        .bind(big(server.shape.ram_mib))
        .bind(json(&server.spec)?)
        .bind(server.spec.key.as_ref().map(|key| key.name.clone()))
        .bind(server.spec.config_drive)
        .bind(server.spec.zone.clone())
        .bind(json(&server.metadata)?)
        .bind(tags_text(&server.tags))
        .bind(json(&server.nics)?)
        .bind(server.lock.as_ref().map(json).transpose()?)
        .bind(server.access_v4.map(|address| address.to_string()))
        .bind(server.access_v6.map(|address| address.to_string()))
        .bind(json(&server.intent)?)
        .bind(server.placed.host.clone())
        .bind(server.placed.fault.as_ref().map(json).transpose()?)
        .bind(json(&server.observed)?)
        .bind(view.status)
        .bind(view.vm_state.as_str())
        .bind(view.task_state)
        .bind(view.power_state)
        .bind(server.observed.launched_at)
        .bind(settled(server))
        .bind(server.updated_at)
        .bind(server.deleted_at))
}

/// Locks the row of a server until the transaction ends, so that what is read then still holds when it is saved.
/// (SQLite has one writer; this matters on PostgreSQL.)
pub(crate) async fn lock(tx: &mut Tx, id: ServerId) -> Result<(), DbError> {
    tx.execute(Query::new("UPDATE servers SET version = version WHERE id = $1").bind(id)).await.map(drop)
}

/// A server, deleted or not.
pub(crate) async fn get(db: impl Executor, id: ServerId) -> Result<Option<Server>, DbError> {
    let query = Select::new(COLUMNS, "servers").and("id = ?", id).query();
    db.find("servers", query, read).await
}

/// Locks some servers in an order that all share, and reads them; deleted ones too. One that cannot be read is noted
/// and left out.
pub(crate) async fn lock_all(
    tx: &mut Tx,
    sqlite: bool,
    ids: &[ServerId],
) -> Result<BTreeMap<ServerId, Server>, DbError> {
    if !sqlite {
        let mut ordered = ids.to_vec();
        ordered.sort_unstable();
        for id in ordered {
            lock(tx, id).await?;
        }
    }
    let select = Select::new(COLUMNS, "servers").and_in("id", ids.iter().copied());
    let servers = tx.list("servers", select.query(), read).await?;
    Ok(servers.into_iter().map(|server| (server.id, server)).collect())
}

/// What to look for among the servers with something to do.
#[derive(Clone, Copy)]
pub(crate) enum Due<'a> {
    /// Those without a host, that are to stay.
    Unplaced,
    /// Those of a host, that are to stay.
    On(&'a str),
    /// Those without a host, that are to go.
    DoomedUnplaced,
    /// Those of a host, that are to go.
    DoomedOn(&'a str),
}

/// The servers with something to do now, those waiting longest first; at most `most`. One that cannot be read is noted
/// and set back, so that it never stands in the way of others.
pub(crate) async fn due(db: &Db, what: Due<'_>, now: Timestamp, most: u32) -> Result<Vec<Server>, DbError> {
    let select = Select::new(COLUMNS, "servers").and_fixed("settled = FALSE").and("due_at <= ?", now);
    let doomed = "task_state = 'deleting'";
    let staying = "(task_state IS NULL OR task_state <> 'deleting')";
    let select = match what {
        Due::Unplaced => select.and_fixed("placed_host IS NULL").and_fixed(staying),
        Due::On(host) => select.and("placed_host = ?", host).and_fixed(staying),
        Due::DoomedUnplaced => select.and_fixed("placed_host IS NULL").and_fixed(doomed),
        Due::DoomedOn(host) => select.and("placed_host = ?", host).and_fixed(doomed),
    };
    // what is due at once has no time, whatever the clocks of processes say: of these the oldest is first
    let select = select.order_by("due_at", Direction::Ascending).order_by("updated_at", Direction::Ascending);
    let rows = db.all(select.slice(most, 0).query()).await?;
    let (mut servers, mut unreadable) = (Vec::with_capacity(rows.len()), Vec::new());
    for row in &rows {
        match read(row) {
            Ok(server) => servers.push(server),
            Err(error @ DbError::Column { .. }) => {
                db.damage_book().note("servers", row, &error);
                unreadable.push(row.key());
            }
            Err(error) => return Err(error),
        }
    }
    for key in unreadable {
        put_off(db, &key, now.plus(UNREADABLE)).await?;
    }
    Ok(servers)
}

/// How long a row that cannot be read is set back.
const UNREADABLE: Duration = Duration::from_secs(600);

/// Nothing is to be done with a server before `until`, unless it changes.
pub(crate) async fn put_off(db: impl Executor, id: &str, until: Timestamp) -> Result<(), DbError> {
    let update = Query::new("UPDATE servers SET due_at = $2 WHERE id = $1 AND settled = FALSE");
    db.execute(update.bind(id).bind(until)).await.map(drop)
}

/// The hosts whose servers have something to do now: those that stay, or those that go.
pub(crate) async fn due_hosts(
    db: impl Executor,
    doomed: bool,
    now: Timestamp,
) -> Result<Vec<String>, DbError> {
    let select = Select::new("DISTINCT placed_host", "servers")
        .and_fixed("settled = FALSE")
        .and_fixed("placed_host IS NOT NULL")
        .and("due_at <= ?", now)
        .and_fixed(if doomed {
            "task_state = 'deleting'"
        } else {
            "(task_state IS NULL OR task_state <> 'deleting')"
        });
    db.list("servers", select.query(), |row| row.text("placed_host")).await
}

/// What is known of every living server of a host: enough to see whether an observation is news. `None` where that
/// cannot be read: such a server is known all the same, and keeps its guest.
pub(crate) async fn known_on(
    db: impl Executor,
    host: &str,
) -> Result<Vec<(ServerId, Option<crate::model::server::Observed>)>, DbError> {
    known(db, living_on(host)).await
}

/// As [`known_on`], of these servers alone.
pub(crate) async fn known_of(
    db: &Db,
    host: &str,
    ids: &[ServerId],
) -> Result<Vec<(ServerId, Option<crate::model::server::Observed>)>, DbError> {
    let mut found = Vec::with_capacity(ids.len());
    for part in ids.chunks(500) {
        found.extend(known(db, living_on(host).and_in("id", part.iter().copied())).await?);
    }
    Ok(found)
}

fn living_on(host: &str) -> Select {
    Select::new("id, observed", "servers").and("placed_host = ?", host).and_fixed("deleted_at IS NULL")
}

async fn known(
    db: impl Executor,
    select: Select,
) -> Result<Vec<(ServerId, Option<crate::model::server::Observed>)>, DbError> {
    let damage = db.damage_book();
    let rows = db.all(select.query()).await?;
    let observed = |row: &Row| row.json("observed").inspect_err(|e| damage.note("servers", row, e)).ok();
    rows.iter().map(|row| Ok((row.parse("id")?, observed(row)))).collect()
}

/// Names and ids of the living servers of a host, for admins.
pub(crate) async fn names_on(db: impl Executor, host: &str) -> Result<Vec<(String, String)>, DbError> {
    let query =
        Query::new("SELECT id, name FROM servers WHERE placed_host = $1 AND deleted_at IS NULL ORDER BY id");
    db.list("servers", query.bind(host), |row| Ok((row.text("id")?, row.text("name")?))).await
}

/// Number of the living servers of a host.
pub(crate) async fn number_on(db: impl Executor, host: &str) -> Result<u64, DbError> {
    let query = Query::new("SELECT COUNT(*) AS n FROM servers WHERE placed_host = $1 AND deleted_at IS NULL");
    Ok(db.one(query.bind(host)).await?.int("n")?.unsigned_abs())
}

/// Deleted servers that were buried before `moment`; at most 100.
pub(crate) async fn buried_before(db: impl Executor, moment: Timestamp) -> Result<Vec<ServerId>, DbError> {
    let query =
        Query::new("SELECT id FROM servers WHERE deleted_at IS NOT NULL AND deleted_at < $1 LIMIT 100");
    db.list("servers", query.bind(moment), |row| row.parse("id")).await
}

/// Deleted servers beyond the newest `most`; at most 100.
pub(crate) async fn buried_beyond(db: impl Executor, most: i64) -> Result<Vec<ServerId>, DbError> {
    let query = Query::new(
        "SELECT id FROM servers WHERE deleted_at IS NOT NULL AND deleted_at < (SELECT deleted_at FROM servers \
         WHERE deleted_at IS NOT NULL ORDER BY deleted_at DESC LIMIT 1 OFFSET $1) ORDER BY deleted_at LIMIT 100",
    );
    db.all(query.bind(most)).await?.iter().map(|row| row.parse("id")).collect()
}

/// Ids and specs of servers after `last` that may be of a version that kept passwords as they came; at most 100.
pub(crate) async fn with_clear_password(tx: &mut Tx, last: &str) -> Result<Vec<(ServerId, String)>, DbError> {
    let query = Query::new(
        "SELECT id, spec FROM servers WHERE spec LIKE '%\"admin_password\":\"%' AND id > $1 ORDER BY id LIMIT 100",
    );
    tx.all(query.bind(last)).await?.iter().map(|row| Ok((row.parse("id")?, row.text("spec")?))).collect()
}

/// Writes the spec of a server as it is, whatever version wrote it.
pub(crate) async fn put_spec(tx: &mut Tx, id: ServerId, spec: &str) -> Result<(), DbError> {
    let update = Query::new("UPDATE servers SET spec = $2, version = version + 1 WHERE id = $1");
    tx.execute(update.bind(id).bind(spec)).await.map(drop)
}

/// Forgets a deleted server for good.
pub(crate) async fn forget(tx: &mut Tx, id: ServerId) -> Result<(), DbError> {
    let delete = Query::new("DELETE FROM servers WHERE id = $1 AND deleted_at IS NOT NULL").bind(id);
    tx.execute(delete).await.map(drop)
}

/// Number of living servers by status.
pub(crate) async fn by_status(db: impl Executor) -> Result<Vec<(String, u64)>, DbError> {
    let query =
        Query::new("SELECT status, COUNT(*) AS n FROM servers WHERE deleted_at IS NULL GROUP BY status");
    db.list("servers", query, |row| Ok((row.text("status")?, row.int("n")?.unsigned_abs()))).await
}
