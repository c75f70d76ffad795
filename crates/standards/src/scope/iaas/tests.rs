//! The built-in scope against the figures of the standard's digest, and against the judges of this crate.

use std::collections::BTreeSet;

use super::*;
use crate::service_types::{Edition, SWIFT_S3, judge_catalog};
use crate::{
    default_rules, flavor_name, image_metadata, key_manager, standard_images, volume_backup, volume_types,
};

fn main_of(version: &str) -> BTreeSet<&'static str> {
    let version = scs_compatible_iaas().version(version).unwrap();
    version.target("main").unwrap().iter().map(String::as_str).collect()
}

#[test]
fn the_loader_would_accept_it_and_the_document_asks_for_nothing_more() {
    assert_eq!(scs_compatible_iaas().problems(), []);
    assert_eq!(scs_compatible_iaas().advice(), Vec::<String>::new());
}

#[test]
fn it_has_eighty_eight_automated_and_three_manual_testcases() {
    let count: Vec<_> = scs_compatible_iaas().scripts.iter().map(|script| script.testcases.len()).collect();
    assert_eq!(count, [88, 3]);
    assert!(scs_compatible_iaas().testcases().all(|(testcase, _)| !testcase.description.is_empty()));
    assert!(scs_compatible_iaas().testcases().all(|(testcase, _)| !testcase.url.contains("standards/#")));
}

#[test]
fn each_version_has_the_number_of_deciding_testcases_of_the_digest() {
    let count: Vec<_> = ["v3", "v4", "v5.1", "next"].map(|version| main_of(version).len()).into();
    assert_eq!(count, [16, 39, 54, 55]);
    let versions = &scs_compatible_iaas().versions;
    assert!(versions.iter().all(|version| version.targets.len() == 1), "no version includes recommendations");
}

#[test]
fn each_module_has_the_number_of_testcases_of_the_published_file() {
    let count = |module: &super::super::Module| (module.targets.len(), module.testcases().len());
    let found: Vec<_> =
        scs_compatible_iaas().modules.iter().map(|module| (module.id.as_str(), count(module))).collect();
    let expected = [
        ("opc-v2022.11", (0, 0)),
        ("scs-0100-v3.1", (1, 2)),
        ("scs-0101-v1", (1, 2)),
        ("scs-0102-v1", (1, 14)),
        ("scs-0102-v1-rec", (1, 6)),
        ("scs-0102-v2", (1, 16)),
        ("scs-0102-v2-rec", (1, 4)),
        ("scs-0103-v1", (1, 15)),
        ("scs-0103-v1-rec", (1, 16)),
        ("scs-0104-v1-1", (1, 6)),
        ("scs-0104-v1-1-rec", (1, 1)),
        ("scs-0104-v1-2", (1, 9)),
        ("scs-0104-v1-2-rec", (1, 2)),
        ("scs-0114-v1", (1, 1)),
        ("scs-0114-v1-rec", (1, 2)),
        ("scs-0115-v1", (1, 1)),
        ("scs-0116-v1", (1, 1)),
        ("scs-0116-v1-rec", (1, 1)),
        ("scs-0116-v1-manual", (1, 1)),
        ("scs-0117-v1", (1, 1)),
        ("scs-0121-v1", (0, 0)),
        ("scs-0121-v1-manual", (1, 1)),
        ("scs-0123-v1", (1, 8)),
        ("scs-0123-v2", (1, 7)),
        ("scs-0302-v1", (0, 0)),
        ("scs-0302-v1-manual", (1, 1)),
    ];
    assert_eq!(found, expected);
}

#[test]
fn versions_are_fixed_since_the_days_of_the_published_file_and_results_last_a_week() {
    let versions = scs_compatible_iaas().versions.iter();
    let fixed: Vec<_> = versions.map(|v| (v.version.as_str(), v.stabilized_at.as_deref())).collect();
    assert_eq!(
        fixed,
        [
            ("next", None),
            ("v5.1", Some("2024-12-19")),
            ("v4", Some("2024-02-28")),
            ("v3", Some("2024-02-28"))
        ]
    );
    assert!(scs_compatible_iaas().testcases().all(|(testcase, _)| testcase.lifetime.is_none()));
}

#[test]
fn next_differs_from_v5_1_in_metadata_and_services_only() {
    let (old, new) = (main_of("v5.1"), main_of("next"));
    let added: Vec<_> = new.difference(&old).copied().collect();
    let removed: Vec<_> = old.difference(&new).copied().collect();
    assert_eq!(added, ["scs-0102-os_purpose-uniqueness", "scs-0102-prop-os_purpose", "scs-0123-service-s3"]);
    assert_eq!(removed, ["scs-0123-service-placement", "scs-0123-swift-s3"]);
}

#[test]
fn every_testcase_of_every_module_is_defined_and_every_defined_one_but_the_retired_is_in_a_module() {
    let scope = scs_compatible_iaas();
    let in_modules: BTreeSet<_> = scope
        .modules
        .iter()
        .flat_map(|m| &m.targets)
        .flat_map(|t| &t.testcases)
        .map(String::as_str)
        .collect();
    let defined: BTreeSet<_> = scope.testcases().map(|(testcase, _)| testcase.id.as_str()).collect();
    assert_eq!(in_modules.difference(&defined).count(), 0);
    let unused: Vec<_> = defined.difference(&in_modules).copied().collect();
    let retired =
        ["scs-0101-flavor-property", "scs-0101-image-property", "scs-0101-rngd", "scs-0104-image-debian-13"];
    assert_eq!(unused, retired);
}

#[test]
fn this_crate_judges_every_testcase_that_decides_but_those_inside_a_machine() {
    let now = jiff::Timestamp::UNIX_EPOCH;
    let mut judged = vec![
        flavor_name::judge_syntax(&[]),
        flavor_name::judge_semantics(&[]),
        default_rules::judge_templates(&[]),
        key_manager::judge_presence([]),
        key_manager::judge_permissions(["member"], None),
        volume_backup::judge_backup(&volume_backup::Outcome::Worked),
        crate::service_types::judge_swift_s3(&crate::service_types::SwiftProbe::NoSwift),
    ];
    judged.extend(image_metadata::judge_0102(&[], now));
    judged.extend(crate::flavors::judge_0103(&[]));
    judged.extend(standard_images::judge_0104(&[]));
    judged.extend(volume_types::judge_0114(&[]));
    judged.extend(judge_catalog(Edition::V1, &[]));
    judged.extend(judge_catalog(Edition::V2, &[]));
    let judged: BTreeSet<_> = judged.iter().map(|judgement| &*judgement.testcase).collect();
    assert!(judged.contains(SWIFT_S3));
    let automated = scs_compatible_iaas().scripts[0].testcases.iter().map(|testcase| testcase.id.as_str());
    let left: Vec<_> = automated.filter(|id| !judged.contains(id)).collect();
    assert_eq!(left.iter().filter(|id| id.starts_with("scs-0101-")).count(), left.len(), "{left:?}");
}

#[test]
fn parameters_name_the_image_file_of_each_version() {
    let scope = scs_compatible_iaas();
    for (version, file) in [("v4", "scs-0104-v1-images.yaml"), ("v5.1", "scs-0104-v1-images-v5.yaml")] {
        let mut parameters =
            scope.version(version).unwrap().include.iter().filter_map(|i| i.parameters.get(IMAGE_SPEC));
        assert!(parameters.next().unwrap().ends_with(file));
        assert_eq!(parameters.next(), None);
    }
}
