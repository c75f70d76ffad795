//! What the doctor looks at in a data directory: configuration, running cloud, log, keys, database.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use kogge_config::Config;
use kogge_db::{Db, DbOptions, Depth};

use super::Finding;
use crate::commands::{settings, status};
use crate::control::Status;
use crate::counts;
use crate::data_dir::DataDir;

/// All findings about the state of a cloud. `deep` reads every row of the database.
pub(super) async fn examine(data: &DataDir, deep: bool) -> Vec<Finding> {
    if !data.path().is_dir() {
        return Vec::new();
    }
    let (cloud, running) = cloud(data).await;
    let (configuration, config) = configuration(data, running.as_ref());
    let mut findings = vec![configuration, log(data), keys(data), cloud];
    findings.extend(running.as_ref().into_iter().flat_map(troubles));
    let simulated = running.as_ref().is_some_and(|status| status.simulated);
    if let Some(config) = config.filter(|_| !simulated) {
        findings.extend(database(data, &config, deep).await);
    }
    findings
}

fn configuration(data: &DataDir, running: Option<&Status>) -> (Finding, Option<Config>) {
    let file = settings::file_of(None, data, running);
    match settings::load(file.as_deref(), data) {
        Ok(config) => {
            let seen = file.map_or("no file; the defaults hold".to_owned(), |path| {
                format!("{} is right", path.display())
            });
            (Finding::good("configuration", seen), Some(config))
        }
        Err(error) => {
            let advice = "Correct it: `kogge config example` shows every key.";
            (Finding::bad("configuration", error.to_string(), advice), None)
        }
    }
}

async fn cloud(data: &DataDir) -> (Finding, Option<Status>) {
    match tokio::time::timeout(std::time::Duration::from_secs(10), status::ask(data)).await {
        Ok(Ok(Some(running))) => {
            let seen = format!("process {} answers at {}", running.pid, running.address);
            (Finding::good("cloud", seen), Some(running))
        }
        Ok(Ok(None)) => (Finding::good("cloud", status::none_answers(data).to_string()), None),
        Ok(Err(error)) => {
            let advice = "It is of another version, most likely: end it with its own `kogge down`.";
            (Finding::bad("cloud", error.to_string(), advice), None)
        }
        Err(_) => {
            let advice =
                format!("It hangs: {} says why; end the process and start it again.", data.log().display());
            (Finding::bad("cloud", "it takes no commands", advice), None)
        }
    }
}

/// What a running cloud says of itself.
fn troubles(running: &Status) -> Vec<Finding> {
    let mut findings: Vec<Finding> = running
        .problems
        .iter()
        .map(|problem| {
            Finding::bad("health", problem, "The log says since when; /readyz shows when it is over.")
        })
        .collect();
    findings.extend(running.damaged.iter().map(|row| {
        let seen = format!("table {}, key {}: {}", row.table, row.key, row.because);
        let advice = "The others are not touched by it. Put the row back from a backup, or delete the object if its service still can.";
        Finding::bad("damaged row", seen, advice)
    }));
    findings
}

fn log(data: &DataDir) -> Finding {
    let path = data.log();
    match std::fs::symlink_metadata(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Finding::good("log", format!("{} is not there yet", path.display()))
        }
        Err(error) => {
            Finding::bad("log", format!("{}: {error}", path.display()), "Make it readable for its owner.")
        }
        Ok(facts) if !facts.is_file() => {
            let seen = format!("{} is no plain file", path.display());
            Finding::bad("log", seen, "Move it away: the cloud does not start with it.")
        }
        Ok(facts) if facts.mode() & 0o077 != 0 => {
            let seen = format!("{} may be read by others", path.display());
            Finding::fair("log", seen, format!("chmod 600 {}", path.display()))
        }
        Ok(facts) => Finding::good("log", format!("{}, {} KiB", path.display(), facts.len() / 1024)),
    }
}

/// Whoever reads these can be anybody in the cloud.
const SECRETS: [&str; 5] = ["fernet-keys", "credential-keys", "server-keys", "accounts.toml", "clouds.yaml"];

fn keys(data: &DataDir) -> Finding {
    let mut open = Vec::new();
    for name in SECRETS {
        open_to_others(&data.join(name), &mut open);
    }
    if data.path().metadata().is_ok_and(|facts| facts.permissions().mode() & 0o077 == 0) && open.is_empty() {
        return Finding::good("keys", "for their owner only");
    }
    if open.is_empty() {
        let seen = format!("{} may be entered by others", data.path().display());
        return Finding::fair("keys", seen, format!("chmod 700 {}", data.path().display()));
    }
    let advice =
        format!("chmod -R go= {}, then change the passwords and rotate the keys.", data.path().display());
    Finding::bad("keys", format!("others may read {}", open.join(", ")), advice)
}

