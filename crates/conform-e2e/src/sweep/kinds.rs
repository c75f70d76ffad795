//! The kinds of things that the tests make, in the order in which they can be removed.

/// A kind of thing.
pub(super) struct Kind {
    /// What one is called.
    pub(super) word: &'static str,
    pub(super) service: &'static str,
    /// Where they are listed, and under which key; `{user}` is the account's own id.
    pub(super) list: &'static str,
    pub(super) key: &'static str,
    /// Below what they are deleted.
    pub(super) path: &'static str,
    /// The field that names one in a path.
    pub(super) id: &'static str,
    /// The key inside an entry of the list under which the thing itself stands.
    pub(super) inner: Option<&'static str>,
    /// Whether an administrator must ask for those of all projects.
    pub(super) all_projects: bool,
    /// Whether only an administrator has them.
    pub(super) admin: bool,
}

const fn kind(word: &'static str, service: &'static str, list: &'static str, key: &'static str) -> Kind {
    Kind { word, service, list, key, path: list, id: "id", inner: None, all_projects: false, admin: false }
}

const fn everywhere(kind: Kind) -> Kind {
    Kind { all_projects: true, ..kind }
}

const fn of_admins(kind: Kind) -> Kind {
    Kind { admin: true, ..kind }
}

pub(super) const KINDS: &[Kind] = &[
    everywhere(kind("server", "compute", "servers", "servers")),
    everywhere(kind("snapshot", "block-storage", "snapshots", "snapshots")),
    everywhere(kind("volume", "block-storage", "volumes", "volumes")),
    kind("floating IP", "network", "floatingips", "floatingips"),
    kind("port", "network", "ports", "ports"),
    kind("router", "network", "routers", "routers"),
    kind("network", "network", "networks", "networks"),
    kind("subnet pool", "network", "subnetpools", "subnetpools"),
    kind("security group", "network", "security-groups", "security_groups"),
    kind("image", "image", "images", "images"),
    Kind { id: "name", inner: Some("keypair"), ..kind("keypair", "compute", "os-keypairs", "keypairs") },
    kind(
        "application credential",
        "identity",
        "users/{user}/application_credentials",
        "application_credentials",
    ),
    of_admins(kind("user", "identity", "users", "users")),
    of_admins(kind("project", "identity", "projects", "projects")),
];
