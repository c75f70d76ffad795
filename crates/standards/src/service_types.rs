//! Services of SCS-0123: which are mandatory, under which catalog types, and the testcases.

use serde::{Deserialize, Serialize};

use crate::verdict::{Finding, Judgement, Verdict};

/// Versions of the standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Edition {
    /// Stable; in scope version v5.1.
    V1,
    /// Draft; in scope version *next*.
    V2,
}

/// A mandatory service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Service {
    /// Name in the document.
    pub name: &'static str,
    /// The testcase that looks for it, if there is one.
    pub testcase: Option<&'static str>,
    /// Catalog types of which the test accepts any; compared exactly, aliases are not resolved.
    pub accepted: &'static [&'static str],
}

impl Service {
    const fn new(name: &'static str, testcase: &'static str, accepted: &'static [&'static str]) -> Self {
        Self { name, testcase: Some(testcase), accepted }
    }
}

const BLOCK_STORAGE: Service =
    Service::new("block-storage", "scs-0123-storage-apis", &["volume", "volumev3", "block-storage"]);
const COMPUTE: Service = Service::new("compute", "scs-0123-service-compute", &["compute"]);
const IDENTITY: Service = Service::new("identity", "scs-0123-service-identity", &["identity"]);
const IMAGE: Service = Service::new("image", "scs-0123-service-image", &["image"]);
const LOAD_BALANCER: Service =
    Service::new("load-balancer", "scs-0123-service-load-balancer", &["load-balancer"]);
const NETWORK: Service = Service::new("network", "scs-0123-service-network", &["network"]);
/// Version 1 demands S3 without a catalog type for it; only its probe beside Swift is tested.
const S3: Service = Service { name: "s3", testcase: None, accepted: &[] };
const OBJECT_STORE_S3: Service = Service::new("object-store-s3", "scs-0123-service-s3", &["object-store-s3"]);
/// Tested in version 1 though no document demands it.
const PLACEMENT: Service = Service::new("placement", "scs-0123-service-placement", &["placement"]);

/// The services that an edition of the document demands.
pub const fn mandatory_services(edition: Edition) -> &'static [Service] {
    match edition {
        Edition::V1 => &[BLOCK_STORAGE, COMPUTE, IDENTITY, IMAGE, LOAD_BALANCER, NETWORK, S3],
        Edition::V2 => &[BLOCK_STORAGE, COMPUTE, IDENTITY, IMAGE, LOAD_BALANCER, NETWORK, OBJECT_STORE_S3],
    }
}

/// The services that an edition of the document lists as supported.
pub const fn supported_services(edition: Edition) -> &'static [&'static str] {
    match edition {
        Edition::V1 => &[
            "bare-metal",
            "billing",
            "dns",
            "ha",
            "key-manager",
            "object-store",
            "orchestration",
            "shared-file-systems",
            "time-series-database",
        ],
        Edition::V2 => &[
            "baremetal",
            "rating",
            "dns",
            "instance-ha",
            "key-manager",
            "object-store",
            "orchestration",
            "shared-file-system",
            "time-series-database",
        ],
    }
}

/// Judges every testcase of an edition that only needs the catalog's service types.
pub fn judge_catalog(edition: Edition, catalog: &[&str]) -> Vec<Judgement> {
    let extra: &[Service] = match edition {
        Edition::V1 => &[PLACEMENT],
        Edition::V2 => &[],
    };
    mandatory_services(edition)
        .iter()
        .chain(extra)
        .filter_map(|service| judge_service(service, catalog))
        .collect()
}

fn judge_service(service: &Service, catalog: &[&str]) -> Option<Judgement> {
    let testcase = service.testcase?;
    let present = service.accepted.iter().any(|kind| catalog.contains(kind));
    let finding = || {
        Finding::violation(
            "service catalogue",
            format!("a service of type {}", service.accepted.join(" or ")),
            "none",
        )
        .fix(format!("enter the {} service into the catalogue", service.name))
    };
    Some(Judgement::from_findings(testcase, if present { vec![] } else { vec![finding()] }))
}

/// Testcase of version 1: S3 answers beside Swift.
pub const SWIFT_S3: &str = "scs-0123-swift-s3";

/// The access key for the probe: nobody has it.
pub const PROBE_ACCESS_KEY: &str = "doesnotexist";

/// What listing buckets with an unknown key came to, at the host of the public Swift endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SwiftProbe {
    /// The catalog has no type `object-store`.
    NoSwift,
    /// The entry has no endpoint.
    NoEndpoint,
    /// An error with this text, whatever its kind.
    Error(String),
    /// A list of buckets.
    Listed,
}

