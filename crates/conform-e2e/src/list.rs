//! The list of SCS-0128: which Tempest tests must not fail, and what each of them needs.
//!
//! Facts: the list is that of the OpenStack Powered Compute guideline 2022.11 without what needs an administrator and
//! without the test that locks an account out. A test is named by its full Python name; its attributes (`id-…`, `smoke`)
//! differ between versions of Tempest and are no part of its name here.

use std::sync::LazyLock;
use std::time::Duration;

use kogge_conform::Description;

/// How the standard, its version and the list are called in reports.
pub const NAME: &str = "SCS-0128 end-to-end testing";
/// The version of the standard that the list belongs to.
pub const VERSION: &str = "v1";
/// Where the standard can be read.
pub const URL: &str = "https://docs.scs.community/standards/scs-0128-v1-e2e-testing";

const TEXT: &str = include_str!("../data/scs-0128.lst");

static TESTS: LazyLock<Vec<Test>> =
    LazyLock::new(|| TEXT.lines().filter(|line| !line.is_empty()).map(Test::read).collect());

/// One test of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Test {
    /// Its full name: `tempest.api.….Class.test_x`.
    pub name: &'static str,
    /// What Tempest calls it across renames: `id-<uuid>`.
    pub idempotent_id: &'static str,
}

/// What a test needs beyond the service that it tests. Source: Tempest's own classes, version 47.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// The block storage service.
    Volumes,
    /// Signing in at a guest over SSH.
    Ssh,
    /// A flavor from which an image boots without a volume.
    BootableFlavor,
    /// A second such flavor.
    SecondFlavor,
    /// An image.
    Image,
    /// An external network.
    ExternalNetwork,
    /// Accounts whose password may be changed, and a cloud that remembers old ones.
    PasswordHistory,
    /// Any reading account of the same project.
    Reader,
    /// An account in a second project.
    SecondProject,
}

/// All tests, in the order of the list.
#[must_use]
pub fn tests() -> &'static [Test] {
    &TESTS
}

/// The test of this name, with or without attributes.
#[must_use]
pub fn find(id: &str) -> Option<&'static Test> {
    let name = bare(id);
    TESTS.iter().find(|test| test.name == name)
}

/// A test's name without its attributes: what stands before `[`.
#[must_use]
pub fn bare(id: &str) -> &str {
    id.split('[').next().unwrap_or(id)
}

impl Test {
    fn read(line: &'static str) -> Self {
        let (name, attributes) = line.split_once('[').unwrap_or((line, ""));
        let mut attributes = attributes.trim_end_matches(']').split(',');
        let idempotent_id = attributes.find(|attribute| attribute.starts_with("id-")).unwrap_or("");
        Self { name, idempotent_id }
    }

    /// The class that it belongs to: `tempest.api.….Class`.
    #[must_use]
    pub fn class(&self) -> &'static str {
        self.name.rsplit_once('.').map_or(self.name, |(class, _)| class)
    }

    /// Its own name within the class: `test_x`.
    #[must_use]
    pub fn case(&self) -> &'static str {
        self.name.rsplit_once('.').map_or(self.name, |(_, case)| case)
    }

    /// What there is to know of it before it runs.
    #[must_use]
    pub fn description(&self) -> Description {
        let mut description = Description::reading(self.name, self.title(), URL);
        // the run has one deadline as a whole; Tempest has one for each test
        description.deadline = Duration::ZERO;
        description
    }

    /// What it tests, in words: `list flavors with detail (compute)`.
    #[must_use]
    pub fn title(&self) -> String {
        let service = self.name.split('.').nth(2).unwrap_or("cloud");
        let words = self.case().trim_start_matches("test_").replace('_', " ");
        format!("{words} ({service})")
    }

    /// What it needs.
    #[must_use]
    pub fn needs(&self) -> Vec<Need> {
        NEEDS
            .iter()
            .filter(|(_, parts)| parts.iter().any(|part| self.matches(part)))
            .map(|(need, _)| *need)
            .collect()
    }

    /// Whether it needs something.
    #[must_use]
    pub fn wants(&self, need: Need) -> bool {
        NEEDS.iter().any(|(known, parts)| *known == need && parts.iter().any(|part| self.matches(part)))
    }

    /// A part is whole segments of the name: a package, a class, a test, or several of them.
    fn matches(&self, part: &str) -> bool {
        let name = self.name.strip_prefix("tempest.api.").unwrap_or(self.name);
        name.match_indices(part).any(|(at, found)| {
            let before = at == 0 || name[..at].ends_with('.');
            let after = &name[at + found.len()..];
            before && (after.is_empty() || after.starts_with('.'))
        })
    }
}

