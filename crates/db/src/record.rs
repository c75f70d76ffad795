//! Rows as structs: [`crate::record!`] writes the column list, the reader and the statements; [`Record`] has what is
//! done with them.

use std::net::IpAddr;

use ipnet::IpNet;
use kogge_clock::Timestamp;
use kogge_ids::{Kind, TextId, UuidId};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::filter::{Filter, apply};
use crate::{
    DbError, Direction, Executor, ListError, ListQuery, Paged, Query, Row, Select, SortKey, Source, Tx, Value,
};

/// A value that fits into one column.
pub trait Column: Sized {
    /// Reads it; `None` for NULL.
    ///
    /// # Errors
    /// [`DbError::Column`] where the column is missing or holds something else.
    fn read_some(row: &Row, column: &str) -> Result<Option<Self>, DbError>;

    /// The value to bind; `None` for NULL.
    fn bind_some(value: Option<&Self>) -> Value;

    /// Reads it.
    ///
    /// # Errors
    /// As [`Column::read_some`], and for NULL.
    fn read(row: &Row, column: &str) -> Result<Self, DbError> {
        Self::read_some(row, column)?.ok_or_else(|| DbError::column(column, "NULL"))
    }

    /// The value to bind.
    fn value(&self) -> Value {
        Self::bind_some(Some(self))
    }
}

impl<T: Column> Column for Option<T> {
    fn read_some(row: &Row, column: &str) -> Result<Option<Self>, DbError> {
        T::read_some(row, column).map(Some)
    }
    fn bind_some(value: Option<&Self>) -> Value {
        T::bind_some(value.and_then(Self::as_ref))
    }
}

macro_rules! plain {
    ($($type:ty, $get:ident;)*) => {$(
        impl Column for $type {
            fn read_some(row: &Row, column: &str) -> Result<Option<Self>, DbError> {
                row.$get(column)
            }
            fn bind_some(value: Option<&Self>) -> Value {
                value.cloned().into()
            }
        }
    )*};
}
plain! {
    String, opt_text;
    i64, opt_int;
    bool, opt_bool;
    Timestamp, opt_time;
}

/// Makes types columns that are texts there: by `Display` and `FromStr`.
#[macro_export]
macro_rules! text_columns {
    ($($type:ty),* $(,)?) => {$(
        impl $crate::Column for $type {
            fn read_some(row: &$crate::Row, column: &str) -> Result<Option<Self>, $crate::DbError> {
                row.opt_parse(column)
            }
            fn bind_some(value: Option<&Self>) -> $crate::Value {
                value.map(ToString::to_string).into()
            }
        }
    )*};
}
text_columns!(IpAddr, IpNet);

impl<K: Kind> Column for UuidId<K> {
    fn read_some(row: &Row, column: &str) -> Result<Option<Self>, DbError> {
        row.opt_parse(column)
    }
    fn bind_some(value: Option<&Self>) -> Value {
        value.copied().into()
    }
}

impl<K: Kind> Column for TextId<K> {
    fn read_some(row: &Row, column: &str) -> Result<Option<Self>, DbError> {
        row.opt_parse(column)
    }
    fn bind_some(value: Option<&Self>) -> Value {
        value.into()
    }
}

/// A list or map kept as JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Json<T>(pub T);

impl<T: Serialize + DeserializeOwned> Column for Json<T> {
    fn read_some(row: &Row, column: &str) -> Result<Option<Self>, DbError> {
        Ok(row.opt_json(column)?.map(Self))
    }
    fn bind_some(value: Option<&Self>) -> Value {
        value.map(|json| serde_json::to_string(&json.0).unwrap_or_else(|_| "null".to_owned())).into()
    }
}

impl<T> std::ops::Deref for Json<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

/// A number with a fraction: one that is equal to itself, for a column holds no other.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Real(pub f64);

impl Eq for Real {}

impl Column for Real {
    fn read_some(row: &Row, column: &str) -> Result<Option<Self>, DbError> {
        Ok(row.opt_real(column)?.map(Self))
    }
    fn bind_some(value: Option<&Self>) -> Value {
        value.map(|real| real.0).into()
    }
}

