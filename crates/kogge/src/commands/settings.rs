//! The configuration of a command: which file, which environment.

use std::path::{Path, PathBuf};

use kogge_config::Config;

use crate::data_dir::DataDir;
use crate::exit::Failure;

/// The file that was asked for, else `kogge.toml` in the data directory where there is one.
#[must_use]
pub fn file(asked: Option<&Path>, data: &DataDir) -> Option<PathBuf> {
    let default = data.join("kogge.toml");
    asked.map(Path::to_owned).or_else(|| default.exists().then_some(default))
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
