//! The modules of the scope: one per version of a standard, split into what decides, recommends and is asked by hand.

use std::collections::BTreeMap;

use super::super::{MAIN, Module, Target};
use super::IMAGE_SPEC;
use crate::flavors::standard_flavors;

/// All modules, in the order of the file.
pub(super) fn all() -> Vec<Module> {
    let fixed = BEFORE_FLAVORS.iter().map(Row::module);
    let after = AFTER_FLAVORS.iter().map(Row::module);
    fixed.chain(flavors()).chain(after).collect()
}

struct Row {
    id: &'static str,
    name: &'static str,
    page: &'static str,
    /// Target and testcases without their prefix `scs-NNNN-`.
    target: Option<(&'static str, &'static [&'static str])>,
}

const fn row(
    id: &'static str,
    name: &'static str,
    page: &'static str,
    target: &'static str,
    ids: &'static [&'static str],
) -> Row {
    Row { id, name, page, target: Some((target, ids)) }
}

const fn untested(id: &'static str, name: &'static str, page: &'static str) -> Row {
    Row { id, name, page, target: None }
}

impl Row {
    fn module(&self) -> Module {
        let target = |(target, ids): (&str, &[&str])| Target {
            name: target.to_owned(),
            testcases: ids.iter().map(|id| self.testcase(target, id)).collect(),
        };
        let parameters = if self.id.starts_with("scs-0104") {
            BTreeMap::from([(
                IMAGE_SPEC.to_owned(),
                "address of a file that lists standard images".to_owned(),
            )])
        } else {
            BTreeMap::new()
        };
        Module {
            id: self.id.to_owned(),
            name: self.name.to_owned(),
            url: format!("https://docs.scs.community/standards/{}", self.page),
            parameters,
            targets: self.target.map(target).into_iter().collect(),
        }
    }

