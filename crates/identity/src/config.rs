//! What an operator can choose about identity.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

/// All settings with their defaults. Durations are in seconds.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IdentityConfig {
    /// The directory of the token keys; relative to the data directory.
    pub token_keys: PathBuf,
    /// The directory of the keys that seal stored credentials; relative to the data directory.
    pub credential_keys: PathBuf,
    /// How many token keys are kept: staged, primary and older ones. Tokens live as long as their key.
    pub max_active_keys: usize,
    /// How often the token keys rotate; 0 never. Keep `max_active_keys` times this above the token's life.
    pub key_rotation_seconds: u64,
    /// How long a token lives.
    pub token_seconds: u64,
    /// For how long after its end a service may still look at a token (`allow_expired`).
    pub allow_expired_seconds: u64,
    /// The name of the region that the seed makes.
    pub region: String,
    /// How passwords and logins are handled.
    pub security: SecurityConfig,
    /// Most items of a list, whatever limit it names; 0 for no such bound.
    pub list_limit: usize,
}

impl Default for IdentityConfig {
    fn default() -> Self {
        Self {
            token_keys: PathBuf::from("fernet-keys"),
            credential_keys: PathBuf::from("credential-keys"),
            max_active_keys: 4,
            key_rotation_seconds: 86_400,
            token_seconds: 3600,
            allow_expired_seconds: 172_800,
            region: "RegionOne".to_owned(),
            security: SecurityConfig::default(),
            list_limit: 10_000,
        }
    }
}

/// Passwords, lockout and rate limits.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SecurityConfig {
    /// bcrypt rounds: 4 to 31; each step doubles the work. 12 takes about a quarter of a second.
    pub bcrypt_cost: u32,
    /// Wrong passwords in a row that lock an account; 0 never locks.
    pub lockout_attempts: u32,
    /// For how long it stays locked.
    pub lockout_seconds: u64,
    /// A new password must differ from this many last ones, the present one included; 0 does not look back.
    pub unique_last_passwords: usize,
    /// Days until a password that a user set expires; 0 never.
    pub password_expires_days: u32,
    /// Days before a user may change a password again.
    pub minimum_password_age_days: u32,
    /// Fewest characters of a password.
    pub minimum_password_length: usize,
    /// Most bytes of a password; longer ones are refused.
    pub maximum_password_length: usize,
    /// A password set by an administrator must be changed before it is good for anything else.
    pub change_password_upon_first_use: bool,
    /// Logins per minute that one account or one address may try, by whatever means; 0 for no bound.
    pub logins_per_minute: u32,
    /// Credentials that one user may have, EC2 key pairs among them; 0 for no bound.
    pub credentials_per_user: usize,
    /// Application credentials that one user may have; 0 for no bound.
    pub application_credentials_per_user: usize,
    /// Show the secret of an EC2 key pair whenever it is looked at, as Keystone does, and not only when it is made.
    pub show_ec2_secrets: bool,
}

impl Default for SecurityConfig {
    fn default() -> Self {
        Self {
            bcrypt_cost: 12,
            lockout_attempts: 0,
            lockout_seconds: 1800,
            unique_last_passwords: 2,
            password_expires_days: 0,
            minimum_password_age_days: 0,
            minimum_password_length: 1,
            maximum_password_length: 128,
            change_password_upon_first_use: false,
            logins_per_minute: 0,
            credentials_per_user: 256,
            application_credentials_per_user: 256,
            show_ec2_secrets: false,
        }
    }
}

impl IdentityConfig {
    /// How long a token lives.
    #[must_use]
    pub const fn token_life(&self) -> Duration {
        Duration::from_secs(self.token_seconds)
    }

    /// The settings of tests: cheap hashes.
    #[must_use]
    pub fn for_test() -> Self {
        let security = SecurityConfig { bcrypt_cost: 4, ..SecurityConfig::default() };
        Self { security, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_settings_are_refused_and_missing_ones_have_defaults() {
        let config: IdentityConfig =
            serde_json::from_str(r#"{"security": {"lockout_attempts": 3}}"#).unwrap();
        assert_eq!((config.security.lockout_attempts, config.security.bcrypt_cost), (3, 12));
        assert!(serde_json::from_str::<IdentityConfig>(r#"{"tokenseconds": 1}"#).is_err());
    }

    #[test]
    fn tokens_outlive_no_key_by_default() {
        let config = IdentityConfig::default();
        let older = u64::try_from(config.max_active_keys).unwrap() - 2;
        assert!(older * config.key_rotation_seconds > config.token_seconds);
    }
}
