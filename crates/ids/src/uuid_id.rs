//! Ids that are UUIDs.

use uuid::Uuid;

/// The text was not a UUID in any spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseIdError;

impl std::fmt::Display for ParseIdError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("not a UUID")
    }
}

impl std::error::Error for ParseIdError {}

/// The id of the part of `parent` that is called `slot`: UUIDv5, so always the same for the same two inputs.
#[must_use]
pub fn derive(parent: Uuid, slot: &str) -> Uuid {
    Uuid::new_v5(&parent, slot.as_bytes())
}

macro_rules! uuid_id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(uuid::Uuid);

        impl $name {
            /// A new random id.
            #[must_use]
            pub fn random() -> Self {
                Self(uuid::Uuid::new_v4())
            }

            /// The id as a plain UUID.
            #[must_use]
            pub const fn uuid(self) -> uuid::Uuid {
                self.0
            }

            /// The id derived from `parent` for the part called `slot`.
            #[must_use]
            pub fn derived(parent: uuid::Uuid, slot: &str) -> Self {
                Self($crate::derive(parent, slot))
            }
        }

        impl From<uuid::Uuid> for $name {
            fn from(id: uuid::Uuid) -> Self {
                Self(id)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::ParseIdError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                uuid::Uuid::try_parse(text).map(Self).map_err(|_| $crate::ParseIdError)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&self.0, f)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    )*};
}
pub(crate) use uuid_id;

#[cfg(test)]
mod tests {
    use crate::{PortId, ServerId};

    #[test]
    fn a_derived_id_is_stable_and_differs_by_slot() {
        let server: ServerId = "11111111-2222-4333-8444-555555555555".parse().unwrap();
        let first = PortId::derived(server.uuid(), "nic0");
        assert_eq!(first, PortId::derived(server.uuid(), "nic0"));
        assert_ne!(first, PortId::derived(server.uuid(), "nic1"));
    }

    #[test]
    fn ids_print_with_dashes_and_refuse_other_text() {
        let id: ServerId = "11111111222243338444555555555555".parse().unwrap();
        assert_eq!(id.to_string(), "11111111-2222-4333-8444-555555555555");
        assert!("nonsense".parse::<ServerId>().is_err());
    }
}
