//! Qualities of service: how much may be asked of the volumes of a type.

use std::collections::BTreeMap;

use kogge_clock::Timestamp;
use kogge_db::record;
use kogge_db::record::Json;
use kogge_ids::QosSpecId;
use kogge_node_api::IoLimits;
use kogge_resource::words;

words! {
    /// Who sees to it.
    pub enum Consumer {
        /// The backend.
        BackEnd = "back-end",
        /// The hypervisor.
        FrontEnd = "front-end",
        /// Both.
        Both = "both",
    }
}

record! {
    /// Qualities of service, for any number of types.
    pub QosSpec in "volume_qos_specs" {
        /// Its id.
        id: QosSpecId,
        /// Its name; no two have the same.
        name: String,
        /// Who sees to it.
        consumer: Consumer,
        /// What is promised, and asked.
        specs: Json<BTreeMap<String, String>>,
        /// When it was made.
        created_at: Timestamp,
        /// When it changed last.
        updated_at: Option<Timestamp>,
    }
}

/// What the hypervisor is to hold a volume of so many GiB to. A limit for each GiB has a floor and a ceiling of its own.
/// Where there is one for reads and writes together, those for one of them do not count: QEMU takes either.
#[must_use]
pub fn limits(qos: &QosSpec, gib: i64) -> IoLimits {
    if qos.consumer == Consumer::BackEnd {
        return IoLimits::default();
    }
    let of = |name: &str| limit(&qos.specs, name, gib.unsigned_abs());
    let (total_iops, total_bytes) = (of("total_iops_sec"), of("total_bytes_sec"));
    let part = |name: &str, total: Option<u64>| of(name).filter(|_| total.is_none());
    IoLimits {
        total_iops,
        read_iops: part("read_iops_sec", total_iops),
        write_iops: part("write_iops_sec", total_iops),
        total_bytes,
        read_bytes: part("read_bytes_sec", total_bytes),
        write_bytes: part("write_bytes_sec", total_bytes),
    }
}

/// A limit; 0 is none, as is what is no number.
fn limit(specs: &BTreeMap<String, String>, name: &str, gib: u64) -> Option<u64> {
    let number = |key: &str| specs.get(key)?.trim().parse::<u64>().ok();
    let each = number(&format!("{name}_per_gb")).map(|each| {
        let floor = number(&format!("{name}_per_gb_min")).unwrap_or(0);
        let scaled = each.saturating_mul(gib).max(floor);
        scaled.min(number(&format!("{name}_max")).unwrap_or(scaled))
    });
    each.or_else(|| number(name)).filter(|limit| *limit > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(consumer: Consumer, specs: &[(&str, &str)], gib: i64) -> IoLimits {
        let pairs = specs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let qos = QosSpec {
            id: QosSpecId::random(),
            name: String::new(),
            consumer,
            specs: Json(pairs),
            created_at: Timestamp::from_seconds(0),
            updated_at: None,
        };
        limits(&qos, gib)
    }

    #[test]
    fn limits_are_those_that_the_hypervisor_is_told() {
        let plain =
            [("read_iops_sec", "100"), ("total_bytes_sec", " 5 "), ("write_bytes_sec", "9"), ("x", "1")];
        let wanted = IoLimits { read_iops: Some(100), total_bytes: Some(5), ..IoLimits::default() };
        assert_eq!(of(Consumer::FrontEnd, &plain, 1), wanted, "the total hides its parts");
        assert_eq!(of(Consumer::Both, &plain, 1), wanted);
        assert_eq!(of(Consumer::BackEnd, &plain, 1), IoLimits::default());
        let bad = [("read_iops_sec", "many"), ("write_iops_sec", "0"), ("total_bytes_sec", "-1")];
        assert_eq!(of(Consumer::Both, &bad, 1), IoLimits::default());
    }

    #[test]
    fn limits_for_each_gib_have_a_floor_and_a_ceiling() {
        let specs = [
            ("total_iops_sec", "7"),
            ("total_iops_sec_per_gb", "10"),
            ("total_iops_sec_per_gb_min", "50"),
            ("total_iops_sec_max", "200"),
        ];
        for (gib, wanted) in [(1, 50), (6, 60), (20, 200), (1000, 200)] {
            assert_eq!(of(Consumer::Both, &specs, gib).total_iops, Some(wanted), "{gib} GiB");
        }
        let huge = [("read_bytes_sec_per_gb", "18446744073709551615")];
        assert_eq!(of(Consumer::Both, &huge, 3).read_bytes, Some(u64::MAX));
    }
}
