//! The database of a backup: a SQLite file, or a dump of PostgreSQL's own tools.

use std::path::Path;
use std::process::Stdio;

use kogge_config::Config;
use kogge_db::{Db, DbOptions, Durability};
use kogge_image::StoredData;
use tokio::process::Command;

use super::manifest::Kind;
use crate::data_dir::DataDir;
use crate::exit::Failure;

/// Which kind the configuration names.
pub(super) const fn kind(config: &Config) -> Kind {
    if config.database.url.is_empty() { Kind::Sqlite } else { Kind::Postgres }
}

/// Writes the database of one moment to `to`, and answers the image data that it names.
pub(super) async fn save(data: &DataDir, config: &Config, to: &Path) -> Result<Vec<StoredData>, Failure> {
    match kind(config) {
        Kind::Sqlite => save_file(data, to).await,
        Kind::Postgres => dump(&config.database.url, to).await,
    }
}

async fn save_file(data: &DataDir, to: &Path) -> Result<Vec<StoredData>, Failure> {
    let file = data.sqlite();
    if !file.is_file() {
        let message = format!("there is no database at {}: has a cloud been started there?", file.display());
        return Err(Failure::Outside(message));
    }
    kogge_db::copy_file(&file, to).await.map_err(|error| failed("copying the database", &error))?;
    let copied = std::fs::File::open(to).and_then(|file| file.sync_all());
    copied.map_err(|error| Failure::outside("copying the database", error))?;
    // what the copy says, not what the running cloud has come to meanwhile
    let options = DbOptions::File { path: to.to_owned(), durability: Durability::Full };
    let copy = Db::open(&options).await.map_err(|error| failed("opening the copied database", &error))?;
    let stored = kogge_image::stored_data(&copy).await;
    copy.close().await;
    stored.map_err(|error| failed("reading the images of the copied database", &error))
}

async fn dump(url: &str, to: &Path) -> Result<Vec<StoredData>, Failure> {
    let options = DbOptions::Postgres { url: url.to_owned(), connections: 1 };
    let db = Db::open(&options).await.map_err(|error| failed("reaching the database", &error))?;
    let images = async || {
        kogge_image::stored_data(&db)
            .await
            .map_err(|error| failed("reading the images of the database", &error))
    };
    // the dump is of a moment between the two: what either names is copied
    let mut stored = images().await?;
    let mut command = tool("pg_dump", url)?;
    command.args(["--format=custom", "--no-owner", "--no-privileges", "--file"]).arg(to);
    finish(command, "pg_dump").await?;
    for later in images().await? {
        if !stored.iter().any(|known| known.file == later.file) {
            stored.push(later);
        }
    }
    db.close().await;
    Ok(stored)
}

/// Puts a dump in the place of everything in the database, at once or not at all.
pub(super) async fn load(config: &Config, dump: &Path) -> Result<(), Failure> {
    let mut command = tool("pg_restore", &config.database.url)?;
    let options = ["--clean", "--if-exists", "--no-owner", "--no-privileges", "--single-transaction"];
    command
        .args(options)
        .args(["--exit-on-error", "--dbname", &database_of(&config.database.url)?])
        .arg(dump);
    finish(command, "pg_restore").await
}

/// A tool of PostgreSQL that reaches the database of `url`; the password is in its environment, not in its arguments.
fn tool(program: &str, url: &str) -> Result<Command, Failure> {
    let url = parsed(url)?;
    let text = |part: &str| percent_encoding::percent_decode_str(part).decode_utf8_lossy().into_owned();
    let mut command = Command::new(program);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PG")) {
        command.env_remove(name);
    }
    command.env("PGHOST", url.host_str().unwrap_or("localhost").trim_matches(['[', ']']));
    command.env("PGPORT", url.port().unwrap_or(5432).to_string());
    command.env("PGUSER", text(url.username()));
    command.env("PGDATABASE", text(url.path().trim_start_matches('/')));
    if let Some(password) = url.password() {
        command.env("PGPASSWORD", text(password));
    }
    if let Some((_, mode)) = url.query_pairs().find(|(key, _)| key == "sslmode") {
        command.env("PGSSLMODE", mode.as_ref());
    }
    Ok(command)
}

fn parsed(url: &str) -> Result<url::Url, Failure> {
    // the parser's own words could show the password
    url::Url::parse(url).map_err(|_| {
        Failure::Usage("database.url is no address such as postgres://user@host/database".to_owned())
    })
}

fn database_of(url: &str) -> Result<String, Failure> {
    let url = parsed(url)?;
    let name = percent_encoding::percent_decode_str(url.path().trim_start_matches('/'));
    Ok(name.decode_utf8_lossy().into_owned())
}

async fn finish(mut command: Command, program: &str) -> Result<(), Failure> {
    let ended = command.output().await.map_err(|error| {
        let advice = "PostgreSQL's own tools are needed, of the server's version or newer: apt-get install postgresql-client";
        Failure::Outside(format!("{program} could not be started: {error}. {advice}"))
    })?;
    if ended.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&ended.stderr);
    Err(Failure::Outside(format!("{program} failed: {}", said.trim())))
}

fn failed(what: &str, error: &kogge_db::DbError) -> Failure {
    let source = std::error::Error::source(error).map(|inner| format!(": {inner}")).unwrap_or_default();
    Failure::Outside(format!("{what}: {error}{source}"))
}
