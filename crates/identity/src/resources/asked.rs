//! How bodies and queries are read that are no resource's.

use std::fmt;
use std::marker::PhantomData;

use kogge_http::Pairs;
use kogge_resource::Call;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use crate::service::Identity;

/// A value that stands in a body as an object. Serde by itself takes a list of the members too, which Keystone does not.
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OfMap(PhantomData)).map(Self)
    }
}

struct OfMap<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for OfMap<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

/// True where a parameter is there and not `0`.
pub(crate) fn is_asked(query: &Pairs, name: &str) -> bool {
    query.get(name).is_some_and(|value| value != "0")
}

/// The address of the request itself, with its query.
pub(crate) fn itself(call: &Call<Identity>) -> String {
    call.base.join(call.uri.path_and_query().map_or_else(|| call.uri.path(), |whole| whole.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    struct Pair {
        #[expect(dead_code, reason = "only read")]
        a: u8,
    }

    #[test]
    fn a_list_is_no_object() {
        assert!(serde_json::from_str::<Object<Pair>>("{\"a\": 1}").is_ok());
        assert!(serde_json::from_str::<Pair>("[1]").is_ok(), "serde would take it");
        let refused = serde_json::from_str::<Object<Pair>>("[1]").err().unwrap().to_string();
        assert!(refused.starts_with("invalid type: sequence, expected an object"), "{refused}");
    }
}
