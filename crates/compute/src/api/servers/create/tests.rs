//! Bodies of new servers that Nova's schemas take or refuse.

use kogge_http::mv;

use super::*;
use crate::microversion::MAXIMUM;
use crate::model::server::LocalDisks;
use crate::service::servers::wanted::VolumeOrigin;

const IMAGE: &str = "70a599e0-31e7-49b7-b260-868f441e862b";
const OTHER: &str = "80a599e0-31e7-49b7-b260-868f441e862b";

fn body(extra: &Value) -> Value {
    let mut server = json!({"name": "web", "flavorRef": "1", "imageRef": IMAGE});
    for (key, value) in extra.as_object().unwrap() {
        server[key] = value.clone();
    }
    json!({ "server": server })
}

fn good(extra: Value, minor: u16) -> bool {
    read(&body(&extra), mv(2, minor)).is_ok()
}

fn message(extra: Value, minor: u16) -> String {
    read(&body(&extra), mv(2, minor)).err().map_or_else(String::new, |error| error.message().to_owned())
}

#[test]
fn fields_come_and_go_with_the_microversion() {
    for (extra, since, until) in [
        (json!({"description": "x"}), 19, 103),
        (json!({"personality": []}), 1, 56),
        (json!({"tags": ["a"], "networks": "none"}), 52, 103),
        (json!({"trusted_image_certificates": ["a"], "networks": "none"}), 63, 103),
        (json!({"host": "h", "networks": "none"}), 74, 103),
        (json!({"hostname": "web-1", "networks": "none"}), 90, 103),
        (json!({"networks": "auto"}), 37, 103),
    ] {
        for minor in [1, 18, 19, 36, 37, 51, 52, 56, 57, 62, 63, 73, 74, 89, 90, 103] {
            let mut extra = extra.clone();
            if minor >= 37 && extra.get("networks").is_none() {
                extra["networks"] = json!("none");
            }
            assert_eq!(good(extra.clone(), minor), (since..=until).contains(&minor), "{extra} at 2.{minor}");
        }
    }
}

#[test]
fn networks_are_required_since_2_37() {
    assert!(good(json!({}), 36));
    assert!(message(json!({}), 37).ends_with("'networks' is a required property"));
    assert!(!good(json!({"networks": "some"}), 37));
    let read = |extra: Value| read(&body(&extra), MAXIMUM).unwrap().0.networks;
    assert_eq!(read(json!({"networks": "auto"})), Networks::Auto);
    assert_eq!(read(json!({"networks": "none"})), Networks::None);
    let listed = json!({"networks": [{"uuid": OTHER, "fixed_ip": "10.0.0.5", "tag": "a"}, {"port": IMAGE}]});
    let Networks::Listed(wishes) = read(listed) else { panic!("listed") };
    assert_eq!(wishes[0].network.as_deref(), Some(OTHER));
    assert_eq!(wishes[1].port.as_deref(), Some(IMAGE));
}

#[test]
fn bad_networks_are_told_apart() {
    for (networks, part) in [
        (json!([{}]), "missing 'uuid'"),
        (json!([{"uuid": "x"}]), "network uuid is not in proper format (x)"),
        (json!([{"port": IMAGE, "fixed_ip": "10.0.0.1"}]), "cannot be specified together"),
        (json!([{"port": IMAGE}, {"port": IMAGE}]), "specified twice"),
        (json!([{"uuid": OTHER, "fixed_ip": "10.0.0"}]), "is not a 'ipv4'"),
        (json!([{"uuid": OTHER, "x": 1}]), "Additional properties"),
        (json!(["x"]), "not of type 'object'"),
    ] {
        let text = message(json!({ "networks": networks }), 42);
        assert!(text.contains(part), "{networks}: {text}");
    }
}

