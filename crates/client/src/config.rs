//! Which cloud, who asks, and how: `clouds.yaml`, `secure.yaml`, `clouds-public.yaml` and `OS_*`.
//!
//! Search and merge order are those of openstacksdk's `openstack.config`:
//!
//! 1. `clouds.yaml`: `OS_CLIENT_CONFIG_FILE`, then `.`, `$XDG_CONFIG_HOME/openstack`, `~/.config/openstack`,
//!    `/etc/xdg/openstack`, `/etc/openstack`; in each `clouds.yaml`, `.yml`, `.json`; the first that exists wins.
//! 2. `secure.yaml` (`OS_CLIENT_SECURE_FILE` first), found the same way, is laid over it.
//! 3. `OS_*` variables that say more than which cloud or region make a cloud of their own, named `envvars`.
//! 4. The cloud's `profile` comes from `clouds-public.yaml` and lies under the cloud's own values.
//! 5. The region's `values` lie over both.

mod cloud;
mod environment;
mod error;
mod files;
mod legacy;
mod resolve;
mod tree;

pub use cloud::{ByIdOrName, CloudConfig, Credentials, Scope, TlsConfig, UserRef};
pub use environment::Environment;
pub use error::ConfigError;

/// What the command line may add to the files and the environment.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Name of the cloud (`--os-cloud`); else `OS_CLOUD`, else `OS_*`, else the only one in the file.
    pub cloud: Option<String>,
    /// Region (`--os-region-name`); else `OS_REGION_NAME`, else the cloud's own.
    pub region: Option<String>,
}

impl CloudConfig {
    /// Reads one cloud's configuration.
    ///
    /// # Errors
    /// [`ConfigError`] that names the file, the cloud and the key. Values are never quoted: they may be secrets.
    pub fn load(env: &Environment, selection: &Selection) -> Result<Self, ConfigError> {
        let sources = files::Sources::read(env)?;
        let (name, tree) = resolve::select(&sources, env, selection)?;
        cloud::from_tree(&name, tree)
    }

    /// The file that clouds are described in, if there is one.
    #[must_use]
    pub fn file(env: &Environment) -> Option<std::path::PathBuf> {
        files::find(env, "OS_CLIENT_CONFIG_FILE", "clouds")
    }

    /// The names of all clouds that could be loaded, `envvars` among them if `OS_*` describe one.
    ///
    /// # Errors
    /// If a file cannot be read or is no YAML.
    pub fn names(env: &Environment) -> Result<Vec<String>, ConfigError> {
        let sources = files::Sources::read(env)?;
        Ok(sources.clouds(env)?.keys().cloned().collect())
    }
}
