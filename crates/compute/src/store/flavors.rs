//! Flavors and who may use the private ones.

use kogge_db::{DbError, Direction, Executor, Page, Paged, Query, Row, Select, SortKey, Tx};
use kogge_ids::{FlavorId, ProjectId};

use crate::model::flavor::{Flavor, Shape};
use crate::store::{big, json, natural};

const COLUMNS: &str = "id, name, vcpus, ram_mib, disk_gib, ephemeral_gib, swap_mib, rxtx_factor, is_public, \
                       description, extra_specs, created_at, updated_at";

/// What flavors can be sorted by.
pub(crate) const SORT_KEYS: &[SortKey] = &[
    SortKey { name: "flavorid", expression: "id" },
    SortKey { name: "id", expression: "id" },
    SortKey { name: "name", expression: "name" },
    SortKey { name: "memory_mb", expression: "ram_mib" },
    SortKey { name: "vcpus", expression: "vcpus" },
    SortKey { name: "root_gb", expression: "disk_gib" },
    SortKey { name: "ephemeral_gb", expression: "ephemeral_gib" },
    SortKey { name: "swap", expression: "swap_mib" },
    SortKey { name: "rxtx_factor", expression: "rxtx_factor" },
    SortKey { name: "is_public", expression: "is_public" },
    SortKey { name: "description", expression: "COALESCE(description, '')" },
    SortKey { name: "created_at", expression: "created_at" },
    SortKey { name: "updated_at", expression: "COALESCE(updated_at, 0)" },
];

/// Which flavors to list.
#[derive(Debug, Clone, Default)]
pub(crate) struct FlavorFilter {
    /// Public ones, private ones, or both.
    pub(crate) public: Option<bool>,
    /// Besides public ones, those that this project has access to.
    pub(crate) for_project: Option<ProjectId>,
    /// At least this much memory in MiB.
    pub(crate) min_ram: Option<i64>,
    /// At least this much disk in GiB.
    pub(crate) min_disk: Option<i64>,
    /// Of exactly this name.
    pub(crate) name: Option<String>,
}

fn read(row: &Row) -> Result<Flavor, DbError> {
    Ok(Flavor {
        shape: Shape {
            id: row.parse("id")?,
            name: row.text("name")?,
            vcpus: u32::try_from(row.int("vcpus")?).unwrap_or(1),
            ram_mib: natural(row.int("ram_mib")?),
            disk_gib: natural(row.int("disk_gib")?),
            ephemeral_gib: natural(row.int("ephemeral_gib")?),
            swap_mib: natural(row.int("swap_mib")?),
            extra_specs: row.json("extra_specs")?,
        },
        description: row.opt_text("description")?,
        is_public: row.bool("is_public")?,
        rxtx_factor: row.real("rxtx_factor")?,
        created_at: row.time("created_at")?,
        updated_at: row.opt_time("updated_at")?,
    })
}

pub(crate) async fn insert(tx: &mut Tx, flavor: &Flavor) -> Result<(), DbError> {
    let insert = Query::new(
        "INSERT INTO flavors (id, name, vcpus, ram_mib, disk_gib, ephemeral_gib, swap_mib, rxtx_factor, is_public, \
         description, extra_specs, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
    );
    let shape = &flavor.shape;
    let insert = insert
        .bind(&shape.id)
        .bind(&shape.name)
        .bind(shape.vcpus)
        .bind(big(shape.ram_mib))
        .bind(big(shape.disk_gib))
        .bind(big(shape.ephemeral_gib))
        .bind(big(shape.swap_mib))
        .bind(flavor.rxtx_factor)
        .bind(flavor.is_public)
        .bind(flavor.description.clone())
        .bind(json(&shape.extra_specs)?)
        .bind(flavor.created_at)
        .bind(flavor.updated_at);
    tx.execute(insert).await.map(drop)
}

/// Writes what can change: description and extra specs.
pub(crate) async fn update(tx: &mut Tx, flavor: &Flavor) -> Result<(), DbError> {
    let update =
        Query::new("UPDATE flavors SET description = $2, extra_specs = $3, updated_at = $4 WHERE id = $1");
    let update = update
        .bind(&flavor.shape.id)
        .bind(flavor.description.clone())
        .bind(json(&flavor.shape.extra_specs)?)
        .bind(flavor.updated_at);
    tx.execute(update).await.map(drop)
}

pub(crate) async fn get(db: impl Executor, id: &str) -> Result<Option<Flavor>, DbError> {
    let query = Select::new(COLUMNS, "flavors").and("id = ?", id).query();
    db.find("flavors", query, read).await
}

pub(crate) async fn delete(tx: &mut Tx, id: &str) -> Result<bool, DbError> {
    tx.execute(Query::new("DELETE FROM flavor_access WHERE flavor_id = $1").bind(id)).await?;
    Ok(tx.execute(Query::new("DELETE FROM flavors WHERE id = $1").bind(id)).await? == 1)
}

pub(crate) async fn list(
    db: impl Executor,
    filter: &FlavorFilter,
    page: &Page,
) -> Result<Paged<Flavor>, DbError> {
    let mut select = Select::new(COLUMNS, "flavors")
        .and_some("is_public = ?", filter.public)
        .and_some("ram_mib >= ?", filter.min_ram)
        .and_some("disk_gib >= ?", filter.min_disk)
        .and_some("name = ?", filter.name.clone());
    if let Some(project) = &filter.for_project {
        select = select.and(
            "is_public = TRUE OR id IN (SELECT flavor_id FROM flavor_access WHERE project_id = ?)",
            project,
        );
    }
    select.page(page, SORT_KEYS, &[("flavorid", Direction::Ascending)], "id").fetch(db, read).await
}

/// Locks a flavor until the transaction ends, so that what is read then still holds when it is written.
pub(crate) async fn lock(tx: &mut Tx, id: &str) -> Result<(), DbError> {
    tx.execute(Query::new("UPDATE flavors SET name = name WHERE id = $1").bind(id)).await.map(drop)
}

/// The projects with access to a private flavor.
pub(crate) async fn access(db: impl Executor, id: &FlavorId) -> Result<Vec<String>, DbError> {
    let query = Query::new("SELECT project_id FROM flavor_access WHERE flavor_id = $1 ORDER BY project_id");
    db.list("flavor_access", query.bind(id), |row| row.text("project_id")).await
}

pub(crate) async fn add_access(tx: &mut Tx, id: &FlavorId, project: &str) -> Result<(), DbError> {
    let insert = Query::new("INSERT INTO flavor_access (flavor_id, project_id) VALUES ($1, $2)");
    tx.execute(insert.bind(id).bind(project)).await.map(drop)
}

pub(crate) async fn remove_access(tx: &mut Tx, id: &FlavorId, project: &str) -> Result<bool, DbError> {
    let delete = Query::new("DELETE FROM flavor_access WHERE flavor_id = $1 AND project_id = $2");
    Ok(tx.execute(delete.bind(id).bind(project)).await? == 1)
}

/// Notes that the flavor `name` was seeded; false where it was before.
pub(crate) async fn note_seed(tx: &mut Tx, name: &str) -> Result<bool, DbError> {
    let insert = Query::new("INSERT INTO flavor_seeds (name) VALUES ($1) ON CONFLICT (name) DO NOTHING");
    Ok(tx.execute(insert.bind(name)).await? == 1)
}
