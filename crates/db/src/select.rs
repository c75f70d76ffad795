//! The one place where SQL is built: lists with filters and keyset pages.

use crate::executor::keep;
use crate::query::LIST;
use crate::{DbError, Direction, Executor, Page, Paged, Query, Row, SortKey, Value};

/// A `SELECT` that grows by conditions. Every piece of text stands in the program; values are always bound.
///
/// ```
/// # use kogge_db::{Select, Page, SortKey, Direction};
/// const SORT: &[SortKey] = &[SortKey { name: "created_at", expression: "created_at" }];
/// let list = Select::new("id, name", "servers")
///     .and("project_id = ?", "p1")
///     .and_some("status = ?", Some("ACTIVE"))
///     .page(&Page::default(), SORT, &[("created_at", Direction::Descending)], "id");
/// ```
#[derive(Debug, Clone)]
pub struct Select {
    columns: &'static str,
    from: &'static str,
    conditions: Vec<String>,
    values: Vec<Value>,
    order: Vec<(&'static str, Direction)>,
    limit: Option<u32>,
    offset: i64,
    reverse: bool,
    lists: bool,
}

/// Values of one `IN` that are bound one by one.
const MOST_BOUND: usize = 100;

/// The values as a JSON array, where all of them are texts.
fn text_list(values: &[Value]) -> Option<String> {
    let texts: Option<Vec<&str>> = values
        .iter()
        .map(|value| match value {
            Value::Text(text) => text.as_deref(),
            _ => None,
        })
        .collect();
    serde_json::to_string(&texts?).ok()
}

impl Select {
    /// All `columns` from the table, or join, `from`.
    #[must_use]
    pub const fn new(columns: &'static str, from: &'static str) -> Self {
        Self {
            columns,
            from,
            conditions: Vec::new(),
            values: Vec::new(),
            order: Vec::new(),
            limit: None,
            offset: 0,
            reverse: false,
            lists: false,
        }
    }

    /// The same rows, but these columns of them.
    #[must_use]
    pub const fn columns(mut self, columns: &'static str) -> Self {
        self.columns = columns;
        self
    }

    /// Adds a condition; each `?` in it takes `value`.
    #[must_use]
    pub fn and(mut self, condition: &'static str, value: impl Into<Value>) -> Self {
        let number = self.add(value.into());
        self.conditions.push(condition.replace('?', &number));
        self
    }

    /// Adds a condition where there is a value.
    #[must_use]
    pub fn and_some<V: Into<Value>>(self, condition: &'static str, value: Option<V>) -> Self {
        match value {
            Some(value) => self.and(condition, value),
            None => self,
        }
    }

    /// Adds a condition without value.
    #[must_use]
    pub fn and_fixed(mut self, condition: &'static str) -> Self {
        self.conditions.push(condition.to_owned());
        self
    }

    /// Adds a condition that holds where any of `values` does: `(c) OR (c) …`; none at all matches nothing.
    #[must_use]
    pub fn and_any<V: Into<Value>>(
        mut self,
        condition: &'static str,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        let parts: Vec<String> = values
            .into_iter()
            .map(|value| format!("({})", condition.replace('?', &self.add(value.into()))))
            .collect();
        self.conditions.push(if parts.is_empty() { "1 = 0".to_owned() } else { parts.join(" OR ") });
        self
    }

    /// Adds `expression IN (values)`; no values match nothing. Many texts are bound as one list: a statement has no
    /// place for any number of values, and one text for each number of them would be one too many.
    #[must_use]
    pub fn and_in<V: Into<Value>>(
        mut self,
        expression: &'static str,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        let values: Vec<Value> = values.into_iter().map(Into::into).collect();
        if values.len() > MOST_BOUND
            && let Some(list) = text_list(&values)
        {
            let number = self.add(Value::Text(Some(list)));
            self.lists = true;
            self.conditions.push(format!("{expression} IN ({}{number}{})", LIST.0, LIST.1));
            return self;
        }
        let numbers: Vec<String> = values.into_iter().map(|value| self.add(value)).collect();
        self.conditions.push(if numbers.is_empty() {
            "1 = 0".to_owned()
        } else {
            format!("{expression} IN ({})", numbers.join(", "))
        });
        self
    }

    /// Orders without paging.
    #[must_use]
    pub fn order_by(mut self, expression: &'static str, direction: Direction) -> Self {
        self.order.push((expression, direction));
        self
    }

    /// Takes `limit` rows from position `offset` on, for the few lists of OpenStack that page by position. Order it
    /// before; an offset behind the last row gives nothing.
    #[must_use]
    pub fn slice(mut self, limit: u32, offset: u64) -> Self {
        self.limit = Some(limit);
        self.offset = i64::try_from(offset).unwrap_or(i64::MAX);
        self
    }

    /// Takes one page: sorts by the page's keys (or `default`), then by `id`, and starts behind the marker. Keys of
    /// the page that are not in `keys` are passed over: refuse them before. A marker that does not exist gives an
    /// empty page: look it up before.
    #[must_use]
    pub fn page(
        mut self,
        page: &Page,
        keys: &'static [SortKey],
        default: &[(&str, Direction)],
        id: &'static str,
    ) -> Self {
        let find = |name: &str| keys.iter().find(|key| key.name == name).map(|key| key.expression);
        let wanted: Vec<(&str, Direction)> = if page.sort.is_empty() {
            default.to_vec()
        } else {
            page.sort.iter().map(|(name, direction)| (name.as_str(), *direction)).collect()
        };
        self.reverse = page.reverse;
        let turn = |direction: Direction| if page.reverse { direction.flipped() } else { direction };
        for (name, direction) in wanted {
            if let Some(expression) = find(name) {
                self.order.push((expression, turn(direction)));
            }
        }
        let last = self.order.last().map_or(Direction::Ascending, |(_, direction)| *direction);
        self.order.retain(|(expression, _)| *expression != id);
        self.order.push((id, last));
        if let Some(marker) = &page.marker {
            let condition = self.behind(marker, id);
            self.conditions.push(condition);
        }
        self.limit = page.limit;
        self
    }

