//! `check.toml`: what checks of a cloud take every time, so that it need not stand on each command line.
//!
//! ```toml
//! [cloud.acme]
//! subject = "Acme Cloud"
//! domain_manager_cloud = "acme-domain-manager"
//! s3 = true
//! reader_cloud = "acme-reader"
//! ```
//!
//! The command line goes before the file. The user's own file goes before the one beside clouds.yaml, which `kogge up`
//! writes for its cloud.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use kogge_client::CloudConfig;
use serde::Deserialize;

use super::target::{environment, user_folder};
use crate::cli::{Advice, Target, TestAccounts};
use crate::commands::text_file::read_bounded;
use crate::exit::Failure;

/// The longest file, in bytes.
const LONGEST: u64 = 1 << 20;

/// Its name.
const NAME: &str = "check.toml";

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
    /// How many minutes they may take.
    pub(super) timeout: Option<u32>,
    domain_manager_cloud: Option<String>,
    other_domain_manager_cloud: Option<String>,
    s3: bool,
    s3_endpoint: Option<String>,
    s3_access_key_file: Option<PathBuf>,
    s3_region: Option<String>,
    reader_cloud: Option<String>,
    alt_cloud: Option<String>,
    alt_reader_cloud: Option<String>,
    admin_cloud: Option<String>,
}

impl Profile {
    /// That of a cloud, by its name in clouds.yaml; an empty one if no file has it.
    ///
    /// # Errors
    /// If a file cannot be read, or one that was named is not there.
    pub(super) fn of(named: Option<&Path>, target: &Target, cloud: &str) -> Result<Self, Failure> {
        for file in Self::files(named, target)? {
            let wrong = |because: String| Failure::Usage(format!("{}: {because}", file.display()));
            let text = read_bounded(&file, LONGEST).map_err(wrong)?;
            if let Some(found) = read(&text).map_err(wrong)?.cloud.remove(cloud) {
                return Ok(found);
            }
        }
        Ok(Self::default())
    }

    /// The files that may have it, the first before the others.
    fn files(named: Option<&Path>, target: &Target) -> Result<Vec<PathBuf>, Failure> {
        if let Some(file) = named {
            return Ok(vec![file.to_owned()]);
        }
        let own = user_folder("XDG_CONFIG_HOME", ".config").map(|folder| folder.join(NAME));
        let (environment, _) = environment(target.cloud.as_deref(), target.data.as_deref())?;
        let beside = CloudConfig::file(&environment).map(|clouds| clouds.with_file_name(NAME));
        Ok(own.into_iter().chain(beside).filter(|file| file.is_file()).collect())
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

    /// The accounts of Tempest's tests. Ordinary ones and an administrator exclude each other, and what the command line
    /// says of one kind leaves the other kind of the file alone.
    pub(super) fn accounts(&self, given: &TestAccounts) -> Result<TestAccounts, Failure> {
        let ordinary = [&given.reader_cloud, &given.alt_cloud, &given.alt_reader_cloud];
        let says_ordinary = ordinary.into_iter().any(Option::is_some);
        let mut all = given.clone();
        if !says_ordinary {
            all.admin_cloud = given.admin_cloud.clone().or_else(|| self.admin_cloud.clone());
        }
        if all.admin_cloud.is_some() {
            let kept = [&self.reader_cloud, &self.alt_cloud, &self.alt_reader_cloud];
            if given.admin_cloud.is_none() && kept.into_iter().any(Option::is_some) {
                let text = "check.toml has admin_cloud beside reader_cloud, alt_cloud or alt_reader_cloud; take the ones or \
                            the other";
                return Err(Failure::Usage(text.to_owned()));
            }
            return Ok(all);
        }
        for (asked, kept) in [
            (&mut all.reader_cloud, &self.reader_cloud),
            (&mut all.alt_cloud, &self.alt_cloud),
            (&mut all.alt_reader_cloud, &self.alt_reader_cloud),
        ] {
            *asked = asked.take().or_else(|| kept.clone());
        }
        Ok(all)
    }
}

fn read(text: &str) -> Result<File, String> {
    toml::from_str(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "[cloud.acme]\nsubject = \"Acme\"\ns3 = true\ns3_region = \"r1\"\n";

    fn profile(text: &str) -> Profile {
        read(text).unwrap().cloud.remove("acme").unwrap()
    }

    #[test]
    fn the_command_line_goes_before_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("check.toml");
        std::fs::write(&file, TEXT).unwrap();
        let of = |cloud| Profile::of(Some(&file), &Target::default(), cloud).unwrap();
        let profile = of("acme");
        assert_eq!(profile.subject.as_deref(), Some("Acme"));
        let advice = profile.advice(&Advice { s3_region: Some("r2".into()), ..Advice::default() });
        assert!(advice.s3);
        assert_eq!(advice.s3_region.as_deref(), Some("r2"));
        assert_eq!(of("other"), Profile::default());
    }

    #[test]
    fn a_slip_is_told_and_a_named_file_must_be_there() {
        assert!(read("[cloud.acme]\nsubjet = 1").unwrap_err().contains("subjet"));
        assert!(Profile::of(Some(Path::new("/none/check.toml")), &Target::default(), "acme").is_err());
    }

    #[test]
    fn accounts_are_ordinary_ones_or_an_administrator() {
        let given = |reader: Option<&str>, admin: Option<&str>| TestAccounts {
            reader_cloud: reader.map(str::to_owned),
            admin_cloud: admin.map(str::to_owned),
            ..TestAccounts::default()
        };
        let ordinary = profile("[cloud.acme]\nreader_cloud = \"r\"\nalt_cloud = \"a\"");
        let all = ordinary.accounts(&given(Some("mine"), None)).unwrap();
        assert_eq!((all.reader_cloud.as_deref(), all.alt_cloud.as_deref()), (Some("mine"), Some("a")));
        let all = ordinary.accounts(&given(None, Some("root"))).unwrap();
        assert_eq!((all.admin_cloud.as_deref(), all.reader_cloud), (Some("root"), None));
        let admin = profile("[cloud.acme]\nadmin_cloud = \"root\"");
        assert_eq!(admin.accounts(&given(None, None)).unwrap().admin_cloud.as_deref(), Some("root"));
        assert_eq!(admin.accounts(&given(Some("mine"), None)).unwrap().admin_cloud, None);
        let both = profile("[cloud.acme]\nadmin_cloud = \"root\"\nreader_cloud = \"r\"");
        assert!(both.accounts(&given(None, None)).is_err());
    }
}
