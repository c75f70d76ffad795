//! Replaced builds that still claim to be the generic image of their system (SCS-0102).

use std::collections::BTreeMap;

use kogge_standards::image_metadata::{SeenImage, UNIQUENESS, is_date_stamp};

use super::draft;
use crate::fix::desk::Desk;

/// Marks the builds whose name says that they were replaced: it is the name of another one and a last word more.
pub(super) fn plan(desk: &mut Desk<'_>) {
    let mut groups: BTreeMap<[String; 3], Vec<SeenImage>> = BTreeMap::new();
    for image in desk.inventory.public_images().iter().filter(|i| i.property("os_purpose") == Some("generic"))
    {
        let system = ["architecture", "os_distro", "os_version"]
            .map(|key| image.property(key).unwrap_or_default().to_owned());
        if !system[1].is_empty() && !system[2].is_empty() {
            groups.entry(system).or_default().push(image.clone());
        }
    }
    for group in groups.into_values() {
        for old in group.iter().filter(|image| group.iter().any(|other| replaces(other, image))) {
            let why =
                "its name says that another one replaced it, and SCS-0102 has this word for such images";
            desk.change(draft(old, UNIQUENESS, "os_purpose", "oldgeneric".to_owned(), why.to_owned()));
        }
    }
}

fn replaces(new: &SeenImage, old: &SeenImage) -> bool {
    let (Some(new), Some(old)) = (&new.name, &old.name) else { return false };
    old.rsplit_once(' ')
        .is_some_and(|(name, mark)| name == new && (["old", "prev"].contains(&mark) || is_date_stamp(mark)))
}
