//! Which extra specs a flavor may have: Nova's names and values, checked since microversion 2.86. Words of namespaces that
//! Nova does not know are the operator's own.

/// What a value has to be.
#[derive(Debug, Clone, Copy)]
enum Value {
    Truth,
    /// A whole number from here to there.
    Whole(i64, i64),
    Word(&'static [&'static str]),
    /// Numbers of CPUs: `0-3,^2`.
    Cpus,
    /// A size of pages.
    Pages,
    /// One or more names with a number each: `gpu:1,nic:2`.
    Aliases,
    Any,
}

const NATURAL: Value = Value::Whole(0, i64::MAX);
const POSITIVE: Value = Value::Whole(1, i64::MAX);
const ANY_NUMBER: Value = Value::Whole(i64::MIN, i64::MAX);
const LEVEL: Value = Value::Word(&["custom", "high", "normal", "low"]);

/// Names; a `*` at the end stands for a number, or for anything where the whole rest is free.
const KNOWN: &[(&str, Value)] = &[
    ("accel:device_profile", Value::Any),
    ("aggregate_instance_extra_specs:*", Value::Any),
    ("capabilities:*", Value::Any),
    ("group_policy", Value::Word(&["isolate", "none"])),
    ("hide_hypervisor_id", Value::Truth),
    ("hw:boot_menu", Value::Truth),
    ("hw:cpu_cores", POSITIVE),
    ("hw:cpu_dedicated_mask", Value::Cpus),
    ("hw:cpu_max_cores", POSITIVE),
    ("hw:cpu_max_sockets", POSITIVE),
    ("hw:cpu_max_threads", POSITIVE),
    ("hw:cpu_policy", Value::Word(&["dedicated", "shared", "mixed"])),
    ("hw:cpu_realtime", Value::Truth),
    ("hw:cpu_realtime_mask", Value::Cpus),
    ("hw:cpu_sockets", POSITIVE),
    ("hw:cpu_thread_policy", Value::Word(&["prefer", "isolate", "require"])),
    ("hw:cpu_threads", POSITIVE),
    ("hw:emulator_threads_policy", Value::Word(&["isolate", "share"])),
    ("hw:ephemeral_encryption", Value::Truth),
    ("hw:ephemeral_encryption_format", Value::Word(&["luks", "plain"])),
    ("hw:hide_hypervisor_id", Value::Truth),
    ("hw:locked_memory", Value::Truth),
    ("hw:maxphysaddr_bits", NATURAL),
    ("hw:maxphysaddr_mode", Value::Word(&["passthrough", "emulate"])),
    ("hw:mem_encryption", Value::Truth),
    ("hw:mem_encryption_model", Value::Word(&["amd-sev", "amd-sev-es", "amd-sev-snp", "intel-tdx"])),
    ("hw:mem_page_size", Value::Pages),
    ("hw:numa_cpus.*", Value::Cpus),
    ("hw:numa_mem.*", POSITIVE),
    ("hw:numa_nodes", POSITIVE),
    ("hw:pci_numa_affinity_policy", Value::Word(&["required", "preferred", "legacy", "socket"])),
    ("hw:pmem", Value::Any),
    ("hw:pmu", Value::Truth),
    ("hw:redirected_usb_ports", Value::Whole(0, 15)),
    ("hw:serial_port_count", NATURAL),
    ("hw:sound_model", Value::Word(&["sb16", "es1370", "pcspk", "ac97", "ich6", "ich9", "usb", "virtio"])),
    ("hw:tpm_model", Value::Word(&["tpm-tis", "tpm-crb"])),
    ("hw:tpm_secret_security", Value::Word(&["user", "host", "deployment"])),
    ("hw:tpm_version", Value::Word(&["1.2", "2.0"])),
    ("hw:usb_model", Value::Word(&["none", "nec-xhci", "qemu-xhci"])),
    ("hw:vif_multiqueue_enabled", Value::Truth),
    ("hw:viommu_model", Value::Word(&["intel", "smmuv3", "virtio", "auto"])),
    ("hw:virtio_packed_ring", Value::Truth),
    ("hw:watchdog_action", Value::Word(&["none", "pause", "poweroff", "reset", "disabled"])),
    ("hw_rng:allowed", Value::Truth),
    ("hw_rng:rate_bytes", NATURAL),
    ("hw_rng:rate_period", NATURAL),
    ("hw_video:ram_max_mb", NATURAL),
    ("os:secure_boot", Value::Word(&["disabled", "required"])),
    ("pci_passthrough:alias", Value::Aliases),
    ("quota:cpu_period", NATURAL),
    ("quota:cpu_quota", ANY_NUMBER),
    ("quota:cpu_shares", NATURAL),
    ("vmware:hw_version", Value::Any),
    ("vmware:storage_policy", Value::Any),
];

