//! Rows as structs: one macro writes the column list, the reader, the insert and the save.

use std::net::IpAddr;

use ipnet::IpNet;
use kogge_clock::Timestamp;
use kogge_db::{DbError, Row, Value};
use kogge_ids::{
    AddressScopeId, FloatingIpId, NetworkId, PortId, RouterId, SecurityGroupId, SecurityGroupRuleId,
    SubnetId, SubnetPoolId,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::model::holder::Holder;

/// A value that fits into one column.
pub(crate) trait Column: Sized {
    /// Reads it.
    fn read(row: &Row, column: &str) -> Result<Self, DbError>;
    /// The value to bind.
    fn value(&self) -> Value;
}

macro_rules! plain {
    ($($type:ty, $get:ident, $opt:ident;)*) => {$(
        impl Column for $type {
            fn read(row: &Row, column: &str) -> Result<Self, DbError> {
                row.$get(column)
            }
            fn value(&self) -> Value {
                self.clone().into()
            }
        }
        impl Column for Option<$type> {
            fn read(row: &Row, column: &str) -> Result<Self, DbError> {
                row.$opt(column)
            }
            fn value(&self) -> Value {
                self.clone().into()
            }
        }
    )*};
}
plain! {
    String, text, opt_text;
    i64, int, opt_int;
    bool, bool, opt_bool;
    Timestamp, time, opt_time;
}

macro_rules! parsed {
    ($($type:ty),*) => {$(
        impl Column for $type {
            fn read(row: &Row, column: &str) -> Result<Self, DbError> {
                row.parse(column)
            }
            fn value(&self) -> Value {
                self.to_string().into()
            }
        }
        impl Column for Option<$type> {
            fn read(row: &Row, column: &str) -> Result<Self, DbError> {
                row.opt_parse(column)
            }
            fn value(&self) -> Value {
                self.as_ref().map(ToString::to_string).into()
            }
        }
    )*};
}
parsed!(
    NetworkId,
    SubnetId,
    SubnetPoolId,
    AddressScopeId,
    PortId,
    RouterId,
    FloatingIpId,
    SecurityGroupId,
    SecurityGroupRuleId,
    Holder,
    IpAddr,
    IpNet
);

/// The project that something belongs to, or none. The column is older than the `Option`: none is the empty text there,
/// and nowhere else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Owner(pub Option<String>);

impl Owner {
    /// The project's id, if there is one.
    #[must_use]
    pub fn project(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl Column for Owner {
    fn read(row: &Row, column: &str) -> Result<Self, DbError> {
        Ok(Self(Some(row.text(column)?).filter(|project| !project.is_empty())))
    }
    fn value(&self) -> Value {
        self.0.clone().unwrap_or_default().into()
    }
}

/// A list or map kept as JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Json<T>(pub T);

impl<T: Serialize + DeserializeOwned> Column for Json<T> {
    fn read(row: &Row, column: &str) -> Result<Self, DbError> {
        row.json(column).map(Self)
    }
    fn value(&self) -> Value {
        serde_json::to_string(&self.0).unwrap_or_else(|_| "null".to_owned()).into()
    }
}

impl<T> std::ops::Deref for Json<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

/// Declares a row: `record! { /// doc  Network in "networks" { id: NetworkId, … } }`. The first field is the key.
macro_rules! record {
    ($(#[$doc:meta])* $name:ident in $table:literal { $(#[$idoc:meta])* id: $id:ty, $($(#[$fdoc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name {
            $(#[$idoc])* pub id: $id,
            $($(#[$fdoc])* pub $field: $type,)*
        }

        impl $name {
            /// Its columns, for a select.
            pub(crate) const COLUMNS: &'static str = concat!("id", $(", ", stringify!($field)),*);
            /// Its table.
            pub(crate) const TABLE: &'static str = $table;

            /// From a row that has all columns.
            pub(crate) fn from_row(row: &kogge_db::Row) -> Result<Self, kogge_db::DbError> {
                use $crate::store::record::Column;
                Ok(Self { id: Column::read(row, "id")?, $($field: Column::read(row, stringify!($field))?,)* })
            }

            /// The row with this id, if any.
            pub(crate) async fn get(
                db: impl kogge_db::Executor, id: &$id,
            ) -> Result<Option<Self>, kogge_db::DbError> {
                use $crate::store::record::Column;
                const SQL: &str = concat!("SELECT id", $(", ", stringify!($field),)* " FROM ", $table, " WHERE id = $1");
                db.find($table, kogge_db::Query::new(SQL).bind(id.value()), Self::from_row).await
            }

            /// The rows whose `column` is one of `values`, by `order`; asked for in parts, for a statement has no room
            /// for any number of values.
            #[allow(dead_code)]
            pub(crate) async fn with<V: Clone + Into<kogge_db::Value>>(
                source: &mut $crate::store::filter::Source<'_>,
                column: &'static str,
                values: &[V],
                order: &[&'static str],
            ) -> Result<Vec<Self>, kogge_db::DbError> {
                let mut found = Vec::new();
                for part in values.chunks(500) {
                    let mut select = kogge_db::Select::new(Self::COLUMNS, Self::TABLE).and_in(column, part.iter().cloned());
                    for expression in order {
                        select = select.order_by(expression, kogge_db::Direction::Ascending);
                    }
                    found.extend(select.fetch(&mut *source, Self::from_row).await?.items);
                }
                Ok(found)
            }

            /// One page of what `select` lets through, filtered and sorted as `query` asks.
            #[allow(dead_code)]
            pub(crate) async fn page(
                source: &mut $crate::store::filter::Source<'_>,
                select: kogge_db::Select,
                filters: &[&'static [$crate::store::filter::Filter]],
                query: &$crate::store::filter::ListQuery,
                sort: &'static [kogge_db::SortKey],
            ) -> Result<Result<kogge_db::Paged<Self>, kogge_db::DbError>, $crate::store::filter::BadFilter> {
                let select = $crate::store::filter::apply(select, filters, query)?.page(&query.page, sort, &[], "id");
                Ok(select.fetch(source, Self::from_row).await)
            }

            /// Adds the row; false where a unique constraint is in the way (the transaction goes on).
            pub(crate) async fn insert(&self, tx: &mut kogge_db::Tx) -> Result<bool, kogge_db::DbError> {
                use kogge_db::Executor;
                use $crate::store::record::Column;
                static SQL: std::sync::LazyLock<String> =
                    std::sync::LazyLock::new(|| $crate::store::record::insert_sql($table, $name::COLUMNS));
                let query = kogge_db::Query::new(SQL.as_str()).bind(self.id.value())$(.bind(self.$field.value()))*;
                Ok(tx.execute(query).await? == 1)
            }

            /// Writes every column of the row.
            #[allow(dead_code)]
            pub(crate) async fn save(&self, tx: &mut kogge_db::Tx) -> Result<(), kogge_db::DbError> {
                use kogge_db::Executor;
                use $crate::store::record::Column;
                static SQL: std::sync::LazyLock<String> =
                    std::sync::LazyLock::new(|| $crate::store::record::save_sql($table, $name::COLUMNS));
                let query = kogge_db::Query::new(SQL.as_str()).bind(self.id.value())$(.bind(self.$field.value()))*;
                tx.execute(query).await.map(|_| ())
            }

            /// Locks the row until the end of the transaction and reads it.
            #[allow(dead_code)]
            pub(crate) async fn lock(tx: &mut kogge_db::Tx, id: &$id) -> Result<Option<Self>, kogge_db::DbError> {
                use kogge_db::Executor;
                use $crate::store::record::Column;
                const SQL: &str = concat!("UPDATE ", $table, " SET id = id WHERE id = $1");
                if tx.execute(kogge_db::Query::new(SQL).bind(id.value())).await? == 0 {
                    return Ok(None);
                }
                Self::get(tx, id).await
            }

            /// Removes the row; false where there is none.
            #[allow(dead_code)]
            pub(crate) async fn delete(tx: &mut kogge_db::Tx, id: &$id) -> Result<bool, kogge_db::DbError> {
                use kogge_db::Executor;
                use $crate::store::record::Column;
                const SQL: &str = concat!("DELETE FROM ", $table, " WHERE id = $1");
                Ok(tx.execute(kogge_db::Query::new(SQL).bind(id.value())).await? == 1)
            }
        }
    };
}
pub(crate) use record;

/// `INSERT … ON CONFLICT DO NOTHING` over all `columns`.
pub(crate) fn insert_sql(table: &str, columns: &str) -> String {
    let count = columns.split(", ").count();
    let places: Vec<String> = (1..=count).map(|n| format!("${n}")).collect();
    format!("INSERT INTO {table} ({columns}) VALUES ({}) ON CONFLICT DO NOTHING", places.join(", "))
}

/// `UPDATE` of all `columns` but the first, which is the key.
pub(crate) fn save_sql(table: &str, columns: &str) -> String {
    let sets: Vec<String> =
        columns.split(", ").enumerate().skip(1).map(|(n, column)| format!("{column} = ${}", n + 1)).collect();
    format!("UPDATE {table} SET {} WHERE id = $1", sets.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_number_their_columns() {
        assert_eq!(
            insert_sql("t", "id, a, b"),
            "INSERT INTO t (id, a, b) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
        );
        assert_eq!(save_sql("t", "id, a, b"), "UPDATE t SET a = $2, b = $3 WHERE id = $1");
    }
}
