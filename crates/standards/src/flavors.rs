//! The standard flavors of SCS-0103: 15 mandatory, 16 recommended, and the testcase of each.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::flavor_name::{CpuKind, DiskKind, Spelling, respell};

mod judge;

pub use judge::{find, judge_0103, judge_flavor};

/// A flavor that the standard asks for. All figures are to be met exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct StandardFlavor {
    /// Recommended name, also the value of `scs:name-v2`.
    pub name: &'static str,
    /// Number of vCPUs.
    pub vcpus: u32,
    /// RAM in MiB.
    pub ram_mib: u64,
    /// Root disk as the API shows it (the API says GB and means GiB); 0 means none.
    pub disk_gib: u64,
    /// Whether every compliant cloud must have it; the others are recommended.
    pub mandatory: bool,
    /// What a vCPU promises.
    pub cpu_kind: CpuKind,
    /// Type of the root disk, where there is one.
    pub disk_kind: Option<DiskKind>,
}

impl StandardFlavor {
    /// The extra specs that the standard demands: `scs:cpu-type`, `scs:name-v1`, `scs:name-v2`, and
    /// `scs:disk0-type` where there is a disk.
    pub fn extra_specs(&self) -> impl Iterator<Item = (&'static str, String)> + use<> {
        [
            ("scs:cpu-type", Some(self.cpu_kind.extra_spec().to_owned())),
            ("scs:name-v1", Some(respell(self.name, Spelling::Colons))),
            (NAME_KEY, Some(self.name.to_owned())),
            ("scs:disk0-type", self.disk_kind.map(|kind| kind.extra_spec().to_owned())),
        ]
        .into_iter()
        .filter_map(|(key, value)| value.map(|value| (key, value)))
    }

    /// The id of the testcase that looks for this flavor, such as `scs-0103-flavor-2v-4-20s`.
    pub fn testcase(&self) -> String {
        let body = self.name.strip_prefix(crate::flavor_name::PREFIX).unwrap_or(self.name);
        format!("scs-0103-flavor-{}", body.to_ascii_lowercase())
    }
}

/// The extra spec by which a standard flavor is found, whatever it is called.
pub const NAME_KEY: &str = "scs:name-v2";

/// All standard flavors, the mandatory ones first, each group from small to large.
pub fn standard_flavors() -> &'static [StandardFlavor] {
    &STANDARD_FLAVORS
}

const fn mandatory(name: &'static str, vcpus: u32, ram_gib: u64) -> StandardFlavor {
    let cpu_kind = CpuKind::SharedCore;
    StandardFlavor {
        name,
        vcpus,
        ram_mib: ram_gib * 1024,
        disk_gib: 0,
        mandatory: true,
        cpu_kind,
        disk_kind: None,
    }
}

const fn recommended(name: &'static str, vcpus: u32, ram_gib: u64) -> StandardFlavor {
    StandardFlavor { mandatory: false, ..mandatory(name, vcpus, ram_gib) }
}

const fn crowded(flavor: StandardFlavor) -> StandardFlavor {
    StandardFlavor { cpu_kind: CpuKind::CrowdedCore, ..flavor }
}

const fn with_disk(flavor: StandardFlavor, disk_gib: u64, kind: DiskKind) -> StandardFlavor {
    StandardFlavor { disk_gib, disk_kind: Some(kind), ..flavor }
}

const fn with_network_disk(flavor: StandardFlavor, disk_gib: u64) -> StandardFlavor {
    with_disk(flavor, disk_gib, DiskKind::Network)
}

