//! SCS-0114 and SCS-0117: volume types and backups.

use http::Method;
use serde_json::{Value, json};

use super::{Change, Mutation};

const SYNTAX: &str = "scs-0114-syntax-check";
const ENCRYPTED: &str = "scs-0114-encrypted-type";
const REPLICATED: &str = "scs-0114-replicated-type";
const BACKUP: &str = "scs-0117-test-backup";
const OBJECT: &str = "volume backup";

/// The only type's description.
fn described(name: &str, what: &str, description: Value) -> Mutation {
    Mutation::new(name, what).change(Change::TypeDescription(description))
}

/// One more type.
fn added(name: &str, what: &str, (type_name, description): (&'static str, Value)) -> Mutation {
    Mutation::new(name, what).change(Change::NewType { name: type_name, description })
}

/// What descriptions of volume types claim.
pub(super) fn volume_types() -> Vec<Mutation> {
    let wrong =
        |name, what, claim| added(name, what, ("odd", json!(claim))).fails(SYNTAX, "volume type \"odd\"");
    let fine = |name, what, description| added(name, what, ("odd", description)).tolerated(SYNTAX);
    let unread = |name, what, claim| {
        described(name, what, json!(claim)).fails(ENCRYPTED, "volume types").fails(REPLICATED, "volume types")
    };
    vec![
        described(
            "aspects-unsorted",
            "[scs:replicated, encrypted]: wrong, yet both are claimed",
            json!("[scs:replicated, encrypted]"),
        )
        .fails(SYNTAX, "volume type \"fast\""),
        wrong("aspects-unknown", "[scs:ssd]: no such aspect", "[scs:ssd] Fast"),
        wrong("aspects-twice", "[scs:encrypted, encrypted]", "[scs:encrypted, encrypted]"),
        wrong("aspects-trailing-comma", "[scs:encrypted,]", "[scs:encrypted,]"),
        wrong("aspects-capitals", "[scs:Encrypted]", "[scs:Encrypted]"),
        added(
            "aspects-default-type",
            "[scs:ssd] on __default__, which is judged as any other",
            ("__default__", json!("[scs:ssd]")),
        )
        .fails(SYNTAX, "volume type \"__default__\""),
        fine("aspects-empty", "[scs:]: an empty claim", json!("[scs:] Plain")),
        fine("aspects-null", "a type without description", Value::Null),
        fine("aspects-inside", "a claim that is not at the very beginning", json!("Fast [scs:ssd]")),
        fine("aspects-nested", "a bracket inside the claim", json!("[scs:[ssd]")),
        described("encrypted-missing", "only [scs:replicated]", json!("[scs:replicated]"))
            .fails(ENCRYPTED, "volume types"),
        described("replicated-missing", "only [scs:encrypted]", json!("[scs:encrypted]"))
            .fails(REPLICATED, "volume types"),
        unread("aspects-blank-first", "a blank before the claim: not read", " [scs:encrypted, replicated]"),
        unread("aspects-other-case", "[SCS:…]: not read", "[SCS:encrypted, replicated]"),
        Mutation::new("types-fault", "volume types cannot be listed")
            .change(Change::Answer {
                method: Method::GET,
                path: "/volume/v3/p1/types",
                status: 500,
                body: "{}",
            })
            .opens("scs-0114-*", "/types"),
    ]
}

/// What goes wrong with a backup: always a failure.
pub(super) fn backup() -> Vec<Mutation> {
    let answered = |name, what, method, path, status, body| {
        Mutation::new(name, what).change(Change::Answer { method, path, status, body }).fails(BACKUP, OBJECT)
    };
    let nameless = |name, what, collection| {
        let theirs = json!({"id": "theirs", "name": null, "status": "available"});
        Mutation::new(name, what).change(Change::Stored(collection, theirs)).fails(BACKUP, OBJECT)
    };
    let (backups, volumes) = ("/volume/v3/p1/backups", "/volume/v3/p1/volumes");
    vec![
        answered(
            "backup-absent",
            "there is no backup service",
            Method::GET,
            "/volume/v3/p1/backups*",
            404,
            "cinder-backup",
        ),
        answered("backup-refused", "no backup may be made", Method::POST, backups, 403, "{}"),
        answered("volume-quota", "the quota allows no volume", Method::POST, volumes, 413, "{}"),
        answered("restore-fault", "restoring breaks", Method::POST, "/volume/v3/p1/backups/*", 500, "{}"),
        Mutation::new("volume-error", "every volume goes into error")
            .change(Change::Status("volumes", "error"))
            .fails(BACKUP, OBJECT),
        nameless("volume-nameless", "a volume of the project has no name", "volumes"),
        nameless("backup-nameless", "a backup of the project has no name", "backups"),
        Mutation::new("backup-theirs", "somebody's scs-test-volume: not ours to touch, and no obstacle")
            .change(Change::Stored(
                "volumes",
                json!({"id": "theirs", "name": "scs-test-volume", "status": "available"}),
            ))
            .tolerated(BACKUP),
    ]
}
