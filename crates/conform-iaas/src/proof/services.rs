//! SCS-0116, SCS-0123 and who may run the checks at all.

use http::Method;

use super::{Change, Expected, Mutation};

const PERMISSIONS: &str = "scs-0116-permissions";
const SECRETS: &str = "/key-manager/v1/secrets";
const SWIFT: &str = "scs-0123-swift-s3";
const CATALOG: &str = "service catalogue";

/// What a member may do with the key manager.
pub(super) fn key_manager() -> Vec<Mutation> {
    let answered = |name, what, method, path, status, body| {
        Mutation::new(name, what).change(Change::Answer { method, path, status, body })
    };
    let refused = |name, what, method, path| {
        answered(name, what, method, path, 403, "{}").fails(PERMISSIONS, "key manager")
    };
    let open = |name, what, status, reason| {
        answered(name, what, Method::POST, SECRETS, status, "{}").opens(PERMISSIONS, reason)
    };
    vec![
        Mutation::new("key-manager-gone", "the catalogue has no key manager")
            .change(Change::NoService("key-manager"))
            .fails("scs-0116-presence", CATALOG)
            .expect(PERMISSIONS, Expected::NotApplicable),
        refused("secrets-not-listed", "secrets may not be listed", Method::GET, SECRETS),
        refused("secrets-not-created", "secrets may not be created", Method::POST, SECRETS),
        refused(
            "secrets-not-deleted",
            "secrets may not be deleted",
            Method::DELETE,
            "/key-manager/v1/secrets/*",
        ),
        open("secrets-absent", "creating a secret answers 404: only 403 is a failure", 404, "404"),
        open("secrets-broken", "creating a secret answers 500", 500, "500"),
        answered(
            "secret-unlisted",
            "the new secret is not in the list",
            Method::GET,
            SECRETS,
            200,
            r#"{"secrets": []}"#,
        )
        .opens(PERMISSIONS, "not listed"),
    ]
}

/// Mandatory services, and S3 beside Swift.
pub(super) fn catalog() -> Vec<Mutation> {
    [missing(), spelled(), swift()].concat()
}

fn gone(kind: &'static str) -> Mutation {
    Mutation::new(format!("{kind}-gone"), format!("the catalogue has no {kind}"))
        .change(Change::NoService(kind))
}

fn missing() -> Vec<Mutation> {
    let no = |kind: &'static str| gone(kind).fails(format!("scs-0123-service-{kind}"), CATALOG);
    let unread = |mutation: Mutation, all: &[&str]| {
        all.iter().fold(mutation, |mutation, testcases| mutation.opens(*testcases, "the catalogue has no"))
    };
    vec![
        no("identity"),
        no("load-balancer"),
        no("placement"),
        unread(no("compute"), &["scs-0100-*", "scs-0101-*", "scs-0103-*"]),
        unread(no("image"), &["scs-0101-*", "scs-0102-*", "scs-0104-*"]),
        unread(no("network"), &["scs-0101-*", "scs-0115-*"]),
        unread(gone("block-storage").fails("scs-0123-storage-apis", CATALOG), &["scs-0114-*"])
            .fails("scs-0117-test-backup", "volume backup"),
        gone("object-store-s3").fails("scs-0123-service-s3", CATALOG),
    ]
}

/// Block storage under another type.
fn renamed(kind: &'static str) -> Mutation {
    Mutation::new(format!("storage-as-{kind}"), format!("block storage only as {kind}"))
        .change(Change::NewService(kind, "block-storage"))
        .change(Change::NoService("block-storage"))
}

/// Types are compared exactly, and nothing is contacted.
fn spelled() -> Vec<Mutation> {
    let storage = "scs-0123-storage-apis";
    vec![
        renamed("volumev3").tolerated(storage),
        renamed("volume").tolerated(storage),
        renamed("volumev2").fails(storage, CATALOG),
        renamed("block-store").fails(storage, CATALOG),
        Mutation::new("load-balancer-capitals", "the load balancer as Load-Balancer")
            .change(Change::NewService("Load-Balancer", "load-balancer"))
            .change(Change::NoService("load-balancer"))
            .fails("scs-0123-service-load-balancer", CATALOG),
        Mutation::new("load-balancer-nowhere", "the load balancer has no endpoint: its entry is enough")
            .change(Change::NoEndpoints("load-balancer"))
            .tolerated("scs-0123-service-load-balancer"),
    ]
}

fn swift() -> Vec<Mutation> {
    let s3 = |name, what, status, body| Mutation::new(name, what).change(Change::S3(status, body));
    let wrong = |name, what, status, body| s3(name, what, status, body).fails(SWIFT, "S3 beside Swift");
    vec![
        gone("object-store").expect(SWIFT, Expected::NotApplicable),
        wrong("s3-absent", "nothing answers S3 beside Swift", 404, "<html>not here</html>"),
        wrong(
            "s3-signature",
            "an unknown key is SignatureDoesNotMatch",
            403,
            "<Error><Code>SignatureDoesNotMatch</Code></Error>",
        ),
        wrong("s3-denied", "an unknown key is AccessDenied", 403, "<Error><Code>AccessDenied</Code></Error>"),
        s3("s3-no-such-key", "an unknown key is NoSuchKey", 404, "<Error><Code>NoSuchKey</Code></Error>")
            .tolerated(SWIFT),
        s3("s3-open", "anybody may list buckets", 200, "<ListAllMyBucketsResult/>")
            .opens(SWIFT, "list of buckets"),
        wrong("s3-no-xml", "anybody gets an answer, which is no XML", 200, "{}"),
        s3("s3-pathless", "Swift's endpoint has no path: upstream asks elsewhere, and passes", 404, "")
            .change(Change::PathlessEndpoint("object-store"))
            .tolerated(SWIFT),
        Mutation::new("swift-nowhere", "Swift has no endpoint")
            .change(Change::NoEndpoints("object-store"))
            .opens(SWIFT, "endpoint"),
    ]
}

/// Only an ordinary member may run the checks.
pub(super) fn user() -> Vec<Mutation> {
    let roles = |name, what, roles: &'static [&'static str]| {
        Mutation::new(name, what).change(Change::Roles(roles)).opens("scs-*", "cannot run the checks")
    };
    vec![
        roles("user-admin", "the user is admin as well", &["member", "admin"]),
        roles("user-manager", "the user is manager as well", &["member", "manager"]),
        roles("user-reader", "the user is only a reader", &["reader"]),
        roles("user-capitals", "the role is called Member", &["Member"]),
        Mutation::new("user-more-roles", "further roles do not matter")
            .change(Change::Roles(&["member", "reader", "load-balancer_member"]))
            .tolerated("scs-*"),
    ]
}
