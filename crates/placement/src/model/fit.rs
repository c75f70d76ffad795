//! Whether amounts fit into what a provider has left: a pure function, used by every way to place something.

use std::fmt;

use super::inventory::{Inventory, Resources};

/// Why one amount does not fit. Its text is written for the people who asked for a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misfit {
    /// The provider has nothing of this class.
    Nothing {
        /// The resource class.
        class: String,
        /// The amount.
        asked: i64,
    },
    /// Not enough is left.
    Full {
        /// The resource class.
        class: String,
        /// The amount.
        asked: i64,
        /// What is left of `capacity`.
        free: i64,
        /// What could be allocated in all.
        capacity: i64,
    },
    /// One allocation may not have this amount.
    Unit {
        /// The resource class.
        class: String,
        /// The amount.
        asked: i64,
        /// Smallest, greatest and step of amounts.
        allowed: (i64, i64, i64),
    },
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing { class, asked } => write!(f, "needs {}, has none", amount(class, *asked)),
            Self::Full { class, asked, free, capacity } => {
                write!(f, "needs {}, {free} of {capacity} free", amount(class, *asked))
            }
            Self::Unit { class, asked, allowed: (least, most, step) } => {
                write!(f, "needs {}, but gives {least} to {most} in steps of {step}", amount(class, *asked))
            }
        }
    }
}

fn amount(class: &str, amount: i64) -> String {
    match class {
        super::inventory::VCPU => format!("{amount} vCPUs"),
        super::inventory::MEMORY_MB => format!("{amount} MiB memory"),
        super::inventory::DISK_GB => format!("{amount} GiB disk"),
        other => format!("{amount} {other}"),
    }
}

/// Everything that is in the way of `asked`, given the inventories and what is used of them. Empty: it fits.
#[must_use]
pub fn misfits(inventories: &[Inventory], used: &Resources, asked: &Resources) -> Vec<Misfit> {
    asked
        .iter()
        .filter(|(_, amount)| **amount > 0)
        .filter_map(|(class, n)| misfit(inventories, used, class, *n))
        .collect()
}

fn misfit(inventories: &[Inventory], used: &Resources, class: &str, asked: i64) -> Option<Misfit> {
    let class_name = || class.to_owned();
    let Some(inventory) = inventories.iter().find(|inventory| inventory.class == class) else {
        return Some(Misfit::Nothing { class: class_name(), asked });
    };
    let capacity = inventory.capacity();
    let free = capacity.saturating_sub(used.get(class).copied().unwrap_or(0)).max(0);
    if asked > free {
        return Some(Misfit::Full { class: class_name(), asked, free, capacity });
    }
    let units = inventory.min_unit..=inventory.max_unit;
    if !units.contains(&asked) || asked % inventory.step_size.max(1) != 0 {
        let allowed = (inventory.min_unit, inventory.max_unit, inventory.step_size);
        return Some(Misfit::Unit { class: class_name(), asked, allowed });
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::inventory::{DISK_GB, MEMORY_MB, VCPU};
    use super::*;
    use proptest::prelude::*;

    fn amounts(list: &[(&str, i64)]) -> Resources {
        list.iter().map(|(class, n)| ((*class).to_owned(), *n)).collect()
    }

    fn host() -> Vec<Inventory> {
        vec![
            Inventory { max_unit: 4, ..Inventory::new(VCPU, 4).overcommitted(16.0) },
            Inventory::new(MEMORY_MB, 8704).reserving(512),
            Inventory { step_size: 5, ..Inventory::new(DISK_GB, 100) },
        ]
    }

    #[test]
    fn what_fits_and_why_the_rest_does_not() {
        let used = amounts(&[(VCPU, 63), (MEMORY_MB, 7680)]);
        type Case<'a> = (&'a [(&'a str, i64)], &'a [&'a str]);
        let cases: [Case<'_>; 9] = [
            (&[], &[]),
            (&[(VCPU, 1), (MEMORY_MB, 512), (DISK_GB, 100)], &[]),
            (&[(VCPU, 0), ("VGPU", 0)], &[]),
            (&[(MEMORY_MB, 4096)], &["needs 4096 MiB memory, 512 of 8192 free"]),
            (&[(VCPU, 2)], &["needs 2 vCPUs, 1 of 64 free"]),
            (&[(DISK_GB, 12)], &["needs 12 GiB disk, but gives 1 to 100 in steps of 5"]),
            (&[("VGPU", 1)], &["needs 1 VGPU, has none"]),
            (
                &[(DISK_GB, 200), (VCPU, 5)],
                &["needs 200 GiB disk, 100 of 100 free", "needs 5 vCPUs, 1 of 64 free"],
            ),
            (&[(MEMORY_MB, i64::MAX)], &["needs 9223372036854775807 MiB memory, 512 of 8192 free"]),
        ];
        for (asked, expected) in cases {
            let found: Vec<String> =
                misfits(&host(), &used, &amounts(asked)).iter().map(ToString::to_string).collect();
            assert_eq!(found, expected, "{asked:?}");
        }
    }

    #[test]
    fn one_allocation_is_bounded_even_where_more_is_free() {
        let found = misfits(&host(), &Resources::new(), &amounts(&[(VCPU, 8)]));
        assert_eq!(found[0].to_string(), "needs 8 vCPUs, but gives 1 to 4 in steps of 1");
    }

    #[test]
    fn an_overfull_provider_has_nothing_free() {
        let found = misfits(&host(), &amounts(&[(VCPU, 1000)]), &amounts(&[(VCPU, 1)]));
        assert_eq!(found[0].to_string(), "needs 1 vCPUs, 0 of 64 free");
    }

    proptest! {
        #[test]
        fn what_fits_never_exceeds_the_capacity(total in 1i64..10_000, reserved in 0i64..10_000, used in 0i64..20_000, asked in 1i64..20_000) {
            let inventory = Inventory { max_unit: i64::MAX, ..Inventory::new(VCPU, total).reserving(reserved) };
            let capacity = inventory.capacity();
            let fits = misfits(&[inventory], &amounts(&[(VCPU, used)]), &amounts(&[(VCPU, asked)])).is_empty();
            prop_assert_eq!(fits, used + asked <= capacity);
        }
    }
}