    /// Manual testcases have no prefix.
    fn testcase(&self, target: &str, id: &str) -> String {
        match self.id.get(..8) {
            Some(standard) if target != PREVIEW => format!("{standard}-{id}"),
            _ => id.to_owned(),
        }
    }
}

const RECOMMENDED: &str = "recommended";
const PREVIEW: &str = "preview";

const BEFORE_FLAVORS: [Row; 7] = [
    untested(
        "opc-v2022.11",
        "End-to-end testing (once OpenStack Powered Compute)",
        "scs-0128-v1-e2e-testing",
    ),
    row(
        "scs-0100-v3.1",
        "Flavor naming v3.1",
        "scs-0100-v3-flavor-naming",
        MAIN,
        &["syntax-check", "semantics-check"],
    ),
    row("scs-0101-v1", "Entropy v1.1", "scs-0101-v1-entropy", MAIN, &["entropy-avail", "fips-test"]),
    row(
        "scs-0102-v1",
        "Image metadata v1",
        "scs-0102-v1-image-metadata",
        MAIN,
        &[
            "prop-architecture",
            "prop-min_disk",
            "prop-min_ram",
            "prop-os_version",
            "prop-os_distro",
            "prop-hw_disk_bus",
            "prop-image_build_date",
            "prop-image_original_user",
            "prop-image_source",
            "prop-image_description",
            "prop-replace_frequency",
            "prop-provided_until",
            "prop-uuid_validity",
            "image-recency",
        ],
    ),
    row(
        "scs-0102-v1-rec",
        "Image metadata v1",
        "scs-0102-v1-image-metadata",
        RECOMMENDED,
        &[
            "prop-hash_algo",
            "prop-os_purpose",
            "os_purpose-uniqueness",
            "prop-hypervisor_type",
            "prop-hw_rng_model",
            "prop-hotfix_hours",
        ],
    ),
    row(
        "scs-0102-v2",
        "Image metadata v2",
        "scs-0102-v2-image-metadata",
        MAIN,
        &[
            "prop-architecture",
            "prop-min_disk",
            "prop-min_ram",
            "prop-os_version",
            "prop-os_distro",
            "prop-os_purpose",
            "prop-hw_disk_bus",
            "prop-image_build_date",
            "prop-image_original_user",
            "prop-image_source",
            "prop-image_description",
            "prop-replace_frequency",
            "prop-provided_until",
            "prop-uuid_validity",
            "image-recency",
            "os_purpose-uniqueness",
        ],
    ),
    row(
        "scs-0102-v2-rec",
        "Image metadata v2",
        "scs-0102-v2-image-metadata",
        RECOMMENDED,
        &["prop-hash_algo", "prop-hypervisor_type", "prop-hw_rng_model", "prop-hotfix_hours"],
    ),
];

/// The two modules of SCS-0103.
fn flavors() -> [Module; 2] {
    [("scs-0103-v1", MAIN, true), ("scs-0103-v1-rec", RECOMMENDED, false)].map(|(id, target, mandatory)| {
        let wanted = standard_flavors().iter().filter(|flavor| flavor.mandatory == mandatory);
        Module {
            id: id.to_owned(),
            name: "Standard flavors".to_owned(),
            url: "https://docs.scs.community/standards/scs-0103-v1-standard-flavors".to_owned(),
            parameters: BTreeMap::new(),
            targets: vec![Target {
                name: target.to_owned(),
                testcases: wanted.map(|f| f.testcase()).collect(),
            }],
        }
    })
}

const IMAGES: &str = "scs-0104-v1-standard-images";
const VOLUME_TYPES: &str = "scs-0114-v1-volume-type-standard";
const KEY_MANAGER: &str = "scs-0116-v1-key-manager-standard";
const ZONES: &str = "scs-0121-v1-Availability-Zones-Standard";
const DOMAIN_MANAGER: &str = "scs-0302-v1-domain-manager-role";

const AFTER_FLAVORS: [Row; 17] = [
    row(
        "scs-0104-v1-1",
        "Standard images",
        IMAGES,
        MAIN,
        &[
            "source-capi-1",
            "source-ubuntu-2204",
            "source-ubuntu-2004",
            "source-debian-12",
            "source-debian-11",
            "image-ubuntu-2204",
        ],
    ),
    row("scs-0104-v1-1-rec", "Standard images", IMAGES, RECOMMENDED, &["image-capi-1"]),
    row(
        "scs-0104-v1-2",
        "Standard images",
        IMAGES,
        MAIN,
        &[
            "source-capi-1",
            "source-capi-2",
            "source-ubuntu-2404",
            "source-ubuntu-2204",
            "source-ubuntu-2004",
            "source-debian-13",
            "source-debian-12",
            "source-debian-11",
            "image-ubuntu-2404",
        ],
    ),
    row("scs-0104-v1-2-rec", "Standard images", IMAGES, RECOMMENDED, &["image-capi-2", "image-debian-12"]),
    row("scs-0114-v1", "Volume types", VOLUME_TYPES, MAIN, &["syntax-check"]),
    row("scs-0114-v1-rec", "Volume types", VOLUME_TYPES, RECOMMENDED, &["encrypted-type", "replicated-type"]),
    row(
        "scs-0115-v1",
        "Default rules for security groups",
        "scs-0115-v1-default-rules-for-security-groups",
        MAIN,
        &["default-rules"],
    ),
    row("scs-0116-v1", "Key manager", KEY_MANAGER, MAIN, &["permissions"]),
    row("scs-0116-v1-rec", "Key manager", KEY_MANAGER, RECOMMENDED, &["presence"]),
    row("scs-0116-v1-manual", "Key manager", KEY_MANAGER, PREVIEW, &["key-manager-docs-check"]),
    row("scs-0117-v1", "Volume backup", "scs-0117-v1-volume-backup-service", MAIN, &["test-backup"]),
    untested("scs-0121-v1", "Availability zones", ZONES),
    row("scs-0121-v1-manual", "Availability zones", ZONES, PREVIEW, &["availability-zones-check"]),
    row(
        "scs-0123-v1",
        "Mandatory and supported services",
        "scs-0123-v1-mandatory-and-supported-IaaS-services",
        MAIN,
        &[
            "service-compute",
            "service-identity",
            "service-image",
            "service-network",
            "service-load-balancer",
            "service-placement",
            "storage-apis",
            "swift-s3",
        ],
    ),
    row(
        "scs-0123-v2",
        "Mandatory and supported services",
        "scs-0123-v2-services",
        MAIN,
        &[
            "service-compute",
            "service-identity",
            "service-image",
            "service-network",
            "service-load-balancer",
            "storage-apis",
            "service-s3",
        ],
    ),
    untested("scs-0302-v1", "Domain manager role", DOMAIN_MANAGER),
    row("scs-0302-v1-manual", "Domain manager role", DOMAIN_MANAGER, PREVIEW, &["domain-manager-check"]),
];
