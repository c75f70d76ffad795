//! How much of everything. Upstream's bound where it has one, else one that no honest client meets: all that identity knows is in
//! memory, in every process.

use crate::error::{Error, Result};
use crate::model::Extra;

/// Most characters of a description. Keystone: the database column's 65,535 bytes.
const DESCRIPTION: usize = 4096;
/// Most unknown attributes of one object, and most bytes of them all together, as JSON.
const ATTRIBUTES: usize = 64;
const ATTRIBUTE_BYTES: usize = 16 * 1024;
/// Most characters of an id or a type. Keystone: the column's.
const ID: usize = 255;
/// Most bytes of a credential's blob: a certificate with its chain and key. Keystone: what 65,535 bytes hold when sealed.
const BLOB: usize = 32 * 1024;

fn too_much(field: &str, most: usize, what: &str) -> Error {
    Error::Invalid(format!("Invalid input for field '{field}': it has more than {most} {what}"))
}

/// A text of at most `most` characters.
pub(crate) fn checked_text(field: &str, text: &str, most: usize) -> Result<()> {
    // no text has more characters than bytes, and most are short
    if text.len() > most && text.chars().count() > most {
        return Err(too_much(field, most, "characters"));
    }
    Ok(())
}

/// A description.
pub(crate) fn checked_description(text: String) -> Result<String> {
    checked_text("description", &text, DESCRIPTION).map(|()| text)
}

/// The description after an update: only a new one is looked at.
pub(crate) fn described(old: String, new: Option<String>) -> Result<String> {
    new.map_or(Ok(old), checked_description)
}

/// An id or type that is kept as it is given.
pub(crate) fn checked_id(field: &str, id: &str) -> Result<()> {
    checked_text(field, id, ID)
}

/// The blob of a credential: what is sealed can be opened again.
pub(crate) fn checked_blob(blob: &crate::secret::Secret) -> Result<()> {
    if blob.reveal().len() > BLOB { Err(too_much("blob", BLOB, "bytes")) } else { Ok(()) }
}

/// A list of at most `most`.
pub(crate) fn checked_count(field: &str, have: usize, most: usize) -> Result<()> {
    if have > most { Err(too_much(field, most, "items")) } else { Ok(()) }
}

/// Unknown attributes of one object, all of them.
pub(crate) fn checked_extra(extra: Extra) -> Result<Extra> {
    if extra.len() > ATTRIBUTES {
        return Err(Error::Invalid(format!("An object has at most {ATTRIBUTES} attributes of its own.")));
    }
    extra.keys().try_for_each(|key| checked_text("attribute", key, ID))?;
    let bytes = serde_json::to_vec(&extra).map_or(usize::MAX, |text| text.len());
    if bytes > ATTRIBUTE_BYTES {
        return Err(Error::Invalid(format!(
            "The attributes of an object have at most {ATTRIBUTE_BYTES} bytes together."
        )));
    }
    Ok(extra)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn extra(keys: usize, length: usize) -> Extra {
        (0..keys).map(|number| (format!("k{number}"), "x".repeat(length).into())).collect()
    }

    #[test]
    fn texts_are_bounded_in_characters() {
        assert!(checked_description("ä".repeat(4096)).is_ok());
        assert!(checked_description("ä".repeat(4097)).is_err());
        assert!(checked_id("id", &"x".repeat(255)).is_ok() && checked_id("id", &"x".repeat(256)).is_err());
    }

    #[test]
    fn attributes_are_bounded_in_number_and_together() {
        assert!(checked_extra(extra(64, 100)).is_ok());
        assert!(checked_extra(extra(65, 1)).is_err());
        assert!(checked_extra(extra(2, 8192)).is_err());
        assert!(checked_extra(extra(1, 16_000)).is_ok());
        let long: Extra = [("k".repeat(256), 1.into())].into_iter().collect();
        assert!(checked_extra(long).is_err());
    }

    #[test]
    fn the_largest_blob_is_opened_again() {
        let dir = tempfile::tempdir().unwrap();
        let keys = crate::fernet::KeyRepository::open(dir.path().join("keys"), 1).unwrap();
        let largest = "x".repeat(BLOB);
        assert!(checked_blob(&Secret::new(largest.clone())).is_ok());
        assert!(checked_blob(&Secret::new(format!("{largest}x"))).is_err());
        let sealed = keys.ring().seal(largest.as_bytes(), 1);
        assert_eq!(keys.ring().open_stored(&sealed).unwrap().content, largest.as_bytes());
    }
}