/// What names a row: the value of a column, or of several.
pub trait Key: Sized + Send + Sync {
    /// The values of its columns.
    fn values(&self) -> Vec<Value>;

    /// The key in a segment of a path; `None` for what names no row, and where one segment is not enough.
    fn of_segment(text: &str) -> Option<Self>;
}

impl<T: Column + std::str::FromStr + Send + Sync> Key for T {
    fn values(&self) -> Vec<Value> {
        vec![self.value()]
    }
    fn of_segment(text: &str) -> Option<Self> {
        // databases have no place for NUL
        if text.contains('\0') { None } else { text.parse().ok() }
    }
}

impl<A: Column + Send + Sync, B: Column + Send + Sync> Key for (A, B) {
    fn values(&self) -> Vec<Value> {
        vec![self.0.value(), self.1.value()]
    }
    fn of_segment(_: &str) -> Option<Self> {
        None
    }
}

/// The statements of a table.
#[derive(Debug)]
pub struct Statements {
    get: String,
    lock: String,
    insert: String,
    save: String,
    delete: String,
}

impl Statements {
    /// Those of `table` with `columns`, of which the first `keys` are the key.
    #[must_use]
    pub fn of(table: &str, columns: &str, keys: usize) -> Self {
        let all: Vec<&str> = columns.split(", ").collect();
        let numbered: Vec<String> = all.iter().zip(1..).map(|(name, n)| format!("{name} = ${n}")).collect();
        let places: Vec<String> = (1..=all.len()).map(|n| format!("${n}")).collect();
        let (key, rest) = numbered.split_at(keys.min(numbered.len()));
        let (key, rest, first) =
            (key.join(" AND "), rest.join(", "), all.first().copied().unwrap_or_default());
        Self {
            get: format!("SELECT {columns} FROM {table} WHERE {key}"),
            lock: format!("UPDATE {table} SET {first} = {first} WHERE {key}"),
            insert: format!(
                "INSERT INTO {table} ({columns}) VALUES ({}) ON CONFLICT DO NOTHING",
                places.join(", ")
            ),
            save: format!("UPDATE {table} SET {rest} WHERE {key}"),
            delete: format!("DELETE FROM {table} WHERE {key}"),
        }
    }
}

fn bound(sql: &'static str, values: Vec<Value>) -> Query {
    values.into_iter().fold(Query::new(sql), Query::bind)
}

