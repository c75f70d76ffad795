//! The cloud that does everything right, as far as it is data: what a double serves and a real one is given.

use std::collections::BTreeMap;

use kogge_standards::default_rules::rule_templates;
use kogge_standards::standard_flavors;
use kogge_standards::standard_images::builtin_specs;
use serde_json::{Value, json};

/// The moment at which the sound cloud is checked.
pub const NOW: &str = "2026-11-24T08:00:00Z";

/// Distribution and version by the suffix of the testcase's id.
const RELEASES: [(&str, &str, &str); 9] = [
    ("ubuntu-2404", "ubuntu", "24.04"),
    ("ubuntu-2204", "ubuntu", "22.04"),
    ("ubuntu-2004", "ubuntu", "20.04"),
    ("debian-13", "debian", "13"),
    ("debian-12", "debian", "12"),
    ("debian-11", "debian", "11"),
    ("debian-10", "debian", "10"),
    ("capi-1", "ubuntu", "22.04"),
    ("capi-2", "ubuntu", "24.04"),
];

/// All standard flavors, as the compute API shows them.
#[must_use]
pub fn sound_flavors() -> Vec<Value> {
    let show = |flavor: &kogge_standards::StandardFlavor| {
        let specs: BTreeMap<&str, String> = flavor.extra_specs().collect();
        json!({"id": format!("id-{}", flavor.name), "name": flavor.name, "vcpus": flavor.vcpus,
            "ram": flavor.ram_mib, "disk": flavor.disk_gib, "extra_specs": specs})
    };
    standard_flavors().iter().map(show).collect()
}

/// Every image that a testcase asks for, as the image API shows them.
#[must_use]
pub fn sound_images() -> Vec<Value> {
    let show = |(suffix, distro, version): &(&str, &str, &str)| {
        let (_, spec) = builtin_specs().find(|(known, _)| known == suffix)?;
        let source = format!("{}x.img", spec.source.first()?);
        let mut shown = image(capi_name(suffix).unwrap_or(&spec.name), distro, version, &source);
        if capi_name(suffix).is_some() {
            shown["os_purpose"] = json!("k8snode");
        }
        Some(shown)
    };
    RELEASES.iter().filter_map(show).collect()
}

/// The name of an image for Kubernetes nodes, in the spelling that its testcase looks for.
fn capi_name(suffix: &str) -> Option<&'static str> {
    match suffix {
        "capi-1" => Some("ubuntu-capi-image v1.29.3"),
        "capi-2" => Some("ubuntu-capi-image-v1.31.1"),
        _ => None,
    }
}

/// A public image that is right in everything and was built four days before [`NOW`].
#[must_use]
pub fn image(name: &str, distro: &str, version: &str, source: &str) -> Value {
    json!({"id": format!("id-{name}"), "name": name, "visibility": "public", "os_hidden": false, "status": "active",
        "size": 600_000_000u64, "min_disk": 8, "min_ram": 512, "created_at": "2026-11-24T07:00:00Z",
        "architecture": "x86_64", "os_distro": distro, "os_version": version, "os_purpose": "generic",
        "hw_disk_bus": "scsi", "hypervisor_type": "qemu", "hw_rng_model": "virtio", "image_build_date": "2026-11-20",
        "image_original_user": distro, "image_source": source, "image_description": "https://example.org/",
        "replace_frequency": "monthly", "provided_until": "none", "uuid_validity": "none", "hotfix_hours": "0",
        "os_hash_algo": "sha512", "tags": []})
}

/// The four templates of default rules, as the network API shows them.
#[must_use]
pub fn sound_templates() -> Vec<Value> {
    let show = |(number, t): (usize, &kogge_standards::default_rules::RuleTemplate)| {
        json!({"id": format!("r{number}"), "direction": t.direction, "ethertype": t.ethertype,
            "remote_group_id": t.remote_group_id, "remote_ip_prefix": null, "protocol": null,
            "used_in_default_sg": t.used_in_default_sg, "used_in_non_default_sg": t.used_in_non_default_sg})
    };
    rule_templates().iter().enumerate().map(show).collect()
}
