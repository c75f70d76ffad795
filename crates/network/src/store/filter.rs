//! Filters of lists: which query parameters a resource knows, and the condition each stands for.

use std::collections::BTreeMap;

use async_trait::async_trait;
use kogge_db::{DamageBook, Db, DbError, Executor, Page, Query, Row, Select, SortKey, Tx, Value};

/// How the values of a filter are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Text.
    Text,
    /// `true`, `False`, `1` …
    Bool,
    /// A whole number.
    Int,
    /// A tag list `a,b`: all of them.
    Tags,
    /// A tag list: any of them.
    AnyTag,
    /// A tag list: not all of them.
    NotTags,
    /// A tag list: none of them.
    NoTag,
}

/// A filter: the API's word, the condition with `?` for one value, and how values are read. Several values of one
/// filter are alternatives.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Filter {
    /// The API's word.
    pub(crate) name: &'static str,
    /// SQL with `?`.
    pub(crate) condition: &'static str,
    /// How values are read.
    pub(crate) kind: Kind,
}

/// A text filter.
pub(crate) const fn text(name: &'static str, condition: &'static str) -> Filter {
    Filter { name, condition, kind: Kind::Text }
}

/// A filter on a truth value.
pub(crate) const fn truth(name: &'static str, condition: &'static str) -> Filter {
    Filter { name, condition, kind: Kind::Bool }
}

/// A filter on a number.
pub(crate) const fn int(name: &'static str, condition: &'static str) -> Filter {
    Filter { name, condition, kind: Kind::Int }
}

/// Filters of every resource that belongs to somebody.
pub(crate) const BASIC: &[Filter] = &[text("id", "id = ?"), text("project_id", "project_id = ?")];
/// Filters of what has a name.
pub(crate) const NAMED: &[Filter] = &[text("name", "name = ?")];
/// Filters of what is described and revised.
pub(crate) const DESCRIBED: &[Filter] =
    &[text("description", "description = ?"), int("revision_number", "revision_number = ?")];

/// The tag filters. Tags are a JSON list in text; a tag in quotes is found by taking it out.
pub(crate) const TAGS: &[Filter] = &[
    Filter { name: "tags", condition: "replace(tags, ?, '') <> tags", kind: Kind::Tags },
    Filter { name: "tags-any", condition: "replace(tags, ?, '') <> tags", kind: Kind::AnyTag },
    Filter { name: "not-tags", condition: "replace(tags, ?, '') = tags", kind: Kind::NotTags },
    Filter { name: "not-tags-any", condition: "replace(tags, ?, '') = tags", kind: Kind::NoTag },
];

/// A sort key of the same name as its column.
pub(crate) const fn by(name: &'static str) -> SortKey {
    SortKey { name, expression: name }
}

/// The sort keys that almost every resource has, and its own behind them.
macro_rules! sort_keys {
    ($($own:expr),* $(,)?) => {
        &[
            $crate::store::filter::by("id"),
            $crate::store::filter::by("description"),
            $crate::store::filter::by("project_id"),
            kogge_db::SortKey { name: "tenant_id", expression: "project_id" },
            $crate::store::filter::by("created_at"),
            $crate::store::filter::by("updated_at"),
            $crate::store::filter::by("revision_number"),
            $($own),*
        ]
    };
}
pub(crate) use sort_keys;

/// What a list is asked for: filters as the client named them, and the page.
#[derive(Debug, Clone, Default)]
pub struct ListQuery {
    /// Filter name → alternatives.
    pub filters: BTreeMap<String, Vec<String>>,
    /// The page.
    pub page: Page,
}

impl ListQuery {
    /// One filter, no paging.
    #[must_use]
    pub fn by(name: &str, values: impl IntoIterator<Item = String>) -> Self {
        let filters = BTreeMap::from([(name.to_owned(), values.into_iter().collect())]);
        Self { filters, page: Page::default() }
    }
}

/// A filter that cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadFilter {
    /// Its name.
    pub(crate) name: String,
    /// The value, or `None` where there is no such filter.
    pub(crate) value: Option<String>,
}

