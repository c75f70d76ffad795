//! Which advisory checks there are.

use std::time::Duration;

use kogge_conform::Description;

use super::domain_manager::Question as Manager;
use super::object_store::Question as Store;
use super::tls::Question;
use crate::catalogue::ENTROPY_NETWORK;
use crate::entropy::Question as Entropy;

/// What a check looks at.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Entropy(Entropy),
    HttpsEndpoints,
    Tls(Question),
    ProviderNetwork,
    Ipv6Pool,
    MemberView,
    Rbac,
    FloatingIp,
    DnsIntegration,
    DnsNames,
    DomainManager(Manager),
    ObjectStore(Store),
}

const ENTROPY: &str = "scs-0101-v1-entropy";
const SERVICES: &str = "scs-0123-v1-mandatory-and-supported-IaaS-services";
const TLS: &str = "scs-0125-v1-secure-connections";
const NETWORKS: &str = "scs-0126-v1-provider-networks";
const DNS: &str = "scs-0127-v1-dns";
const MANAGER: &str = "scs-0302-v1-domain-manager-role";

const ALL: [(Kind, &str, &str, &str); 20] = [
    (
        Kind::Entropy(Entropy::Available),
        "advisory-0101-entropy-avail",
        "The kernel of a machine on its flavor's own disk reports 256 bits of entropy.",
        ENTROPY,
    ),
    (
        Kind::Entropy(Entropy::Fips),
        "advisory-0101-fips-test",
        "Random numbers in a machine on its flavor's own disk pass the tests of FIPS 140-2.",
        ENTROPY,
    ),
    (
        Kind::ObjectStore(Store::Objects),
        "advisory-0123-s3-objects",
        "S3 keeps objects: stored, read in parts, listed by pages, and removed.",
        SERVICES,
    ),
    (
        Kind::ObjectStore(Store::Multipart),
        "advisory-0123-s3-multipart",
        "S3 takes objects in parts.",
        SERVICES,
    ),
    (
        Kind::ObjectStore(Store::Signatures),
        "advisory-0123-s3-signatures",
        "S3 opens what is signed for, and refuses wrong, old and missing signatures.",
        SERVICES,
    ),
    (
        Kind::HttpsEndpoints,
        "advisory-0125-https-endpoints",
        "Every public endpoint in the catalogue begins with https.",
        TLS,
    ),
    (
        Kind::Tls(Question::Certificates),
        "advisory-0125-certificates",
        "Certificates are valid, for the right name, and as Mozilla's profile intermediate has them.",
        TLS,
    ),
    (
        Kind::Tls(Question::Versions),
        "advisory-0125-versions",
        "TLS 1.2 or 1.3 is spoken, and nothing older.",
        TLS,
    ),
    (
        Kind::Tls(Question::Suites),
        "advisory-0125-cipher-suites",
        "Only cipher suites of Mozilla's profile intermediate are accepted.",
        TLS,
    ),
    (Kind::Tls(Question::Hsts), "advisory-0125-hsts", "Notes the header Strict-Transport-Security.", TLS),
    (
        Kind::ProviderNetwork,
        "advisory-0126-provider-network",
        "One external network is the default, and only one.",
        NETWORKS,
    ),
    (
        Kind::Ipv6Pool,
        "advisory-0126-ipv6-pool",
        "One shared IPv6 subnet pool is the default, and gives every project a /64.",
        NETWORKS,
    ),
    (
        Kind::MemberView,
        "advisory-0126-member-view",
        "A member sees of others' networks only external and shared ones, and not how they are wired.",
        NETWORKS,
    ),
    (
        Kind::Rbac,
        "advisory-0126-rbac",
        "Whether a member can share networks by RBAC rules, which the draft advises against.",
        NETWORKS,
    ),
    (
        Kind::FloatingIp,
        "advisory-0126-floating-ip",
        "The project's quota has room for a floating IP.",
        NETWORKS,
    ),
    (
        Kind::DnsIntegration,
        "advisory-0127-dns-integration",
        "The network service has the extension dns-integration.",
        DNS,
    ),
    (
        Kind::DnsNames,
        "advisory-0127-dns-names",
        "A port that is given a name has it, and a subnet hands out the servers that it was given.",
        DNS,
    ),
    (
        Kind::DomainManager(Manager::OwnDomain),
        "advisory-0302-own-domain",
        "A domain manager keeps the users, groups and projects of its domain.",
        MANAGER,
    ),
    (
        Kind::DomainManager(Manager::Roles),
        "advisory-0302-roles",
        "A domain manager gives and takes role member, never gives admin, and makes no role.",
        MANAGER,
    ),
    (
        Kind::DomainManager(Manager::OtherDomains),
        "advisory-0302-other-domains",
        "A domain manager neither sees nor touches what is of other domains.",
        MANAGER,
    ),
];

/// All of them, in the order of their standards.
pub(super) fn all() -> Vec<(Description, Kind)> {
    let make = |(kind, id, title, page): (Kind, &str, &str, &str)| {
        let url = format!("https://docs.scs.community/standards/{page}");
        let description = Description::reading(id, title, url).advisory();
        (described(description, kind), kind)
    };
    ALL.into_iter().map(make).collect()
}

/// With what it creates, and how long it may take.
fn described(mut description: Description, kind: Kind) -> Description {
    match kind {
        Kind::Entropy(_) => description
            .needs(&["compute", "image", "network"])
            .creates(&["network", "subnet", "router", "server"], Duration::from_secs(1500))
            .quota(&["1 server of the smallest flavor whose disk fits", ENTROPY_NETWORK]),
        Kind::Tls(_) => {
            // forty servers, eight at a time, a minute each at the very most
            description.deadline = Duration::from_secs(320);
            description
        }
        Kind::DomainManager(_) => {
            description.creates(&["user", "user group", "project", "role"], Duration::from_secs(180))
        }
        Kind::ObjectStore(_) => {
            description.creates(&["bucket", "EC2 credential if no key is given"], Duration::from_secs(180))
        }
        Kind::Rbac => description.creates(&["network"], Duration::from_secs(180)),
        Kind::DnsNames => description.creates(&["network", "subnet", "port"], Duration::from_secs(300)),
        _ => description,
    }
}
