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
    Ok(kogge_config::load(file(asked, data).as_deref(), environment)?)
}
