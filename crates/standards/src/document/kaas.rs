//! Documents of the track KaaS.

use jiff::civil::date;

use super::Kind::{DecisionRecord, Standard};
use super::{Document, draft, notes, over, stable};

const STORAGE_CLASS: &str = "Default storage class";
const NODES: &str = "Node distribution and availability";

pub(super) const ALL: &[Document] = &[
    draft(
        DecisionRecord,
        "scs-0200-v1-using-sonobuoy-for-kaas-conformance-tests",
        "Sonobuoy for conformance tests",
        "Tests of clusters run on Sonobuoy.",
    ),
    draft(
        Standard,
        "scs-0201-v1-cncf-conformance",
        "CNCF Kubernetes conformance",
        "Clusters pass the CNCF conformance tests but for an agreed list.",
    ),
    notes("scs-0201-w1-implementation-testing", "CNCF Kubernetes conformance: notes"),
    over(
        Standard,
        "scs-0210-v1-k8s-new-version-policy",
        (date(2023, 2, 7), date(2024, 2, 8)),
        "New versions of Kubernetes",
        "How soon new versions of Kubernetes are offered.",
    ),
    stable(
        Standard,
        "scs-0210-v2-k8s-version-policy",
        date(2024, 2, 8),
        "Versions of Kubernetes",
        "Supported versions are offered, new ones and patches within fixed times.",
    ),
    notes("scs-0210-w1-k8s-version-policy-implementation-testing", "Versions of Kubernetes: notes"),
    stable(
        Standard,
        "scs-0211-v1-kaas-default-storage-class",
        date(2023, 2, 13),
        STORAGE_CLASS,
        "What the default storage class, where there is one, has to offer.",
    ),
    draft(
        Standard,
        "scs-0211-v2-kaas-default-storage-class",
        STORAGE_CLASS,
        "There is a default storage class, and what it has to offer.",
    ),
    notes("scs-0211-w1-kaas-default-storage-class-implementation-testing", "Default storage class: notes"),
    draft(
        Standard,
        "scs-0212-v1-requirements-for-container-registries",
        "Container registries",
        "What the software of a container registry has to offer.",
    ),
    draft(
        DecisionRecord,
        "scs-0213-v1-k8s-nodes-anti-affinity",
        "Nodes apart from each other",
        "The reasons behind SCS-0214.",
    ),
    over(
        Standard,
        "scs-0214-v1-k8s-node-distribution",
        (date(2024, 2, 8), date(2024, 11, 20)),
        NODES,
        "Control planes are spread over physical machines and failure zones.",
    ),
    stable(
        Standard,
        "scs-0214-v2-k8s-node-distribution",
        date(2024, 11, 21),
        NODES,
        "Control planes are spread over physical machines; nodes carry labels for zone and region.",
    ),
    notes(
        "scs-0214-w1-k8s-node-distribution-implementation-testing",
        "Node distribution and availability: notes",
    ),
    draft(
        Standard,
        "scs-0215-v1-robustness-features",
        "Robust clusters",
        "API servers have limits, etcd is compacted and backed up, certificates are renewed.",
    ),
    draft(
        DecisionRecord,
        "scs-0216-v1-requirements-for-testing-cluster-stacks",
        "Testing of cluster stacks",
        "How cluster stacks are tested on one machine.",
    ),
    draft(
        Standard,
        "scs-0217-v1-cluster-hardening",
        "Hardening of clusters",
        "etcd and kubelets are locked down, authorization and admission are strict, pods keep to the baseline.",
    ),
    draft(
        DecisionRecord,
        "scs-0218-v1-container-registry-for-scs-standard-implementation",
        "Container registry of the reference implementation",
        "Harbor.",
    ),
    stable(
        Standard,
        "scs-0219-v1-kaas-networking",
        date(2024, 11, 21),
        "Networking of clusters",
        "The network plugin fully supports NetworkPolicy.",
    ),
    notes("scs-0219-w1-kaas-networking", "Networking of clusters: notes"),
];
