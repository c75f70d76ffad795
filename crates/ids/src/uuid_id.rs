//! Ids that are UUIDs.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Kind;

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

/// The UUID of a thing of kind `K`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent, bound = "")]
pub struct UuidId<K>(Uuid, #[serde(skip)] PhantomData<fn() -> K>);

impl<K: Kind> UuidId<K> {
    /// A new random id.
    #[must_use]
    pub fn random() -> Self {
        Uuid::new_v4().into()
    }

    /// The id as a plain UUID.
    #[must_use]
    pub const fn uuid(self) -> Uuid {
        self.0
    }

    /// The id derived from `parent` for the part called `slot`.
    #[must_use]
    pub fn derived(parent: Uuid, slot: &str) -> Self {
        derive(parent, slot).into()
    }
}

impl<K> From<Uuid> for UuidId<K> {
    fn from(id: Uuid) -> Self {
        Self(id, PhantomData)
    }
}

impl<K> FromStr for UuidId<K> {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        Uuid::try_parse(text).map(Self::from).map_err(|_| ParseIdError)
    }
}

impl<K> fmt::Display for UuidId<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl<K: Kind> fmt::Debug for UuidId<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", K::NAME, self.0)
    }
}

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