/// A struct that is a row of a table. Implemented by [`crate::record!`].
pub trait Record: Sized + Clone + Send + Sync + 'static {
    /// What names a row.
    type Key: Key;
    /// Its table.
    const TABLE: &'static str;
    /// Its columns, for a select; those of the key come first.
    const COLUMNS: &'static str;

    /// Its statements.
    fn statements() -> &'static Statements;

    /// From a row that has all columns.
    ///
    /// # Errors
    /// [`DbError::Column`] where one cannot be read.
    fn from_row(row: &Row) -> Result<Self, DbError>;

    /// Its key.
    fn key(&self) -> Self::Key;

    /// The values of all columns.
    fn values(&self) -> Vec<Value>;

    /// Whether those who watch ([`crate::Db::watch`]) learn of what is written.
    const TOUCHES: bool = false;

    /// The row that is touched when this one is written: itself, or what it is a part of.
    fn touched(&self) -> Option<(&'static str, String)> {
        None
    }

    /// A select of all its columns.
    #[must_use]
    fn select() -> Select {
        Select::new(Self::COLUMNS, Self::TABLE)
    }

    /// The row with this key, if any.
    ///
    /// # Errors
    /// What the database says, and where the row cannot be read.
    fn get(db: impl Executor, key: &Self::Key) -> impl Future<Output = Result<Option<Self>, DbError>> + Send {
        let query = bound(&Self::statements().get, key.values());
        async move { db.find(Self::TABLE, query, Self::from_row).await }
    }

    /// All rows that `select` lets through; those that cannot be read are passed over and noted.
    ///
    /// # Errors
    /// What the database says.
    fn all(db: impl Executor, select: Select) -> impl Future<Output = Result<Vec<Self>, DbError>> + Send {
        async move { Ok(select.fetch(db, Self::from_row).await?.items) }
    }

    /// The rows whose `column` is one of `values`, by `order`; asked for in parts, for a statement has no room for any
    /// number of values.
    ///
    /// # Errors
    /// What the database says.
    fn with<V: Clone + Into<Value> + Send + Sync>(
        source: &mut Source<'_>,
        column: &'static str,
        values: &[V],
        order: &[&'static str],
    ) -> impl Future<Output = Result<Vec<Self>, DbError>> + Send {
        async move {
            let mut found = Vec::new();
            for part in values.chunks(500) {
                let mut select = Self::select().and_in(column, part.iter().cloned());
                for expression in order {
                    select = select.order_by(expression, Direction::Ascending);
                }
                found.extend(select.fetch(&mut *source, Self::from_row).await?.items);
            }
            Ok(found)
        }
    }

    /// One page of what `select` lets through, filtered and sorted as `query` asks.
    ///
    /// # Errors
    /// What the database says; filters that are not known.
    fn page(
        source: &mut Source<'_>,
        select: Select,
        filters: &[&'static [Filter]],
        query: &ListQuery,
        sort: &'static [SortKey],
    ) -> impl Future<Output = Result<Paged<Self>, ListError>> + Send {
        async move {
            let select = apply(select, filters, query)?.page(&query.page, sort, &[], "id");
            Ok(select.fetch(source, Self::from_row).await?)
        }
    }

    /// Adds the row; false where a unique constraint is in the way (the transaction goes on).
    ///
    /// # Errors
    /// What the database says.
    fn insert(&self, tx: &mut Tx) -> impl Future<Output = Result<bool, DbError>> + Send {
        let query = bound(&Self::statements().insert, self.values());
        touch(tx, self);
        async move { Ok(tx.execute(query).await? == 1) }
    }

    /// Writes every column of the row but its key.
    ///
    /// # Errors
    /// What the database says.
    fn save(&self, tx: &mut Tx) -> impl Future<Output = Result<(), DbError>> + Send {
        let query = bound(&Self::statements().save, self.values());
        touch(tx, self);
        async move { tx.execute(query).await.map(drop) }
    }

    /// Locks the row until the end of the transaction and reads it.
    ///
    /// # Errors
    /// What the database says, and where the row cannot be read.
    fn lock(tx: &mut Tx, key: &Self::Key) -> impl Future<Output = Result<Option<Self>, DbError>> + Send {
        async move {
            if tx.execute(bound(&Self::statements().lock, key.values())).await? == 0 {
                return Ok(None);
            }
            let row = Self::get(&mut *tx, key).await?;
            // what it is a part of now, it may not be when it is saved
            row.iter().for_each(|row| touch(tx, row));
            Ok(row)
        }
    }

    /// Removes the row; false where there is none.
    ///
    /// # Errors
    /// What the database says.
    fn delete(tx: &mut Tx, key: &Self::Key) -> impl Future<Output = Result<bool, DbError>> + Send {
        let query = bound(&Self::statements().delete, key.values());
        async move {
            if Self::TOUCHES {
                Self::get(&mut *tx, key).await?.iter().for_each(|row| touch(tx, row));
            }
            Ok(tx.execute(query).await? == 1)
        }
    }
}

fn touch<R: Record>(tx: &mut Tx, row: &R) {
    if let Some((table, key)) = row.touched() {
        tx.touch(table, key);
    }
}

/// The text of a column that names a row; `None` for NULL.
pub fn key_text<T: Column>(value: &T) -> Option<String> {
    match value.value() {
        Value::Text(text) => text,
        Value::Int(number) => number.map(|number| number.to_string()),
        Value::Bool(_) | Value::Real(_) => None,
    }
}

/// Declares a row: `record! { /// doc  pub Network in "networks" { id: NetworkId, … } }`. The first field is the key;
/// a key of several is written `key { user_id: UserId, name: String, }` before the others. A column with another name
/// than its field: `kind as "type": KeyType`. Where somebody watches ([`crate::Db::watch`]), `in "subnets" touches
/// "networks" by network_id` says which row counts as written when this one is.
#[macro_export]
macro_rules! record {
    ($(#[$doc:meta])* $vis:vis $name:ident in $table:literal $(touches $touched:literal by $by:ident)? {
        key { $($(#[$kdoc:meta])* $key:ident $(as $kcolumn:literal)?: $ktype:ty,)+ }
        $($(#[$fdoc:meta])* $field:ident $(as $column:literal)?: $type:ty,)*
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        $vis struct $name {
            $($(#[$kdoc])* $vis $key: $ktype,)+
            $($(#[$fdoc])* $vis $field: $type,)*
        }

        impl $crate::Record for $name {
            type Key = $crate::record!(@key $($ktype),+);
            const TABLE: &'static str = $table;
            const COLUMNS: &'static str = $crate::record!(@columns $($key $($kcolumn)?;)+ $($field $($column)?;)*);

            fn statements() -> &'static $crate::record::Statements {
                static ALL: std::sync::LazyLock<$crate::record::Statements> = std::sync::LazyLock::new(|| {
                    let keys = [$(stringify!($key)),+].len();
                    $crate::record::Statements::of($table, <$name as $crate::Record>::COLUMNS, keys)
                });
                &ALL
            }

            fn from_row(row: &$crate::Row) -> Result<Self, $crate::DbError> {
                Ok(Self {
                    $($key: $crate::Column::read(row, $crate::record!(@column $key $($kcolumn)?))?,)+
                    $($field: $crate::Column::read(row, $crate::record!(@column $field $($column)?))?,)*
                })
            }

            fn key(&self) -> Self::Key {
                ($(self.$key.clone()),+)
            }

            fn values(&self) -> Vec<$crate::Value> {
                vec![$($crate::Column::value(&self.$key),)+ $($crate::Column::value(&self.$field),)*]
            }

            $(
                const TOUCHES: bool = true;

                fn touched(&self) -> Option<(&'static str, String)> {
                    $crate::record::key_text(&self.$by).map(|key| ($touched, key))
                }
            )?
        }
    };
    ($(#[$doc:meta])* $vis:vis $name:ident in $table:literal $(touches $touched:literal by $by:ident)? {
        $(#[$kdoc:meta])* $key:ident: $ktype:ty, $($rest:tt)*
    }) => {
        $crate::record! { $(#[$doc])* $vis $name in $table $(touches $touched by $by)? { key { $(#[$kdoc])* $key: $ktype, } $($rest)* } }
    };
    (@key $one:ty) => { $one };
    (@key $one:ty, $other:ty) => { ($one, $other) };
    (@column $field:ident) => { stringify!($field) };
    (@column $field:ident $column:literal) => { $column };
    (@columns $first:ident $($named:literal)?; $($field:ident $($column:literal)?;)*) => {
        concat!(
            $crate::record!(@column $first $($named)?)
            $(, ", ", $crate::record!(@column $field $($column)?))*
        )
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    record! {
        /// A thing.
        pub(super) Thing in "things" {
            key { user as "user_id": String, name: String, }
            kind as "type": Option<String>,
            size: i64,
        }
    }

    #[test]
    fn statements_number_their_columns_and_know_their_key() {
        let Statements { get, lock, insert, save, delete } = Thing::statements();
        assert_eq!(get, "SELECT user_id, name, type, size FROM things WHERE user_id = $1 AND name = $2");
        assert_eq!(lock, "UPDATE things SET user_id = user_id WHERE user_id = $1 AND name = $2");
        assert_eq!(
            insert,
            "INSERT INTO things (user_id, name, type, size) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"
        );
        assert_eq!(save, "UPDATE things SET type = $3, size = $4 WHERE user_id = $1 AND name = $2");
        assert_eq!(delete, "DELETE FROM things WHERE user_id = $1 AND name = $2");
    }

    #[test]
    fn null_keeps_its_type() {
        let thing = Thing { user: "u".to_owned(), name: "n".to_owned(), kind: None, size: 5 };
        assert_eq!(thing.values(), ["u".into(), "n".into(), None::<String>.into(), Value::from(5_i64)]);
        assert_eq!(thing.key(), ("u".to_owned(), "n".to_owned()));
        assert!(String::of_segment("a\0b").is_none());
    }
}