/// Adds the file, or the files of the directory, that others may read.
fn open_to_others(path: &Path, open: &mut Vec<String>) {
    let Ok(facts) = std::fs::symlink_metadata(path) else { return };
    if facts.is_dir() {
        for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
            open_to_others(&entry.path(), open);
        }
    } else if facts.mode() & 0o077 != 0 {
        open.push(path.display().to_string());
    }
}

/// A look at the database that the configuration names.
async fn database(data: &DataDir, config: &Config, deep: bool) -> Vec<Finding> {
    if !config.database.url.is_empty() {
        return vec![reached(config).await];
    }
    let path = data.join("kogge.sqlite");
    if !path.exists() {
        return vec![Finding::good("database", "there is none yet; the first start makes it")];
    }
    let place = path.display().to_string();
    let mut miscounted = Vec::new();
    let found = match Db::look_at(&path).await {
        Ok(db) => {
            let found = db.check(if deep { Depth::Deep } else { Depth::Quick }).await;
            if deep {
                // a database of an older version has other counts: the next start makes them
                miscounted = counts::wrong(&db).await.unwrap_or_default();
            }
            db.close().await;
            found
        }
        Err(error) => Err(error),
    };
    let advice = format!(
        "Stop the cloud with `kogge down --keep-guests`; then put back a backup, or save what can be read with \
         `sqlite3 {place} .recover`."
    );
    let mut findings = vec![match found {
        Ok(complaints) if complaints.is_empty() => {
            let how = if deep { "every row and reference is sound" } else { "every page is sound" };
            Finding::good("database", format!("{place}: {how}"))
        }
        Ok(complaints) => Finding::bad("database", format!("{place}: {}", complaints.join("; ")), advice),
        Err(error) => Finding::bad("database", format!("{place}: {error}"), advice),
    }];
    if !miscounted.is_empty() {
        let advice = "Quotas and free room are off by that. The next start of the cloud counts anew.";
        findings.push(Finding::bad("counts", miscounted.join("; "), advice));
    }
    findings
}

/// Whether the server that the configuration names answers.
async fn reached(config: &Config) -> Finding {
    match try_url(config).await {
        Ok(()) => Finding::good("database", "the PostgreSQL server answers"),
        Err(because) => {
            let advice = "Start it, or correct database.url; `kogge config check` tries it again.";
            Finding::bad("database", because, advice)
        }
    }
}

/// Logs in at the server that the configuration names.
///
/// # Errors
/// Why it does not answer, with its address.
pub(crate) async fn try_url(config: &Config) -> Result<(), String> {
    let options = DbOptions::Postgres { url: config.database.url.clone(), connections: 1 };
    let db = Db::open(&options).await.map_err(|error| match std::error::Error::source(&error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    })?;
    db.close().await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::Health;
    use super::*;

    fn place() -> (tempfile::TempDir, DataDir) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
        let data = DataDir::chosen(Some(dir.path())).unwrap();
        (dir, data)
    }

    fn of<'a>(findings: &'a [Finding], what: &str) -> &'a Finding {
        findings.iter().find(|finding| finding.what == what).unwrap()
    }

    #[tokio::test]
    async fn an_empty_directory_is_well() {
        let (_dir, data) = place();
        for finding in examine(&data, true).await {
            assert_eq!(finding.health, Health::Good, "{finding:?}");
        }
    }

    #[tokio::test]
    async fn what_is_wrong_is_named() {
        let (dir, data) = place();
        let write = |name: &str, text: &[u8]| {
            let path = dir.path().join(name);
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        };
        write("kogge.toml", b"[log]\nlevel = \"inof\"\n");
        write("accounts.toml", b"");
        write("kogge.log", b"");
        let findings = examine(&data, false).await;
        assert!(of(&findings, "configuration").seen.contains("inof"));
        assert!(of(&findings, "keys").seen.contains("accounts.toml"));
        assert_eq!(of(&findings, "log").health, Health::Fair);
        write("kogge.toml", b"");
        write("kogge.sqlite", &[0x5a; 8192]);
        let findings = examine(&data, false).await;
        let database = of(&findings, "database");
        assert_eq!(database.health, Health::Bad, "{database:?}");
        assert!(database.advice.contains("backup"));
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_named_with_its_address() {
        let mut config = Config::default();
        // nothing listens on the discard port of the loopback
        config.database.url = "postgres://kogge:geheim@127.0.0.1:9/kogge".to_owned();
        let because = try_url(&config).await.unwrap_err();
        assert!(because.contains("127.0.0.1:9") && because.contains("refused"), "{because}");
        assert!(!because.contains("geheim"));
    }
}