/// Who needs what, by parts of their names.
const NEEDS: &[(Need, &[&str])] = &[
    (Need::Volumes, &["compute.volumes", "volume"]),
    (Need::Ssh, &["test_host_name_is_same_as_server_name", "test_verify_created_server_vcpus"]),
    (Need::BootableFlavor, BOOTS),
    (
        Need::SecondFlavor,
        &[
            "test_resize_server_confirm",
            "test_resize_server_revert",
            "test_list_servers_filter_by_flavor",
            "test_list_servers_detailed_filter_by_flavor",
        ],
    ),
    (Need::Image, BOOTS),
    (Need::Image, &["test_volume_create_get_update_delete_from_image"]),
    (Need::ExternalNetwork, &["network.test_floating_ips", "network.test_floating_ips_negative"]),
    (Need::PasswordHistory, &["identity.v3.test_users"]),
    (
        Need::Reader,
        &[
            "network",
            "image.v2.test_images.ListUserImagesTest",
            "volume.test_availability_zone",
            "volume.test_extensions",
            "volume.test_snapshot_metadata",
            "volume.test_versions",
            "volume.test_volumes_actions",
            "volume.test_volumes_get",
            "volume.test_volumes_negative",
            "volume.test_volumes_snapshots",
            "volume.test_volumes_snapshots_list",
            "volume.test_volumes_snapshots_negative",
        ],
    ),
    (Need::SecondProject, &["identity.v3.test_projects"]),
];

/// Tests that start a server from an image, or whose class does before them.
const BOOTS: &[&str] = &[
    "compute.images",
    "test_list_security_groups_by_server",
    "test_server_security_groups",
    "compute.servers.test_create_server",
    "compute.servers.test_delete_server",
    "compute.servers.test_instance_actions",
    "compute.servers.test_list_server_filters",
    "compute.servers.test_list_servers_negative",
    "compute.servers.test_multiple_create",
    "compute.servers.test_server_actions",
    "compute.servers.test_server_tags",
    "compute.servers.test_servers",
    "compute.servers.test_servers_negative",
    "compute.volumes",
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_list_has_its_258_tests_in_52_classes_each_once() {
        let names: BTreeSet<&str> = tests().iter().map(|test| test.name).collect();
        let classes: BTreeSet<&str> = tests().iter().map(Test::class).collect();
        assert_eq!((tests().len(), names.len(), classes.len()), (258, 258, 52));
        for test in tests() {
            assert!(test.name.starts_with("tempest.api.") && test.case().starts_with("test_"), "{test:?}");
            assert!(test.idempotent_id.len() == 39, "{test:?}");
        }
    }

    #[test]
    fn the_needs_of_the_list_are_those_that_are_known() {
        let count = |need| tests().iter().filter(|test| test.wants(need)).count();
        assert_eq!(count(Need::Volumes), 67, "65 of block storage, 2 of compute");
        assert_eq!(count(Need::Ssh), 2);
        assert_eq!(count(Need::BootableFlavor), 73);
        assert_eq!(count(Need::SecondFlavor), 4);
        assert_eq!(count(Need::ExternalNetwork), 7);
        assert_eq!(count(Need::PasswordHistory), 2);
    }

    #[test]
    fn names_of_servers_are_labels_of_dns() {
        let servers = tests().iter().filter(|test| test.wants(Need::BootableFlavor));
        for class in servers.map(Test::class) {
            let class = class.rsplit('.').next().unwrap_or_default().to_lowercase();
            // as Tempest makes them: the class, a number below 2³¹, and one more where several are made at once
            let name = format!("{}1a2b3c4d-{class}-server-2147483647-3", crate::sweep::PREFIX);
            assert!(name.len() <= 63, "{name}: {}", name.len());
        }
    }

    #[test]
    fn every_part_in_the_table_of_needs_names_something() {
        for (need, parts) in NEEDS {
            for part in *parts {
                assert!(tests().iter().any(|test| test.matches(part)), "{need:?}: {part}");
            }
        }
    }

    #[test]
    fn a_test_is_found_with_the_attributes_of_any_version() {
        let name = "tempest.api.compute.test_versions.TestVersions.test_list_api_versions";
        assert_eq!(find(&format!("{name}[id-other,smoke]")).unwrap().name, name);
        assert_eq!(find("tempest.api.compute.test_versions.TestVersions"), None);
        assert_eq!(find(name).unwrap().title(), "list api versions (compute)");
    }
}
