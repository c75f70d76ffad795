//! The configuration: one file `kogge.toml`, every key with a default, unknown keys refused.
//!
//! Order: the defaults, then the file, then the environment (`KOGGE_SERVER_LISTEN` for `server.listen`). A key that
//! does not exist is an error that names the nearest one. [`example`] prints the whole file with what each key means.

mod describe;
mod read;
mod settings;

pub use describe::{example, shown};
pub use read::{ConfigError, from_text, load};
pub use settings::{
    Accel, ComputeConfig, Config, DatabaseConfig, HypervisorConfig, IdentityConfig, ImageConfig, LogConfig,
    LogFormat, NetworkConfig, PolicyConfig, ServerConfig, StorageConfig, VolumeConfig, VolumeFormat,
};
