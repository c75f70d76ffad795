//! Service types, their aliases, and the version of each API that this client speaks.
//!
//! Source: the OpenStack Service Types Authority.

/// One service type that clouds spell in several ways.
#[derive(Debug)]
pub struct ServiceType {
    /// The official name.
    pub official: &'static str,
    /// What catalogues also call it.
    pub aliases: &'static [&'static str],
    /// The major version that this client speaks, such as 2 in `/v2`; `None` for APIs without one in their path.
    pub version: Option<Version>,
}

/// A version as it stands in a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    /// The number that must agree.
    pub major: u32,
    /// The text used when the service does not tell its versions: `v2.0`.
    pub path: &'static str,
}

const fn v(major: u32, path: &'static str) -> Option<Version> {
    Some(Version { major, path })
}

const TYPES: &[ServiceType] = &[
    ServiceType { official: "identity", aliases: &[], version: v(3, "v3") },
    ServiceType { official: "compute", aliases: &[], version: v(2, "v2.1") },
    ServiceType { official: "image", aliases: &[], version: v(2, "v2") },
    ServiceType { official: "network", aliases: &[], version: v(2, "v2.0") },
    ServiceType {
        official: "block-storage",
        aliases: &["volumev3", "block-store", "volume", "volumev2"],
        version: v(3, "v3"),
    },
    ServiceType { official: "load-balancer", aliases: &[], version: v(2, "v2") },
    ServiceType { official: "key-manager", aliases: &[], version: v(1, "v1") },
    ServiceType { official: "object-store", aliases: &[], version: None },
    ServiceType { official: "placement", aliases: &[], version: None },
    ServiceType { official: "dns", aliases: &[], version: v(2, "v2") },
    ServiceType { official: "orchestration", aliases: &[], version: v(1, "v1") },
    ServiceType { official: "shared-file-system", aliases: &["sharev2", "share"], version: v(2, "v2") },
    ServiceType { official: "baremetal", aliases: &["bare-metal"], version: v(1, "v1") },
];

/// The service type that goes by this name, official or alias. Underscores count as dashes.
#[must_use]
pub fn find(name: &str) -> Option<&'static ServiceType> {
    let name = name.replace('_', "-");
    TYPES.iter().find(|t| t.official == name || t.aliases.contains(&name.as_str()))
}

/// All names to look for in a catalogue, the best first: the name itself, then the official one, then its aliases.
#[must_use]
pub fn spellings(name: &str) -> Vec<String> {
    let mut names = vec![name.to_owned()];
    if let Some(known) = find(name) {
        for other in std::iter::once(known.official).chain(known.aliases.iter().copied()) {
            if !names.iter().any(|n| n == other) {
                names.push(other.to_owned());
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volumes_are_found_by_every_spelling() {
        for name in ["block-storage", "volumev3", "volume", "block_storage"] {
            assert_eq!(find(name).unwrap().official, "block-storage", "{name}");
        }
    }

    #[test]
    fn the_asked_spelling_comes_first_and_none_twice() {
        let names = spellings("volumev3");
        assert_eq!(names[..2], ["volumev3".to_owned(), "block-storage".to_owned()]);
        assert_eq!(names.iter().filter(|n| *n == "volumev3").count(), 1);
    }

    #[test]
    fn an_unknown_type_is_looked_for_by_its_own_name() {
        assert_eq!(spellings("object-store-s3"), ["object-store-s3"]);
    }

    #[test]
    fn no_two_types_share_a_name() {
        let mut all: Vec<&str> =
            TYPES.iter().flat_map(|t| std::iter::once(t.official).chain(t.aliases.iter().copied())).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
