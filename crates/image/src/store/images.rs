//! Images: one row each, and search copies of properties and tags.

use std::collections::{BTreeMap, BTreeSet};

use kogge_clock::Timestamp;
use kogge_db::{Db, DbError, Executor, Query, Row, Select, Tx};
use kogge_ids::ImageId;

use super::usage::{self, Share};
use crate::model::image::{Data, HASH_ALGO, Image, Staged};

pub(crate) fn image(row: &Row) -> Result<Image, DbError> {
    let data = row.opt_text("checksum")?.map(|checksum| data(row, checksum)).transpose()?;
    let staged = match row.opt_text("data_file")? {
        Some(file) if data.is_none() => Some(Staged { file, size: row.int("size")? }),
        _ => None,
    };
    Ok(Image {
        id: row.parse("id")?,
        owner: row.opt_text("owner")?,
        name: row.opt_text("name")?,
        status: row.parse("status")?,
        visibility: row.parse("visibility")?,
        protected: row.bool("protected")?,
        hidden: row.bool("os_hidden")?,
        disk_format: row.opt_text("disk_format")?,
        container_format: row.opt_text("container_format")?,
        min_disk: row.int("min_disk")?,
        min_ram: row.int("min_ram")?,
        staged,
        data,
        properties: row.json("properties")?,
        tags: row.json("tags")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}

fn data(row: &Row, checksum: String) -> Result<Data, DbError> {
    Ok(Data {
        file: row.text("data_file")?,
        size: row.int("size")?,
        virtual_size: row.opt_int("virtual_size")?,
        checksum,
        sha512: row.text("os_hash_value")?,
        detected: row.text("detected_format")?,
        unfit: row.opt_text("unfit")?,
    })
}

/// Adds an image. A unique violation says that the id is taken.
pub(crate) async fn insert(tx: &mut Tx, new: &Image) -> Result<(), DbError> {
    const SQL: &str =
        "INSERT INTO images (id, created_at, status, visibility, protected, os_hidden, min_disk, min_ram,
            properties, tags, revision, updated_at)
        VALUES ($1, $2, $3, $4, FALSE, FALSE, 0, 0, '{}', '[]', 0, $2)";
    // it has no owner yet, so that saving it counts all of it
    let query = Query::new(SQL).bind(new.id).bind(new.created_at).bind(new.status.as_str());
    tx.execute(query.bind(new.visibility.as_str())).await?;
    save(tx, new).await.map(drop)
}

/// Writes everything that can change. The one function that does. Zero: the image is gone.
pub(crate) async fn save(tx: &mut Tx, image: &Image) -> Result<u64, DbError> {
    const SQL: &str = "UPDATE images SET owner = $2, name = $3, status = $4, visibility = $5, protected = $6,
            os_hidden = $7, disk_format = $8, container_format = $9, min_disk = $10, min_ram = $11, size = $12,
            virtual_size = $13, checksum = $14, os_hash_algo = $15, os_hash_value = $16, detected_format = $17,
            unfit = $18, properties = $19, tags = $20, updated_at = $21, data_file = $22, revision = revision + 1
        WHERE id = $1";
    let (before, data) = (Share::written(tx, image.id).await?, image.data.as_ref());
    let query = Query::new(SQL)
        .bind(image.id)
        .bind(image.owner.as_ref())
        .bind(image.name.as_ref())
        .bind(image.status.as_str())
        .bind(image.visibility.as_str())
        .bind(image.protected)
        .bind(image.hidden)
        .bind(image.disk_format.as_ref())
        .bind(image.container_format.as_ref())
        .bind(image.min_disk)
        .bind(image.min_ram)
        .bind(data.map(|data| data.size).or(image.staged.as_ref().map(|staged| staged.size)))
        .bind(data.and_then(|data| data.virtual_size))
        .bind(data.map(|data| &data.checksum))
        .bind(data.map(|_| HASH_ALGO))
        .bind(data.map(|data| &data.sha512))
        .bind(data.map(|data| &data.detected))
        .bind(data.and_then(|data| data.unfit.as_ref()))
        .bind(json(&image.properties))
        .bind(json(&image.tags))
        .bind(image.updated_at)
        .bind(image.file());
    let changed = tx.execute(query).await?;
    if changed > 0 {
        index(tx, image).await?;
        usage::change(tx, before, Share::of(image)).await?;
    }
    Ok(changed)
}

async fn index(tx: &mut Tx, image: &Image) -> Result<(), DbError> {
    tx.execute(Query::new("DELETE FROM image_properties WHERE image_id = $1").bind(image.id)).await?;
    for (name, value) in &image.properties {
        let query = Query::new("INSERT INTO image_properties (image_id, pair) VALUES ($1, $2)");
        tx.execute(query.bind(image.id).bind(pair(name, value))).await?;
    }
    tx.execute(Query::new("DELETE FROM image_tags WHERE image_id = $1").bind(image.id)).await?;
    for tag in &image.tags {
        let query = Query::new("INSERT INTO image_tags (image_id, tag) VALUES ($1, $2)");
        tx.execute(query.bind(image.id).bind(tag)).await?;
    }
    Ok(())
}

/// Name and value as one text that no other name and value have.
pub(crate) fn pair(name: &str, value: &str) -> String {
    json(&[name, value])
}

/// The images of a project that have all these properties, the newest first.
pub(crate) async fn with_properties(
    db: impl Executor,
    owner: &str,
    properties: &[(&str, &str); 3],
) -> Result<Vec<ImageId>, DbError> {
    let query = Query::new(
        "SELECT id FROM images WHERE owner = $1 \
         AND EXISTS (SELECT 1 FROM image_properties p WHERE p.image_id = images.id AND p.pair = $2) \
         AND EXISTS (SELECT 1 FROM image_properties p WHERE p.image_id = images.id AND p.pair = $3) \
         AND EXISTS (SELECT 1 FROM image_properties p WHERE p.image_id = images.id AND p.pair = $4) \
         ORDER BY created_at DESC, id DESC",
    );
    let [first, second, third] = properties.map(|(name, value)| pair(name, value));
    db.list("images", query.bind(owner).bind(first).bind(second).bind(third), |row| row.parse("id")).await
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

pub(crate) async fn get(db: impl Executor, id: ImageId) -> Result<Option<Image>, DbError> {
    let query = Query::new("SELECT * FROM images WHERE id = $1").bind(id);
    db.find("images", query, image).await
}

/// As [`get`], and nobody else changes it until the transaction ends.
pub(crate) async fn lock(tx: &mut Tx, id: ImageId) -> Result<Option<Image>, DbError> {
    tx.execute(Query::new("UPDATE images SET revision = revision WHERE id = $1").bind(id)).await?;
    get(tx, id).await
}

/// Deletes an image for good; its id is not given out again.
pub(crate) async fn delete(tx: &mut Tx, id: ImageId, now: Timestamp) -> Result<u64, DbError> {
    let before = Share::written(tx, id).await?;
    let gone = tx.execute(Query::new("DELETE FROM images WHERE id = $1").bind(id)).await?;
    if gone > 0 {
        usage::change(tx, before, Share::default()).await?;
        let query = Query::new("INSERT INTO deleted_images (id, deleted_at) VALUES ($1, $2)");
        tx.execute(query.bind(id).bind(now)).await?;
    }
    Ok(gone)
}

pub(crate) async fn was_deleted(db: impl Executor, id: ImageId) -> Result<bool, DbError> {
    let query = Query::new("SELECT 1 AS x FROM deleted_images WHERE id = $1").bind(id);
    Ok(db.optional(query).await?.is_some())
}

/// Says that `process` goes on working at the image's data until then.
pub(crate) async fn busy(
    db: impl Executor,
    id: ImageId,
    process: &str,
    until: Timestamp,
) -> Result<u64, DbError> {
    let query = Query::new("UPDATE images SET busy_until = $1 WHERE id = $2 AND busy_by = $3");
    db.execute(query.bind(until).bind(id).bind(process)).await
}

/// As [`busy`], for one that nobody works at yet.
pub(crate) async fn begin_busy(
    tx: &mut Tx,
    id: ImageId,
    process: &str,
    until: Timestamp,
) -> Result<u64, DbError> {
    let query = Query::new("UPDATE images SET busy_until = $1, busy_by = $2 WHERE id = $3");
    tx.execute(query.bind(until).bind(process).bind(id)).await
}

/// Nobody works at the image's data any more.
pub(crate) async fn idle(tx: &mut Tx, id: ImageId) -> Result<u64, DbError> {
    let query = Query::new("UPDATE images SET busy_until = NULL, busy_by = NULL WHERE id = $1");
    tx.execute(query.bind(id)).await
}

/// An image at whose data some process works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Busy {
    /// The image.
    pub(crate) id: ImageId,
    /// Until when the process promised to say so again.
    pub(crate) until: Timestamp,
    /// The process.
    pub(crate) process: Option<String>,
}

/// Images at whose data some process works, or worked when it died.
pub(crate) async fn all_busy(db: impl Executor) -> Result<Vec<Busy>, DbError> {
    let query = Query::new("SELECT id, busy_until, busy_by FROM images WHERE busy_until IS NOT NULL");
    db.all(query).await?.iter().map(busy_row).collect()
}

/// The same for one image.
pub(crate) async fn busy_with(db: impl Executor, id: ImageId) -> Result<Option<Busy>, DbError> {
    const SQL: &str = "SELECT id, busy_until, busy_by FROM images WHERE id = $1 AND busy_until IS NOT NULL";
    db.optional(Query::new(SQL).bind(id)).await?.as_ref().map(busy_row).transpose()
}

fn busy_row(row: &Row) -> Result<Busy, DbError> {
    let (id, until) = (row.parse("id")?, row.time("busy_until")?);
    Ok(Busy { id, until, process: row.opt_text("busy_by")? })
}

/// Files that images need, or whoever holds deleted ones, with an image that they belong to.
pub(crate) async fn files(db: impl Executor) -> Result<BTreeMap<String, ImageId>, DbError> {
    const SQL: &str = "SELECT id, data_file FROM images WHERE data_file IS NOT NULL
        UNION SELECT image_id AS id, data_file FROM kept_images";
    db.all(Query::new(SQL)).await?.iter().map(|row| Ok((row.text("data_file")?, row.parse("id")?))).collect()
}

/// Those of `images` that were deleted.
pub(crate) async fn deleted_of(db: &Db, images: &[ImageId]) -> Result<BTreeSet<ImageId>, DbError> {
    let query = Select::new("id", "deleted_images").and_in("id", images.iter().copied()).query();
    db.all(query).await?.iter().map(|row| row.parse("id")).collect()
}