/// Why a flavor may not have this extra spec.
#[must_use]
pub fn objection(name: &str, value: &str) -> Option<String> {
    let wrong = |what: &str| {
        Some(format!("Validation failed; extra spec '{name}' has an invalid value '{value}'; {what}."))
    };
    match kind_of(name) {
        Kind::Free => None,
        Kind::Unknown => {
            Some(format!("Validation failed; extra spec '{name}' does not appear to be a valid extra spec."))
        }
        Kind::Of(kind) => mismatch(kind, value).and_then(|what| wrong(&what)),
    }
}

enum Kind {
    Of(Value),
    /// It stands in a namespace of Nova's that has no such word.
    Unknown,
    /// It is none of Nova's.
    Free,
}

fn kind_of(name: &str) -> Kind {
    let Some((namespace, rest)) = name.split_once(':') else {
        return find(name).map_or(Kind::Free, Kind::Of);
    };
    // `trait`, `trait1`, `trait_NIC`: those of a group of wishes
    let group = |family: &str| {
        let group = namespace.strip_prefix(family)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        (group.len() <= 64 && group.chars().all(plain)).then_some(())
    };
    let is_name =
        !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    if group("trait").is_some() {
        return if is_name { Kind::Of(Value::Word(&["required", "forbidden"])) } else { Kind::Unknown };
    }
    if group("resources").is_some() {
        return if is_name { Kind::Of(ANY_NUMBER) } else { Kind::Unknown };
    }
    if let Some(kind) = find(name).or_else(|| quota(name)) {
        return Kind::Of(kind);
    }
    let ours = |known: &str| known.split_once(':').is_some_and(|(known, _)| known == namespace);
    if KNOWN.iter().any(|(known, _)| ours(known)) { Kind::Unknown } else { Kind::Free }
}

fn find(name: &str) -> Option<Value> {
    let is = |known: &str| match known.strip_suffix('*') {
        None => known == name,
        Some(start) => name.strip_prefix(start).is_some_and(|rest| {
            !rest.is_empty() && (start.ends_with(':') || rest.bytes().all(|b| b.is_ascii_digit()))
        }),
    };
    KNOWN.iter().find(|(known, _)| is(known)).map(|(_, kind)| *kind)
}

/// The quotas, which are named by parts.
fn quota(name: &str) -> Option<Value> {
    let words: Vec<&str> = name.strip_prefix("quota:")?.split('_').collect();
    match words.as_slice() {
        ["disk", "read" | "write" | "total", "bytes" | "iops", "sec"]
        | ["vif", "inbound" | "outbound", "average" | "peak" | "burst"] => Some(NATURAL),
        ["cpu" | "memory" | "vif", rest @ ..] | ["disk", "io", rest @ ..] => match rest {
            ["limit"] | ["shares", "share"] => Some(NATURAL),
            ["reservation"] => Some(ANY_NUMBER),
            ["shares", "level"] => Some(LEVEL),
            _ => None,
        },
        _ => None,
    }
}

/// What is expected, where a value is something else.
fn mismatch(kind: Value, value: &str) -> Option<String> {
    let expected = |good: bool, what: &str| (!good).then(|| what.to_owned());
    match kind {
        Value::Any => None,
        Value::Truth => expected(is_truth(value), "a boolean is expected"),
        Value::Whole(least, most) => {
            let good = value.trim().parse::<i64>().is_ok_and(|number| (least..=most).contains(&number));
            let most = if most == i64::MAX { String::new() } else { format!(" and {most} at most") };
            let least = if least == i64::MIN { String::new() } else { format!(" of {least} or more") };
            expected(good, &format!("a whole number{least}{most} is expected"))
        }
        Value::Word(words) => {
            expected(words.contains(&value), &format!("it is not one of: {}", words.join(", ")))
        }
        Value::Cpus => expected(is_cpus(value), "numbers of CPUs are expected, such as 0-3,^2"),
        Value::Pages => expected(is_pages(value), "small, large, any or a size is expected"),
        Value::Aliases => expected(is_aliases(value), "names with a number each are expected: name:1"),
    }
}

