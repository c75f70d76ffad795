//! What each check asks the cloud. A test compares this with what a double sees.

/// A kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST` …
    pub method: &'static str,
    /// The service type.
    pub service: &'static str,
    /// The path below the service's endpoint; braces stand for an id.
    pub path: &'static str,
    /// When it is sent; empty if always.
    pub only: &'static str,
}

const fn always(method: &'static str, service: &'static str, path: &'static str) -> Request {
    Request { method, service, path, only: "" }
}

const fn when(only: &'static str, request: Request) -> Request {
    Request { only, ..request }
}

const FLAVORS: Request = always("GET", "compute", "flavors/detail");
const IMAGES: Request = always("GET", "image", "images");

const ENTROPY: &[Request] = &[
    IMAGES,
    FLAVORS,
    always("POST", "network", "networks"),
    always("POST", "network", "subnets"),
    always("GET", "network", "networks"),
    always("POST", "network", "routers"),
    always("PUT", "network", "routers/{id}/add_router_interface"),
    always("POST", "compute", "servers"),
    always("GET", "compute", "servers/{id}"),
    always("POST", "compute", "servers/{id}/action"),
    always("DELETE", "compute", "servers/{id}"),
    always("GET", "network", "ports"),
    always("PUT", "network", "routers/{id}/remove_router_interface"),
    always("DELETE", "network", "routers/{id}"),
    always("GET", "network", "routers/{id}"),
    always("DELETE", "network", "subnets/{id}"),
    always("GET", "network", "subnets/{id}"),
    always("DELETE", "network", "networks/{id}"),
    always("GET", "network", "networks/{id}"),
];

const RULES: &[Request] = &[
    always("GET", "network", "default-security-group-rules"),
    when("the cloud has no such templates", always("POST", "network", "security-groups")),
    when("the cloud has no such templates", always("DELETE", "network", "security-groups/{id}")),
    when("the cloud has no such templates", always("GET", "network", "security-groups/{id}")),
];

const SECRETS: &[Request] = &[
    always("GET", "key-manager", "secrets"),
    always("POST", "key-manager", "secrets"),
    always("DELETE", "key-manager", "secrets/{id}"),
    always("GET", "key-manager", "secrets/{id}"),
];

const BACKUP: &[Request] = &[
    always("GET", "block-storage", "backups/detail"),
    always("GET", "block-storage", "volumes/detail"),
    always("POST", "block-storage", "volumes"),
    always("GET", "block-storage", "volumes/{id}"),
    always("POST", "block-storage", "backups"),
    always("GET", "block-storage", "backups/{id}"),
    always("POST", "block-storage", "backups/{id}/restore"),
    always("DELETE", "block-storage", "backups/{id}"),
    always("DELETE", "block-storage", "volumes/{id}"),
];

/// The requests of a testcase beside signing in, in their order. Lists and experiments are shared: a run sends them
/// once, however many testcases need them. Empty: the catalogue inside the token is enough.
#[must_use]
pub fn requests(testcase: &str) -> &'static [Request] {
    const FLAVOR_LIST: &[Request] = &[
        FLAVORS,
        when("the list shows no extra specs", always("GET", "compute", "flavors/{id}/os-extra_specs")),
    ];
    const BY_BEGINNING: [(&str, &[Request]); 10] = [
        ("scs-0100-", FLAVOR_LIST),
        ("scs-0101-", ENTROPY),
        ("scs-0102-", &[IMAGES]),
        ("scs-0103-", FLAVOR_LIST),
        ("scs-0104-", &[IMAGES]),
        ("scs-0114-", &[always("GET", "block-storage", "types")]),
        ("scs-0115-", RULES),
        ("scs-0116-permissions", SECRETS),
        ("scs-0117-", BACKUP),
        ("scs-0123-swift-s3", &[always("GET", "s3", "")]),
    ];
    BY_BEGINNING.iter().find(|(beginning, _)| testcase.starts_with(beginning)).map_or(&[], |(_, all)| all)
}
