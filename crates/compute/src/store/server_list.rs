//! Lists of servers, of those that a question of the API selects.

use kogge_db::{DbError, Direction, Executor, Page, Paged, Row, Select, SortKey};

use crate::model::server::{Named, Server};
use crate::store::servers::read;

/// How they are sorted unless asked otherwise.
const NEWEST: &[(&str, Direction)] = &[("created_at", Direction::Descending)];

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

/// One page of servers; the newest first unless the page sorts otherwise.
pub(crate) async fn list(db: impl Executor, select: Select, page: &Page) -> Result<Paged<Server>, DbError> {
    select.page(page, SORT_KEYS, NEWEST, "id").fetch(db, read).await
}

/// As [`list`], of each only its id and name.
pub(crate) async fn names(db: impl Executor, select: Select, page: &Page) -> Result<Paged<Named>, DbError> {
    let read = |row: &Row| Ok(Named { id: row.parse("id")?, name: row.text("name")? });
    select.columns("id, name").page(page, SORT_KEYS, NEWEST, "id").fetch(db, read).await
}
