//! Lists of servers: every filter that SQL can answer.

use kogge_clock::Timestamp;
use kogge_db::{DbError, Direction, Executor, Page, Paged, Row, Select, SortKey};

use crate::model::server::{Named, Server};
use crate::store::servers::{COLUMNS, read};

/// What servers can be sorted by, in Nova's words. Keys of Nova that sort by nothing here are passed over.
pub(crate) const SORT_KEYS: &[SortKey] = &[
    SortKey { name: "access_ip_v4", expression: "COALESCE(access_v4, '')" },
    SortKey { name: "access_ip_v6", expression: "COALESCE(access_v6, '')" },
    SortKey { name: "availability_zone", expression: "COALESCE(zone, '')" },
    SortKey { name: "config_drive", expression: "config_drive" },
    SortKey { name: "created_at", expression: "created_at" },
    SortKey { name: "display_description", expression: "COALESCE(description, '')" },
    SortKey { name: "display_name", expression: "name" },
    SortKey { name: "host", expression: "COALESCE(placed_host, '')" },
    SortKey { name: "node", expression: "COALESCE(placed_host, '')" },
    SortKey { name: "hostname", expression: "hostname" },
    SortKey { name: "image_ref", expression: "image_id" },
    SortKey { name: "instance_type_id", expression: "flavor_id" },
    SortKey { name: "key_name", expression: "COALESCE(key_name, '')" },
    SortKey { name: "launch_index", expression: "launch_index" },
    SortKey { name: "launched_at", expression: "COALESCE(launched_at, 0)" },
    SortKey { name: "locked", expression: "COALESCE(locked, '')" },
    SortKey { name: "locked_by", expression: "COALESCE(locked, '')" },
    SortKey { name: "power_state", expression: "power_state" },
    SortKey { name: "project_id", expression: "project_id" },
    SortKey { name: "task_state", expression: "COALESCE(task_state, '')" },
    SortKey { name: "terminated_at", expression: "COALESCE(deleted_at, 0)" },
    SortKey { name: "updated_at", expression: "updated_at" },
    SortKey { name: "user_id", expression: "user_id" },
    SortKey { name: "uuid", expression: "id" },
    SortKey { name: "vm_state", expression: "vm_state" },
];

/// Which servers to list. What is `None` or empty does not filter.
#[derive(Debug, Clone, Default)]
pub(crate) struct ServerFilter {
    /// Of this project.
    pub(crate) project: Option<String>,
    /// Of this user.
    pub(crate) user: Option<String>,
    /// Of this id.
    pub(crate) id: Option<String>,
    /// On this host.
    pub(crate) host: Option<String>,
    /// Made of this flavor.
    pub(crate) flavor: Option<String>,
    /// Made from this image.
    pub(crate) image: Option<String>,
    /// With one of these statuses.
    pub(crate) statuses: Vec<String>,
    /// With one of these `vm_state`s.
    pub(crate) vm_states: Vec<String>,
    /// With one of these `task_state`s.
    pub(crate) task_states: Vec<String>,
    /// With this power state.
    pub(crate) power_state: Option<i64>,
    /// Deleted ones, living ones, or both.
    pub(crate) deleted: Option<bool>,
    /// Changed at or after this moment.
    pub(crate) since: Option<Timestamp>,
    /// Changed at or before this moment.
    pub(crate) before: Option<Timestamp>,
    /// Locked ones, or those that are not.
    pub(crate) locked: Option<bool>,
    /// With all of these tags.
    pub(crate) tags: Vec<String>,
    /// With any of these tags.
    pub(crate) tags_any: Vec<String>,
    /// Without all of these tags at once.
    pub(crate) not_tags: Vec<String>,
    /// Without any of these tags.
    pub(crate) not_tags_any: Vec<String>,
    /// Of this request.
    pub(crate) reservation_id: Option<String>,
    /// Number in its request.
    pub(crate) launch_index: Option<i64>,
    /// With config drive, or without.
    pub(crate) config_drive: Option<bool>,
}

const HAS_TAG: &str = "REPLACE(tags, ?, '') <> tags";
const LACKS_TAG: &str = "REPLACE(tags, ?, '') = tags";

fn quoted(tag: &str) -> String {
    format!(",{tag},")
}

fn select(columns: &'static str, filter: &ServerFilter) -> Select {
    let mut select = Select::new(columns, "servers")
        .and_some("project_id = ?", filter.project.clone())
        .and_some("user_id = ?", filter.user.clone())
        .and_some("id = ?", filter.id.clone())
        .and_some("placed_host = ?", filter.host.clone())
        .and_some("flavor_id = ?", filter.flavor.clone())
        .and_some("image_id = ?", filter.image.clone())
        .and_some("power_state = ?", filter.power_state)
        .and_some("updated_at >= ?", filter.since)
        .and_some("updated_at <= ?", filter.before)
        .and_some("reservation_id = ?", filter.reservation_id.clone())
        .and_some("launch_index = ?", filter.launch_index)
        .and_some("config_drive = ?", filter.config_drive);
    for (expression, values) in
        [("status", &filter.statuses), ("vm_state", &filter.vm_states), ("task_state", &filter.task_states)]
    {
        if !values.is_empty() {
            select = select.and_in(expression, values.iter());
        }
    }
    for (flag, yes, no) in [
        (filter.deleted, "deleted_at IS NOT NULL", "deleted_at IS NULL"),
        (filter.locked, "locked IS NOT NULL", "locked IS NULL"),
    ] {
        if let Some(flag) = flag {
            select = select.and_fixed(if flag { yes } else { no });
        }
    }
    for tag in &filter.tags {
        select = select.and(HAS_TAG, quoted(tag));
    }
    if !filter.tags_any.is_empty() {
        select = select.and_any(HAS_TAG, filter.tags_any.iter().map(|tag| quoted(tag)));
    }
    if !filter.not_tags.is_empty() {
        select = select.and_any(LACKS_TAG, filter.not_tags.iter().map(|tag| quoted(tag)));
    }
    for tag in &filter.not_tags_any {
        select = select.and(LACKS_TAG, quoted(tag));
    }
    select
}

/// One page of servers; the newest first unless the page sorts otherwise.
pub(crate) async fn list(
    db: impl Executor,
    filter: &ServerFilter,
    page: &Page,
) -> Result<Paged<Server>, DbError> {
    let default = [("created_at", Direction::Descending)];
    select(COLUMNS, filter).page(page, SORT_KEYS, &default, "id").fetch(db, read).await
}

/// As [`list`], of each only its id and name.
pub(crate) async fn names(
    db: impl Executor,
    filter: &ServerFilter,
    page: &Page,
) -> Result<Paged<Named>, DbError> {
    let default = [("created_at", Direction::Descending)];
    let read = |row: &Row| Ok(Named { id: row.parse("id")?, name: row.text("name")? });
    select("id, name", filter).page(page, SORT_KEYS, &default, "id").fetch(db, read).await
}
