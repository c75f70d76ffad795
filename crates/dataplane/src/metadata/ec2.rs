//! The EC2 form: a tree whose folders list their children.

use std::collections::BTreeMap;

use kogge_node_api::GuestMetadata;
use serde_json::{Value, json};

use super::Addresses;

/// Versions, oldest first.
pub(super) const VERSIONS: [&str; 9] = [
    "1.0",
    "2007-01-19",
    "2007-03-01",
    "2007-08-29",
    "2007-10-10",
    "2007-12-15",
    "2008-02-01",
    "2008-09-01",
    "2009-04-04",
];

/// A node of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tree {
    /// A folder. The name is what its parent lists in place of the key and a slash.
    Folder(Option<String>, BTreeMap<String, Tree>),
    /// A text.
    Leaf(Vec<u8>),
}

impl Tree {
    fn text(text: impl Into<String>) -> Self {
        Self::Leaf(text.into().into_bytes())
    }

    fn folder<const N: usize>(children: [(&str, Self); N]) -> Self {
        Self::Folder(None, children.into_iter().map(|(key, tree)| (key.to_owned(), tree)).collect())
    }

    /// The node under `path`.
    pub(super) fn find(&self, path: &[&str]) -> Option<&Self> {
        let Some((first, rest)) = path.split_first() else { return Some(self) };
        match self {
            Self::Folder(_, children) => children.get(*first)?.find(rest),
            Self::Leaf(_) => None,
        }
    }

    /// What a guest reads there: a text, or the list of children.
    pub(super) fn render(&self) -> Vec<u8> {
        match self {
            Self::Leaf(text) => text.clone(),
            Self::Folder(_, children) => {
                let lines: Vec<String> = children
                    .iter()
                    .map(|(key, child)| match child {
                        Self::Folder(Some(name), _) => name.clone(),
                        Self::Folder(None, _) => format!("{key}/"),
                        Self::Leaf(_) => key.clone(),
                    })
                    .collect();
                lines.join("\n").into_bytes()
            }
        }
    }

    /// The same as JSON, for config drives.
    fn to_json(&self) -> Value {
        match self {
            Self::Leaf(text) => json!(String::from_utf8_lossy(text)),
            Self::Folder(name, children) => {
                let mut object: serde_json::Map<String, Value> =
                    children.iter().map(|(key, child)| (key.clone(), child.to_json())).collect();
                if let Some(name) = name {
                    object.insert("_name".to_owned(), json!(name));
                }
                Value::Object(object)
            }
        }
    }
}

/// The tree of a version; `None` where there is no such version.
pub(super) fn tree(guest: &GuestMetadata, version: &str, addresses: Addresses) -> Option<Tree> {
    let newest = VERSIONS.len() - 1;
    let index = if version == "latest" { newest } else { VERSIONS.iter().position(|v| *v == version)? };
    let since = |date: &str| VERSIONS.get(index).is_some_and(|version| *version == date || at(date) <= index);
    let mut children = vec![("meta-data", Tree::Folder(None, meta_data(guest, addresses, since)))];
    children.extend(guest.user_data.clone().map(|data| ("user-data", Tree::Leaf(data))));
    Some(Tree::Folder(None, children.into_iter().map(|(key, tree)| (key.to_owned(), tree)).collect()))
}

/// `meta-data.json` of a config drive.
pub(super) fn drive_json(guest: &GuestMetadata, version: &str) -> Option<Vec<u8>> {
    let tree = tree(guest, version, Addresses::default())?;
    let mut json = tree.find(&["meta-data"])?.to_json();
    json["ami-launch-index"] = json!(guest.launch_index);
    json["security-groups"] = json!([]);
    Some(json.to_string().into_bytes())
}

fn at(version: &str) -> usize {
    VERSIONS.iter().position(|v| *v == version).unwrap_or(usize::MAX)
}

