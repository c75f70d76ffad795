//! Filters of lists: which query parameters a resource knows, and the condition each stands for.

pub mod literal;

use std::collections::BTreeMap;

use crate::{DbError, Page, Select, SortKey, Value};

/// How the values of a filter are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
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
    /// A map in JSON, or as Python writes it: all of its pairs. The condition's `?` is a pair as it stands in a JSON column.
    Pairs,
}

/// A filter: the API's word, the condition with `?` for one value, and how values are read. Several values of one
/// filter are alternatives.
#[derive(Debug, Clone, Copy)]
pub struct Filter {
    /// The API's word.
    pub name: &'static str,
    /// SQL with `?`.
    pub condition: &'static str,
    /// How values are read.
    pub kind: Reading,
}

/// A text filter.
#[must_use]
pub const fn text(name: &'static str, condition: &'static str) -> Filter {
    Filter { name, condition, kind: Reading::Text }
}

/// A filter on a truth value.
#[must_use]
pub const fn truth(name: &'static str, condition: &'static str) -> Filter {
    Filter { name, condition, kind: Reading::Bool }
}

/// A filter on a number.
#[must_use]
pub const fn int(name: &'static str, condition: &'static str) -> Filter {
    Filter { name, condition, kind: Reading::Int }
}

/// Filters of every resource that belongs to somebody.
pub const BASIC: &[Filter] = &[text("id", "id = ?"), text("project_id", "project_id = ?")];
/// Filters of what has a name.
pub const NAMED: &[Filter] = &[text("name", "name = ?")];
/// Filters of what is described and revised.
pub const DESCRIBED: &[Filter] =
    &[text("description", "description = ?"), int("revision_number", "revision_number = ?")];

/// The tag filters. Tags are a JSON list in text; a tag in quotes is found by taking it out.
pub const TAGS: &[Filter] = &[
    Filter { name: "tags", condition: "replace(tags, ?, '') <> tags", kind: Reading::Tags },
    Filter { name: "tags-any", condition: "replace(tags, ?, '') <> tags", kind: Reading::AnyTag },
    Filter { name: "not-tags", condition: "replace(tags, ?, '') = tags", kind: Reading::NotTags },
    Filter { name: "not-tags-any", condition: "replace(tags, ?, '') = tags", kind: Reading::NoTag },
];

/// A filter by a part of a text. `LIKE` has wildcards of its own, and cares for case in one database only.
#[must_use]
pub const fn part(name: &'static str, condition: &'static str) -> Filter {
    Filter { name, condition, kind: Reading::Text }
}

/// A filter by pairs of a JSON column of texts by keys without quotes: a pair in quotes is found by taking it out.
pub const METADATA: &[Filter] =
    &[Filter { name: "metadata", condition: "replace(metadata, ?, '') <> metadata", kind: Reading::Pairs }];

/// A sort key of the same name as its column.
#[must_use]
pub const fn by(name: &'static str) -> SortKey {
    SortKey { name, expression: name }
}

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
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} cannot be filtered by")]
pub struct BadFilter {
    /// Its name.
    pub name: String,
    /// The value, or `None` where there is no such filter.
    pub value: Option<String>,
}

/// Why there is no list.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// It is asked for something that it cannot be filtered by.
    #[error(transparent)]
    Filter(#[from] BadFilter),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Adds all filters of `query` to `select`.
///
/// # Errors
/// [`BadFilter`] for one that is not `known` or has a value that cannot be read: an accepted filter always filters.
pub fn apply(
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
        Reading::Tags | Reading::NoTag => {
            for tag in split() {
                select = select.and(filter.condition, tag);
            }
            Ok(select)
        }
        Reading::AnyTag | Reading::NotTags => {
            Ok(select.and_any(filter.condition, split().collect::<Vec<_>>()))
        }
        Reading::Pairs => {
            for text in values {
                let bad = || BadFilter { name: filter.name.to_owned(), value: Some(text.clone()) };
                for (key, value) in literal::pairs(text).ok_or_else(bad)? {
                    select = select.and(filter.condition, format!("{}:{}", quoted(&key), quoted(&value)));
                }
            }
            Ok(select)
        }
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
        Reading::Bool => match text.to_ascii_lowercase().as_str() {
            "true" | "1" => Ok(true.into()),
            "false" | "0" => Ok(false.into()),
            _ => Err(bad()),
        },
        Reading::Int => text.parse::<i64>().map(Value::from).map_err(|_| bad()),
        _ => Ok(text.replace('\0', "").into()),
    }
}

/// Whose rows a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose<'a> {
    /// All rows.
    Everybodys,
    /// What this project may see.
    Of(&'a str),
    /// None: the caller has no project.
    Nobodys,
}

impl Whose<'_> {
    /// Lets only those rows through for which `condition` holds, with `?` for the project.
    #[must_use]
    pub fn of(self, select: Select, condition: &'static str) -> Select {
        match self {
            Self::Everybodys => select,
            Self::Of(project) => select.and(condition, project),
            Self::Nobodys => select.and_fixed("1 = 0"),
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

    #[test]
    fn pairs_are_found_as_they_stand_in_json() {
        let query = ListQuery::by("metadata", ["{'a': 'x', \"b\": 'it\\'s'}".to_owned()]);
        let sql = format!("{:?}", apply(Select::new("id", "t"), &[METADATA], &query).unwrap().query());
        assert!(sql.contains(r#"\"a\":\"x\""#) && sql.contains(r#"\"b\":\"it's\""#), "{sql}");
        let bad = ListQuery::by("metadata", ["a=x".to_owned()]);
        assert!(apply(Select::new("id", "t"), &[METADATA], &bad).is_err());
    }
}
