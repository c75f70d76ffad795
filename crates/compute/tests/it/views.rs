//! What a server shows, microversion by microversion.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::cloud::Cloud;

const ALWAYS: &[&str] = &[
    "id",
    "name",
    "status",
    "tenant_id",
    "user_id",
    "metadata",
    "hostId",
    "image",
    "flavor",
    "created",
    "updated",
    "addresses",
    "accessIPv4",
    "accessIPv6",
    "links",
    "OS-DCF:diskConfig",
    "progress",
    "OS-EXT-AZ:availability_zone",
    "config_drive",
    "key_name",
    "OS-SRV-USG:launched_at",
    "OS-SRV-USG:terminated_at",
    "security_groups",
    "OS-EXT-STS:task_state",
    "OS-EXT-STS:vm_state",
    "OS-EXT-STS:power_state",
    "os-extended-volumes:volumes_attached",
];

/// What each microversion adds for a member; the newest has all of it.
const ADDED: &[(&str, &[&str])] = &[
    ("2.9", &["locked"]),
    ("2.19", &["description"]),
    ("2.26", &["tags"]),
    ("2.63", &["trusted_image_certificates"]),
    ("2.71", &["server_groups"]),
    ("2.73", &["locked_reason"]),
    ("2.90", &["OS-EXT-SRV-ATTR:hostname"]),
    ("2.96", &["pinned_availability_zone"]),
    ("2.100", &["scheduler_hints"]),
];

fn keys(value: &Value) -> BTreeSet<String> {
    value.as_object().unwrap().keys().cloned().collect()
}

#[tokio::test]
async fn a_member_sees_exactly_the_fields_of_each_microversion() {
    let mut cloud = Cloud::start().await;
    let id = cloud.boot(json!({})).await;
    let mut expected: BTreeSet<String> = ALWAYS.iter().map(|key| (*key).to_owned()).collect();
    assert_eq!(keys(&cloud.at("2.1").show(&id).await), expected);
    assert_eq!(keys(&cloud.at("2.8").show(&id).await), expected);
    for (version, added) in ADDED {
        expected.extend(added.iter().map(|key| (*key).to_owned()));
        assert_eq!(keys(&cloud.at(version).show(&id).await), expected, "{version}");
        let list = cloud.get("/servers/detail").await.expect(200);
        let mut listed = expected.clone();
        listed.remove("server_groups");
        assert_eq!(keys(&list["servers"][0]), listed, "in lists of {version}");
    }
    assert_eq!(keys(&cloud.at("2.103").show(&id).await), expected);
}

#[tokio::test]
async fn an_admin_sees_more() {
    let mut cloud = Cloud::start().await;
    let id = cloud.boot(json!({"user_data": "aGk="})).await;
    let path = format!("/servers/{id}");
    let old = cloud.admin("GET", &path, None).await.expect(200)["server"].clone();
    assert_eq!(old["OS-EXT-SRV-ATTR:hypervisor_hostname"], "sim1");
    assert!(old.get("OS-EXT-SRV-ATTR:user_data").is_none());
    let new = cloud.at("2.16").admin("GET", &path, None).await.expect(200)["server"].clone();
    for key in ["hostname", "kernel_id", "launch_index", "ramdisk_id", "reservation_id", "root_device_name"] {
        assert!(new.get(format!("OS-EXT-SRV-ATTR:{key}")).is_some(), "{key}");
    }
    assert_eq!((&new["OS-EXT-SRV-ATTR:user_data"], &new["host_status"]), (&json!("aGk="), &json!("UP")));
}

#[tokio::test]
async fn flavor_and_image_change_their_shape() {
    let mut cloud = Cloud::start().await;
    let id = cloud.boot(json!({})).await;
    let old = cloud.show(&id).await;
    assert_eq!(old["flavor"]["id"], "small");
    assert_eq!(old["flavor"]["links"][0]["rel"], "bookmark");
    assert_eq!(keys(&old["image"]), BTreeSet::from(["id".to_owned(), "links".to_owned()]));
    let new = cloud.at("2.98").show(&id).await;
    let flavor = json!({
        "vcpus": 1, "ram": 512, "disk": 1, "ephemeral": 0, "swap": 0, "original_name": "small",
        "extra_specs": {"hw_rng:allowed": "true"},
    });
    assert_eq!(new["flavor"], flavor);
    assert_eq!(new["image"]["properties"], json!({"hw_disk_bus": "scsi"}));
}

#[tokio::test]
async fn addresses_of_a_server_by_network() {
    let cloud = Cloud::start().await;
    let id = cloud.boot(json!({})).await;
    let path = format!("/servers/{id}/ips");
    let all = cloud.get(&path).await.expect(200);
    assert_eq!(keys(&all["addresses"]["net"][0]), BTreeSet::from(["addr".to_owned(), "version".to_owned()]));
    let one = cloud.get(&format!("{path}/net")).await.expect(200);
    assert_eq!(one["net"], all["addresses"]["net"]);
    assert_eq!(
        cloud.get(&format!("{path}/none")).await.fault(404),
        "Instance is not a member of specified network"
    );
}
