//! Ids that are short texts.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Kind;

/// The text is empty, longer than 255 characters, or has characters that no id has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextIdError;

impl fmt::Display for TextIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id has 1 to 255 printable characters")
    }
}

impl std::error::Error for TextIdError {}

/// True for what may stand in a path segment as an id.
fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= 255 && !text.chars().any(char::is_control)
}

/// The id of a thing of kind `K` that is a text.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent, bound = "")]
pub struct TextId<K>(String, #[serde(skip)] PhantomData<fn() -> K>);

impl<K: Kind> TextId<K> {
    /// A new random id: 32 hex digits.
    #[must_use]
    pub fn random() -> Self {
        Self(uuid::Uuid::new_v4().simple().to_string(), PhantomData)
    }
}

impl<K> TextId<K> {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<K> FromStr for TextId<K> {
    type Err = TextIdError;

    fn from_str(text: &str) -> Result<Self, TextIdError> {
        if is_id(text) { Ok(Self(text.to_owned(), PhantomData)) } else { Err(TextIdError) }
    }
}

impl<K> From<TextId<K>> for String {
    fn from(id: TextId<K>) -> Self {
        id.0
    }
}

impl<K> AsRef<str> for TextId<K> {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl<K> fmt::Display for TextId<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<K: Kind> fmt::Debug for TextId<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", K::NAME, self.0)
    }
}

#[cfg(test)]
mod tests {
    use crate::{DomainId, ProjectId};

    #[test]
    fn a_random_text_id_is_32_hex_digits() {
        let id = ProjectId::random();
        assert_eq!(id.as_str().len(), 32);
        assert!(id.as_str().bytes().all(|b| b.is_ascii_hexdigit()));
    }

    #[test]
    fn control_characters_and_emptiness_are_refused() {
        assert!("default".parse::<DomainId>().is_ok());
        assert!("".parse::<DomainId>().is_err());
        assert!("a\nb".parse::<DomainId>().is_err());
    }
}
