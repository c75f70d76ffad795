//! The accounts that a new cloud starts with, and their passwords.
//!
//! Made once, at random, and kept in `accounts.toml` so that `clouds.yaml` can be written again. A user who changes a
//! password through the API makes the one in the file useless; nothing else reads it.

use std::path::Path;

use rand::distr::{Alphanumeric, SampleString};
use serde::{Deserialize, Serialize};

use crate::data_dir::write_private;
use crate::exit::Failure;

/// An account: a user with a role on a project, known to clients by a name in `clouds.yaml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    /// Name in `clouds.yaml`.
    pub cloud: &'static str,
    /// User name.
    pub user: &'static str,
    /// Project name.
    pub project: &'static str,
    /// Role on it.
    pub role: &'static str,
}

/// The fixed points that tools may rely on.
pub const ACCOUNTS: [Account; 5] = [
    Account { cloud: "kogge", user: "demo", project: "demo", role: "member" },
    Account { cloud: "kogge-alt", user: "alt_demo", project: "alt_demo", role: "member" },
    Account { cloud: "kogge-reader", user: "demo-reader", project: "demo", role: "reader" },
    Account { cloud: "kogge-alt-reader", user: "alt-demo-reader", project: "alt_demo", role: "reader" },
    Account { cloud: "kogge-admin", user: "admin", project: "admin", role: "admin" },
];

/// The manager of a domain (SCS-0302), known to clients by a name in `clouds.yaml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DomainManager {
    /// Name in `clouds.yaml`.
    pub cloud: &'static str,
    /// User name.
    pub user: &'static str,
    /// The domain, where the user lives and has role `manager`.
    pub domain: &'static str,
}

/// The one that a new cloud has, so that the checks of SCS-0302 can be run on it.
pub const DOMAIN_MANAGER: DomainManager =
    DomainManager { cloud: "kogge-domain-manager", user: "domain-manager", domain: "managed" };

/// All user names.
fn users() -> impl Iterator<Item = &'static str> {
    ACCOUNTS.iter().map(|account| account.user).chain([DOMAIN_MANAGER.user])
}

/// First passwords by user name.
#[derive(Clone, Serialize, Deserialize)]
pub struct Passwords(std::collections::BTreeMap<String, String>);

impl Passwords {
    /// Reads `file`, or makes new passwords and writes it.
    ///
    /// # Errors
    /// Where the file can be neither read nor written.
    pub fn load_or_make(file: &Path) -> Result<Self, Failure> {
        let mut known = match std::fs::read_to_string(file) {
            Ok(text) => toml::from_str::<Self>(&text)
                .map_err(|error| Failure::outside(&format!("reading {}", file.display()), error.message()))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Self(Default::default()),
            Err(error) => return Err(Failure::outside(&format!("reading {}", file.display()), error)),
        };
        let before = known.0.len();
        for user in users() {
            known.0.entry(user.to_owned()).or_insert_with(password);
        }
        if known.0.len() != before {
            let text = toml::to_string(&known).map_err(|error| Failure::Bug(error.to_string()))?;
            write_private(file, &text)
                .map_err(|error| Failure::outside(&format!("writing {}", file.display()), error))?;
        }
        Ok(known)
    }

    /// New passwords that are kept nowhere.
    #[must_use]
    pub fn random() -> Self {
        Self(users().map(|user| (user.to_owned(), password())).collect())
    }

    /// The password of a user.
    #[must_use]
    pub fn of(&self, user: &str) -> &str {
        self.0.get(user).map_or("", String::as_str)
    }
}

impl std::fmt::Debug for Passwords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passwords(…)")
    }
}

fn password() -> String {
    Alphanumeric.sample_string(&mut rand::rng(), 24)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_stay_the_same_once_made() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("accounts.toml");
        let first = Passwords::load_or_make(&file).unwrap();
        let second = Passwords::load_or_make(&file).unwrap();
        assert_eq!(first.of("demo"), second.of("demo"));
        assert_ne!(first.of("demo"), first.of("admin"));
        assert_eq!(first.of("demo").len(), 24);
    }

    #[test]
    fn passwords_do_not_show_in_debug_output() {
        let passwords = Passwords::random();
        assert!(!format!("{passwords:?}").contains(passwords.of("admin")));
    }
}
