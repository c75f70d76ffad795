//! What names, ids and texts may be. Upstream: the JSON schemas of Keystone.

use super::bounds::checked_count;
use crate::error::{Error, Result};

/// Most characters of a project's or domain's name.
pub(crate) const PROJECT_NAME: usize = 64;
/// Most tags of a project.
const MOST_TAGS: usize = 80;
/// Most characters of other names.
pub(crate) const NAME: usize = 255;

/// A name without blanks around it: one to `most` characters, no control characters.
pub(crate) fn checked_name(field: &str, name: &str, most: usize) -> Result<String> {
    let trimmed = name.trim();
    if trimmed.is_empty() {
        return Err(Error::Invalid(format!("Invalid input for field '{field}': it is too short")));
    }
    if name.chars().count() > most {
        return Err(Error::Invalid(format!(
            "Invalid input for field '{field}': it is longer than {most} characters"
        )));
    }
    if name.chars().any(char::is_control) {
        return Err(Error::Invalid(format!("Invalid input for field '{field}': it has control characters")));
    }
    Ok(trimmed.to_owned())
}

/// A project tag: 1 to 255 characters without `,` and `/`.
pub(crate) fn checked_tag(tag: &str) -> Result<String> {
    let tag = checked_name("tags", tag, NAME)?;
    if tag.contains([',', '/']) {
        return Err(Error::Invalid(format!("Invalid input for field 'tags': '{tag}' has a ',' or '/'")));
    }
    Ok(tag)
}

/// Tags, checked; one that stands twice is refused, as Keystone's schema does.
pub(crate) fn checked_tags(tags: Vec<String>) -> Result<Vec<String>> {
    checked_count("tags", tags.len(), MOST_TAGS)?;
    let mut checked: Vec<String> = Vec::with_capacity(tags.len());
    for tag in tags {
        let tag = checked_tag(&tag)?;
        if checked.contains(&tag) {
            return Err(Error::Invalid(format!("Invalid input for field 'tags': '{tag}' stands twice")));
        }
        checked.push(tag);
    }
    Ok(checked)
}

/// A new id.
pub(crate) fn new_id() -> String {
    kogge_ids::UserId::random().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_and_bounded_in_characters() {
        assert_eq!(checked_name("name", "  a b ", NAME).unwrap(), "a b");
        assert!(checked_name("name", &"ä".repeat(64), PROJECT_NAME).is_ok());
        assert!(checked_name("name", &"ä".repeat(65), PROJECT_NAME).is_err());
        for bad in ["", "   ", "a\u{1f}b", "a\nb"] {
            assert!(checked_name("name", bad, NAME).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn tags_have_no_commas_and_slashes() {
        assert!(checked_tag("blue green").is_ok());
        assert!(checked_tag("a,b").is_err() && checked_tag("a/b").is_err());
    }
}
