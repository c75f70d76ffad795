//! The planner about images.

use kogge_standards::image_metadata::SeenImage;

use crate::fix::scene::{SOURCE, good, image, planned, set, short, wish};
use crate::fix::{Action, HeldImages, Inventory, Plan, Wishes};

fn wishes() -> Wishes {
    wish(&["scs-0102-", "scs-0104-source-", "scs-0104-image-ubuntu-2404"])
}

fn with(public: Vec<SeenImage>) -> Inventory {
    Inventory { images: Ok(HeldImages { public, community: 0 }), ..good() }
}

fn plan_of(public: Vec<SeenImage>, wishes: &Wishes) -> Plan {
    planned(&with(public), wishes)
}

/// A standard image without one of its properties.
fn without(key: &str) -> SeenImage {
    let mut image = image("Ubuntu 24.04");
    image.properties.remove(key);
    image
}

fn having(name: &str, key: &str, value: &str) -> SeenImage {
    let mut image = image(name);
    image.properties.insert(key.to_owned(), value.to_owned());
    image
}

#[test]
fn an_image_in_order_needs_nothing() {
    let plan = plan_of(vec![image("Ubuntu 24.04")], &wishes());
    assert_eq!((plan.changes, plan.advice), (vec![], vec![]));
}

#[test]
fn what_the_name_of_a_standard_image_says_is_set() {
    for (key, value) in [
        ("os_distro", "ubuntu"),
        ("os_version", "24.04"),
        ("os_purpose", "generic"),
        ("image_original_user", "ubuntu"),
        ("architecture", "x86_64"),
    ] {
        let plan = plan_of(vec![without(key)], &wishes());
        assert_eq!(short(&plan), [format!(r#"image "Ubuntu 24.04": {key}: (not set) -> {value}"#)], "{key}");
        assert_eq!(plan.advice, []);
    }
}

#[test]
fn of_other_images_nothing_is_guessed() {
    let mut fedora = having("Fedora 43", "image_source", "https://fedora.example/Fedora-Cloud.qcow2");
    for key in ["os_distro", "os_version", "os_purpose", "architecture"] {
        fedora.properties.remove(key);
    }
    let plan = plan_of(vec![image("Ubuntu 24.04"), fedora], &wishes());
    assert_eq!(plan.changes, []);
    assert_eq!(plan.advice.len(), 4);
    assert!(plan.advice.iter().all(|a| a.todo.contains("--set 'Fedora 43:")), "{:?}", plan.advice);
}

#[test]
fn a_standard_name_on_an_image_from_elsewhere_says_nothing() {
    let mut own = having("Ubuntu 24.04", "image_source", "private");
    own.properties.remove("os_version");
    let plan = plan_of(vec![own], &wishes());
    assert_eq!(plan.changes, []);
    let cases: Vec<_> = plan.advice.iter().map(|a| a.testcase.as_str()).collect();
    assert_eq!(cases, ["scs-0102-prop-os_version", "scs-0104-source-ubuntu-2404"]);
}

#[test]
fn the_source_that_the_operator_names_is_known_to_the_rest() {
    let mut image = without("image_source");
    image.properties.remove("os_version");
    let plan = plan_of(vec![image], &set(wishes(), &[&format!("image_source={SOURCE}")]));
    let changed: Vec<_> = plan.changes.iter().map(|c| c.what.as_str()).collect();
    assert_eq!((changed, plan.advice.len()), (vec!["image_source", "os_version"], 0));
}

#[test]
fn the_operators_values_are_taken_only_where_something_is_wrong() {
    let all = set(wishes(), &["replace_frequency=yearly", "min_ram=1024", "provided_until=notice"]);
    let plan = plan_of(vec![without("replace_frequency")], &all);
    assert_eq!(short(&plan), [r#"image "Ubuntu 24.04": replace_frequency: (not set) -> yearly"#]);
    assert_eq!(plan.changes[0].why, "given with --set");
}

#[test]
fn a_value_that_the_rule_does_not_accept_is_refused_in_words() {
    let plan = plan_of(vec![without("replace_frequency")], &set(wishes(), &["replace_frequency=sometimes"]));
    assert_eq!(plan.changes, []);
    assert!(plan.advice[0].todo.contains("sometimes"), "{:?}", plan.advice);
    let future = set(wishes(), &["image_build_date=2026-11-05"]);
    assert_eq!(
        plan_of(vec![without("image_build_date")], &future).changes,
        [],
        "it is after the registration"
    );
}

#[test]
fn the_least_disk_is_the_virtual_size() {
    let mut image = having("Ubuntu 24.04", "virtual_size", &((7_u64 << 30) + 1).to_string());
    image.min_disk = Some(0);
    let plan = plan_of(vec![image.clone()], &wishes());
    assert_eq!(short(&plan), [r#"image "Ubuntu 24.04": min_disk: 0 -> 8"#]);
    assert!(!plan.changes[0].safe, "servers with small disks are concerned");
    image.properties.remove("virtual_size");
    assert_eq!(plan_of(vec![image.clone()], &wishes()).changes, [], "a qcow2 file does not tell");
    image.properties.insert("disk_format".to_owned(), "raw".to_owned());
    assert_eq!(short(&plan_of(vec![image], &wishes())), [r#"image "Ubuntu 24.04": min_disk: 0 -> 1"#]);
}

#[test]
fn the_one_accepted_model_is_set_and_choices_are_left_to_the_operator() {
    let plan = plan_of(vec![having("Ubuntu 24.04", "hw_rng_model", "egd")], &wishes());
    assert_eq!(short(&plan), [r#"image "Ubuntu 24.04": hw_rng_model: egd -> virtio"#]);
    let bus = vec![having("Ubuntu 24.04", "hw_disk_bus", "ide")];
    assert_eq!(plan_of(bus.clone(), &wishes()).changes, []);
    assert_eq!(plan_of(bus, &set(wishes(), &["hw_disk_bus=scsi"])).changes.len(), 1);
}

#[test]
fn the_hash_cannot_be_set() {
    let plan = plan_of(vec![having("Ubuntu 24.04", "os_hash_algo", "md5")], &wishes());
    assert_eq!(plan.changes, []);
    assert!(plan.advice[0].todo.contains("upload"), "{:?}", plan.advice);
}

#[test]
fn a_second_generic_image_is_never_made() {
    let mut other = without("os_purpose");
    other.id = "other".to_owned();
    other.name = Some("Ubuntu 24.04 minimal".to_owned());
    let plan = plan_of(vec![image("Ubuntu 24.04"), other], &wishes());
    assert_eq!(plan.changes, []);
}

#[test]
fn replaced_builds_become_oldgeneric_and_unclear_ones_are_advised_about() {
    let new = image("Ubuntu 24.04");
    let plan =
        plan_of(vec![new.clone(), image("Ubuntu 24.04 20261001"), image("Ubuntu 24.04 prev")], &wishes());
    assert_eq!(plan.changes.len(), 2);
    assert!(plan.changes.iter().all(|c| c.after == "oldgeneric") && plan.advice.is_empty(), "{plan:?}");
    let plan = plan_of(vec![new, image("Ubuntu 24.04 special")], &wishes());
    assert_eq!((plan.changes.len(), plan.advice.len()), (0, 1));
}

#[test]
fn an_overdue_image_needs_a_new_build_or_another_promise() {
    let mut old = having("Ubuntu 24.04", "image_build_date", "2026-01-01");
    old.properties.insert("provided_until".to_owned(), "2027-01-01".to_owned());
    let plan = plan_of(vec![old.clone()], &wishes());
    assert_eq!(plan.changes, []);
    assert!(plan.advice[0].todo.contains("new build"), "{:?}", plan.advice);
    let promised = set(wishes(), &["provided_until=none"]);
    assert_eq!(
        short(&plan_of(vec![old], &promised)),
        [r#"image "Ubuntu 24.04": provided_until: 2027-01-01 -> none"#]
    );
}

#[test]
fn a_missing_image_is_downloaded_only_on_request_and_from_where_the_standard_says() {
    assert_eq!(plan_of(vec![], &wishes()).changes, []);
    let asked = Wishes { images: true, ..wishes() };
    let plan = plan_of(vec![], &asked);
    assert_eq!(plan.changes, [], "nobody said which build");
    assert!(plan.advice[0].todo.contains("image_build_date"), "{:?}", plan.advice);
    let plan = plan_of(vec![], &set(asked.clone(), &["Ubuntu 24.04:image_build_date=2026-11-20"]));
    let Action::ImportImage(new) = &plan.changes[0].action else { panic!("{plan:?}") };
    assert_eq!(new.uri, "https://cloud-images.ubuntu.com/noble/20261120/noble-server-cloudimg-amd64.img");
    assert_eq!(new.properties["image_source"], new.uri);
    assert_eq!(plan.advice, []);
    let elsewhere = ["image_build_date=2026-11-20", "image_source=https://mirror.example/noble.img"];
    assert_eq!(plan_of(vec![], &set(asked, &elsewhere)).changes, []);
}

#[test]
fn debian_comes_from_the_newest_build() {
    let asked = Wishes { images: true, ..wish(&["scs-0104-image-debian-12"]) };
    let plan = plan_of(vec![], &set(asked, &["image_build_date=2026-11-20"]));
    let Action::ImportImage(new) = &plan.changes[0].action else { panic!("{plan:?}") };
    assert_eq!(
        new.uri,
        "https://cloud.debian.org/images/cloud/bookworm/latest/debian-12-genericcloud-amd64.qcow2"
    );
    assert_eq!(
        (new.properties["os_distro"].as_str(), new.properties["os_version"].as_str()),
        ("debian", "12")
    );
}

#[test]
fn cluster_images_have_no_fixed_address() {
    let asked = Wishes { images: true, ..wish(&["scs-0104-image-capi-2"]) };
    let plan = plan_of(vec![], &set(asked, &["image_build_date=2026-11-20"]));
    assert_eq!(plan.changes, []);
    assert!(plan.advice[0].todo.contains("upload"), "{:?}", plan.advice);
}

#[test]
fn an_image_without_a_name_is_named_by_its_id() {
    let mut nameless = without("replace_frequency");
    nameless.name = None;
    let plan = plan_of(vec![image("Ubuntu 24.04"), nameless], &set(wishes(), &["replace_frequency=never"]));
    assert_eq!(plan.changes.len(), 1);
    assert!(plan.changes[0].object.name.contains("without a name"), "{plan:?}");
}