    /// `(a, b, id)` behind the marker's, for any mix of directions.
    fn behind(&mut self, marker: &str, id: &'static str) -> String {
        let number = self.add(marker.into());
        let of_marker =
            |expression: &str| format!("(SELECT {expression} FROM {} WHERE {id} = {number})", self.from);
        let mut alternatives = Vec::with_capacity(self.order.len());
        for (index, (expression, direction)) in self.order.iter().enumerate() {
            let mut parts: Vec<String> =
                self.order[..index].iter().map(|(e, _)| format!("{e} = {}", of_marker(e))).collect();
            let sign = if *direction == Direction::Ascending { '>' } else { '<' };
            parts.push(format!("{expression} {sign} {}", of_marker(expression)));
            alternatives.push(format!("({})", parts.join(" AND ")));
        }
        alternatives.join(" OR ")
    }

    fn add(&mut self, value: Value) -> String {
        self.values.push(value);
        format!("${}", self.values.len())
    }

    /// The statement; one row more than the limit, so that [`Select::fetch`] knows whether more follow.
    #[must_use]
    pub fn query(self) -> Query {
        let mut sql = format!("SELECT {} FROM {}", self.columns, self.from);
        for (index, condition) in self.conditions.iter().enumerate() {
            sql.push_str(if index == 0 { " WHERE (" } else { " AND (" });
            sql.push_str(condition);
            sql.push(')');
        }
        for (index, (expression, direction)) in self.order.iter().enumerate() {
            sql.push_str(if index == 0 { " ORDER BY " } else { ", " });
            sql.push_str(expression);
            sql.push_str(if *direction == Direction::Ascending { " ASC" } else { " DESC" });
        }
        if let Some(limit) = self.limit {
            sql.push_str(&format!(" LIMIT {}", u64::from(limit) + 1));
        }
        if self.offset > 0 {
            sql.push_str(&format!(" OFFSET {}", self.offset));
        }
        Query { lists: self.lists, ..Query::built(sql, self.values) }
    }

    /// Runs it and makes an item of each row. A row that cannot be read is passed over and noted
    /// ([`Executor::list`]); the page is shorter then.
    ///
    /// # Errors
    /// What the database says.
    pub async fn fetch<T: Send>(
        self,
        db: impl Executor,
        mut make: impl FnMut(&Row) -> Result<T, DbError> + Send,
    ) -> Result<Paged<T>, DbError> {
        let limit = self.limit.map_or(usize::MAX, |limit| limit as usize);
        let reverse = self.reverse;
        let table = self.table();
        let (damage, mut items, mut rows) = (db.damage_book(), Vec::new(), 0);
        let take = &mut |row: &Row| {
            rows += 1;
            if rows > limit { Ok(()) } else { keep(&damage, table, row, make(row), &mut items) }
        };
        db.each(self.query(), take).await?;
        if reverse {
            items.reverse();
        }
        Ok(Paged { items, more: rows > limit })
    }

    /// The first table of the `FROM`.
    fn table(&self) -> &'static str {
        self.from.split_whitespace().next().unwrap_or(self.from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: &[SortKey] = &[
        SortKey { name: "name", expression: "name" },
        SortKey { name: "created_at", expression: "created_at" },
    ];

    #[test]
    fn conditions_are_numbered_and_joined() {
        let query = Select::new("id", "servers")
            .and("project_id = ?", "p")
            .and_in("status", ["A", "B"])
            .and_some("name = ?", None::<&str>)
            .query();
        assert_eq!(query.sql, "SELECT id FROM servers WHERE (project_id = $1) AND (status IN ($2, $3))");
    }

    #[test]
    fn a_slice_fetches_one_more_than_its_limit_from_its_offset() {
        let slice = |offset| Select::new("id", "servers").slice(2, offset).query().sql;
        assert_eq!(slice(0), "SELECT id FROM servers LIMIT 3");
        assert_eq!(slice(4), "SELECT id FROM servers LIMIT 3 OFFSET 4");
        assert_eq!(slice(u64::MAX), format!("SELECT id FROM servers LIMIT 3 OFFSET {}", i64::MAX));
    }

    #[test]
    fn an_empty_in_list_matches_nothing() {
        let query = Select::new("id", "servers").and_in("id", Vec::<String>::new()).query();
        assert_eq!(query.sql, "SELECT id FROM servers WHERE (1 = 0)");
    }

    #[test]
    fn a_page_sorts_by_its_keys_then_by_id_and_fetches_one_more() {
        let page = Page {
            limit: Some(10),
            marker: Some("m".into()),
            sort: vec![("name".into(), Direction::Descending)],
            reverse: false,
        };
        let query = Select::new("id", "servers").page(&page, KEYS, &[], "id").query();
        assert_eq!(
            query.sql,
            "SELECT id FROM servers WHERE ((name < (SELECT name FROM servers WHERE id = $1)) OR \
             (name = (SELECT name FROM servers WHERE id = $1) AND id < (SELECT id FROM servers WHERE id = $1))) \
             ORDER BY name DESC, id DESC LIMIT 11"
        );
    }
}
