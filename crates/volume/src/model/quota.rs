//! Quotas: what a project may have, and what it has. Words and defaults are Cinder's.

use std::collections::BTreeMap;

/// Limits by resource; -1 is none.
pub type Limits = BTreeMap<String, i64>;

/// Resources with a limit, and the limit where nobody set one.
pub const RESOURCES: [(&str, i64); 7] = [
    ("volumes", 10),
    ("snapshots", 10),
    ("gigabytes", 1000),
    ("backups", 10),
    ("backup_gigabytes", 1000),
    ("groups", 10),
    ("per_volume_gigabytes", -1),
];

/// Resources that have a limit for each type too: `volumes_TYPE`.
pub const PER_TYPE: [&str; 3] = ["volumes", "gigabytes", "snapshots"];

/// What a project has, or is to have more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Volumes.
    pub volumes: i64,
    /// Snapshots.
    pub snapshots: i64,
    /// GiB of volumes and snapshots.
    pub gigabytes: i64,
    /// Backups.
    pub backups: i64,
    /// GiB of backups.
    pub backup_gigabytes: i64,
}

impl Usage {
    /// A volume of so many GiB.
    #[must_use]
    pub fn volume(gib: i64) -> Self {
        Self { volumes: 1, gigabytes: gib, ..Self::default() }
    }

    /// A snapshot of so many GiB.
    #[must_use]
    pub fn snapshot(gib: i64) -> Self {
        Self { snapshots: 1, gigabytes: gib, ..Self::default() }
    }

    /// A backup of so many GiB.
    #[must_use]
    pub fn backup(gib: i64) -> Self {
        Self { backups: 1, backup_gigabytes: gib, ..Self::default() }
    }

    /// So many GiB.
    #[must_use]
    pub fn gigabytes(gib: i64) -> Self {
        Self { gigabytes: gib, ..Self::default() }
    }

    /// The figure of a resource; 0 for what is not counted here.
    #[must_use]
    pub fn of(&self, resource: &str) -> i64 {
        match resource {
            "volumes" => self.volumes,
            "snapshots" => self.snapshots,
            "gigabytes" => self.gigabytes,
            "backups" => self.backups,
            "backup_gigabytes" => self.backup_gigabytes,
            _ => 0,
        }
    }
}

impl std::ops::Neg for Usage {
    type Output = Self;

    fn neg(self) -> Self {
        Self {
            volumes: -self.volumes,
            snapshots: -self.snapshots,
            gigabytes: -self.gigabytes,
            backups: -self.backups,
            backup_gigabytes: -self.backup_gigabytes,
        }
    }
}

impl std::ops::Add for Usage {
    type Output = Self;

    fn add(self, more: Self) -> Self {
        Self {
            volumes: self.volumes.saturating_add(more.volumes),
            snapshots: self.snapshots.saturating_add(more.snapshots),
            gigabytes: self.gigabytes.saturating_add(more.gigabytes),
            backups: self.backups.saturating_add(more.backups),
            backup_gigabytes: self.backup_gigabytes.saturating_add(more.backup_gigabytes),
        }
    }
}

/// The first resource whose limit does not allow `asked` on top of `used`, with the limit.
#[must_use]
pub fn over(limits: &Limits, suffix: &str, used: Usage, asked: Usage) -> Option<(String, i64)> {
    ["volumes", "snapshots", "gigabytes", "backups", "backup_gigabytes"].into_iter().find_map(|resource| {
        let name = format!("{resource}{suffix}");
        let limit = limits.get(&name).copied().unwrap_or(-1);
        let more = asked.of(resource);
        let fits = limit < 0 || more <= 0 || used.of(resource).saturating_add(more) <= limit;
        (!fits).then_some((name, limit))
    })
}
