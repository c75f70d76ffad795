//! The accounts of the tests, named or found in clouds.yaml.

use kogge_client::CloudConfig;
use kogge_conform::redact::Names;
use kogge_conform_e2e::{Accounts, Ordinary, Prepared};

use crate::cli::TestAccounts;
use crate::commands::check::profile::Profile;
use crate::commands::check::target;
use crate::exit::Failure;

/// Reads the configuration of every account; nothing is called yet.
pub(super) fn named(given: &TestAccounts) -> Result<Accounts, Failure> {
    let of = &given.target;
    let (environment, cloud) = target::environment(of.cloud.as_deref(), of.data.as_deref())?;
    let load = |name: Option<String>| target::load(&environment, name, of.region.clone());
    // with an administrator there need be no member
    let name = target::config(of).map_or_else(|_| cloud.clone().unwrap_or_default(), |config| config.name);
    let wanted = Profile::of(given.profile.as_deref(), of, &name)?.accounts(given)?;
    if let Some(admin) = &wanted.admin_cloud {
        let admin = load(Some(admin.clone()))?;
        // without a member of its own, the administrator's view has to do
        let member = match load(cloud) {
            Ok(member) => Some(member),
            Err(_) if of.cloud.is_none() => None,
            Err(failure) => return Err(failure),
        };
        return Ok(Accounts::Dynamic { admin, member });
    }
    let member = load(cloud)?;
    let names =
        CloudConfig::names(&environment).map_err(|error| Failure::Usage(kogge_client::chain(&error)))?;
    let name = member.config().name.clone();
    let other = |asked: &Option<String>, suffix: &str| {
        let found = || Some(format!("{name}{suffix}")).filter(|guess| names.contains(guess));
        asked.clone().or_else(found).map(|name| load(Some(name))).transpose()
    };
    Ok(Accounts::Ordinary(Ordinary {
        reader: other(&wanted.reader_cloud, "-reader")?,
        alt_member: other(&wanted.alt_cloud, "-alt")?,
        alt_reader: other(&wanted.alt_reader_cloud, "-alt-reader")?,
        member,
    }))
}

/// The names that are private: as configured, and as the cloud has them.
pub(super) fn names(accounts: &Accounts, prepared: &Prepared) -> Names {
    let signed = prepared.accounts.iter().flat_map(|account| {
        [("user", &account.user), ("domain", &account.user_domain_name), ("project", &account.project)]
    });
    let signed = signed.map(|(kind, name)| (kind, name.clone()));
    accounts.configs().flat_map(Names::named).chain(signed).collect()
}
