//! `check.toml`: what checks of a cloud take every time, so that it need not stand on each command line.
//!
//! ```toml
//! [cloud.acme]
//! subject = "Acme Cloud"
//! domain_manager_cloud = "acme-domain-manager"
//! s3 = true
//! ```
//!
//! The command line goes before the file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::target::user_folder;
use crate::cli::Advice;
use crate::commands::text_file::read_bounded;
use crate::exit::Failure;

/// The longest file, in bytes.
const LONGEST: u64 = 1 << 20;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    cloud: BTreeMap<String, Profile>,
}

/// What a cloud's checks take.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Profile {
    /// The cloud's name in reports.
    pub(super) subject: Option<String>,
    /// How many checks run at the same time.
    pub(super) jobs: Option<u16>,
    domain_manager_cloud: Option<String>,
    other_domain_manager_cloud: Option<String>,
    s3: bool,
    s3_endpoint: Option<String>,
    s3_access_key_file: Option<PathBuf>,
    s3_region: Option<String>,
}

impl Profile {
    /// That of a cloud, by its name in clouds.yaml; an empty one if no file has it.
    ///
    /// # Errors
    /// If the file cannot be read, or one that was named is not there.
    pub(super) fn of(named: Option<&Path>, cloud: &str) -> Result<Self, Failure> {
        let usual = || user_folder("XDG_CONFIG_HOME", ".config").map(|folder| folder.join("check.toml"));
        let file = match named {
            Some(file) => file.to_owned(),
            None => match usual().filter(|file| file.exists()) {
                Some(file) => file,
                None => return Ok(Self::default()),
            },
        };
        let wrong = |because: String| Failure::Usage(format!("{}: {because}", file.display()));
        let text = read_bounded(&file, LONGEST).map_err(wrong)?;
        let mut all = read(&text).map_err(wrong)?;
        Ok(all.cloud.remove(cloud).unwrap_or_default())
    }

    /// What advisory checks may use, the command line first.
    pub(super) fn advice(&self, given: &Advice) -> Advice {
        let of = |given: &Option<String>, kept: &Option<String>| given.clone().or_else(|| kept.clone());
        Advice {
            domain_manager_cloud: of(&given.domain_manager_cloud, &self.domain_manager_cloud),
            other_domain_manager_cloud: of(
                &given.other_domain_manager_cloud,
                &self.other_domain_manager_cloud,
            ),
            s3: given.s3 || self.s3,
            s3_endpoint: of(&given.s3_endpoint, &self.s3_endpoint),
            s3_access_key_file: given.s3_access_key_file.clone().or_else(|| self.s3_access_key_file.clone()),
            s3_region: of(&given.s3_region, &self.s3_region),
        }
    }
}

fn read(text: &str) -> Result<File, String> {
    toml::from_str(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "[cloud.acme]\nsubject = \"Acme\"\ns3 = true\ns3_region = \"r1\"\n";

    #[test]
    fn the_command_line_goes_before_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("check.toml");
        std::fs::write(&file, TEXT).unwrap();
        let profile = Profile::of(Some(&file), "acme").unwrap();
        assert_eq!(profile.subject.as_deref(), Some("Acme"));
        let advice = profile.advice(&Advice { s3_region: Some("r2".into()), ..Advice::default() });
        assert!(advice.s3);
        assert_eq!(advice.s3_region.as_deref(), Some("r2"));
        assert_eq!(Profile::of(Some(&file), "other").unwrap(), Profile::default());
    }

    #[test]
    fn a_slip_is_told_and_a_named_file_must_be_there() {
        assert!(read("[cloud.acme]\nsubjet = 1").unwrap_err().contains("subjet"));
        assert!(Profile::of(Some(Path::new("/none/check.toml")), "acme").is_err());
    }
}