fn meta_data(
    guest: &GuestMetadata,
    addresses: Addresses,
    since: impl Fn(&str) -> bool,
) -> BTreeMap<String, Tree> {
    let shown = |address: Option<std::net::IpAddr>| address.map(|a| a.to_string()).unwrap_or_default();
    let mut data = BTreeMap::new();
    let mut put = |key: &str, tree: Tree| data.insert(key.to_owned(), tree);
    put("ami-id", Tree::text(format!("ami-{}", short(&guest.image))));
    put("ami-launch-index", Tree::text(guest.launch_index.to_string()));
    put("ami-manifest-path", Tree::text("FIXME"));
    put("instance-id", Tree::text(format!("i-{}", short(&guest.server.to_string()))));
    put("hostname", Tree::text(&guest.hostname));
    put("local-ipv4", Tree::text(shown(addresses.local)));
    put("reservation-id", Tree::text(format!("r-{}", short(&guest.server.to_string()))));
    put("security-groups", Tree::text(""));
    if let Some(key) = guest.keys.first() {
        let name = Some(format!("0={}", key.name));
        let one = Tree::Folder(name, [("openssh-key".to_owned(), Tree::text(&key.key))].into());
        put("public-keys", Tree::folder([("0", one)]));
    }
    if since("2007-01-19") {
        put("local-hostname", Tree::text(&guest.hostname));
        put("public-hostname", Tree::text(&guest.hostname));
        put("public-ipv4", Tree::text(shown(addresses.public)));
    }
    if since("2007-08-29") {
        put("instance-type", Tree::text(&guest.flavor));
    }
    if since("2007-12-15") {
        let disks = [("ami", Tree::text("vda")), ("root", Tree::text("/dev/vda"))];
        put("block-device-mapping", Tree::folder(disks));
    }
    if since("2008-02-01") {
        put("placement", Tree::folder([("availability-zone", Tree::text(&guest.availability_zone))]));
    }
    if since("2008-09-01") {
        put("instance-action", Tree::text("none"));
    }
    data
}

/// Eight hex digits for an EC2 id: the last of a UUID, zeros where there is none.
fn short(id: &str) -> String {
    let digits: String = id.chars().filter(char::is_ascii_hexdigit).collect();
    let from = digits.len().saturating_sub(8);
    format!("{:0>8}", digits[from..].to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::testing::guest;

    fn read(version: &str, path: &[&str]) -> Option<String> {
        let addresses = Addresses { local: Some("10.0.0.10".parse().unwrap()), public: None };
        let tree = tree(&guest(), version, addresses)?;
        Some(String::from_utf8(tree.find(path)?.render()).unwrap())
    }

    #[test]
    fn folders_list_their_children_with_a_slash() {
        assert_eq!(read("latest", &[]).unwrap(), "meta-data/\nuser-data");
        let listing = read("2009-04-04", &["meta-data"]).unwrap();
        assert!(listing.contains("placement/") && listing.contains("instance-id\n"), "{listing}");
        assert_eq!(listing, read("latest", &["meta-data"]).unwrap());
    }

    #[test]
    fn public_keys_have_their_odd_listing() {
        assert_eq!(read("latest", &["meta-data", "public-keys"]).unwrap(), "0=mine");
        assert_eq!(read("latest", &["meta-data", "public-keys", "0"]).unwrap(), "openssh-key");
        assert_eq!(
            read("latest", &["meta-data", "public-keys", "0", "openssh-key"]).unwrap(),
            "ssh-ed25519 AAAA me"
        );
    }

    #[test]
    fn older_versions_know_less_and_unknown_ones_nothing() {
        assert_eq!(read("1.0", &["meta-data", "placement"]), None);
        assert_eq!(read("1.0", &["meta-data", "instance-type"]), None);
        assert!(read("2007-08-29", &["meta-data", "instance-type"]).is_some());
        assert_eq!(read("2026-01-01", &[]), None);
    }

    #[test]
    fn ids_have_eight_digits() {
        assert_eq!(read("latest", &["meta-data", "instance-id"]).unwrap(), "i-55555555");
        assert_eq!(short(""), "00000000");
    }

    #[test]
    fn a_path_through_a_text_leads_nowhere() {
        assert_eq!(read("latest", &["meta-data", "hostname", "x"]), None);
    }
}