#[test]
fn names_images_and_addresses_are_checked() {
    for (extra, part) in [
        (json!({"name": 12345}), "12345 is not of type 'string'"),
        (json!({"name": ""}), "should be non-empty"),
        (json!({"name": "a".repeat(256)}), "is too long"),
        (json!({"name": " a"}), "An invalid 'name' value was provided"),
        (json!({"imageRef": "nonsense"}), "not valid under any of the given schemas"),
        (json!({"imageRef": ""}), "Missing imageRef attribute"),
        (json!({"flavorRef": null}), "is not of type 'string', 'integer'"),
        (json!({"flavorRef": ""}), "should be non-empty"),
        (json!({"accessIPv6": "notvalid"}), "is not a 'ipv6'"),
        (json!({"metadata": {"a": "b".repeat(260)}}), "is too long"),
        (json!({"min_count": 3, "max_count": 2}), "min_count must be <= max_count"),
        (json!({"min_count": 0}), "less than the minimum"),
        (json!({"user_data": "???"}), "base64"),
        (json!({"key_name": ""}), "should be non-empty"),
        (json!({"x": 1}), "Additional properties are not allowed ('x' was unexpected)"),
        (json!({"personality": {}}), "is not of type 'array'"),
        (json!({"personality": [{"path": "/a"}]}), "'contents' is a required property"),
        (json!({"personality": [{"path": "/a", "contents": "?"}]}), "base64"),
        (json!({"personality": [{"path": "/a", "contents": "", "mode": 1}]}), "('mode' was unexpected)"),
        (json!({"user_data": 7}), "Value: 7. 7 is not of type 'string'"),
        (
            json!({"metadata": {"a": "b".repeat(256)}}),
            &format!("Value: {0}. '{0}' is too long", "b".repeat(256)),
        ),
    ] {
        let text = message(extra.clone(), 1);
        assert!(text.contains(part), "{extra}: {text}");
    }
    assert!(read(&json!({"server": {"name": "a"}}), mv(2, 1)).is_err());
    assert!(read(&json!({}), mv(2, 1)).is_err());
}

#[test]
fn disks_of_the_host_and_volumes_are_block_devices() {
    let local = json!({"source_type": "image", "destination_type": "local", "uuid": IMAGE, "boot_index": 0});
    assert!(good(json!({"block_device_mapping_v2": [local]}), 1));
    assert!(good(json!({"imageRef": "", "block_device_mapping_v2": [local]}), 1));
    let volume =
        json!({"source_type": "volume", "destination_type": "volume", "uuid": IMAGE, "boot_index": 0});
    let read_all = |body: Value| {
        read(&self::body(&body), mv(2, 1)).map(|(new, _)| new).map_err(|error| error.message().to_owned())
    };
    let booted = read_all(json!({"imageRef": "", "block_device_mapping_v2": [volume]})).unwrap();
    assert_eq!((booted.image, booted.volumes[0].boot), (None, Some(0)));
    let old = json!({"imageRef": "", "block_device_mapping": [{"volume_id": IMAGE, "device_name": "vda"}]});
    let old = read_all(old).unwrap();
    assert_eq!(
        (old.volumes[0].boot, &old.volumes[0].origin),
        (Some(0), &VolumeOrigin::Volume(IMAGE.to_owned()))
    );
    let beside = read_all(json!({"imageRef": IMAGE, "block_device_mapping_v2": [volume]})).unwrap();
    assert_eq!((beside.image, beside.volumes[0].boot), (None, Some(0)));
    let image = json!({"source_type": "image", "destination_type": "local", "uuid": IMAGE, "boot_index": 0});
    let twice = json!({"imageRef": IMAGE, "block_device_mapping_v2": [image, volume]});
    assert!(read_all(twice).err().unwrap().contains("Boot sequence"));
    let mut gap = volume.clone();
    gap["boot_index"] = json!(2);
    assert!(
        read_all(json!({"block_device_mapping_v2": [local, gap]})).err().unwrap().contains("Boot sequence")
    );
    let sizeless =
        json!({"source_type": "image", "destination_type": "volume", "uuid": IMAGE, "boot_index": 0});
    let sizeless = json!({"imageRef": "", "block_device_mapping_v2": [sizeless]});
    assert!(read_all(sizeless).err().unwrap().contains("non-zero size"));
    let nowhere = json!({"source_type": "blank", "destination_type": "volume", "boot_index": -1});
    let nowhere = json!({"block_device_mapping_v2": [local, nowhere]});
    assert!(read_all(nowhere).err().unwrap().contains("non-zero size"));
    let blank =
        json!({"source_type": "blank", "destination_type": "local", "boot_index": -1, "volume_size": 1});
    let swap = json!({"source_type": "blank", "destination_type": "local", "guest_format": "swap"});
    let local_disks = |devices: Value| {
        let body = body(&json!({ "block_device_mapping_v2": devices }));
        read(&body, mv(2, 1)).map(|(new, _)| new.local).map_err(|error| error.message().to_owned())
    };
    let expected = LocalDisks { ephemeral: vec![Some(1), Some(1)], swap: None };
    assert_eq!(local_disks(json!([blank, blank])).unwrap(), expected);
    let sized = LocalDisks { ephemeral: Vec::new(), swap: Some(1) };
    let mut small = swap.clone();
    small["volume_size"] = json!(1);
    assert_eq!(local_disks(json!([local, small])).unwrap(), sized);
    assert!(local_disks(json!([swap, swap])).unwrap_err().contains("More than one swap"));
    assert!(local_disks(json!([local, blank, blank, blank])).unwrap_err().contains("more local devices"));
    let other = json!({"source_type": "image", "destination_type": "local", "uuid": OTHER});
    assert!(message(json!({"block_device_mapping_v2": [other]}), 1).contains("Boot sequence"));
    for (index, taken) in
        [(json!(null), true), (json!("-1"), true), (json!(1e300), false), (json!(u64::MAX), false)]
    {
        let mut device = local.clone();
        device["boot_index"] = index.clone();
        assert_eq!(good(json!({"block_device_mapping_v2": [device]}), 1), taken, "{index}");
    }
}

