//! Whether what projects have is counted right. The count is moved with every volume, snapshot and backup; here it is made
//! anew.

use kogge_db::{Db, DbError};

use crate::store::usage as store;

/// Projects whose count for the quota is not what they have, each in a sentence. None, where all is well.
///
/// # Errors
/// Where the database fails.
pub async fn miscounted(db: &Db) -> Result<Vec<String>, DbError> {
    let mut tx = db.begin().await?;
    let wrong = store::miscounted(&mut tx).await?;
    tx.rollback().await?;
    Ok(wrong.iter().map(sentence).collect())
}

fn sentence(wrong: &store::Wrong) -> String {
    let over = &wrong.over;
    format!(
        "project {} counts {} volumes, {} snapshots, {} GiB, {} backups and {} GiB of backups too many of type '{}'",
        wrong.project,
        over.volumes,
        over.snapshots,
        over.gigabytes,
        over.backups,
        over.backup_gigabytes,
        wrong.type_id
    )
}

/// Makes all counts right; answers what was wrong.
///
/// # Errors
/// Where the database fails.
pub async fn recount(db: &Db) -> Result<Vec<String>, DbError> {
    let mut tx = db.begin().await?;
    let wrong = store::miscounted(&mut tx).await?;
    for one in &wrong {
        store::moved(&mut tx, &one.project, &one.type_id, -one.over).await?;
    }
    tx.commit().await?;
    Ok(wrong.iter().map(sentence).collect())
}
