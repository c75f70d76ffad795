//! The scope *SCS-compatible IaaS* (SCS-0501), as published upstream on 2026-08-21.
//!
//! | | v3 | v4 | v5.1 | next |
//! |---|---|---|---|---|
//! | testcases that decide | 16 | 39 | 54 | 55 |
//!
//! Modules for recommended and manual testcases exist, but no version includes them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::{Include, Scope, Script, Target, TimelineEntry, Validity, Variable, Version, upstream_file};

mod modules;
mod testcases;

/// The built-in scope *SCS-compatible IaaS*.
pub fn scs_compatible_iaas() -> &'static Scope {
    static SCOPE: LazyLock<Scope> = LazyLock::new(build);
    &SCOPE
}

/// Parameter of the modules of SCS-0104: address of the list of standard images. No test reads it.
const IMAGE_SPEC: &str = "image_spec";

fn build() -> Scope {
    Scope {
        uuid: "50393e6f-2ae1-4c5c-a62c-3b75f2abef3f".to_owned(),
        name: "SCS-compatible IaaS".to_owned(),
        url: upstream_file("scs-compatible-iaas.yaml"),
        prerequisite: None,
        variables: vec![Variable { name: "os_cloud".to_owned(), default: None }],
        scripts: vec![
            Script {
                executable: Some("./iaas/openstack_test.py".to_owned()),
                args: "-c {os_cloud} {testcases}".to_owned(),
                env: BTreeMap::new(),
                testcases: testcases::automated(),
            },
            Script { testcases: testcases::manual(), ..Script::default() },
        ],
        modules: modules::all(),
        versions: vec![
            version("next", None, &NEXT),
            version("v5.1", Some("2024-12-19"), &V5_1),
            version("v4", Some("2024-02-28"), &V4),
            version("v3", Some("2024-02-28"), &V3),
        ],
        timeline: timeline(),
    }
    .with_targets()
}

const V3: [&str; 3] = ["opc-v2022.11", "scs-0100-v3.1", "scs-0102-v1"];
const V4: [&str; 6] =
    ["opc-v2022.11", "scs-0100-v3.1", "scs-0101-v1", "scs-0102-v1", "scs-0103-v1", "scs-0104-v1-1"];
const V5_1: [&str; 13] = since_v5("scs-0102-v1", "scs-0123-v1");
const NEXT: [&str; 13] = since_v5("scs-0102-v2", "scs-0123-v2");

const fn since_v5(image_metadata: &'static str, services: &'static str) -> [&'static str; 13] {
    [
        "opc-v2022.11",
        "scs-0100-v3.1",
        "scs-0101-v1",
        image_metadata,
        "scs-0103-v1",
        "scs-0104-v1-2",
        "scs-0114-v1",
        "scs-0115-v1",
        "scs-0116-v1",
        "scs-0117-v1",
        "scs-0121-v1",
        services,
        "scs-0302-v1",
    ]
}

fn version(name: &str, stabilized_at: Option<&str>, modules: &[&str]) -> Version {
    let include = |module: &&str| Include {
        module: (*module).to_owned(),
        parameters: match *module {
            "scs-0104-v1-1" => image_spec("iaas/scs-0104-v1-images.yaml"),
            "scs-0104-v1-2" => image_spec("iaas/scs-0104-v1-images-v5.yaml"),
            _ => BTreeMap::new(),
        },
    };
    Version {
        version: name.to_owned(),
        stabilized_at: stabilized_at.map(str::to_owned),
        include: modules.iter().map(include).collect(),
        targets: Vec::<Target>::new(),
    }
}

fn image_spec(path: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(IMAGE_SPEC.to_owned(), upstream_file(path))])
}

fn timeline() -> Vec<TimelineEntry> {
    use Validity::{Deprecated, Draft, Effective, Warn};
    let entry = |year, month, day, versions: &[(&str, Validity)]| TimelineEntry {
        date: jiff::civil::date(year, month, day),
        versions: versions.iter().map(|(name, validity)| ((*name).to_owned(), validity.clone())).collect(),
    };
    vec![
        entry(2026, 6, 11, &[("next", Draft), ("v5.1", Effective)]),
        entry(2025, 9, 9, &[("next", Draft), ("v5.1", Effective), ("v4", Deprecated), ("v3", Deprecated)]),
        entry(2025, 7, 1, &[("v5.1", Effective), ("v4", Deprecated), ("v3", Deprecated)]),
        entry(2025, 2, 1, &[("v5.1", Effective), ("v4", Warn), ("v3", Deprecated)]),
        entry(2024, 12, 19, &[("v5.1", Effective), ("v4", Effective), ("v3", Deprecated)]),
    ]
}

#[cfg(test)]
mod tests;
