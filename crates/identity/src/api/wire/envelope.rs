//! What bodies have in common.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

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
