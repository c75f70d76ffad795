//! The OpenStack form.

use kogge_node_api::{GuestFile, GuestMetadata};
use serde_json::{Map, Value, json};

/// Versions by date, oldest first; each adds something.
pub(super) const VERSIONS: [&str; 10] = [
    "2012-08-10",
    "2013-04-04",
    "2013-10-17",
    "2015-10-15",
    "2016-06-30",
    "2016-10-06",
    "2017-02-22",
    "2018-08-27",
    "2020-10-14",
    "2025-04-04",
];
/// Adds `random_seed` and `password`.
const GRIZZLY: &str = "2013-04-04";
/// Adds `vendor_data.json`.
const HAVANA: &str = "2013-10-17";
/// Adds `network_data.json` and `project_id`.
const LIBERTY: &str = "2015-10-15";
/// Adds `devices`.
const NEWTON_ONE: &str = "2016-06-30";
/// Adds `vendor_data2.json`.
const NEWTON_TWO: &str = "2016-10-06";
/// Adds `dedicated_cpus`.
const VICTORIA: &str = "2020-10-14";

/// The documents of a version, besides the password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Document {
    MetaData,
    UserData,
    VendorData,
    VendorData2,
    NetworkData,
}

/// Where a document is read: some things are only told on a disk that nobody else can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Channel {
    /// The metadata address.
    Service,
    /// A config drive.
    Drive,
}

/// A version's date: `latest` is the newest, unknown ones are `None`.
pub(super) fn version(name: &str) -> Option<&'static str> {
    if name == "latest" {
        return VERSIONS.last().copied();
    }
    VERSIONS.iter().find(|v| **v == name).copied()
}

/// True where a version (a date from [`version`]) has passwords.
pub(super) fn has_password(version: &str) -> bool {
    version >= GRIZZLY
}

/// The names of the documents that a version has for this guest, in Nova's order, with the password's.
pub(super) fn listing(guest: &GuestMetadata, version: &str) -> Vec<&'static str> {
    let mut names = vec!["meta_data.json"];
    if guest.user_data.is_some() {
        names.push("user_data");
    }
    let since = [
        (GRIZZLY, "password"),
        (HAVANA, "vendor_data.json"),
        (LIBERTY, "network_data.json"),
        (NEWTON_TWO, "vendor_data2.json"),
    ];
    names.extend(since.iter().filter(|(date, _)| version >= *date).map(|(_, name)| *name));
    names
}

/// The document called `name`.
pub(super) fn named(name: &str) -> Option<Document> {
    Some(match name {
        "meta_data.json" => Document::MetaData,
        "user_data" => Document::UserData,
        "vendor_data.json" => Document::VendorData,
        "vendor_data2.json" => Document::VendorData2,
        "network_data.json" => Document::NetworkData,
        _ => return None,
    })
}

/// The content of a document in a version; `None` where the version or the guest has none. `network_data.json` is
/// answered in every version, as Nova does, though only listed since 2015-10-15.
pub(super) fn content(
    guest: &GuestMetadata,
    version: &str,
    which: Document,
    channel: Channel,
) -> Option<Vec<u8>> {
    match which {
        Document::MetaData => Some(meta_data(guest, version, channel).to_string().into_bytes()),
        Document::UserData => guest.user_data.clone(),
        Document::VendorData => (version >= HAVANA).then(|| b"{}".to_vec()),
        Document::VendorData2 => (version >= NEWTON_TWO).then(|| br#"{"static": {}}"#.to_vec()),
        Document::NetworkData => Some(network_data(guest)),
    }
}

fn network_data(guest: &GuestMetadata) -> Vec<u8> {
    if guest.network_data.is_empty() { b"{}".to_vec() } else { guest.network_data.clone().into_bytes() }
}

fn meta_data(guest: &GuestMetadata, version: &str, channel: Channel) -> Value {
    let mut data = Map::new();
    let mut put = |key: &str, value: Value| data.insert(key.to_owned(), value);
    put("uuid", json!(guest.server));
    if !guest.meta.is_empty() {
        put("meta", json!(guest.meta));
    }
    if let Some(password) = guest.admin_password.as_ref().filter(|_| channel == Channel::Drive) {
        put("admin_pass", json!(password));
    }
    if !guest.files.is_empty() && channel == Channel::Drive {
        let file = |(number, file): (usize, &GuestFile)| json!({ "path": file.path, "content_path": content_path(number) });
        put("files", guest.files.iter().enumerate().map(file).collect());
    }
    if let Some(key) = guest.keys.first() {
        put("public_keys", json!({ key.name.as_str(): key.key }));
        put("keys", json!([{ "name": key.name, "type": key_type(&key.key), "data": key.key }]));
    }
    put("hostname", json!(guest.hostname));
    put("name", json!(guest.name));
    put("launch_index", json!(guest.launch_index));
    put("availability_zone", json!(guest.availability_zone));
    if let Some(seed) = guest.random_seed.as_ref().filter(|_| version >= GRIZZLY) {
        put("random_seed", json!(seed));
    }
    if version >= LIBERTY {
        put("project_id", json!(guest.project_id));
    }
    if version >= NEWTON_ONE {
        put("devices", json!([]));
    }
    if version >= VICTORIA {
        put("dedicated_cpus", json!([]));
    }
    Value::Object(data)
}

/// Where a drive has the content of a file of the guest, below `openstack`.
pub(super) fn content_path(number: usize) -> String {
    format!("/content/{number:04}")
}

/// Nova's keypair type: certificates are `x509`.
fn key_type(key: &str) -> &'static str {
    if key.trim_start().starts_with("-----BEGIN CERTIFICATE") { "x509" } else { "ssh" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::testing::guest;

    fn keys(version: &str, channel: Channel) -> Vec<String> {
        meta_data(&guest(), version, channel).as_object().unwrap().keys().cloned().collect()
    }

    #[test]
    fn each_version_adds_what_nova_added() {
        let oldest = keys("2012-08-10", Channel::Service);
        assert!(!oldest.contains(&"random_seed".to_owned()) && !oldest.contains(&"project_id".to_owned()));
        let newest = keys("2025-04-04", Channel::Service);
        for key in [
            "uuid",
            "meta",
            "public_keys",
            "keys",
            "hostname",
            "name",
            "launch_index",
            "availability_zone",
            "random_seed",
            "project_id",
            "devices",
            "dedicated_cpus",
        ] {
            assert!(newest.contains(&key.to_owned()), "{key}");
        }
    }

    #[test]
    fn the_password_is_only_on_the_drive() {
        assert!(!keys("2025-04-04", Channel::Service).contains(&"admin_pass".to_owned()));
        assert!(keys("2025-04-04", Channel::Drive).contains(&"admin_pass".to_owned()));
    }

    #[test]
    fn listings_are_in_novas_order() {
        assert_eq!(
            listing(&guest(), "2025-04-04"),
            [
                "meta_data.json",
                "user_data",
                "password",
                "vendor_data.json",
                "network_data.json",
                "vendor_data2.json"
            ]
        );
        assert_eq!(listing(&guest(), "2012-08-10"), ["meta_data.json", "user_data"]);
    }

    #[test]
    fn vendor_data_begins_with_its_version() {
        assert_eq!(content(&guest(), "2013-04-04", Document::VendorData, Channel::Service), None);
        assert!(content(&guest(), "2013-10-17", Document::VendorData, Channel::Service).is_some());
        assert_eq!(content(&guest(), "2016-06-30", Document::VendorData2, Channel::Service), None);
    }
}