#[test]
fn hints_are_accepted_in_both_spellings() {
    for name in ["os:scheduler_hints", "OS-SCH-HNT:scheduler_hints"] {
        let mut body = body(&json!({}));
        body[name] = json!({"different_host": [IMAGE], "anything": 1});
        assert!(read(&body, mv(2, 1)).unwrap().0.hints.is_some());
        body[name] = json!({"same_host": "x"});
        assert!(read(&body, mv(2, 1)).is_err());
    }
}

#[test]
fn one_server_group_may_be_hinted_at() {
    for (group, expected) in [
        (json!(IMAGE), Ok(Some(IMAGE))),
        (json!(IMAGE.replace('-', "").to_uppercase()), Ok(Some(IMAGE))),
        (json!([IMAGE]), Ok(Some(IMAGE))),
        (json!([]), Ok(None)),
        (json!([IMAGE, OTHER]), Err("names more than one server group")),
        (json!("mine"), Err("'mine' is not a 'uuid'")),
        (json!(7), Err("7 is not a 'uuid'")),
        (json!(null), Err("None is not a 'uuid'")),
    ] {
        let mut body = body(&json!({}));
        body["os:scheduler_hints"] = json!({ "group": group });
        match (read(&body, mv(2, 1)), expected) {
            (Ok((new, _)), Ok(id)) => assert_eq!(new.group.as_deref(), id, "{group}"),
            (Err(error), Err(part)) => assert!(error.message().contains(part), "{}", error.message()),
            (found, _) => panic!("{group}: {:?}", found.map(|_| ())),
        }
    }
}

#[test]
fn a_flavor_may_be_named_by_number_or_address() {
    let flavor = |value: Value| read(&body(&json!({ "flavorRef": value })), mv(2, 1)).unwrap().0.flavor;
    assert_eq!(flavor(json!(42)), "42");
    assert_eq!(flavor(json!("http://x/v2.1/flavors/SCS-1V-4?a=b")), "SCS-1V-4");
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in ".{0,100}", minor in 1_u16..104) {
        for key in ["name", "imageRef", "flavorRef", "networks", "user_data", "hostname", "key_name", "tags"] {
            let _ = read(&body(&json!({ key: text.clone() })), mv(2, minor));
            let _ = read(&body(&json!({ key: [text.clone()] })), mv(2, minor));
        }
    }
}
