//! Values that can be bound to a placeholder.

use kogge_ids::{Kind, TextId, UuidId};

/// A value for a placeholder. NULL keeps its type, which PostgreSQL wants to know.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `TEXT`.
    Text(Option<String>),
    /// `BIGINT`.
    Int(Option<i64>),
    /// `BOOLEAN`.
    Bool(Option<bool>),
    /// `DOUBLE PRECISION`.
    Real(Option<f64>),
}

macro_rules! from {
    ($($source:ty => $variant:ident ($name:ident) $make:expr;)*) => {$(
        impl From<$source> for Value {
            fn from($name: $source) -> Self {
                Self::$variant(Some($make))
            }
        }
        impl From<Option<$source>> for Value {
            fn from(value: Option<$source>) -> Self {
                Self::$variant(value.map(|$name| $make))
            }
        }
    )*};
}

from! {
    &str => Text(v) v.to_owned();
    &String => Text(v) v.clone();
    String => Text(v) v;
    i64 => Int(v) v;
    i32 => Int(v) i64::from(v);
    u32 => Int(v) i64::from(v);
    u16 => Int(v) i64::from(v);
    bool => Bool(v) v;
    f64 => Real(v) v;
    kogge_clock::Timestamp => Int(v) v.as_micros();
}

impl<K: Kind> From<UuidId<K>> for Value {
    fn from(id: UuidId<K>) -> Self {
        Self::Text(Some(id.to_string()))
    }
}

impl<K: Kind> From<Option<UuidId<K>>> for Value {
    fn from(id: Option<UuidId<K>>) -> Self {
        Self::Text(id.map(|id| id.to_string()))
    }
}

impl<K: Kind> From<TextId<K>> for Value {
    fn from(id: TextId<K>) -> Self {
        Self::Text(Some(id.into()))
    }
}

impl<K: Kind> From<&TextId<K>> for Value {
    fn from(id: &TextId<K>) -> Self {
        Self::Text(Some(id.to_string()))
    }
}

impl<K: Kind> From<Option<TextId<K>>> for Value {
    fn from(id: Option<TextId<K>>) -> Self {
        Self::Text(id.map(String::from))
    }
}

impl<K: Kind> From<Option<&TextId<K>>> for Value {
    fn from(id: Option<&TextId<K>>) -> Self {
        Self::Text(id.map(ToString::to_string))
    }
}
