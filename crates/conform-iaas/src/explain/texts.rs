//! The texts, by the beginning of a testcase's id; the first that fits counts.

/// One text.
pub(super) struct Text {
    pub(super) prefix: &'static str,
    pub(super) rule: &'static str,
    pub(super) reading: &'static str,
    pub(super) differences: &'static [&'static str],
    pub(super) fixes: &'static [&'static str],
}

pub(super) const TEXTS: &[Text] = &[
    Text {
        prefix: "scs-0100-syntax-check",
        rule: "A flavor whose name begins with SCS- follows the naming scheme. Other names are free.",
        reading: "Every flavor that the user sees is parsed; one SCS- name that no accepted spelling fits is a failure. \
                  Without any SCS- flavor the test passes.",
        differences: &[
            "Names in the colon spelling of version 1 are accepted with a warning, although version 3 replaced it.",
            "A GPU without unit count followed by _ib is rejected by the suite's grammar, which the document allows.",
        ],
        fixes: &[
            "flavors cannot be renamed: create it anew under a valid name, or one that does not begin with SCS-, and delete \
             this one",
        ],
    },
    Text {
        prefix: "scs-0100-semantics-check",
        rule: "A flavor gives at least what its name promises.",
        reading: "vCPUs and disk must not be less than in the name; RAM may be up to 51 MiB less, which comes from \
                  rounding to tenths of a GiB. More than promised is only noted. Unparsable names are left to the syntax test.",
        differences: &[
            "A disk part without size (SCS-2C-4-n) is allowed by the document, but the suite breaks off: could not run.",
            "CPU type, disk type, GPU and the like are not compared at all.",
        ],
        fixes: &[
            "sizes of a flavor cannot be changed: create it anew with the right ones, or with a name that fits, and delete \
             this one",
        ],
    },
    Text {
        prefix: "scs-0101-",
        rule: "Compute nodes have CPUs with instructions for entropy, and guests can use them.",
        reading: "A small machine boots from the best public image (Debian before Ubuntu, newest first) with the least RAM \
                  that fits. It must report 256 bits of entropy, and at most 5 of 1000 blocks from /dev/random may fail the \
                  FIPS 140-2 tests.",
        differences: &[
            "The suite installs rng-tools5 from a mirror on the Internet; this program computes the same tests in the guest, \
             so that no mirror decides about a cloud.",
            "The suite's notes say fewer than 5 failures, its code allows 5.",
            "Kernels before 5.18 (without backports) report another number than 256, though the document only recommends newer ones.",
        ],
        fixes: &[
            "offer an image with kernel 5.18 or newer and correct os_distro, os_version and min_ram",
            "let the hypervisor pass RDRAND/RDSEED on (CPU mode host-model or host-passthrough)",
            "check that a member can boot from a volume and that the console shows the serial port",
        ],
    },
    Text {
        prefix: "scs-0102-image-recency",
        rule: "An image is renewed as often as its replace_frequency promises.",
        reading: "An image older than 1.1 periods is overdue, unless provided_until is none or notice or has passed, or a \
                  fresh image has its name without the last word.",
        differences: &[
            "The document gives 3 days of grace, the suite a tenth of the period.",
            "An overdue image without provided_until leaves the whole test undecided.",
            "Age counts from this image's build date, not from the first release under its name.",
        ],
        fixes: &[
            "upload a fresh image under the same name and rename the old one to \"<name> <YYYYMMDD>\", or hide it",
            "say the truth in replace_frequency, or set provided_until=none or notice",
        ],
    },
    Text {
        prefix: "scs-0102-os_purpose-uniqueness",
        rule: "At most one visible public image with os_purpose=generic per architecture, distribution and version.",
        reading: "Public images that are not hidden are grouped by exactly these properties; a group of two fails.",
        differences: &[],
        fixes: &["set os_purpose=oldgeneric on the older image, or hide it"],
    },
    Text {
        prefix: "scs-0102-prop-",
        rule: "Images that the provider offers carry the metadata that users need to choose and trust them.",
        reading: "Every public or community image that the list shows must have an acceptable value; one offender fails the \
                  test of that property. Without images all tests pass.",
        differences: &[
            "hw_disk_bus and uuid_validity may be absent, though the document demands them.",
            "architecture accepts risc-v, where the image service documents riscv64.",
            "min_disk is compared with the stored size, not with the virtual one.",
        ],
        fixes: &[
            "openstack image set --property KEY=VALUE IMAGE (min_disk and min_ram: --min-disk, --min-ram)",
        ],
    },
    Text {
        prefix: "scs-0103-flavor-",
        rule: "The standard flavors exist, exactly as the standard lists them.",
        reading: "The flavor is found by its extra spec scs:name-v2, else by its name. vCPUs, RAM, disk and the extra specs \
                  scs:cpu-type, scs:name-v1, scs:name-v2 and (with a disk) scs:disk0-type must be equal.",
        differences: &[
            "A flavor that claims the name in scs:name-v2 hides the one that bears it.",
            "Disk type of the recommended flavors with a plain size must be network, though the document says any.",
        ],
        fixes: &[
            "openstack flavor create with the figures shown, or openstack flavor set --property for a missing extra spec",
        ],
    },
    Text {
        prefix: "scs-0104-source-",
        rule: "Standard images come from the sources that the standard lists.",
        reading: "If an image of exactly this name exists (CAPI images: of this form), its image_source must begin with a \
                  listed address. Of several images of one name the last one listed counts.",
        differences: &[
            "The suite has the data built in; the file that the scope names as parameter is not read.",
        ],
        fixes: &["upload the vendor's image and set image_source to the address that it came from"],
    },
    Text {
        prefix: "scs-0104-image-",
        rule: "Standard images that are mandatory exist.",
        reading: "A public image of exactly this name must be listed (CAPI images: of this form). Capitals and blanks count: \
                  \"Ubuntu 24.04 LTS\" is not \"Ubuntu 24.04\".",
        differences: &[
            "Only the image of the scope's main target counts for a certificate; the others inform.",
        ],
        fixes: &["offer the image under the standard's name"],
    },
    Text {
        prefix: "scs-0114-",
        rule: "Volume types advertise encryption and replication at the beginning of their description: [scs:encrypted, replicated].",
        reading: "Only a tag at the very first character counts. Aspects must be known, sorted, and each there once.",
        differences: &[
            "Other aspects only SHOULD NOT be written so, but the suite fails them.",
            "A faulty list still satisfies the tests for an encrypted and a replicated type.",
        ],
        fixes: &["openstack volume type set --description \"[scs:encrypted, replicated] …\" TYPE"],
    },
    Text {
        prefix: "scs-0115-",
        rule: "New security groups let nothing in (but from the default group's own members) and should let everything out.",
        reading: "The rule templates are judged: ingress only from PARENT and only for default groups; egress for IPv4 and \
                  IPv6 in both kinds of groups. Without the template API, a group is made, judged and deleted.",
        differences: &[
            "Missing egress fails, though the document says SHOULD.",
            "Egress templates with remote_ip_prefix do not count, not even 0.0.0.0/0; one limited to a port does.",
        ],
        fixes: &["openstack default security group rule delete/create, as admin"],
    },
    Text {
        prefix: "scs-0116-",
        rule: "A key manager is recommended; where there is one, an ordinary member can use it.",
        reading: "Without the catalogue type key-manager the permission test does not apply (upstream: PASS). Else a secret is \
                  made, found in the list and deleted; 403 fails, any other trouble leaves it undecided.",
        differences: &[
            "The suite first deletes every secret of its fixed name; this program uses a name of its own and deletes only that.",
        ],
        fixes: &[
            "let the key manager's policy treat the role member as creator, or switch its secure RBAC defaults on",
        ],
    },
    Text {
        prefix: "scs-0117-",
        rule: "Volumes can be backed up and restored.",
        reading: "A 1 GiB volume, a backup of it and a volume restored from that must each become available within 110 s. \
                  Whatever goes wrong fails; the test is never undecided. Contents are not compared.",
        differences: &[
            "The suite deletes every volume and backup whose name begins with scs-test-; this program deletes only its own.",
            "A volume or backup of the project without a name makes the suite break off, so it fails here too.",
        ],
        fixes: &[
            "check that the backup service runs and has storage, and that the project's quota is not used up",
        ],
    },
    Text {
        prefix: "scs-0123-swift-s3",
        rule: "Where Swift is offered, S3 is too.",
        reading: "If the catalogue has object-store, a list of buckets with an unknown key at the root of the same host and \
                  port must be refused with InvalidAccessKeyId. Without object-store it does not apply (upstream: PASS).",
        differences: &[
            "With an endpoint without a path the suite asks a public S3 service instead, and passes.",
            "SignatureDoesNotMatch or AccessDenied for the unknown key fail.",
        ],
        fixes: &["serve S3 at the root of the object store's host and port"],
    },
    Text {
        prefix: "scs-0123-",
        rule: "The mandatory services are offered, and found in the catalogue.",
        reading: "An entry of exactly this type must be in the token's catalogue. Nothing is contacted.",
        differences: &[
            "Aliases are not resolved: for block storage volume, volumev3 and block-storage count, volumev2 does not.",
            "placement is tested in v5.1, though no document demands it.",
        ],
        fixes: &["openstack service create and openstack endpoint create for the service, as admin"],
    },
];
