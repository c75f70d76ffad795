//! What a provider has of one resource class.

use std::collections::BTreeMap;

/// Virtual CPUs.
pub const VCPU: &str = "VCPU";
/// Memory in MiB.
pub const MEMORY_MB: &str = "MEMORY_MB";
/// Disk in GiB.
pub const DISK_GB: &str = "DISK_GB";

/// Amounts by resource class, e.g. `VCPU` → 2, `MEMORY_MB` → 4096 (MiB), `DISK_GB` → 20 (GiB).
pub type Resources = BTreeMap<String, i64>;

/// The largest number that upstream's columns hold.
pub(crate) const MAX_INT: i64 = 0x7fff_ffff;

/// What a provider has of one resource class.
#[derive(Debug, Clone, PartialEq)]
pub struct Inventory {
    /// The resource class, e.g. `VCPU`.
    pub class: String,
    /// All there is; ≥ 1.
    pub total: i64,
    /// Kept from being allocated; 0 to `total`.
    pub reserved: i64,
    /// Smallest amount of one allocation; ≥ 1.
    pub min_unit: i64,
    /// Greatest amount of one allocation.
    pub max_unit: i64,
    /// Amounts are multiples of this; ≥ 1.
    pub step_size: i64,
    /// How often what is not reserved may be given away; > 0, 1.0 for no overcommitment.
    pub allocation_ratio: f64,
}

impl Inventory {
    /// `total` of a class, nothing reserved, no overcommitment.
    #[must_use]
    pub fn new(class: &str, total: i64) -> Self {
        Self {
            class: class.to_owned(),
            total,
            reserved: 0,
            min_unit: 1,
            max_unit: total.max(1),
            step_size: 1,
            allocation_ratio: 1.0,
        }
    }

    /// Keeps `reserved` from being allocated.
    #[must_use]
    pub const fn reserving(mut self, reserved: i64) -> Self {
        self.reserved = reserved;
        self
    }

    /// Overcommits.
    #[must_use]
    pub const fn overcommitted(mut self, ratio: f64) -> Self {
        self.allocation_ratio = ratio;
        self
    }

    /// How much can be allocated in all: `(total - reserved) * allocation_ratio`, rounded down.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "a float cast saturates"
    )]
    pub fn capacity(&self) -> i64 {
        ((self.total.saturating_sub(self.reserved)).max(0) as f64 * self.allocation_ratio) as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capacity_is_what_is_left_times_the_ratio() {
        assert_eq!(Inventory::new(VCPU, 4).overcommitted(16.0).capacity(), 64);
        assert_eq!(Inventory::new(MEMORY_MB, 1000).reserving(512).overcommitted(1.5).capacity(), 732);
        assert_eq!(Inventory::new(VCPU, 1).reserving(5).capacity(), 0);
        assert_eq!(Inventory::new(VCPU, i64::MAX).overcommitted(f64::MAX).capacity(), i64::MAX);
    }
}
