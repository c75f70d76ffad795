//! Changes of an image by JSON patch. Source: `glance/api/v2/images.py`, `_do_add`, `_do_replace`, `_do_remove`.

use std::collections::BTreeSet;

use super::image::Image;
use super::status::Status;
use super::visibility::Visibility;
use crate::error::Error;

/// What a patch does with an attribute or property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// Sets a base attribute; `add` and `replace` do the same.
    Set(Attribute),
    /// Removes a base attribute: always refused.
    Unset(&'static str),
    /// Sets a property that must not be there (`true`: patches of version 2.0) or may be.
    Add(String, String, bool),
    /// Changes a property that must be there.
    Replace(String, String),
    /// Removes a property that must be there.
    Remove(String),
    /// Adds a base attribute by a patch of version 2.0: it is there already.
    AddTwice(&'static str),
    /// Anything about locations, which nobody sees here.
    Locations,
}

/// A base attribute with its new value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Attribute {
    /// `name`
    Name(Option<String>),
    /// `visibility`
    Visibility(Visibility),
    /// `protected`
    Protected(bool),
    /// `os_hidden`
    Hidden(bool),
    /// `owner`
    Owner(Option<String>),
    /// `disk_format`
    DiskFormat(Option<String>),
    /// `container_format`
    ContainerFormat(Option<String>),
    /// `min_disk` in GiB
    MinDisk(i64),
    /// `min_ram` in MiB
    MinRam(i64),
    /// `tags`
    Tags(BTreeSet<String>),
}

/// Applies one change. Who may do it was asked before.
///
/// # Errors
/// [`Error::Conflict`] for a property that is or is not there, [`Error::Forbidden`] for what cannot be changed (any
/// more).
pub(crate) fn apply(image: &mut Image, change: Change) -> Result<(), Error> {
    match change {
        Change::Set(attribute) => set(image, attribute),
        Change::Unset(name) => Err(Error::forbidden(format!("Property {name} may not be removed."))),
        Change::Locations => {
            Err(Error::forbidden("It's not allowed to update locations if locations are invisible."))
        }
        Change::AddTwice(name) => Err(Error::conflict(format!("Property {name} already present."))),
        Change::Add(name, _, true) if image.properties.contains_key(&name) => {
            Err(Error::conflict(format!("Property {name} already present.")))
        }
        Change::Add(name, value, _) => {
            image.properties.insert(name, value);
            Ok(())
        }
        Change::Replace(name, value) => match image.properties.get_mut(&name) {
            Some(old) => {
                *old = value;
                Ok(())
            }
            None => Err(Error::conflict(format!("Property {name} does not exist."))),
        },
        Change::Remove(name) => match image.properties.remove(&name) {
            Some(_) => Ok(()),
            None => Err(Error::conflict(format!("Property {name} does not exist."))),
        },
    }
}

fn set(image: &mut Image, attribute: Attribute) -> Result<(), Error> {
    let fixed = |name: &str| format!("Attribute {name} can be only replaced for a queued image.");
    let open = matches!(image.status, Status::Queued | Status::Importing);
    match attribute {
        Attribute::Name(value) => image.name = value,
        Attribute::Visibility(value) => image.visibility = value,
        Attribute::Protected(value) => image.protected = value,
        Attribute::Hidden(value) => image.hidden = value,
        Attribute::Owner(value) => image.owner = value,
        Attribute::MinDisk(value) => image.min_disk = value,
        Attribute::MinRam(value) => image.min_ram = value,
        Attribute::Tags(value) => image.tags = value,
        Attribute::DiskFormat(value) if open => image.disk_format = value,
        Attribute::ContainerFormat(value) if open => image.container_format = value,
        Attribute::DiskFormat(_) => return Err(Error::forbidden(fixed("disk_format"))),
        Attribute::ContainerFormat(_) => return Err(Error::forbidden(fixed("container_format"))),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::image::tests::image;
    use super::*;

    fn with(name: &str) -> Image {
        let mut image = image();
        image.properties.insert(name.into(), "old".into());
        image
    }

    #[test]
    fn properties_are_added_replaced_and_removed() {
        let mut image = with("a");
        apply(&mut image, Change::Replace("a".into(), "new".into())).unwrap();
        apply(&mut image, Change::Add("b".into(), "1".into(), false)).unwrap();
        apply(&mut image, Change::Add("b".into(), "2".into(), false)).unwrap();
        assert_eq!(image.properties["a"], "new");
        assert_eq!(image.properties["b"], "2");
        apply(&mut image, Change::Remove("a".into())).unwrap();
        assert!(!image.properties.contains_key("a"));
    }

    #[test]
    fn what_is_missing_or_doubled_is_a_conflict() {
        let conflict = |change| matches!(apply(&mut with("a"), change), Err(Error::Conflict(_)));
        assert!(conflict(Change::Replace("b".into(), "x".into())));
        assert!(conflict(Change::Remove("b".into())));
        assert!(conflict(Change::Add("a".into(), "x".into(), true)));
        assert!(conflict(Change::AddTwice("name")));
    }

    #[test]
    fn base_attributes_are_not_removed_and_formats_stay_with_the_data() {
        let forbidden = |image: &mut Image, change| matches!(apply(image, change), Err(Error::Forbidden(_)));
        let mut active = Image { status: Status::Active, ..image() };
        assert!(forbidden(&mut active, Change::Unset("name")));
        assert!(forbidden(&mut active, Change::Locations));
        assert!(forbidden(&mut active, Change::Set(Attribute::DiskFormat(Some("qcow2".into())))));
        assert!(forbidden(&mut active, Change::Set(Attribute::ContainerFormat(None))));
        assert!(apply(&mut image(), Change::Set(Attribute::DiskFormat(Some("qcow2".into())))).is_ok());
    }
}
