//! Whether a database file is whole, before anything is written into it.

use kogge_db::{Db, DbOptions, Depth};

use crate::exit::Failure;

/// A larger file is looked through while the cloud runs.
const LOOKED_THROUGH: u64 = 128 << 20;

/// Opens the database, and looks whether a file is whole: whoever goes on writing into a damaged one makes it worse.
pub(super) async fn open(options: &DbOptions) -> Result<Db, Failure> {
    let opened = Db::open(options).await;
    let db = opened.map_err(|error| damaged_or(Failure::caused("opening the database"), options, &error))?;
    if !db.is_sqlite() {
        // a server looks after its files itself
        return Ok(db);
    }
    if db.size().await.is_ok_and(|size| size.data > LOOKED_THROUGH) {
        let looked = db.clone();
        tokio::spawn(async move {
            if let Err(because) = look_through(&looked).await {
                let advice = "the database is damaged: stop the cloud, then `kogge doctor --deep`";
                tracing::error!(because, advice);
                looked.damage().note_key("(the whole file)", "quick_check", &because);
            }
        });
        return Ok(db);
    }
    match look_through(&db).await {
        Ok(()) => Ok(db),
        Err(because) => Err(is_damaged(options, &because)),
    }
}

async fn look_through(db: &Db) -> Result<(), String> {
    match db.check(Depth::Quick).await {
        Ok(complaints) if complaints.is_empty() => Ok(()),
        Ok(complaints) => Err(complaints.join("; ")),
        // a disk or server that fails now says nothing of what is stored
        Err(error) if error.outage().is_some_and(kogge_db::Outage::passes) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

fn damaged_or(
    otherwise: impl Fn(&dyn std::error::Error) -> Failure,
    options: &DbOptions,
    error: &kogge_db::DbError,
) -> Failure {
    match error.outage() {
        Some(kogge_db::Outage::Corrupt) => is_damaged(options, &error.to_string()),
        _ => otherwise(error),
    }
}

fn is_damaged(options: &DbOptions, because: &str) -> Failure {
    let place = match options {
        DbOptions::File { path, .. } => path.display().to_string(),
        DbOptions::Postgres { .. } => "the database".to_owned(),
    };
    Failure::Outside(format!(
        "{place} is damaged, and a cloud that writes into it makes it worse: {because}\n\
         Nothing was changed; guests that run go on. `kogge doctor --deep` lists all that is wrong. Put back a backup, \
         or save what can be read with `sqlite3 {place} .recover`."
    ))
}
