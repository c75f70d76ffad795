//! The files of a config drive.

use kogge_node_api::GuestMetadata;

use super::ec2;
use super::openstack::{self, Channel, Document};

/// EC2 versions on a drive: Nova leaves out the old ones.
const EC2_VERSIONS: [&str; 2] = ["2009-04-04", "latest"];

/// Every file of a guest's config drive: its path, relative and with slashes, and its content. The administrator's
/// password is among it, which the metadata service never tells.
#[must_use]
pub fn documents(guest: &GuestMetadata) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for version in EC2_VERSIONS {
        if let Some(data) = &guest.user_data {
            files.push((format!("ec2/{version}/user-data"), data.clone()));
        }
        files.extend(
            ec2::drive_json(guest, version).map(|json| (format!("ec2/{version}/meta-data.json"), json)),
        );
    }
    for name in openstack::VERSIONS.into_iter().chain(["latest"]) {
        let Some(version) = openstack::version(name) else { continue };
        let listed = openstack::listing(guest, version);
        for (file, which) in [
            ("meta_data.json", Document::MetaData),
            ("user_data", Document::UserData),
            ("vendor_data.json", Document::VendorData),
            ("network_data.json", Document::NetworkData),
            ("vendor_data2.json", Document::VendorData2),
        ] {
            let content = openstack::content(guest, version, which, Channel::Drive);
            if let Some(content) = content.filter(|_| listed.contains(&file)) {
                files.push((format!("openstack/{name}/{file}"), content));
            }
        }
    }
    let content = guest.files.iter().map(|file| file.content.clone()).enumerate();
    files.extend(
        content.map(|(number, bytes)| (format!("openstack{}", openstack::content_path(number)), bytes)),
    );
    files
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use kogge_node_api::GuestFile;

    use super::*;
    use crate::metadata::testing::guest;

    #[test]
    fn a_drive_has_every_version_and_the_password() {
        let files: BTreeMap<String, Vec<u8>> = documents(&guest()).into_iter().collect();
        for path in [
            "ec2/latest/meta-data.json",
            "ec2/2009-04-04/user-data",
            "openstack/2012-08-10/meta_data.json",
            "openstack/2018-08-27/network_data.json",
            "openstack/latest/user_data",
            "openstack/latest/vendor_data2.json",
        ] {
            assert!(files.contains_key(path), "{path}");
        }
        assert!(!files.contains_key("openstack/2013-04-04/network_data.json"));
        let meta: serde_json::Value =
            serde_json::from_slice(&files["openstack/latest/meta_data.json"]).unwrap();
        assert_eq!(meta["admin_pass"], "secret");
        assert_eq!(meta["keys"][0]["type"], "ssh");
    }

    #[test]
    fn files_of_the_guest_are_on_the_drive_and_named_there() {
        let mut guest = guest();
        guest.files = vec![GuestFile { path: "/etc/banner.txt".into(), content: b"hi".to_vec() }];
        let files: BTreeMap<String, Vec<u8>> = documents(&guest).into_iter().collect();
        assert_eq!(files["openstack/content/0000"], b"hi");
        let meta: serde_json::Value =
            serde_json::from_slice(&files["openstack/latest/meta_data.json"]).unwrap();
        let named = serde_json::json!([{ "path": "/etc/banner.txt", "content_path": "/content/0000" }]);
        assert_eq!(meta["files"], named);
        let told = openstack::content(&guest, "2018-08-27", Document::MetaData, Channel::Service).unwrap();
        assert!(
            !String::from_utf8(told).unwrap().contains("banner"),
            "the metadata service does not tell them"
        );
    }

    #[test]
    fn without_user_data_no_file_of_it() {
        let mut guest = guest();
        guest.user_data = None;
        assert!(documents(&guest).iter().all(|(path, _)| !path.contains("user")));
    }
}
