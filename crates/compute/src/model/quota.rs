//! Quotas: what a project may have, and what it has.

use std::collections::BTreeMap;

use crate::model::flavor::Shape;

/// A resource with a limit: Nova's word, its default, and since which microversion it is no longer shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resource {
    /// Nova's word.
    pub name: &'static str,
    /// Limit where nobody set one; -1 is none.
    pub default: i64,
    /// Which family it belongs to.
    pub family: Family,
}

/// Families of resources that went out of the API together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Still shown.
    Current,
    /// Matters of the network service; not shown since 2.36.
    Network,
    /// Injected files; not shown since 2.57.
    Files,
}

const fn resource(name: &'static str, default: i64, family: Family) -> Resource {
    Resource { name, default, family }
}

/// All resources, with Nova's defaults.
pub const RESOURCES: &[Resource] = &[
    resource("cores", 20, Family::Current),
    resource("fixed_ips", -1, Family::Network),
    resource("floating_ips", -1, Family::Network),
    resource("injected_file_content_bytes", 10_240, Family::Files),
    resource("injected_file_path_bytes", 255, Family::Files),
    resource("injected_files", 5, Family::Files),
    resource("instances", 10, Family::Current),
    resource("key_pairs", 100, Family::Current),
    resource("metadata_items", 128, Family::Current),
    resource("ram", 51_200, Family::Current),
    resource("security_group_rules", -1, Family::Network),
    resource("security_groups", 10, Family::Network),
    resource("server_group_members", 10, Family::Current),
    resource("server_groups", 10, Family::Current),
];

/// Limits by resource; -1 is none.
pub type Limits = BTreeMap<String, i64>;

/// What a project uses of what is counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Servers.
    pub instances: i64,
    /// Virtual CPUs.
    pub cores: i64,
    /// Memory in MiB.
    pub ram: i64,
    /// Server groups.
    pub server_groups: i64,
}

impl Usage {
    /// What servers of a shape count.
    #[must_use]
    pub fn of_servers(shape: &Shape, count: u32) -> Self {
        let big = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        Self {
            instances: i64::from(count),
            cores: i64::from(shape.vcpus) * i64::from(count),
            ram: big(shape.ram_mib).saturating_mul(i64::from(count)),
            server_groups: 0,
        }
    }

    /// As much less.
    #[must_use]
    pub const fn negated(self) -> Self {
        Self {
            instances: -self.instances,
            cores: -self.cores,
            ram: -self.ram,
            server_groups: -self.server_groups,
        }
    }

    /// The figure of `resource`; 0 for what is not counted per project.
    #[must_use]
    pub fn of(&self, resource: &str) -> i64 {
        match resource {
            "instances" => self.instances,
            "cores" => self.cores,
            "ram" => self.ram,
            "server_groups" => self.server_groups,
            _ => 0,
        }
    }
}

/// A request that goes over a limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Over {
    /// The resources, comma separated.
    pub resources: String,
    /// What was asked for of each.
    pub asked: String,
    /// What is in use of each.
    pub used: String,
    /// The limit of each.
    pub allowed: String,
}

/// Checks `asked` on top of `used` against `limits`; `None` where all fits.
#[must_use]
pub fn check(limits: &Limits, used: Usage, asked: Usage) -> Option<Over> {
    let mut over: Vec<(&str, i64, i64, i64)> = Vec::new();
    for name in ["cores", "instances", "ram"] {
        let limit = limits.get(name).copied().unwrap_or(-1);
        if limit >= 0 && asked.of(name) > 0 && used.of(name).saturating_add(asked.of(name)) > limit {
            over.push((name, asked.of(name), used.of(name), limit));
        }
    }
    let join =
        |pick: fn(&(&str, i64, i64, i64)) -> String| over.iter().map(pick).collect::<Vec<_>>().join(", ");
    (!over.is_empty()).then(|| Over {
        resources: join(|o| o.0.to_owned()),
        asked: join(|o| o.1.to_string()),
        used: join(|o| o.2.to_string()),
        allowed: join(|o| o.3.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(instances: i64, cores: i64, ram: i64) -> Limits {
        [("instances", instances), ("cores", cores), ("ram", ram)].map(|(k, v)| (k.to_owned(), v)).into()
    }

    #[test]
    fn the_last_one_that_fits_fits() {
        let used = Usage { instances: 9, cores: 19, ram: 51_199, ..Usage::default() };
        let one = Usage { instances: 1, cores: 1, ram: 1, ..Usage::default() };
        assert_eq!(check(&limits(10, 20, 51_200), used, one), None);
        let over = check(&limits(9, 20, 51_000), used, one).unwrap();
        assert_eq!(over.resources, "instances, ram");
        assert_eq!(over.used, "9, 51199");
        assert_eq!(over.allowed, "9, 51000");
    }

    #[test]
    fn minus_one_is_no_limit_and_huge_requests_do_not_wrap() {
        let huge = Usage { instances: i64::MAX, ..Usage::default() };
        assert_eq!(check(&limits(-1, -1, -1), huge, huge), None);
        assert!(check(&limits(5, -1, -1), huge, huge).is_some());
    }
}