static STANDARD_FLAVORS: [StandardFlavor; 31] = [
    crowded(mandatory("SCS-1L-1", 1, 1)),
    mandatory("SCS-1V-2", 1, 2),
    mandatory("SCS-1V-4", 1, 4),
    mandatory("SCS-1V-8", 1, 8),
    mandatory("SCS-2V-4", 2, 4),
    with_disk(mandatory("SCS-2V-4-20s", 2, 4), 20, DiskKind::Ssd),
    mandatory("SCS-2V-8", 2, 8),
    mandatory("SCS-2V-16", 2, 16),
    mandatory("SCS-4V-8", 4, 8),
    mandatory("SCS-4V-16", 4, 16),
    with_disk(mandatory("SCS-4V-16-100s", 4, 16), 100, DiskKind::Ssd),
    mandatory("SCS-4V-32", 4, 32),
    mandatory("SCS-8V-16", 8, 16),
    mandatory("SCS-8V-32", 8, 32),
    mandatory("SCS-16V-32", 16, 32),
    with_network_disk(crowded(recommended("SCS-1L-1-5", 1, 1)), 5),
    with_network_disk(recommended("SCS-1V-2-5", 1, 2), 5),
    with_network_disk(recommended("SCS-1V-4-10", 1, 4), 10),
    with_network_disk(recommended("SCS-1V-8-20", 1, 8), 20),
    with_network_disk(recommended("SCS-2V-4-10", 2, 4), 10),
    with_network_disk(recommended("SCS-2V-8-20", 2, 8), 20),
    with_network_disk(recommended("SCS-2V-16-50", 2, 16), 50),
    with_network_disk(recommended("SCS-4V-8-20", 4, 8), 20),
    with_network_disk(recommended("SCS-4V-16-50", 4, 16), 50),
    with_network_disk(recommended("SCS-4V-32-100", 4, 32), 100),
    with_network_disk(recommended("SCS-8V-16-50", 8, 16), 50),
    with_network_disk(recommended("SCS-8V-32-100", 8, 32), 100),
    with_network_disk(recommended("SCS-16V-32-100", 16, 32), 100),
    recommended("SCS-8V-64", 8, 64),
    recommended("SCS-16V-64", 16, 64),
    recommended("SCS-16V-128", 16, 128),
];

/// A flavor as a user of the cloud sees it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SeenFlavor {
    /// Id in the cloud.
    pub id: String,
    /// Name; empty where the API shows none.
    pub name: String,
    /// Number of vCPUs.
    pub vcpus: u64,
    /// RAM in MiB.
    pub ram_mib: u64,
    /// Root disk in GB.
    pub disk_gb: u64,
    /// Extra specs; `None` where the API shows null, which upstream's test breaks off at.
    pub extra_specs: Option<BTreeMap<String, String>>,
}

impl SeenFlavor {
    /// How findings name this flavor.
    pub(crate) fn object(&self) -> String {
        format!("flavor {:?}", self.name)
    }
}

impl From<&StandardFlavor> for SeenFlavor {
    /// The flavor as a cloud shows it that got everything right; its id is its name.
    fn from(flavor: &StandardFlavor) -> Self {
        let extra_specs = flavor.extra_specs().map(|(key, value)| (key.to_owned(), value)).collect();
        Self {
            id: flavor.name.to_owned(),
            name: flavor.name.to_owned(),
            vcpus: u64::from(flavor.vcpus),
            ram_mib: flavor.ram_mib,
            disk_gb: flavor.disk_gib,
            extra_specs: Some(extra_specs),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flavor_name::{FlavorName, extra_specs};

    #[test]
    fn there_are_fifteen_mandatory_and_sixteen_recommended_flavors() {
        let count = standard_flavors().iter().filter(|flavor| flavor.mandatory).count();
        assert_eq!((count, standard_flavors().len()), (15, 31));
    }

    #[test]
    fn figures_and_extra_specs_are_what_each_name_says() {
        for flavor in standard_flavors() {
            let name = FlavorName::parse(flavor.name).unwrap();
            assert_eq!(name.to_string(), flavor.name);
            assert_eq!(name.cpu.count, u64::from(flavor.vcpus), "{}", flavor.name);
            assert_eq!(name.ram.mib(), flavor.ram_mib, "{}", flavor.name);
            assert_eq!(name.disk.map_or(0, |disk| disk.size_gb.unwrap()), flavor.disk_gib, "{}", flavor.name);
            let derived: BTreeMap<_, _> = extra_specs(&name).collect();
            let own: BTreeMap<_, _> = flavor.extra_specs().map(|(k, v)| (k.to_owned(), v)).collect();
            assert_eq!(derived, own, "{}", flavor.name);
        }
    }

    #[test]
    fn ssd_flavors_carry_the_colon_name_and_the_disk_type() {
        let flavor = standard_flavors().iter().find(|flavor| flavor.name == "SCS-2V-4-20s").unwrap();
        let specs: Vec<_> = flavor.extra_specs().collect();
        assert!(specs.contains(&("scs:name-v1", "SCS-2V:4:20s".to_owned())));
        assert!(specs.contains(&("scs:disk0-type", "ssd".to_owned())));
        assert_eq!(flavor.testcase(), "scs-0103-flavor-2v-4-20s");
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = standard_flavors().iter().map(|flavor| flavor.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 31);
    }
}
