//! What bodies have in common.

use kogge_http::Patch;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

use crate::service::Change;

/// The link of an object to itself.
#[derive(Serialize)]
pub(in crate::api) struct Links {
    #[serde(rename = "self")]
    pub(in crate::api) itself: String,
}

/// The links of a list.
#[derive(Serialize)]
pub(in crate::api) struct CollectionLinks {
    pub(in crate::api) next: Option<String>,
    #[serde(rename = "self")]
    pub(in crate::api) itself: String,
    pub(in crate::api) previous: Option<String>,
}

/// `{"user": {…}}`.
pub(in crate::api) struct Member<T>(pub(in crate::api) &'static str, pub(in crate::api) T);

impl<T: Serialize> Serialize for Member<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(self.0, &self.1)?;
        map.end()
    }
}

/// `{"users": [{…}], "links": {…}}`.
pub(in crate::api) struct Collection<T> {
    pub(in crate::api) name: &'static str,
    pub(in crate::api) items: Vec<T>,
    pub(in crate::api) links: CollectionLinks,
    pub(in crate::api) truncated: bool,
}

impl<T: Serialize> Serialize for Collection<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(self.name, &self.items)?;
        map.serialize_entry("links", &self.links)?;
        if self.truncated {
            map.serialize_entry("truncated", &true)?;
        }
        map.end()
    }
}

/// The options of projects, domains and roles.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Options {
    #[serde(default, skip_serializing_if = "Option::is_none", with = "option")]
    pub(in crate::api) immutable: Option<Option<bool>>,
}

impl Options {
    pub(in crate::api) fn of(immutable: Option<bool>) -> Self {
        Self { immutable: immutable.map(Some) }
    }
}

/// A value that is there, also as `null`.
mod option {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Option<bool>>, D::Error> {
        Option::<bool>::deserialize(deserializer).map(Some)
    }

    #[expect(clippy::ref_option, reason = "serde's shape")]
    pub(super) fn serialize<S: Serializer>(
        value: &Option<Option<bool>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.flatten().serialize(serializer)
    }
}

/// From the wire's three-valued field to the service's.
pub(in crate::api) fn set<T>(patch: Patch<T>) -> Change<T> {
    match patch {
        Patch::Absent => Change::Keep,
        Patch::Null => Change::Clear,
        Patch::Set(value) => Change::Set(value),
    }
}
