//! What a flavor lets a server have of its disks, and what it asks for that only some hosts can do.

use std::collections::BTreeMap;

use kogge_node_api::{IoLimits, host_trait};

type Words = BTreeMap<String, String>;

/// Limits of disks that are no volumes. QEMU takes either the sum or both parts.
pub(super) fn of_disks(flavor: &Words) -> Result<IoLimits, String> {
    let limit = |what: &str| {
        let key = format!("quota:disk_{what}_sec");
        let Some(text) = flavor.get(&key) else { return Ok(None) };
        let found = text
            .trim()
            .parse::<u64>()
            .map_err(|_| format!("{key} is '{text}'; a whole number of 0 or more is expected."))?;
        Ok::<_, String>(Some(found).filter(|limit| *limit > 0))
    };
    let limits = IoLimits {
        total_iops: limit("total_iops")?,
        read_iops: limit("read_iops")?,
        write_iops: limit("write_iops")?,
        total_bytes: limit("total_bytes")?,
        read_bytes: limit("read_bytes")?,
        write_bytes: limit("write_bytes")?,
    };
    let both = |sum: Option<u64>, parts: [Option<u64>; 2]| sum.is_some() && parts != [None; 2];
    if both(limits.total_iops, [limits.read_iops, limits.write_iops]) {
        return Err(
            "quota:disk_total_iops_sec excludes quota:disk_read_iops_sec and disk_write_iops_sec.".to_owned()
        );
    }
    if both(limits.total_bytes, [limits.read_bytes, limits.write_bytes]) {
        let why = "quota:disk_total_bytes_sec excludes quota:disk_read_bytes_sec and disk_write_bytes_sec.";
        return Err(why.to_owned());
    }
    Ok(limits)
}

/// The traits that quotas of CPUs and network cards take; what is nothing, or has no end, is none.
pub(super) fn needs(flavor: &Words) -> Vec<String> {
    let mut all = Vec::new();
    let asks =
        |key: &str| flavor.get(key).is_some_and(|text| text.trim().parse::<i64>().is_ok_and(|n| n > 0));
    // a period alone holds nothing back
    if ["quota:cpu_shares", "quota:cpu_quota"].into_iter().any(asks) {
        all.push(host_trait::CPU_LIMITS.to_owned());
    }
    let of_cards =
        |key: &&String| key.starts_with("quota:vif_inbound_") || key.starts_with("quota:vif_outbound_");
    if flavor.keys().filter(of_cards).any(|key| asks(key)) {
        all.push(host_trait::named("CUSTOM_KOGGE", "vif_limits"));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(list: &[(&str, &str)]) -> Words {
        list.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn limits_of_disks_are_read_and_exclude_each_other() {
        let some = [("quota:disk_read_iops_sec", "100"), ("quota:disk_total_bytes_sec", "5000000000")];
        let expected =
            IoLimits { read_iops: Some(100), total_bytes: Some(5_000_000_000), ..IoLimits::default() };
        assert_eq!(of_disks(&words(&some)), Ok(expected));
        assert_eq!(of_disks(&words(&[("quota:disk_read_iops_sec", "0")])), Ok(IoLimits::default()));
        for bad in [
            &[("quota:disk_read_iops_sec", "-1")][..],
            &[("quota:disk_read_bytes_sec", "99999999999999999999")],
            &[("quota:disk_total_iops_sec", "1"), ("quota:disk_read_iops_sec", "1")],
            &[("quota:disk_total_bytes_sec", "1"), ("quota:disk_write_bytes_sec", "1")],
        ] {
            assert!(of_disks(&words(bad)).unwrap_err().contains("quota:disk_"));
        }
    }

    #[test]
    fn quotas_that_say_nothing_take_no_host_away() {
        let free = [
            ("quota:cpu_shares", "0"),
            ("quota:cpu_quota", "-1"),
            ("quota:cpu_period", "100000"),
            ("quota:vif_inbound_peak", "0"),
        ];
        assert!(needs(&words(&free)).is_empty());
        assert_eq!(needs(&words(&[("quota:cpu_shares", "512")])), ["CUSTOM_KOGGE_CPU_LIMITS"]);
        assert_eq!(needs(&words(&[("quota:vif_outbound_average", "9")])), ["CUSTOM_KOGGE_VIF_LIMITS"]);
    }
}
