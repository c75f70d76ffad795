//! Every testcase that this crate can run, with what each needs and creates.

use std::time::Duration;

use kogge_conform::{Check, Description};
use kogge_standards::scope::scs_compatible_iaas;
use kogge_standards::standard_images::builtin_specs;
use kogge_standards::{default_rules, key_manager, service_types, volume_backup};

use crate::check::{IaasCheck, Kind};
use crate::entropy::Question;

/// All checks, in the order of the scope file. Those for retired images, which the file no longer lists, come last.
#[must_use]
pub fn catalogue() -> Vec<Box<dyn Check>> {
    let scope = scs_compatible_iaas();
    let listed = scope
        .testcases()
        .map(|(testcase, _)| (testcase.id.clone(), testcase.description.clone(), testcase.url.clone()));
    let mut all: Vec<(String, String, String)> = listed.collect();
    for id in builtin_specs()
        .flat_map(|(suffix, _)| ["source", "image"].map(|kind| format!("scs-0104-{kind}-{suffix}")))
    {
        if !all.iter().any(|(known, ..)| *known == id) {
            let url = "https://docs.scs.community/standards/scs-0104-w1-standard-images-implementation#automated-tests";
            all.push((id, "A standard image that the scope no longer lists.".to_owned(), url.to_owned()));
        }
    }
    let known = all.into_iter().filter_map(|(id, title, url)| {
        let kind = kind_of(&id)?;
        Some(Box::new(IaasCheck::new(describe(kind, id, title, url), kind)) as Box<dyn Check>)
    });
    known.collect()
}

/// A check for a testcase that the scope lists and this program does not know: it never decides, as upstream.
pub(crate) fn unknown(id: &str, title: &str, url: &str) -> Box<dyn Check> {
    Box::new(IaasCheck::new(Description::reading(id, title, url), Kind::Unknown))
}

pub(crate) const ENTROPY_NETWORK: &str = "1 network, 1 subnet, 1 port, 1 router with a gateway outside";

/// Long enough for one removal that takes all the time it has, so that its reason is still told.
const REMOVED: Duration = Duration::from_secs(300);

/// How a testcase is run; `None` for manual ones and those that no program ever had.
fn kind_of(id: &str) -> Option<Kind> {
    Some(match id {
        "scs-0101-entropy-avail" => Kind::Entropy(Question::Available),
        "scs-0101-fips-test" => Kind::Entropy(Question::Fips),
        key_manager::PRESENCE => Kind::KeyManagerPresence,
        key_manager::PERMISSIONS => Kind::KeyManager,
        default_rules::DEFAULT_RULES => Kind::DefaultRules,
        volume_backup::TEST_BACKUP => Kind::Backup,
        service_types::SWIFT_S3 => Kind::SwiftS3,
        id if id.starts_with("scs-0100-") || id.starts_with("scs-0103-") => Kind::Flavors,
        id if id.starts_with("scs-0102-") || id.starts_with("scs-0104-") => Kind::Images,
        id if id.starts_with("scs-0114-") => Kind::VolumeTypes,
        id if id.starts_with("scs-0123-") => Kind::Catalog,
        _ => return None,
    })
}

fn describe(kind: Kind, id: String, title: String, url: String) -> Description {
    let plain = Description::reading(id, title, url);
    match kind {
        Kind::Flavors => plain.needs(&["compute"]),
        Kind::Images => plain.needs(&["image"]),
        Kind::VolumeTypes => plain.needs(&["block-storage"]),
        Kind::DefaultRules => plain
            .needs(&["network"])
            .creates(&["security group"], REMOVED)
            .quota(&["1 security group (only where the cloud shows no templates)"]),
        Kind::KeyManager => plain
            .needs(&["key-manager"])
            .creates(&["secret"], REMOVED)
            .quota(&["1 secret (only where there is a key manager)"]),
        Kind::Backup => plain
            .needs(&["block-storage"])
            .creates(&["volume", "backup", "volume"], Duration::from_secs(900))
            .quota(&["2 volumes of 1 GB", "1 backup of 1 GB"]),
        Kind::Entropy(_) => plain
            .needs(&["compute", "image", "network", "block-storage"])
            .creates(&["network", "subnet", "router", "server", "volume"], Duration::from_secs(1500))
            .quota(&[
                "1 server of the smallest flavor that fits",
                "1 volume of 8 GB or more",
                ENTROPY_NETWORK,
            ]),
        Kind::Catalog | Kind::KeyManagerPresence | Kind::SwiftS3 | Kind::Unknown => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_automated_testcase_of_every_version_has_a_check() {
        let ids: Vec<String> = catalogue().iter().map(|c| c.description().id.clone()).collect();
        let scope = scs_compatible_iaas();
        for version in &scope.versions {
            for id in version.testcases() {
                let manual = ["key-manager-docs-check", "availability-zones-check", "domain-manager-check"];
                assert!(
                    manual.contains(&id) || ids.iter().any(|known| known == id),
                    "{id} of {}",
                    version.version
                );
            }
        }
    }

    #[test]
    fn no_id_comes_twice() {
        let mut ids: Vec<String> = catalogue().iter().map(|c| c.description().id.clone()).collect();
        let count = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), count);
    }

    #[test]
    fn what_creates_says_how_much_quota_it_needs() {
        for check in catalogue() {
            let d = check.description();
            assert_eq!(d.creates.is_empty(), d.quota.is_empty(), "{}", d.id);
            assert_eq!(d.makes() == "nothing", d.creates.is_empty(), "{}", d.id);
        }
    }

    #[test]
    fn what_creates_says_so() {
        for check in catalogue() {
            let d = check.description();
            let creating = ["scs-0101", "scs-0115", "scs-0116-permissions", "scs-0117"]
                .iter()
                .any(|p| d.id.starts_with(p));
            assert_eq!(!d.creates.is_empty(), creating, "{}", d.id);
        }
    }
}
