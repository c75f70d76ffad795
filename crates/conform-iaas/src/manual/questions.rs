//! The questions.

/// One question to the operator of a cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    /// The test case: upstream's id, or one of ours that begins with `manual-`.
    pub id: &'static str,
    /// What is asked, in one line.
    pub title: &'static str,
    /// The page of the standard below `docs.scs.community/standards/`.
    pub page: &'static str,
    /// When it does not apply; empty if it always does.
    pub unless: &'static str,
    /// What must hold for a yes, each of it.
    pub points: &'static [&'static str],
    /// What may be shown as evidence.
    pub evidence: &'static str,
}

impl Question {
    /// Where the standard can be read.
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://docs.scs.community/standards/{}", self.page)
    }

    /// Whether it is a test case of upstream's scope.
    #[must_use]
    pub fn is_official(&self) -> bool {
        !self.id.starts_with("manual-")
    }
}

/// All questions, in the order of their standards.
#[must_use]
pub fn questions() -> &'static [Question] {
    &ALL
}

/// The question of this id.
#[must_use]
pub fn question(id: &str) -> Option<&'static Question> {
    ALL.iter().find(|question| question.id == id)
}

const ALL: [Question; 11] = [
    Question {
        id: "key-manager-docs-check",
        title: "The master key of the key manager is protected.",
        page: "scs-0116-w1-key-manager-implementation-testing#manual-tests",
        unless: "the cloud has no key manager",
        points: &[
            "keys are stored encrypted",
            "the key that encrypts them is kept elsewhere than the keys",
            "it does not lie in plain text on the host of the key manager",
        ],
        evidence: "documentation that says where the master key is and how it gets there",
    },
    Question {
        id: "manual-0117-backup-storage",
        title: "Backups of volumes are kept apart from the volumes.",
        page: "scs-0117-v1-volume-backup-service",
        unless: "",
        points: &["the storage of backups is another than that of the volumes"],
        evidence: "documentation of both storages",
    },
    Question {
        id: "manual-0118-redundancy",
        title: "Failures up to a whole rack are survived.",
        page: "scs-0118-v1-taxonomy-of-failsafe-levels",
        unless: "",
        points: &[
            "important components run more than once",
            "the control plane and the power feed survive the loss of one rack",
            "users are told what they have to back up themselves",
        ],
        evidence: "documentation for users, or the report of a test",
    },
    Question {
        id: "availability-zones-check",
        title: "Availability zones are independent of each other.",
        page: "scs-0121-v1-Availability-Zones-Standard",
        unless: "the cloud has no more than one availability zone",
        points: &[
            "there are fire zones",
            "each availability zone lies in a fire zone of its own",
            "each has a redundant feed of power",
            "each has a redundant connection to the outside",
            "each has redundant core routers",
        ],
        evidence: "plans or documentation; certificates of ISO 27001 or ISO 9001 may stand for the last three points",
    },
    Question {
        id: "manual-0121-names",
        title: "Regions and availability zones have names that users understand.",
        page: "scs-0121-v1-Availability-Zones-Standard",
        unless: "",
        points: &[
            "the zones of one region are near to each other, with little delay between them",
            "the zones of compute, storage and network that belong together bear the same name",
            "users can read which zone is where",
        ],
        evidence: "documentation for users",
    },
    Question {
        id: "manual-0123-s3-description",
        title: "Users can read where S3 is and what it is.",
        page: "scs-0123-v1-mandatory-and-supported-IaaS-services",
        unless: "",
        points: &[
            "the addresses of S3 are published",
            "the implementation behind it, and what it lacks, is published",
        ],
        evidence: "the page for users",
    },
    Question {
        id: "manual-0124-patches",
        title: "Holes in the software are closed in time.",
        page: "scs-0124-v1-security-of-iaas-service-software",
        unless: "",
        points: &[
            "patches are in place within 3 hours for a CVSS of 9 or more, 3 days from 7, 1 month from 4, 3 months below",
            "the operator follows the advisories of OpenStack, or makes the fixes itself",
        ],
        evidence: "the policy for patches, or a software bill of materials",
    },
    Question {
        id: "manual-0125-internal-connections",
        title: "Connections inside the cloud are secured.",
        page: "scs-0125-v1-secure-connections",
        unless: "",
        points: &[
            "internal endpoints speak TLS",
            "databases and message queues speak TLS with their clients",
            "live migration is encrypted, and libvirt is not reachable without protection",
        ],
        evidence: "configuration or documentation",
    },
    Question {
        id: "manual-0126-external-addresses",
        title: "The standard provider network gives addresses that the users of the APIs reach.",
        page: "scs-0126-v1-provider-networks",
        unless: "",
        points: &[
            "IPv6 addresses are global unicast addresses, if the cloud is public",
            "IPv4 addresses, where there are some, are public ones, if the cloud is public",
        ],
        evidence: "documentation of the address ranges",
    },
    Question {
        id: "manual-0127-resolvers",
        title: "The name servers that guests get can be trusted.",
        page: "scs-0127-v1-dns",
        unless: "",
        points: &[
            "dnsmasq_local_resolv is off, if the cloud uses Open vSwitch",
            "the servers handed out resolve public names, if the provider network has a way to the Internet",
            "they validate DNSSEC",
            "DNS as a service, if there is one, keeps users from squatting each other's zones",
        ],
        evidence: "configuration or documentation",
    },
    Question {
        id: "domain-manager-check",
        title: "Domain managers can do what they may, and no more.",
        page: "scs-0302-v1-domain-manager-role",
        unless: "",
        points: &[
            "enforce_scope and enforce_new_defaults are true, or the policy of the standard's notes is in place",
            "the list of roles that a manager may give names roles directly, and not admin",
            "the upstream script domain-manager-check.py, or kogge's advisory-0302 checks, passed",
        ],
        evidence: "the policy file and the output of the script or of kogge",
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use kogge_standards::scope::scs_compatible_iaas;

    #[test]
    fn every_manual_testcase_of_the_scope_is_asked() {
        let manual = scs_compatible_iaas().testcases().filter(|(_, script)| script.executable.is_none());
        let mut listed: Vec<String> = manual.map(|(testcase, _)| testcase.id.clone()).collect();
        let mut asked: Vec<&str> = ALL.iter().filter(|q| q.is_official()).map(|q| q.id).collect();
        listed.sort();
        asked.sort_unstable();
        assert_eq!(asked, listed);
        assert!(ALL.iter().all(|q| !q.points.is_empty() && !q.evidence.is_empty()));
    }
}