fn is_truth(value: &str) -> bool {
    let words = ["1", "t", "true", "on", "y", "yes", "0", "f", "false", "off", "n", "no"];
    words.iter().any(|word| value.trim().eq_ignore_ascii_case(word))
}

fn is_digits(text: &str) -> bool {
    (1..=9).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_cpus(value: &str) -> bool {
    value.split(',').all(|part| {
        let part = part.strip_prefix('^').unwrap_or(part);
        part.split_once('-').map_or_else(|| is_digits(part), |(from, to)| is_digits(from) && is_digits(to))
    })
}

fn is_pages(value: &str) -> bool {
    let unit = value.trim_start_matches(|c: char| c.is_ascii_digit());
    let number = value.len() > unit.len();
    let bytes = unit.trim_start_matches(['k', 'K', 'M', 'G', 'T']);
    let prefix = unit.len() - bytes.len();
    let bytes = if prefix == 1 { bytes.strip_prefix('i').unwrap_or(bytes) } else { bytes };
    matches!(value, "small" | "large" | "any")
        || (number && prefix <= 1 && matches!(bytes, "" | "b" | "B" | "bit"))
}

fn is_aliases(value: &str) -> bool {
    value.split(',').all(|one| {
        let one = one.trim();
        one.split_once(':').is_some_and(|(name, count)| !name.is_empty() && is_digits(count))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_what_nova_takes() {
        for (name, value) in [
            ("hw:cpu_policy", "dedicated"),
            ("hw:boot_menu", "yes"),
            ("hw:numa_cpus.12", "0-3,^2"),
            ("hw:numa_mem.0", "512"),
            ("hw:mem_page_size", "2MiB"),
            ("hw:mem_page_size", "1048576"),
            ("quota:disk_read_iops_sec", "100"),
            ("quota:vif_inbound_burst", "0"),
            ("quota:cpu_quota", "-1"),
            ("quota:memory_shares_level", "high"),
            ("trait:HW_CPU_X86_AVX2", "required"),
            ("trait_NIC:CUSTOM_FAST", "forbidden"),
            ("resources1:CUSTOM_GPU", "2"),
            ("aggregate_instance_extra_specs:ssd", "true"),
            ("capabilities:cpu_info:features", "<in> x"),
            ("pci_passthrough:alias", "gpu:1, nic:2"),
            ("os:secure_boot", "required"),
            ("scs:name-v2", "SCS-1V-2"),
            ("plain", "word"),
        ] {
            assert_eq!(objection(name, value), None, "{name}");
        }
    }

    #[test]
    fn what_nova_refuses_is_refused_with_the_name() {
        for (name, value) in [
            ("hw:cpu_policy", "sometimes"),
            ("hw:boot_menu", "perhaps"),
            ("hw:numa_nodes", "0"),
            ("hw:numa_cpus.x", "0"),
            ("hw:numa_cpus.0", "0;1"),
            ("hw:mem_page_size", "huge"),
            ("hw:mem_page_size", "4iB"),
            ("hw:redirected_usb_ports", "16"),
            ("hw:no_such_word", "1"),
            ("hw_rng:rate_bytes", "-1"),
            ("os:secure_boot", "optional"),
            ("quota:disk_read_iops", "1"),
            ("quota:cpu_shares", "many"),
            ("trait:CUSTOM_FAST", "maybe"),
            ("trait:lower", "required"),
            ("resources:VCPU", "one"),
            ("hide_hypervisor_id", "x"),
        ] {
            let why = objection(name, value);
            assert!(why.as_ref().is_some_and(|why| why.contains(&format!("'{name}'"))), "{name}: {why:?}");
        }
    }
}