/// Judges [`SWIFT_S3`].
pub fn judge_swift_s3(probe: &SwiftProbe) -> Judgement {
    let s3 = "S3 beside Swift";
    let findings = match probe {
        SwiftProbe::NoSwift => vec![],
        SwiftProbe::NoEndpoint => vec![Finding::undecidable(s3, "a public object-store endpoint", "none")],
        SwiftProbe::Error(text)
            if ["InvalidAccessKeyId", "NoSuchKey"].iter().any(|code| text.contains(code)) =>
        {
            vec![]
        }
        SwiftProbe::Error(text) => vec![
            Finding::violation(s3, "403 InvalidAccessKeyId for an unknown key", text.as_str())
                .fix("serve S3 at the root of the Swift endpoint's host and port"),
        ],
        SwiftProbe::Listed => {
            vec![Finding::undecidable(s3, "a refusal of an unknown key", "a list of buckets")]
        }
    };
    let judgement = Judgement::from_findings(SWIFT_S3, findings);
    // whoever lists buckets to anybody does not comply, though upstream's test merely breaks off
    if *probe == SwiftProbe::Listed { judgement.document_says(Verdict::Fail) } else { judgement }
}

/// The address that the probe goes to: scheme, host and port of an endpoint. `None` where no path follows; the
/// upstream test then asks a public S3 service instead, and passes.
pub fn swift_s3_host(endpoint: &str) -> Option<&str> {
    let body = endpoint.strip_prefix("http")?;
    let body = body.trim_start_matches('s').strip_prefix("://")?;
    let path = body.find('/')?;
    endpoint.get(..endpoint.len() - body.len() + path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [&str; 8] = [
        "compute",
        "identity",
        "image",
        "network",
        "load-balancer",
        "block-storage",
        "placement",
        "object-store-s3",
    ];

    fn failing(edition: Edition, catalog: &[&str]) -> Vec<String> {
        let judged = judge_catalog(edition, catalog);
        judged.into_iter().filter(|j| j.verdict == Verdict::Fail).map(|j| j.testcase.into_owned()).collect()
    }

    #[test]
    fn a_full_catalog_passes_both_editions() {
        assert_eq!(judge_catalog(Edition::V1, &ALL).len(), 7);
        assert_eq!(judge_catalog(Edition::V2, &ALL).len(), 7);
        assert!(failing(Edition::V1, &ALL).is_empty() && failing(Edition::V2, &ALL).is_empty());
    }

    #[test]
    fn each_missing_service_fails_exactly_its_testcase() {
        for (missing, v1, v2) in [
            ("compute", Some("scs-0123-service-compute"), Some("scs-0123-service-compute")),
            ("block-storage", Some("scs-0123-storage-apis"), Some("scs-0123-storage-apis")),
            ("load-balancer", Some("scs-0123-service-load-balancer"), Some("scs-0123-service-load-balancer")),
            ("placement", Some("scs-0123-service-placement"), None),
            ("object-store-s3", None, Some("scs-0123-service-s3")),
        ] {
            let catalog: Vec<_> = ALL.into_iter().filter(|kind| *kind != missing).collect();
            assert_eq!(failing(Edition::V1, &catalog), Vec::from_iter(v1), "{missing}");
            assert_eq!(failing(Edition::V2, &catalog), Vec::from_iter(v2), "{missing}");
        }
    }

    #[test]
    fn some_older_storage_types_count_and_others_do_not() {
        for (kind, passes) in [
            ("volume", true),
            ("volumev3", true),
            ("volumev2", false),
            ("block-store", false),
            ("Block-Storage", false),
        ] {
            let mut catalog = ALL.to_vec();
            catalog[5] = kind;
            assert_eq!(failing(Edition::V1, &catalog).is_empty(), passes, "{kind}");
        }
    }

    #[test]
    fn the_probe_passes_on_an_unknown_key_only() {
        let error = |text: &str| judge_swift_s3(&SwiftProbe::Error(text.to_owned())).verdict;
        assert_eq!(error("An error occurred (InvalidAccessKeyId) when calling ListBuckets"), Verdict::Pass);
        assert_eq!(error("NoSuchKey"), Verdict::Pass);
        assert_eq!(error("SignatureDoesNotMatch"), Verdict::Fail);
        assert_eq!(error("connection refused"), Verdict::Fail);
        assert_eq!(judge_swift_s3(&SwiftProbe::NoSwift).verdict, Verdict::Pass);
        assert_eq!(judge_swift_s3(&SwiftProbe::NoEndpoint).verdict, Verdict::Abort);
        let listed = judge_swift_s3(&SwiftProbe::Listed);
        assert_eq!((listed.verdict, listed.by_document), (Verdict::Abort, Some(Verdict::Fail)));
    }

    #[test]
    fn the_probe_goes_to_the_host_of_an_endpoint_with_a_path() {
        assert_eq!(swift_s3_host("https://a.example:8080/swift/v1"), Some("https://a.example:8080"));
        assert_eq!(swift_s3_host("http://[::1]/"), Some("http://[::1]"));
        for endpoint in ["https://a.example", "ftp://a.example/", "", "https:/a/b", "a https://b/"] {
            assert_eq!(swift_s3_host(endpoint), None, "{endpoint}");
        }
    }
}
