//! The testcases of the scope: ids, and what each demands in a few words.

use super::super::Testcase;
use crate::flavors::standard_flavors;

/// Path of the page on each standard's tests, below the address of the standards.
const PAGES: [(&str, &str); 10] = [
    ("scs-0100", "scs-0100-w1-flavor-naming-implementation-testing"),
    ("scs-0101", "scs-0101-w1-entropy-implementation-testing"),
    ("scs-0102", "scs-0102-w1-image-metadata-implementation-testing"),
    ("scs-0103", "scs-0103-w1-standard-flavors-implementation"),
    ("scs-0104", "scs-0104-w1-standard-images-implementation"),
    ("scs-0114", "scs-0114-w1-volume-type-implementation"),
    ("scs-0115", "scs-0115-w1-security-groups-implementation"),
    ("scs-0116", "scs-0116-w1-key-manager-implementation-testing"),
    ("scs-0117", "scs-0117-w1-volume-backup-service-implementation"),
    ("scs-0123", "scs-0123-w1-mandatory-and-supported-IaaS-services-implementation"),
];

/// The image properties with a testcase of their own.
const PROPERTIES: [&str; 18] = [
    "architecture",
    "hash_algo",
    "min_disk",
    "min_ram",
    "os_version",
    "os_distro",
    "os_purpose",
    "hw_disk_bus",
    "hypervisor_type",
    "hw_rng_model",
    "image_build_date",
    "image_original_user",
    "image_source",
    "image_description",
    "replace_frequency",
    "provided_until",
    "uuid_validity",
    "hotfix_hours",
];

const BEFORE_FLAVORS: [(&str, &str); 7] = [
    ("scs-0100-syntax-check", "Every flavor name that begins with `SCS-` follows the grammar."),
    ("scs-0100-semantics-check", "No flavor has less than its name promises."),
    ("scs-0101-flavor-property", "No longer tested: flavors allow a random number device."),
    ("scs-0101-image-property", "No longer tested: images ask for a random number device."),
    ("scs-0101-rngd", "No longer tested: a machine runs the service `rngd`."),
    ("scs-0101-entropy-avail", "The kernel of a sample machine reports 256 bits of entropy."),
    ("scs-0101-fips-test", "Random numbers of a sample machine pass the FIPS 140-2 tests."),
];

const AFTER_FLAVORS: [(&str, &str); 30] = [
    ("scs-0104-source-capi-1", "CAPI images named with a blank come from an accepted source."),
    ("scs-0104-source-capi-2", "CAPI images named with a dash come from an accepted source."),
    ("scs-0104-source-ubuntu-2404", "The image Ubuntu 24.04, if any, comes from an accepted source."),
    ("scs-0104-source-ubuntu-2204", "The image Ubuntu 22.04, if any, comes from an accepted source."),
    ("scs-0104-source-ubuntu-2004", "The image Ubuntu 20.04, if any, comes from an accepted source."),
    ("scs-0104-source-debian-13", "The image Debian 13, if any, comes from an accepted source."),
    ("scs-0104-source-debian-12", "The image Debian 12, if any, comes from an accepted source."),
    ("scs-0104-source-debian-11", "The image Debian 11, if any, comes from an accepted source."),
    ("scs-0104-image-capi-2", "There is a CAPI image, named with a dash."),
    ("scs-0104-image-capi-1", "There is a CAPI image, named with a blank."),
    ("scs-0104-image-ubuntu-2404", "There is an image of the name Ubuntu 24.04."),
    ("scs-0104-image-ubuntu-2204", "There is an image of the name Ubuntu 22.04."),
    ("scs-0104-image-debian-13", "There is an image of the name Debian 13."),
    ("scs-0104-image-debian-12", "There is an image of the name Debian 12."),
    ("scs-0114-syntax-check", "Aspects in descriptions of volume types are written as agreed."),
    ("scs-0114-encrypted-type", "Some volume type claims to be encrypted."),
    ("scs-0114-replicated-type", "Some volume type claims to be replicated."),
    ("scs-0115-default-rules", "New security groups let everything out and nothing in."),
    ("scs-0116-presence", "The catalogue has a key manager."),
    ("scs-0116-permissions", "An ordinary member can use the key manager, if there is one."),
    ("scs-0117-test-backup", "A volume can be backed up and restored."),
    ("scs-0123-service-compute", "The catalogue has the compute service."),
    ("scs-0123-service-identity", "The catalogue has the identity service."),
    ("scs-0123-service-image", "The catalogue has the image service."),
    ("scs-0123-service-network", "The catalogue has the network service."),
    ("scs-0123-service-load-balancer", "The catalogue has the load-balancer service."),
    ("scs-0123-service-placement", "The catalogue has the placement service."),
    ("scs-0123-storage-apis", "The catalogue has block storage as `volume`, `volumev3` or `block-storage`."),
    ("scs-0123-service-s3", "The catalogue has S3 as `object-store-s3`."),
    ("scs-0123-swift-s3", "Where Swift is, S3 is beside it."),
];

/// The testcases of the test program.
pub(super) fn automated() -> Vec<Testcase> {
    let fixed = |(id, description): (&str, &str)| testcase(id.to_owned(), description.to_owned());
    let properties = PROPERTIES.into_iter().map(|property| {
        testcase(
            format!("scs-0102-prop-{property}"),
            format!("Every image has a sensible value for `{property}`."),
        )
    });
    let images = [
        (crate::image_metadata::RECENCY, "Every image is as recent as its own metadata promises."),
        (
            crate::image_metadata::UNIQUENESS,
            "Architecture, distribution and version tell generic images apart.",
        ),
    ];
    let flavors = standard_flavors().iter().map(|flavor| {
        testcase(flavor.testcase(), format!("There is a flavor that meets `{}` exactly.", flavor.name))
    });
    let before = BEFORE_FLAVORS.into_iter().map(fixed);
    let after = AFTER_FLAVORS.into_iter().map(fixed);
    before.chain(properties).chain(images.into_iter().map(fixed)).chain(flavors).chain(after).collect()
}

fn testcase(id: String, description: String) -> Testcase {
    let page = PAGES.iter().find(|(number, _)| id.starts_with(number)).map_or("", |(_, page)| page);
    let url = format!("https://docs.scs.community/standards/{page}#automated-tests");
    Testcase { id, description, url, lifetime: None, section: None }
}

/// The testcases that people answer.
pub(super) fn manual() -> Vec<Testcase> {
    [
        (
            "key-manager-docs-check",
            "Documents say how the key manager's master key is protected (SCS-0116).",
            "scs-0116-w1-key-manager-implementation-testing#manual-tests",
        ),
        (
            "availability-zones-check",
            "Documents show what SCS-0121 asks of availability zones.",
            "scs-0121-w1-Availability-Zones-Standard#required-documentation",
        ),
        (
            "domain-manager-check",
            "Domain managers can do what SCS-0302 asks for, and nothing else.",
            "scs-0302-v1-domain-manager-role#conformance-tests",
        ),
    ]
    .map(|(id, description, page)| Testcase {
        id: id.to_owned(),
        description: description.to_owned(),
        url: format!("https://docs.scs.community/standards/{page}"),
        lifetime: None,
        section: None,
    })
    .into()
}
