//! The extra specs that a name implies.

use std::iter;

use super::print::respell;
use super::{DiskKind, FlavorName, Spelling};

/// The `scs:` extra specs of a flavor with this name: CPU type, type of each disk, and every way to write the name
/// (long and short form, both spellings; the longest first, colons before dashes).
///
/// Lazy, because a name may promise any number of disks.
pub fn extra_specs(name: &FlavorName) -> impl Iterator<Item = (String, String)> + use<> {
    let cpu = iter::once(("scs:cpu-type".to_owned(), name.cpu.kind.extra_spec().to_owned()));
    let disk_kind = name.disk.and_then(|disk| disk.kind).unwrap_or(DiskKind::Network).extra_spec();
    let disks = 0..name.disk.map_or(0, |disk| disk.count);
    let disks = disks.map(move |index| (format!("scs:disk{index}-type"), disk_kind.to_owned()));
    let names =
        spellings(name).into_iter().zip(1..).map(|(text, index)| (format!("scs:name-v{index}"), text));
    cpu.chain(names).chain(disks)
}

/// The distinct texts for a name, in the order of the `scs:name-vN` extra specs.
fn spellings(name: &FlavorName) -> Vec<String> {
    let mut forms = vec![name.to_string(), name.short()];
    forms.dedup();
    forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    forms.iter().flat_map(|form| [respell(form, Spelling::Colons), form.clone()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn specs(name: &str) -> Vec<(String, String)> {
        extra_specs(&FlavorName::parse(name).unwrap()).collect()
    }

    fn value(specs: &[(String, String)], key: &str) -> Option<String> {
        specs.iter().find(|(k, _)| k == key).map(|(_, v)| v.clone())
    }

    #[test]
    fn a_long_name_is_listed_before_its_short_form_and_colons_before_dashes() {
        let specs = specs("SCS-2C-4-10s_bms_z3");
        let names: Vec<_> = (1..=5).map(|n| value(&specs, &format!("scs:name-v{n}"))).collect();
        assert_eq!(
            names,
            [
                Some("SCS-2C:4:10s-bms-z3".to_owned()),
                Some("SCS-2C-4-10s_bms_z3".to_owned()),
                Some("SCS-2C:4:10s".to_owned()),
                Some("SCS-2C-4-10s".to_owned()),
                None
            ]
        );
    }

    #[test]
    fn a_plain_name_has_two_spellings_and_no_disk() {
        let specs = specs("SCS-4V-16");
        assert_eq!(specs.len(), 3);
        assert_eq!(value(&specs, "scs:cpu-type").as_deref(), Some("shared-core"));
        assert_eq!(value(&specs, "scs:name-v1").as_deref(), Some("SCS-4V:16"));
    }

    #[test]
    fn each_disk_has_its_type_and_an_unnamed_type_counts_as_network() {
        let three = specs("SCS-2C-4-3x10p");
        assert_eq!(value(&three, "scs:disk2-type").as_deref(), Some("nvme"));
        assert_eq!(value(&three, "scs:disk3-type"), None);
        assert_eq!(value(&specs("SCS-2C-4-10"), "scs:disk0-type").as_deref(), Some("network"));
    }

    #[test]
    fn an_absurd_number_of_disks_costs_nothing_until_asked_for() {
        let name = FlavorName::parse("SCS-1V-1-99999999999x1").unwrap();
        assert_eq!(extra_specs(&name).take(4).count(), 4);
    }
}
