//! Server groups and their members.

use std::collections::BTreeMap;

use kogge_db::{DbError, Direction, Executor, Paged, Query, Row, Select, Tx};
use kogge_ids::{ServerGroupId, ServerId, UserId};

use crate::model::server_group::ServerGroup;

const COLUMNS: &str = "id, project_id, user_id, name, policy, max_per_host, created_at";

fn read(row: &Row) -> Result<ServerGroup, DbError> {
    Ok(ServerGroup {
        id: row.parse("id")?,
        project: row.parse("project_id")?,
        user: row.parse("user_id")?,
        name: row.text("name")?,
        policy: row.parse("policy")?,
        max_per_host: row.opt_int("max_per_host")?,
        created_at: row.time("created_at")?,
    })
}

pub(crate) async fn insert(tx: &mut Tx, group: &ServerGroup) -> Result<(), DbError> {
    let insert = Query::new(
        "INSERT INTO server_groups (id, project_id, user_id, name, policy, max_per_host, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    );
    let insert = insert
        .bind(group.id)
        .bind(&group.project)
        .bind(&group.user)
        .bind(&group.name)
        .bind(group.policy.as_str())
        .bind(group.max_per_host)
        .bind(group.created_at);
    tx.execute(insert).await.map(drop)
}

pub(crate) async fn get(db: impl Executor, id: ServerGroupId) -> Result<Option<ServerGroup>, DbError> {
    let query = Select::new(COLUMNS, "server_groups").and("id = ?", id).query();
    db.find("server_groups", query, read).await
}

/// The groups of a project, or of all, from position `offset` on; the oldest first.
pub(crate) async fn list(
    db: impl Executor,
    project: Option<&str>,
    limit: u32,
    offset: u64,
) -> Result<Paged<ServerGroup>, DbError> {
    Select::new(COLUMNS, "server_groups")
        .and_some("project_id = ?", project)
        .order_by("created_at", Direction::Ascending)
        .order_by("id", Direction::Ascending)
        .slice(limit, offset)
        .fetch(db, read)
        .await
}

/// Takes a group away; its members are in none then. False where there is no such group.
pub(crate) async fn delete(tx: &mut Tx, id: ServerGroupId) -> Result<bool, DbError> {
    Ok(tx.execute(Query::new("DELETE FROM server_groups WHERE id = $1").bind(id)).await? == 1)
}

/// Locks a group until the transaction ends, so that nobody else adds or places a member meanwhile. False where
/// there is no such group. (SQLite has one writer; this matters on PostgreSQL.)
pub(crate) async fn lock(tx: &mut Tx, id: ServerGroupId) -> Result<bool, DbError> {
    let lock = Query::new("UPDATE server_groups SET name = name WHERE id = $1");
    Ok(tx.execute(lock.bind(id)).await? == 1)
}

/// Puts a server that is in no group yet into one.
pub(crate) async fn join(tx: &mut Tx, group: ServerGroupId, server: ServerId) -> Result<(), DbError> {
    let join = Query::new("INSERT INTO server_group_members (server_id, group_id) VALUES ($1, $2)");
    tx.execute(join.bind(server).bind(group)).await.map(drop)
}

/// Takes a server out of its group, if it is in one.
pub(crate) async fn leave(tx: &mut Tx, server: ServerId) -> Result<(), DbError> {
    let leave = Query::new("DELETE FROM server_group_members WHERE server_id = $1");
    tx.execute(leave.bind(server)).await.map(drop)
}

/// The group that a server is in.
pub(crate) async fn of_server(db: impl Executor, server: ServerId) -> Result<Option<ServerGroup>, DbError> {
    let query = Select::new(COLUMNS, "server_groups")
        .and("id = (SELECT group_id FROM server_group_members WHERE server_id = ?)", server)
        .query();
    db.find("server_groups", query, read).await
}

/// The members of groups: by group, in the order of their ids.
pub(crate) async fn members(
    db: impl Executor,
    groups: &[ServerGroupId],
) -> Result<BTreeMap<ServerGroupId, Vec<ServerId>>, DbError> {
    let query = Select::new("group_id, server_id", "server_group_members")
        .and_in("group_id", groups.iter().copied())
        .order_by("server_id", Direction::Ascending);
    let pair = |row: &Row| Ok((row.parse("group_id")?, row.parse("server_id")?));
    let mut members: BTreeMap<ServerGroupId, Vec<ServerId>> = BTreeMap::new();
    for (group, server) in db.list("server_group_members", query.query(), pair).await? {
        members.entry(group).or_default().push(server);
    }
    Ok(members)
}

/// How many members of a group a user has made.
pub(crate) async fn count_members(
    db: impl Executor,
    group: ServerGroupId,
    user: &UserId,
) -> Result<i64, DbError> {
    let count = Query::new(
        "SELECT COUNT(*) AS n FROM server_group_members m JOIN servers s ON s.id = m.server_id \
         WHERE m.group_id = $1 AND s.user_id = $2",
    );
    db.one(count.bind(group).bind(user)).await?.int("n")
}

/// Number of members by host, without those that have no host yet and without `except`.
pub(crate) async fn members_by_host(
    db: impl Executor,
    group: ServerGroupId,
    except: ServerId,
) -> Result<BTreeMap<String, i64>, DbError> {
    let count = Query::new(
        "SELECT s.placed_host AS host, COUNT(*) AS n FROM server_group_members m \
         JOIN servers s ON s.id = m.server_id \
         WHERE m.group_id = $1 AND s.id <> $2 AND s.placed_host IS NOT NULL GROUP BY s.placed_host",
    );
    let rows = db.all(count.bind(group).bind(except)).await?;
    rows.iter().map(|row| Ok((row.text("host")?, row.int("n")?))).collect()
}
