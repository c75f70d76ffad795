//! The catalog: the services that run, with every name that clients look for.

use kogge_identity::SeedService;

/// Type, name and path of every catalog entry. Paths as DevStack has them, since clients are tested against those.
const ENTRIES: [(&str, &str, &str); 8] = [
    ("identity", "keystone", "/identity"),
    ("image", "glance", "/image"),
    ("placement", "placement", "/placement"),
    ("network", "neutron", "/network"),
    ("compute", "nova", "/compute/v2.1"),
    ("block-storage", "cinder", "/volume/v3"),
    ("volumev3", "cinderv3", "/volume/v3"),
    ("volume", "cinderv2", "/volume/v3"),
];

/// The entries.
#[must_use]
pub fn catalog() -> Vec<SeedService> {
    let entry = |(kind, name, path): &(&str, &str, &str)| SeedService {
        kind: (*kind).to_owned(),
        name: (*name).to_owned(),
        path: (*path).to_owned(),
    };
    ENTRIES.iter().map(entry).collect()
}
