//! The texts on what is no official automated testcase: advisory checks and those that people answer.

use super::texts::Text;

pub(super) const TEXTS: &[Text] = &[
    Text {
        prefix: "advisory-0101-",
        rule: "Compute nodes have CPUs with instructions for entropy, and guests can use them.",
        reading: "The same machine and the same limits as in scs-0101, but its disk is the flavor's own and no volume, so that \
                  the rule can be seen on clouds and in regions without volumes.",
        differences: &["Upstream's machine always boots from a volume."],
        fixes: &["see `kogge check explain scs-0101-fips-test`"],
    },
    Text {
        prefix: "advisory-0123-s3-",
        rule: "The object store answers over S3, with objects, ranges, lists, parts and signatures as S3 clients expect them.",
        reading: "With a given key, or an EC2 credential that the user makes for the check, objects are stored in a bucket of \
                  the run, read, listed and removed. Any answer that differs from the S3 API reference fails.",
        differences: &["Upstream's test asks with a key that does not exist, and looks at the refusal only."],
        fixes: &["compare the object store's documentation of S3 with what was found"],
    },
    Text {
        prefix: "advisory-0302-",
        rule: "Who has the role manager on a domain manages users, groups, projects and role member there, and nothing outside.",
        reading: "With the manager's own credentials: what it may do is done with things of the run, what it must not do is \
                  tried and must be refused. 403 and 404 are both refusals.",
        differences: &["Upstream leaves this to a script with two prepared domains, run by hand."],
        fixes: &[
            "Keystone 2024.2 or newer with enforce_scope and enforce_new_defaults; older ones need a policy file",
        ],
    },
    Text {
        prefix: "advisory-0125-",
        rule: "Every API endpoint speaks TLS after Mozilla's intermediate profile, and the catalogue's addresses begin with https.",
        reading: "The document is a draft and in no scope. Every public endpoint of the token's catalogue is looked at; one \
                  that breaks the rule fails.",
        differences: &["Upstream has a program of its own for this, outside of the suite."],
        fixes: &["put TLS in front of the service, then change the endpoint's address, as admin"],
    },
    Text {
        prefix: "advisory-0126-",
        rule: "Projects see exactly one default external network, and one default IPv6 pool that has a /64 for each of them.",
        reading: "The document is a draft and in no scope; upstream has no test. What an ordinary member sees in the network \
                  service's lists is compared with it.",
        differences: &[
            "Whether addresses are public ones cannot be seen through an API; it is a question to people.",
        ],
        fixes: &[
            "openstack network set --external --default NETWORK, as admin",
            "openstack subnet pool create --share --default --default-prefix-length 64 …, as admin",
        ],
    },
    Text {
        prefix: "advisory-0127-",
        rule: "The network service has the extension dns-integration.",
        reading: "The document is a draft and in no scope; the rest of it (recursors, DNSSEC) cannot be seen through an API.",
        differences: &[],
        fixes: &["add the extension driver dns to the network service"],
    },
    Text {
        prefix: "key-manager-docs-check",
        rule: "The master key that encrypts the key manager's keys is kept elsewhere than those keys, and not in plain text.",
        reading: "Answered by people, from the operator's documents.",
        differences: &[
            "No version of the scope includes the module, so the answer counts for no certificate yet.",
        ],
        fixes: &["describe where the master key lies (an HSM, a plugin's key) and who can read it"],
    },
    Text {
        prefix: "availability-zones-check",
        rule: "Compute availability zones lie in fire zones of their own, with redundant power, uplinks and core routers each.",
        reading: "Answered by people. With one zone there is nothing to show; with more, documents for five points: fire zones \
                  exist, one zone in each, power, external connection, core routers.",
        differences: &["Certificates after ISO 27001 or ISO 9001 may stand for the last three."],
        fixes: &["collect the five documents once, and again when something changes"],
    },
    Text {
        prefix: "domain-manager-check",
        rule: "Who has the role manager on a domain manages users, groups, projects and assignments there, and nothing outside.",
        reading: "Answered by people, with upstream's program for it: two domains, a manager in each.",
        differences: &[
            "No version of the scope includes the module, so the answer counts for no certificate yet.",
            "The program insists on 403 for the other domain's objects, where 404 would hide them as well.",
        ],
        fixes: &[
            "Keystone 2024.2 or newer with enforce_scope and enforce_new_defaults; older ones need a policy file",
        ],
    },
];

/// What is said about an advisory check that has no text of its own.
pub(super) const ADVISORY: Text = Text {
    prefix: "advisory-",
    rule: "",
    reading: "Advice: the document is a draft or in no scope. The verdict is shown in a section of its own and decides nothing.",
    differences: &[],
    fixes: &["each finding says what helps"],
};
