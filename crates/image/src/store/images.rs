//! Images: one row each, and search copies of properties and tags.

use std::collections::{BTreeMap, BTreeSet};

use kogge_clock::Timestamp;
use kogge_db::{Db, DbError, Executor, Query, Row, Select, Tx};
use kogge_ids::ImageId;

use crate::model::image::{Data, Image, Staged};

/// The name of the hash beside MD5.
pub(crate) const HASH_ALGO: &str = "sha512";

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
    let data = image.data.as_ref();
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
    let gone = tx.execute(Query::new("DELETE FROM images WHERE id = $1").bind(id)).await?;
    if gone > 0 {
        let query = Query::new("INSERT INTO deleted_images (id, deleted_at) VALUES ($1, $2)");
        tx.execute(query.bind(id).bind(now)).await?;
    }
    Ok(gone)
}

pub(crate) async fn was_deleted(db: impl Executor, id: ImageId) -> Result<bool, DbError> {
    let query = Query::new("SELECT 1 AS x FROM deleted_images WHERE id = $1").bind(id);
    Ok(db.optional(query).await?.is_some())
}

/// Says that some process works at the image's data until then.
pub(crate) async fn busy(db: impl Executor, id: ImageId, until: Timestamp) -> Result<u64, DbError> {
    let query = Query::new("UPDATE images SET busy_until = $1 WHERE id = $2 AND busy_until IS NOT NULL");
    db.execute(query.bind(until).bind(id)).await
}

/// As [`busy`], for one that nobody works at yet.
pub(crate) async fn begin_busy(tx: &mut Tx, id: ImageId, until: Timestamp) -> Result<u64, DbError> {
    tx.execute(Query::new("UPDATE images SET busy_until = $1 WHERE id = $2").bind(until).bind(id)).await
}

/// Nobody works at the image's data any more.
pub(crate) async fn idle(tx: &mut Tx, id: ImageId) -> Result<u64, DbError> {
    tx.execute(Query::new("UPDATE images SET busy_until = NULL WHERE id = $1").bind(id)).await
}

/// Images whose data nobody works at any more, although somebody began.
pub(crate) async fn abandoned(db: impl Executor, now: Timestamp) -> Result<Vec<ImageId>, DbError> {
    let query = Query::new("SELECT id FROM images WHERE busy_until < $1").bind(now);
    db.all(query).await?.iter().map(|row| row.parse("id")).collect()
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

/// Bytes that a project stores, and how many images it has.
pub(crate) async fn usage(db: impl Executor, owner: &str) -> Result<Usage, DbError> {
    const SQL: &str = "SELECT
            CAST(COALESCE(SUM(CASE WHEN checksum IS NOT NULL THEN size ELSE 0 END), 0)
                + (SELECT COALESCE(SUM(size), 0) FROM kept_images WHERE owner = $1) AS BIGINT) AS stored,
            CAST(COALESCE(SUM(CASE WHEN checksum IS NULL THEN size ELSE 0 END), 0) AS BIGINT) AS staged,
            COUNT(*) AS images,
            CAST(COALESCE(SUM(CASE WHEN status IN ('saving', 'uploading', 'importing') THEN 1 ELSE 0 END), 0)
                AS BIGINT) AS uploading
        FROM images WHERE owner = $1";
    let row = db.one(Query::new(SQL).bind(owner)).await?;
    Ok(Usage {
        stored: row.int("stored")?,
        staged: row.int("staged")?,
        images: row.int("images")?,
        uploading: row.int("uploading")?,
    })
}

/// What a project uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Usage {
    /// Bytes of data, also of deleted images that servers still need.
    pub(crate) stored: i64,
    /// Bytes staged for imports.
    pub(crate) staged: i64,
    /// Images.
    pub(crate) images: i64,
    /// Images whose data are coming in.
    pub(crate) uploading: i64,
}
