//! From a path to an answer.

use kogge_node_api::GuestMetadata;

use super::openstack::{self, Channel};
use super::{Addresses, ec2};

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// A text or list.
    Text(Vec<u8>),
    /// A JSON document.
    Json(Vec<u8>),
    /// The guest's password, to read or to leave.
    Password,
    /// Nothing.
    Nothing,
}

/// The answer for `path` (without query).
pub(crate) fn lookup(guest: &GuestMetadata, path: &str, addresses: Addresses) -> Answer {
    let tokens = tokens(path);
    match tokens.split_first() {
        None => versions(&ec2::VERSIONS),
        Some((&"openstack", rest)) => openstack(guest, rest),
        Some((&"ec2", rest)) => ec2(guest, rest, addresses),
        Some(_) => ec2(guest, &tokens, addresses),
    }
}

/// The parts of a path, with `.` and `..` resolved.
fn tokens(path: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                tokens.pop();
            }
            part => tokens.push(part),
        }
    }
    tokens
}

fn versions(versions: &[&str]) -> Answer {
    let mut all = versions.to_vec();
    all.push("latest");
    Answer::Text(all.join("\n").into_bytes())
}

fn openstack(guest: &GuestMetadata, path: &[&str]) -> Answer {
    let Some((version, rest)) = path.split_first() else { return versions(&openstack::VERSIONS) };
    let Some(version) = openstack::version(version) else { return Answer::Nothing };
    match rest {
        [] | ["version"] => Answer::Text(openstack::listing(guest, version).join("\n").into_bytes()),
        ["password"] if openstack::has_password(version) => Answer::Password,
        [name] => {
            let Some(which) = openstack::named(name) else { return Answer::Nothing };
            match openstack::content(guest, version, which, Channel::Service) {
                None => Answer::Nothing,
                // Nova calls this one JSON document plain text, and so do we
                Some(content) if name.ends_with(".json") && *name != "network_data.json" => {
                    Answer::Json(content)
                }
                Some(content) => Answer::Text(content),
            }
        }
        _ => Answer::Nothing,
    }
}

fn ec2(guest: &GuestMetadata, path: &[&str], addresses: Addresses) -> Answer {
    let Some((version, rest)) = path.split_first() else { return versions(&ec2::VERSIONS) };
    let tree = ec2::tree(guest, version, addresses);
    match tree.as_ref().and_then(|tree| tree.find(rest)) {
        Some(found) => Answer::Text(found.render()),
        None => Answer::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::testing::guest;

    fn text(path: &str) -> String {
        match lookup(&guest(), path, Addresses::default()) {
            Answer::Text(bytes) | Answer::Json(bytes) => String::from_utf8(bytes).unwrap(),
            other => panic!("{path}: {other:?}"),
        }
    }

    #[test]
    fn version_lists_end_with_latest() {
        assert!(text("/").starts_with("1.0\n2007-01-19"));
        assert!(text("/openstack").ends_with("2025-04-04\nlatest"));
        assert_eq!(text("/openstack/"), text("//openstack/."));
    }

    #[test]
    fn what_cloud_init_asks_for_is_there() {
        for file in
            ["meta_data.json", "network_data.json", "vendor_data.json", "vendor_data2.json", "user_data"]
        {
            text(&format!("/openstack/2018-08-27/{file}"));
            text(&format!("/openstack/latest/{file}"));
        }
        assert_eq!(text("/latest/meta-data/instance-id"), "i-55555555");
        assert_eq!(text("/latest/user-data"), "#cloud-config\n");
        assert_eq!(text("/ec2/2009-04-04/meta-data/hostname"), "my-guest");
        assert_eq!(lookup(&guest(), "/openstack/latest/password", Addresses::default()), Answer::Password);
    }

    #[test]
    fn what_is_not_there_is_nothing() {
        for path in [
            "/openstack/2000-01-01",
            "/openstack/latest/x",
            "/openstack/latest/meta_data.json/x",
            "/latest/x",
            "/x",
            "/openstack/2012-08-10/password",
        ] {
            assert_eq!(lookup(&guest(), path, Addresses::default()), Answer::Nothing, "{path}");
        }
    }

    #[test]
    fn user_data_that_is_not_there_is_nothing_and_not_listed() {
        let mut guest = guest();
        guest.user_data = None;
        assert_eq!(lookup(&guest, "/openstack/latest/user_data", Addresses::default()), Answer::Nothing);
        assert_eq!(lookup(&guest, "/latest/user-data", Addresses::default()), Answer::Nothing);
        let Answer::Text(listing) = lookup(&guest, "/openstack/latest", Addresses::default()) else {
            panic!()
        };
        assert!(!String::from_utf8(listing).unwrap().contains("user_data"));
    }
}