/// Adds all filters of `query` to `select`.
pub(crate) fn apply(
    mut select: Select,
    known: &[&'static [Filter]],
    query: &ListQuery,
) -> Result<Select, BadFilter> {
    for (name, values) in &query.filters {
        let filter = known
            .iter()
            .flat_map(|part| part.iter())
            .find(|filter| filter.name == name)
            .ok_or_else(|| BadFilter { name: name.clone(), value: None })?;
        select = add(select, filter, values)?;
    }
    Ok(select)
}

fn add(mut select: Select, filter: &Filter, values: &[String]) -> Result<Select, BadFilter> {
    let quoted = |tag: &str| serde_json::to_string(tag).unwrap_or_default();
    let split = || values.iter().flat_map(|list| list.split(',')).map(str::trim).map(quoted);
    match filter.kind {
        Kind::Tags | Kind::NoTag => {
            for tag in split() {
                select = select.and(filter.condition, tag);
            }
            Ok(select)
        }
        Kind::AnyTag | Kind::NotTags => Ok(select.and_any(filter.condition, split().collect::<Vec<_>>())),
        _ => {
            let values: Vec<Value> =
                values.iter().map(|text| value(filter, text)).collect::<Result<_, _>>()?;
            Ok(select.and_any(filter.condition, values))
        }
    }
}

fn value(filter: &Filter, text: &str) -> Result<Value, BadFilter> {
    let bad = || BadFilter { name: filter.name.to_owned(), value: Some(text.to_owned()) };
    match filter.kind {
        Kind::Bool => match text.to_ascii_lowercase().as_str() {
            "true" | "1" => Ok(true.into()),
            "false" | "0" => Ok(false.into()),
            _ => Err(bad()),
        },
        Kind::Int => text.parse::<i64>().map(Value::from).map_err(|_| bad()),
        _ => Ok(text.replace('\0', "").into()),
    }
}

/// Whose rows a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose<'a> {
    /// All rows.
    Everybodys,
    /// What this project may see.
    Of(&'a str),
    /// None: the caller has no project.
    Nobodys,
}

impl Whose<'_> {
    /// Lets only those rows through for which `condition` holds, with `?` for the project.
    pub(crate) fn of(self, select: Select, condition: &'static str) -> Select {
        match self {
            Self::Everybodys => select,
            Self::Of(project) => select.and(condition, project),
            Self::Nobodys => select.and_fixed("1 = 0"),
        }
    }
}

/// Where to read: the database, or the transaction that is under way.
pub(crate) enum Source<'a> {
    /// Outside of a transaction.
    Db(&'a Db),
    /// Inside one.
    Tx(&'a mut Tx),
}

impl<'a> From<&'a Db> for Source<'a> {
    fn from(db: &'a Db) -> Self {
        Self::Db(db)
    }
}

impl<'a> From<&'a mut Tx> for Source<'a> {
    fn from(tx: &'a mut Tx) -> Self {
        Self::Tx(tx)
    }
}

#[async_trait]
impl Executor for &mut Source<'_> {
    async fn all(self, query: Query) -> Result<Vec<Row>, DbError> {
        match self {
            Source::Db(db) => (*db).all(query).await,
            Source::Tx(tx) => (**tx).all(query).await,
        }
    }
    async fn optional(self, query: Query) -> Result<Option<Row>, DbError> {
        match self {
            Source::Db(db) => (*db).optional(query).await,
            Source::Tx(tx) => (**tx).optional(query).await,
        }
    }
    async fn execute(self, query: Query) -> Result<u64, DbError> {
        match self {
            Source::Db(db) => (*db).execute(query).await,
            Source::Tx(tx) => (**tx).execute(query).await,
        }
    }
    fn damage_book(&self) -> DamageBook {
        match self {
            Source::Db(db) => db.damage_book(),
            Source::Tx(tx) => tx.damage_book(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILTERS: &[Filter] = &[text("name", "name = ?"), truth("up", "up = ?"), int("mtu", "mtu = ?")];

    fn read(name: &str, value: &str) -> Result<Select, BadFilter> {
        let query = ListQuery::by(name, [value.to_owned()]);
        apply(Select::new("id", "networks"), &[FILTERS, TAGS], &query)
    }

    #[test]
    fn who_has_no_project_sees_nothing() {
        let sql = |whose: Whose<'_>| {
            format!("{:?}", whose.of(Select::new("id", "ports"), "project_id = ?").query())
        };
        assert!(sql(Whose::Nobodys).contains("1 = 0"));
        assert!(sql(Whose::Of("p")).contains("project_id = $1"));
        assert!(!sql(Whose::Everybodys).contains("WHERE"));
    }

    #[test]
    fn unknown_filters_and_unreadable_values_are_told_apart() {
        assert!(read("name", "x").is_ok());
        assert!(read("up", "True").is_ok());
        assert!(read("tags-any", "a,b").is_ok());
        assert_eq!(read("colour", "x").unwrap_err().value, None);
        assert_eq!(read("up", "maybe").unwrap_err().value.as_deref(), Some("maybe"));
        assert!(read("mtu", "big").is_err());
    }
}
