//! What is private by its looks: keys, ids, addresses, hosts.

use std::borrow::Cow;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::stand_in;

/// The kinds with their looks, in the order in which they are replaced: one may lie inside another. Where a part `kept`
/// is named, it stays in front.
static PRIVATE: LazyLock<Vec<(&str, Regex)>> = LazyLock::new(|| {
    [
        ("key", r"-----BEGIN [A-Z ]*-----[\s\S]*?(?:-----END [A-Z ]*-----|\z)"),
        ("key", r"(?:ssh-[a-z0-9]+|ecdsa-sha2-[a-z0-9]+)\s+AAAA[a-z0-9+/=]+|AKIA[0-9A-Z]{16}"),
        (
            "key",
            concat!(
                r#"(?P<kept>(?:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key)["']?\s*[:=]\s*)"#,
                r#"(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s,;]+)"#,
            ),
        ),
        ("id", r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32,}"),
        ("place", r#"\b[a-z][a-z0-9+.-]*://[^\s/?#)"'<>]+"#),
        ("mac", r"\b(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}\b"),
        ("user", r#"[^\s@"'<>()/:,;=]+@[a-z0-9.-]+"#),
        ("user", r#"(?P<kept>/home/|/users/)[^/\s"']+"#),
        ("ip", r"[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){1,7}:(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{0,4})|\d{1,3}(?:\.\d{1,3}){3}"),
        ("host", r"(?:[\p{L}\p{N}_](?:[\p{L}\p{N}_-]*[\p{L}\p{N}])?\.)+(?:xn--[a-z0-9-]+|\p{L}{2,})\.?"),
        ("token", r"[a-z0-9+/_-]{32,}={0,2}"),
    ]
    .into_iter()
    // constants, and a test sees each of them work
    .filter_map(|(kind, looks)| Some((kind, Regex::new(&format!("(?i){looks}")).ok()?)))
    .collect()
});

/// Hosts that are the same for everybody and say nothing about the cloud.
const PUBLIC: [&str; 8] = [
    "docs.scs.community",
    "raw.githubusercontent.com",
    "github.com",
    "cloud-images.ubuntu.com",
    "cloud.debian.org",
    "cdimage.debian.org",
    "download.fedoraproject.org",
    "repo.almalinux.org",
];

/// Endings of file names that are no top-level domains.
const FILES: [&str; 12] =
    ["yaml", "yml", "json", "toml", "conf", "txt", "img", "qcow2", "html", "log", "xml", "pem"];

/// Endings of flavors' names, such as `m1.small`.
const SIZES: [&str; 7] = ["nano", "micro", "tiny", "small", "medium", "large", "xlarge"];

/// The text with everything replaced that looks private.
pub(super) fn replace(text: &str, seen: &mut HashMap<String, String>) -> String {
    let mut text = Cow::Borrowed(text);
    for (kind, looks) in PRIVATE.iter() {
        let one = |found: &Captures<'_>| -> String {
            let whole = &found[0];
            if says_nothing(kind, whole) {
                return whole.to_owned();
            }
            let kept = found.name("kept").map_or("", |kept| kept.as_str());
            let kind = if *kind == "token" { "key" } else { kind };
            format!("{kept}{}", stand_in(seen, kind, &whole[kept.len()..]))
        };
        if let Cow::Owned(changed) = looks.replace_all(&text, one) {
            text = Cow::Owned(changed);
        }
    }
    text.into_owned()
}

/// Whether a text only looks private.
fn says_nothing(kind: &str, whole: &str) -> bool {
    match kind {
        // a time of day, the address of nobody; what is no address as a whole may still hold one
        "ip" => match whole.parse::<IpAddr>() {
            Ok(address) => address.is_unspecified(),
            Err(_) => !whole.contains('.') && !whole.contains("::") && whole.matches(':').count() < 5,
        },
        // a scope and its version, `scs-compatible-iaas@v5.1`
        "user" => whole.rsplit_once("@v").is_some_and(|(_, version)| {
            !version.is_empty() && version.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        }),
        "place" => whole.split_once("://").is_some_and(|(_, host)| is_public(host)),
        "host" => is_public(whole) || ends_in(whole, &FILES) || ends_in(whole, &SIZES),
        // a long word has no digits, or no capitals; what is made by chance has all three
        "token" => {
            let has = |class: fn(&char) -> bool| whole.chars().any(|c| class(&c));
            !(has(char::is_ascii_digit) && has(char::is_ascii_uppercase) && has(char::is_ascii_lowercase))
        }
        _ => false,
    }
}

fn is_public(host: &str) -> bool {
    PUBLIC.iter().any(|known| known.eq_ignore_ascii_case(host))
}

fn ends_in(name: &str, endings: &[&str]) -> bool {
    name.rsplit_once('.').is_some_and(|(_, ending)| endings.iter().any(|e| e.eq_ignore_ascii_case(ending)))
}
