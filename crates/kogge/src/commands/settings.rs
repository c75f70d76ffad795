//! The configuration of a command: which file, which environment.

use std::path::{Path, PathBuf};

use kogge_config::Config;

use crate::control::Status;
use crate::data_dir::DataDir;
use crate::exit::Failure;

/// The configuration of this machine's own cloud, that of [`DataDir::SYSTEM`]: an installed package brings it.
const SYSTEM: &str = "/etc/kogge/kogge.toml";

/// The file that holds: the one that was asked for, else `kogge.toml` in the data directory, else for the data directory
/// of the system the one in `/etc`. The first that is there is taken, they are not mixed.
#[must_use]
pub fn file(asked: Option<&Path>, data: &DataDir) -> Option<PathBuf> {
    first(asked, data, Path::new(SYSTEM))
}

/// As [`file`] for a cloud that may run: then the one that it was started with, wherever that is.
#[must_use]
pub fn file_of(asked: Option<&Path>, data: &DataDir, running: Option<&Status>) -> Option<PathBuf> {
    let started_with = || running?.config.as_ref().map(PathBuf::from);
    asked.map(Path::to_owned).or_else(started_with).or_else(|| file(None, data))
}

/// The one in the data directory, if there.
#[must_use]
pub fn own(data: &DataDir) -> Option<PathBuf> {
    Some(data.join("kogge.toml")).filter(|file| file.exists())
}

fn first(asked: Option<&Path>, data: &DataDir, system: &Path) -> Option<PathBuf> {
    let systems = || Some(system.to_owned()).filter(|file| data.is_systems() && file.exists());
    asked.map(Path::to_owned).or_else(|| own(data)).or_else(systems)
}

/// Reads the configuration.
///
/// # Errors
/// Where the file or a variable is wrong.
pub fn load(asked: Option<&Path>, data: &DataDir) -> Result<Config, Failure> {
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let config = kogge_config::load(file(asked, data).as_deref(), environment)?;
    judge(&config)?;
    Ok(config)
}

/// What types alone do not tell.
fn judge(config: &Config) -> Result<(), Failure> {
    let url = &config.database.url;
    let scheme = url.split_once("://").map(|(scheme, _)| scheme);
    if !url.is_empty() && !matches!(scheme, Some("postgres" | "postgresql")) {
        // the whole of it may hold a password
        let given =
            scheme.map_or("it has no scheme".to_owned(), |scheme| format!("`{scheme}://` is something else"));
        return Err(Failure::Usage(format!(
            "database.url names a PostgreSQL server, as in postgres://user:password@host/name, but {given}; leave it \
             empty for a SQLite file in the data directory"
        )));
    }
    kogge_telemetry::level_filter(&config.log.level).map_err(|error| Failure::Usage(error.to_string()))?;
    Ok(())
}

/// Where a simulated cloud is given a database that it would not use.
///
/// # Errors
/// [`Failure::Usage`].
pub fn refuse_database_of_simulation(config: &Config) -> Result<(), Failure> {
    if config.database.url.is_empty() {
        return Ok(());
    }
    let message = "a simulated cloud keeps its state in memory and would not use database.url: take it out of the \
                   configuration (or unset KOGGE_DATABASE_URL), or leave --sim away";
    Err(Failure::Usage(message.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_that_was_asked_for_wins_then_the_data_directorys_then_the_systems() {
        let dir = tempfile::tempdir().unwrap();
        let (system, asked) = (dir.path().join("etc.toml"), dir.path().join("asked.toml"));
        let place = dir.path().join("data");
        std::fs::create_dir(&place).unwrap();
        let own = DataDir::chosen(Some(&place)).unwrap();
        let systems = DataDir::chosen(Some(Path::new(DataDir::SYSTEM))).unwrap();
        let of = |asked: Option<&Path>, data: &DataDir| first(asked, data, &system);
        assert_eq!(of(None, &own), None);
        assert_eq!(of(Some(&asked), &own).as_ref(), Some(&asked), "a slip in the name must not go unseen");
        std::fs::write(&system, "").unwrap();
        assert_eq!(of(None, &own), None, "the system's file is of the system's cloud");
        if !systems.join("kogge.toml").exists() {
            assert_eq!(of(None, &systems).as_ref(), Some(&system));
        }
        std::fs::write(place.join("kogge.toml"), "").unwrap();
        assert_eq!(of(None, &own), Some(place.join("kogge.toml")));
        assert_eq!(of(Some(&asked), &own).as_ref(), Some(&asked));
    }

    fn judged(change: impl FnOnce(&mut Config)) -> Result<(), String> {
        let mut config = Config::default();
        change(&mut config);
        judge(&config).map_err(|failure| failure.to_string())
    }

    #[test]
    fn only_postgresql_is_taken_for_a_database_server() {
        assert!(judged(|_| {}).is_ok());
        assert!(judged(|config| config.database.url = "postgresql://u@h/d".to_owned()).is_ok());
        let refused =
            judged(|config| config.database.url = "mysql://root:geheim@h/d".to_owned()).unwrap_err();
        assert!(refused.contains("mysql://") && !refused.contains("geheim"), "{refused}");
        assert!(judged(|config| config.database.url = "host=db".to_owned()).is_err());
    }

    #[test]
    fn a_slip_in_the_log_level_is_refused() {
        let refused = judged(|config| config.log.level = "inof".to_owned()).unwrap_err();
        assert!(refused.contains("`inof`"), "{refused}");
    }

    #[test]
    fn a_simulation_with_a_database_is_refused() {
        let mut config = Config::default();
        assert!(refuse_database_of_simulation(&config).is_ok());
        config.database.url = "postgres://u@h/d".to_owned();
        assert!(refuse_database_of_simulation(&config).is_err());
    }
}
