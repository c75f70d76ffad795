//! Whether what is used of inventories is counted right. The count is moved with every allocation; here it is made anew.

use kogge_db::{Db, DbError};
use kogge_ids::ProviderId;

use crate::store::inventories;

/// Inventories whose count is not the sum of what is held of them, each in a sentence. None, where all is well.
///
/// # Errors
/// Where the database fails.
pub async fn miscounted(db: &Db) -> Result<Vec<String>, DbError> {
    let said = |(provider, class, used, held): (ProviderId, String, i64, i64)| {
        format!("provider {provider} counts {used} of {class} as used, and {held} are held")
    };
    Ok(inventories::miscounted(db).await?.into_iter().map(said).collect())
}

/// Makes all counts right; answers what was wrong.
///
/// # Errors
/// Where the database fails.
pub async fn recount(db: &Db) -> Result<Vec<String>, DbError> {
    let wrong = miscounted(db).await?;
    if !wrong.is_empty() {
        let mut tx = db.begin().await?;
        inventories::recount(&mut tx).await?;
        tx.commit().await?;
    }
    Ok(wrong)
}
