//! Images (SCS-0102, SCS-0104): properties whose right value is known, or said by the operator; missing images.

mod known;
mod missing;
mod recency;
mod retired;

use kogge_conform::ObjectRef;
use kogge_standards::image_metadata::{SeenImage, UNIQUENESS, offences, property_rules};

use super::action::{Action, set_property};
use super::command::word;
use super::desk::{Desk, Draft};
use super::settings::is_settable;

pub(super) fn plan(desk: &mut Desk<'_>) {
    let images = desk.inventory.public_images().to_vec();
    for image in images {
        properties(desk, image);
    }
    recency::plan(desk);
    if desk.wants(UNIQUENESS) {
        retired::plan(desk);
    }
    missing::plan(desk);
}

/// How findings name the image.
fn name(image: &SeenImage) -> String {
    match &image.name {
        Some(name) => format!("image {name:?}"),
        None => format!("image {} (without a name)", image.id),
    }
}

fn object(image: &SeenImage) -> ObjectRef {
    ObjectRef { name: name(image), id: Some(image.id.clone()) }
}

/// The source first: it tells what else is known.
fn rules() -> impl Iterator<Item = (&'static str, &'static str)> {
    let first =
        |wanted: bool| property_rules().filter(move |(_, property)| (*property == "image_source") == wanted);
    first(true).chain(first(false))
}

fn properties(desk: &mut Desk<'_>, mut image: SeenImage) {
    for (testcase, property) in rules() {
        if !desk.wants(testcase) || !is_broken(desk, &image, testcase) {
            continue;
        }
        let Some((value, why)) = value(desk, &image, property) else {
            advise(desk, &image, testcase, property, None);
            continue;
        };
        let mut mended = image.clone();
        set_property(&mut mended, property, &value);
        if is_broken(desk, &mended, testcase) {
            advise(desk, &image, testcase, property, Some(&value));
            continue;
        }
        desk.change(draft(&image, testcase, property, value, why));
        image = mended;
    }
}

fn is_broken(desk: &Desk<'_>, image: &SeenImage, testcase: &str) -> bool {
    offences(image, desk.inventory.now).any(|(broken, _)| broken == testcase)
}

/// The right value and how it is known: said by the operator, or following from what the image itself says.
fn value(desk: &Desk<'_>, image: &SeenImage, property: &str) -> Option<(String, String)> {
    let named = image.name.as_deref().unwrap_or_default();
    if let Some(value) = desk.wishes.settings.image(property, named, &image.id) {
        return Some((value.to_owned(), "given with --set".to_owned()));
    }
    let (value, why) = known::value(image, property)?;
    let twin = property == "os_purpose" && value == "generic" && has_twin(desk, image);
    (!twin).then_some((value, why))
}

/// Whether another image is already the generic one of the same system.
fn has_twin(desk: &Desk<'_>, image: &SeenImage) -> bool {
    let same = |other: &SeenImage| {
        ["architecture", "os_distro", "os_version"]
            .iter()
            .all(|key| other.property(key) == image.property(key))
    };
    let others = desk.inventory.public_images().iter().filter(|other| other.id != image.id);
    others.into_iter().any(|other| other.property("os_purpose") == Some("generic") && same(other))
}

fn current(image: &SeenImage, property: &str) -> Option<String> {
    match property {
        "min_disk" => image.min_disk.map(|gib| gib.to_string()),
        "min_ram" => image.min_ram.map(|mib| mib.to_string()),
        _ => image.property(property).map(str::to_owned),
    }
}

fn draft(image: &SeenImage, testcase: &str, property: &str, value: String, why: String) -> Draft {
    let before = current(image, property);
    let caution = match property {
        "min_disk" | "min_ram" => "servers with a smaller flavor can no longer be made from the image",
        "hw_disk_bus" | "hypervisor_type" | "hw_rng_model" | "architecture" => {
            "servers made from now on get other virtual hardware, or are placed on other hosts; existing ones are not changed"
        }
        _ => "",
    };
    Draft {
        testcases: vec![testcase.to_owned()],
        object: object(image),
        what: property.to_owned(),
        before: before.clone().unwrap_or_else(|| "(not set)".to_owned()),
        after: value.clone(),
        why,
        caution,
        action: Action::SetProperty {
            id: image.id.clone(),
            key: property.to_owned(),
            value,
            present: before.is_some(),
        },
    }
}

/// Says what the operator has to decide.
fn advise(desk: &mut Desk<'_>, image: &SeenImage, testcase: &str, property: &str, refused: Option<&str>) {
    if !is_settable(property) {
        return;
    }
    let whom = image.name.as_deref().unwrap_or(&image.id);
    let words = match refused {
        Some(value) => {
            format!("the value {value:?} does not help: the rule does not accept it for this image")
        }
        None => format!(
            "only the operator knows the value: plan again with --set {}",
            word(&format!("{whom}:{property}=VALUE"))
        ),
    };
    desk.say(testcase, &name(image), words);
}

#[cfg(test)]
mod tests;
