//! Words of an API as enums.

/// A text that is none of the words it may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownWord(pub String);

impl std::fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "'{}' is none of the known words", self.0)
    }
}

impl std::error::Error for UnknownWord {}

/// Declares an enum of words, which are the same in bodies, in the database and in filters:
/// `words! { /// doc  pub enum Policy { /// doc  Affinity = "affinity", … } }`.
#[macro_export]
macro_rules! words {
    ($(#[$doc:meta])* $vis:vis enum $name:ident { $($(#[$wdoc:meta])* $word:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        $vis enum $name { $($(#[$wdoc])* $word,)+ }

        impl $name {
            /// All of them.
            #[allow(dead_code, reason = "not every enum needs every part")]
            $vis const ALL: &'static [Self] = &[$(Self::$word),+];
            /// All of the words.
            #[allow(dead_code, reason = "not every enum needs every part")]
            $vis const WORDS: &'static [&'static str] = &[$($text),+];

            /// The word.
            #[must_use]
            $vis const fn as_str(self) -> &'static str {
                match self { $(Self::$word => $text,)+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::UnknownWord;
            fn from_str(text: &str) -> Result<Self, $crate::UnknownWord> {
                match text {
                    $($text => Ok(Self::$word),)+
                    _ => Err($crate::UnknownWord(text.to_owned())),
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        kogge_db::text_columns!($name);
    };
}
