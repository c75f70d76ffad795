//! What of the data directory the database names: for backups.

use kogge_db::{DbError, Executor, Row};
use kogge_ids::ImageId;

/// Data of an image that are there whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredData {
    /// The image.
    pub id: ImageId,
    /// Name of the file below `data/` of the data directory.
    pub file: String,
    /// Size in bytes.
    pub size: u64,
    /// SHA-512 of the content, hexadecimal; `None` for data of a deleted image, of which only the file is known.
    pub sha512: Option<String>,
}

/// The data of all images, also of deleted ones that servers are still built from.
///
/// # Errors
/// Where the database fails or has no images.
pub async fn stored_data(db: &kogge_db::Db) -> Result<Vec<StoredData>, DbError> {
    const SQL: &str = "SELECT id, data_file, size, os_hash_value FROM images
            WHERE checksum IS NOT NULL AND data_file IS NOT NULL
        UNION ALL SELECT image_id AS id, data_file, size, NULL AS os_hash_value FROM kept_images";
    db.all(kogge_db::Query::new(SQL)).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<StoredData, DbError> {
    Ok(StoredData {
        id: row.parse("id")?,
        file: row.text("data_file")?,
        size: u64::try_from(row.int("size")?).unwrap_or(0),
        sha512: row.opt_text("os_hash_value")?,
    })
}
