//! Who needs the data of an image, and what is kept for them when the image is deleted.

use std::collections::BTreeMap;

use kogge_db::{DbError, Executor, Query, Tx};
use kogge_ids::ImageId;

use super::usage;
use crate::model::image::Image;

/// Lets a consumer hold this image, and no other one.
pub(crate) async fn hold(tx: &mut Tx, image: ImageId, consumer: &str) -> Result<(), DbError> {
    const SQL: &str = "INSERT INTO image_holds (consumer, image_id) VALUES ($1, $2)
        ON CONFLICT (consumer) DO UPDATE SET image_id = excluded.image_id";
    tx.execute(Query::new(SQL).bind(consumer).bind(image)).await.map(drop)
}

/// Takes the hold of a consumer away, if it has one.
pub(crate) async fn release(tx: &mut Tx, consumer: &str) -> Result<(), DbError> {
    let query = Query::new("DELETE FROM image_holds WHERE consumer = $1").bind(consumer);
    tx.execute(query).await.map(drop)
}

/// Whether anybody holds the image.
pub(crate) async fn is_held(db: impl Executor, image: ImageId) -> Result<bool, DbError> {
    let query = Query::new("SELECT 1 AS x FROM image_holds WHERE image_id = $1 LIMIT 1").bind(image);
    Ok(db.optional(query).await?.is_some())
}

/// Keeps the data of an image that goes away. The image's row is locked.
pub(crate) async fn keep(tx: &mut Tx, image: &Image) -> Result<(), DbError> {
    let Some(data) = &image.data else { return Ok(()) };
    let query =
        Query::new("INSERT INTO kept_images (image_id, owner, data_file, size) VALUES ($1, $2, $3, $4)");
    let query = query.bind(image.id).bind(image.owner.as_ref()).bind(&data.file).bind(data.size);
    tx.execute(query).await?;
    usage::keep(tx, image.owner.as_deref(), data.size).await
}

/// The file of a deleted image that is kept.
pub(crate) async fn kept_file(db: impl Executor, image: ImageId) -> Result<Option<String>, DbError> {
    let query = Query::new("SELECT data_file FROM kept_images WHERE image_id = $1").bind(image);
    db.optional(query).await?.map(|row| row.text("data_file")).transpose()
}

/// Forgets kept data that nobody holds any more; nobody can begin to. The sweep removes the files.
pub(crate) async fn forget_unheld(tx: &mut Tx) -> Result<(), DbError> {
    const SQL: &str = "DELETE FROM kept_images WHERE NOT EXISTS
            (SELECT 1 FROM image_holds WHERE image_holds.image_id = kept_images.image_id)
        RETURNING owner, size";
    let mut freed = BTreeMap::<String, i64>::new();
    for row in tx.all(Query::new(SQL)).await? {
        if let Some(owner) = row.opt_text("owner")? {
            *freed.entry(owner).or_default() += row.int("size")?;
        }
    }
    // in the order of their ids, as everywhere
    for (owner, size) in freed {
        usage::keep(tx, Some(&owner), -size).await?;
    }
    Ok(())
}
