//! For the planner's tests: a cloud that passes, to be broken in one place.

use std::collections::BTreeSet;

use kogge_standards::default_rules::{SeenTemplate, rule_templates};
use kogge_standards::flavors::SeenFlavor;
use kogge_standards::image_metadata::SeenImage;
use kogge_standards::standard_flavors;
use kogge_standards::volume_types::SeenVolumeType;
use kogge_standards::{Finding, Verdict};

use super::standing::judge;
use super::{HeldFlavor, HeldImages, HeldType, Inventory, Plan, Settings, Template, Wishes, plan};

pub(super) const SOURCE: &str =
    "https://cloud-images.ubuntu.com/noble/20261101/noble-server-cloudimg-amd64.img";

/// An image that passes everything, at the time of the scene.
pub(super) fn image(name: &str) -> SeenImage {
    let properties = [
        ("architecture", "x86_64"),
        ("os_hash_algo", "sha512"),
        ("os_distro", "ubuntu"),
        ("os_version", "24.04"),
        ("os_purpose", "generic"),
        ("image_build_date", "2026-11-01"),
        ("image_original_user", "ubuntu"),
        ("image_source", SOURCE),
        ("image_description", "https://example.org/"),
        ("replace_frequency", "monthly"),
        ("provided_until", "none"),
        ("uuid_validity", "none"),
        ("disk_format", "qcow2"),
    ];
    SeenImage {
        id: format!("id of {name}"),
        name: Some(name.to_owned()),
        visibility: "public".to_owned(),
        size: Some(600 << 20),
        min_disk: Some(8),
        min_ram: Some(512),
        created_at: Some("2026-11-02T03:04:05Z".to_owned()),
        properties: properties.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
        ..SeenImage::default()
    }
}

pub(super) fn volume_type(name: &str, description: &str) -> HeldType {
    let seen = SeenVolumeType { name: name.to_owned(), description: Some(description.to_owned()) };
    HeldType { id: format!("id of {name}"), seen, ..HeldType::default() }
}

fn template(number: usize, seen: SeenTemplate) -> Template {
    Template { seen: SeenTemplate { id: format!("rule {number}"), ..seen }, ..Template::default() }
}

/// A cloud that passes everything that can be judged, but for optional images and the catalogue.
pub(super) fn good() -> Inventory {
    let flavor = |standard| HeldFlavor { seen: SeenFlavor::from(standard), public: true, used: None };
    let templates = rule_templates().iter().map(SeenTemplate::from).enumerate();
    let fast = HeldType { encrypted: true, ..volume_type("fast", "[scs:encrypted, replicated] Fast") };
    Inventory {
        flavors: Ok(standard_flavors().iter().map(flavor).collect()),
        images: Ok(HeldImages { public: vec![image("Ubuntu 24.04")], community: 0 }),
        rules: Ok(Some(templates.map(|(number, seen)| template(number, seen)).collect())),
        volume_types: Ok(vec![fast]),
        ..Inventory::empty("2026-11-24T08:00:00Z".parse().unwrap())
    }
}

/// Wishes for all test cases that begin like one of these.
pub(super) fn wish(prefixes: &[&str]) -> Wishes {
    let ids = crate::catalogue().into_iter().map(|check| check.description().id.clone());
    let testcases = ids.filter(|id| prefixes.iter().any(|prefix| id.starts_with(prefix)));
    Wishes { testcases: testcases.collect(), ..Wishes::default() }
}

pub(super) fn set(wishes: Wishes, texts: &[&str]) -> Wishes {
    Wishes { settings: Settings::parse(texts.iter().copied()).unwrap(), ..wishes }
}

/// Makes the plan, and shows that what it promises comes true and that a second plan has nothing to change.
pub(super) fn planned(inventory: &Inventory, wishes: &Wishes) -> Plan {
    let made = plan(inventory, wishes);
    let mut after = inventory.clone();
    made.changes.iter().for_each(|change| change.action.simulate(&mut after));
    let again = plan(&after, wishes);
    assert_eq!(again.changes, [], "a second plan has nothing to change");
    assert_eq!(again.advice, made.advice, "a second plan advises the same");
    let failing: BTreeSet<String> = failing(&after, wishes).into_iter().map(|(id, _)| id).collect();
    let advised: BTreeSet<String> = made.advice.iter().map(|advice| advice.testcase.clone()).collect();
    assert_eq!(failing, advised, "what still fails is advised about, and nothing else");
    made
}

pub(super) fn failing(inventory: &Inventory, wishes: &Wishes) -> Vec<(String, Vec<Finding>)> {
    let judged = judge(inventory, &wishes.testcases).into_values();
    judged.filter(|j| j.verdict != Verdict::Pass).map(|j| (j.testcase.into_owned(), j.findings)).collect()
}

/// What each change is about and what it does, in short.
pub(super) fn short(plan: &Plan) -> Vec<String> {
    plan.changes
        .iter()
        .map(|c| format!("{}: {}: {} -> {}", c.object.name, c.what, c.before, c.after))
        .collect()
}
