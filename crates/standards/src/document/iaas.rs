//! Documents of the track IaaS.

use jiff::civil::date;

use super::Kind::{DecisionRecord, Procedural, Standard};
use super::{Document, draft, notes, over, stable};

const FLAVOR_NAMES: &str = "Flavor naming";
const IMAGE_METADATA: &str = "Image metadata";
const STANDARD_IMAGES: &str = "Standard images";
const SERVICES: &str = "Mandatory and supported services";

pub(super) const ALL: &[Document] = &[
    over(
        Standard,
        "scs-0100-v1-flavor-naming",
        (date(2022, 9, 8), date(2023, 10, 31)),
        FLAVOR_NAMES,
        "Names that say what a flavor promises, written with colons; 26 mandatory flavors.",
    ),
    over(
        Standard,
        "scs-0100-v2-flavor-naming",
        (date(2023, 2, 21), date(2023, 11, 30)),
        FLAVOR_NAMES,
        "The same names written with dashes and underscores; 26 mandatory flavors.",
    ),
    stable(
        Standard,
        "scs-0100-v3-flavor-naming",
        date(2023, 6, 14),
        FLAVOR_NAMES,
        "Every flavor whose name begins with SCS- follows the grammar and has at least what its name says.",
    ),
    notes("scs-0100-w1-flavor-naming-implementation-testing", "Flavor naming: notes"),
    stable(
        Standard,
        "scs-0101-v1-entropy",
        date(2024, 2, 8),
        "Entropy",
        "Guests get good random numbers: CPUs with entropy instructions that the hypervisor does not hide.",
    ),
    notes("scs-0101-w1-entropy-implementation-testing", "Entropy: notes"),
    stable(
        Standard,
        "scs-0102-v1-image-metadata",
        date(2022, 10, 31),
        IMAGE_METADATA,
        "Public images say what they are, where they come from and how often they are renewed, and are renewed so.",
    ),
    draft(
        Standard,
        "scs-0102-v2-image-metadata",
        IMAGE_METADATA,
        "As version 1; os_purpose becomes mandatory, and generic images must be told apart by it.",
    ),
    notes("scs-0102-w1-image-metadata-implementation-testing", "Image metadata: notes"),
    stable(
        Standard,
        "scs-0103-v1-standard-flavors",
        date(2024, 2, 8),
        "Standard flavors",
        "Fifteen mandatory flavors and sixteen recommended ones, with exact figures and scs: extra specs.",
    ),
    notes("scs-0103-w1-standard-flavors-implementation", "Standard flavors: notes"),
    stable(
        Procedural,
        "scs-0104-v1-standard-images",
        date(2024, 2, 21),
        STANDARD_IMAGES,
        "Images of agreed names exist and come from agreed sources; users may upload their own.",
    ),
    draft(
        Standard,
        "scs-0104-v2-standard-images",
        STANDARD_IMAGES,
        "As version 1, but images are found by their properties, and the newest LTS of Ubuntu is mandatory.",
    ),
    notes("scs-0104-w1-standard-images-implementation", "Standard images: notes"),
    draft(
        DecisionRecord,
        "scs-0109-v1-flavor-naming-strategy",
        "Strategy of flavor naming",
        "Why flavor names are standardised.",
    ),
    stable(
        DecisionRecord,
        "scs-0110-v1-ssd-flavors",
        date(2023, 6, 14),
        "SSD flavors",
        "Two flavors with local SSDs become mandatory, and what an SSD has to deliver.",
    ),
    draft(
        DecisionRecord,
        "scs-0111-v1-volume-type-decisions",
        "Decisions on volume types",
        "The reasons behind SCS-0114.",
    ),
    draft(
        DecisionRecord,
        "scs-0112-v1-sonic",
        "SONiC",
        "How the reference implementation supports SONiC switches.",
    ),
    draft(
        DecisionRecord,
        "scs-0113-v1-security-groups-decision-record",
        "Security groups",
        "No standard set of security groups; the reasons behind SCS-0115.",
    ),
    stable(
        Standard,
        "scs-0114-v1-volume-type-standard",
        date(2024, 11, 13),
        "Volume types",
        "Volume types that encrypt or replicate say so at the beginning of their description.",
    ),
    notes("scs-0114-w1-volume-type-implementation", "Volume types: notes"),
    stable(
        Standard,
        "scs-0115-v1-default-rules-for-security-groups",
        date(2024, 11, 13),
        "Default rules for security groups",
        "New security groups let everything out and nothing in, but from members of the default group.",
    ),
    notes("scs-0115-w1-security-groups-implementation", "Default rules for security groups: notes"),
    stable(
        Standard,
        "scs-0116-v1-key-manager-standard",
        date(2024, 11, 13),
        "Key manager",
        "A key manager should exist; where it does, members can use it and its master key lies outside the database.",
    ),
    notes("scs-0116-w1-key-manager-implementation-testing", "Key manager: notes"),
    stable(
        Standard,
        "scs-0117-v1-volume-backup-service",
        date(2024, 11, 13),
        "Volume backup",
        "Users can back volumes up and restore them.",
    ),
    notes("scs-0117-w1-volume-backup-service-implementation", "Volume backup: notes"),
    draft(
        DecisionRecord,
        "scs-0118-v1-taxonomy-of-failsafe-levels",
        "Failsafe levels",
        "Four levels of failure, from a disk to a whole site, for other documents to refer to.",
    ),
    notes("scs-0118-w1-example-impacts-of-failure-scenarios", "Failsafe levels: examples"),
    draft(
        DecisionRecord,
        "scs-0119-v1-rook-decision",
        "Rook",
        "Rook takes the place of ceph-ansible in the reference implementation.",
    ),
    draft(DecisionRecord, "scs-0120-v1-capi-images", "CAPI images", "CAPI images stay recommended."),
    stable(
        Standard,
        "scs-0121-v1-Availability-Zones-Standard",
        date(2024, 11, 13),
        "Availability zones",
        "Where there are availability zones, each is a fire zone with its own power, cooling and connections.",
    ),
    notes("scs-0121-w1-Availability-Zones-Standard", "Availability zones: notes"),
    draft(
        DecisionRecord,
        "scs-0122-v1-node-to-node-encryption",
        "Encryption between nodes",
        "Ways to encrypt tenants' traffic between hosts, compared.",
    ),
    stable(
        Standard,
        "scs-0123-v1-mandatory-and-supported-IaaS-services",
        date(2024, 11, 20),
        SERVICES,
        "Which services every cloud offers, which it may offer, and how the catalogue names them.",
    ),
    draft(
        Standard,
        "scs-0123-v2-services",
        SERVICES,
        "As version 1 with the official service types; S3 appears as object-store-s3.",
    ),
    notes(
        "scs-0123-w1-mandatory-and-supported-IaaS-services-implementation",
        "Mandatory and supported services: notes",
    ),
    draft(
        Standard,
        "scs-0124-v1-security-of-iaas-service-software",
        "Security of service software",
        "Known vulnerabilities are patched in time, from 3 hours (critical) to 3 months (low).",
    ),
    notes("scs-0124-w1-security-of-iaas-service-software", "Security of service software: notes"),
    draft(
        Standard,
        "scs-0125-v1-secure-connections",
        "Secure connections",
        "All APIs, databases and message queues use TLS as Mozilla's intermediate profile says.",
    ),
    draft(
        Standard,
        "scs-0126-v1-provider-networks",
        "Provider networks",
        "Every project sees one standard external network; external IPv6 addresses are offered.",
    ),
    notes("scs-0126-w1-provider-networks-implementation", "Provider networks: notes"),
    draft(
        Standard,
        "scs-0127-v1-dns",
        "DNS",
        "Name servers handed out to guests resolve public names and validate DNSSEC.",
    ),
    draft(
        Standard,
        "scs-0128-v1-e2e-testing",
        "End-to-end testing",
        "None of 258 listed Tempest tests fails; it takes the place of OpenStack Powered Compute.",
    ),
    notes("scs-0128-w1-testing-notes", "End-to-end testing: notes"),
    draft(
        DecisionRecord,
        "scs-0129-v1-time-sync-decisions",
        "Time synchronisation",
        "NTP is preferred as the basis of a standard to come.",
    ),
];
