//! Ids that are short texts.

/// The text is empty, longer than 255 characters, or has characters that no id has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextIdError;

impl std::fmt::Display for TextIdError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an id has 1 to 255 printable characters")
    }
}

impl std::error::Error for TextIdError {}

/// True for what may stand in a path segment as an id.
pub(crate) fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= 255 && !text.chars().any(char::is_control)
}

macro_rules! text_id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// A new random id: 32 hex digits.
            #[must_use]
            pub fn random() -> Self {
                Self(uuid::Uuid::new_v4().simple().to_string())
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::TextIdError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                if $crate::text::is_id(text) { Ok(Self(text.to_owned())) } else { Err($crate::TextIdError) }
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    )*};
}
pub(crate) use text_id;

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
