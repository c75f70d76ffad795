//! Whether the ports of projects are counted right. The count is moved with every port; here it is made anew.

use kogge_db::{Db, DbError};

use crate::store::quotas;

/// Projects whose count for the quota is not what their ports are, each in a sentence. None, where all is well.
///
/// # Errors
/// Where the database fails.
pub async fn miscounted(db: &Db) -> Result<Vec<String>, DbError> {
    let said = |(project, over): (String, i64)| format!("project {project} counts {over} ports too many");
    Ok(quotas::miscounted(db).await?.into_iter().map(said).collect())
}

/// Makes all counts right; answers what was wrong.
///
/// # Errors
/// Where the database fails.
pub async fn recount(db: &Db) -> Result<Vec<String>, DbError> {
    let wrong = miscounted(db).await?;
    if !wrong.is_empty() {
        let mut tx = db.begin().await?;
        quotas::recount(&mut tx).await?;
        tx.commit().await?;
    }
    Ok(wrong)
}
