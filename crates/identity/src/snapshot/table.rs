//! One kind of record in memory.

use std::sync::Arc;

use super::chunks::Chunked;
use crate::model::Record;

/// Records by id, by unique key and by the attributes of their kind ([`Record::INDEXES`]). Clones share everything until one
/// of them changes.
#[derive(Debug, Clone)]
pub struct Table<T> {
    rows: Chunked<Arc<T>>,
    /// Ids by unique key.
    keys: Chunked<Arc<str>>,
    /// Ids by attribute and id, one map for each attribute.
    indexes: Vec<Chunked<Arc<str>>>,
}

/// How the keys of an index begin that have this value; its length keeps values apart that begin alike.
fn prefix(value: &str) -> String {
    format!("{}|{value}|", value.len())
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { rows: Chunked::default(), keys: Chunked::default(), indexes: Vec::new() }
    }
}

impl<T: Record> Table<T> {
    /// The record of that id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Arc<T>> {
        self.rows.get(id)
    }

    /// The record of that unique key.
    #[must_use]
    pub fn by_key(&self, key: &str) -> Option<&Arc<T>> {
        self.rows.get(self.keys.get(key)?)
    }

    /// All, ordered by id.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<T>> {
        self.rows.iter()
    }

    /// All from this id on, ordered by id.
    pub fn from<'a>(&'a self, id: &str) -> impl Iterator<Item = &'a Arc<T>> + use<'a, T> {
        self.rows.from(id).map(|(_, row)| row)
    }

    /// All whose id begins with `prefix`, ordered by id.
    pub fn with_prefix<'a>(&'a self, prefix: &str) -> impl Iterator<Item = &'a Arc<T>> + use<'a, T> {
        self.rows.with_prefix(prefix)
    }

    /// All whose attribute `name`, which has an index, is `value`, from the id `from` on; ordered by id.
    pub fn among<'a>(
        &'a self,
        name: &str,
        value: &str,
        from: &str,
    ) -> impl Iterator<Item = &'a Arc<T>> + use<'a, T> {
        let index = T::INDEXES.iter().position(|(found, _)| *found == name);
        debug_assert!(index.is_some(), "{name} has no index");
        let prefix = prefix(value);
        let found = index.and_then(|index| self.indexes.get(index)).map(|index| {
            let found = index.from(&format!("{prefix}{from}"));
            found.take_while(move |(key, _)| key.starts_with(&prefix)).map(|(_, id)| id)
        });
        found.into_iter().flatten().filter_map(|id| self.rows.get(id))
    }

    /// How many have a unique key that begins with `prefix`.
    #[must_use]
    pub fn count_by_key(&self, prefix: &str) -> usize {
        self.keys.with_prefix(prefix).count()
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rows.len()
    }

    /// True where there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows.len() == 0
    }

    /// Adds or replaces a record.
    pub(super) fn put(&mut self, row: T) {
        let row = Arc::new(row);
        let id: Arc<str> = Arc::from(row.id());
        let before = self.rows.insert(&id, Arc::clone(&row));
        let (old, new) = (before.as_ref().map(|row| row.unique_key()), row.unique_key());
        if old.as_ref() != Some(&new) {
            old.inspect(|old| self.forget_key(old, &id));
            self.keys.insert(&new, Arc::clone(&id));
        }
        self.indexes.resize_with(T::INDEXES.len(), Chunked::default);
        for (index, (_, value)) in self.indexes.iter_mut().zip(T::INDEXES) {
            let (old, new) = (before.as_ref().and_then(|row| value(row)), value(&row));
            if old != new {
                old.inspect(|old| drop(index.remove(&format!("{}{id}", prefix(old)))));
                new.inspect(|new| drop(index.insert(&format!("{}{id}", prefix(new)), Arc::clone(&id))));
            }
        }
    }

    /// A key names this record no longer. Changes that are read later come in no order: somebody else may have it by then.
    fn forget_key(&mut self, key: &str, id: &str) {
        if self.keys.get(key).is_some_and(|named| **named == *id) {
            self.keys.remove(key);
        }
    }

    /// Removes a record, if it is there.
    pub(super) fn remove(&mut self, id: &str) {
        let Some(row) = self.rows.remove(id) else { return };
        self.forget_key(&row.unique_key(), id);
        for (index, (_, value)) in self.indexes.iter_mut().zip(T::INDEXES) {
            value(&row).inspect(|value| drop(index.remove(&format!("{}{id}", prefix(value)))));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Group, Membership, Role};

    fn role(id: &str, name: &str) -> Role {
        let (id, name) = (id.to_owned(), name.to_owned());
        Role {
            id,
            name,
            domain_id: None,
            description: None,
            immutable: None,
            extra: crate::model::Extra::new(),
        }
    }

    #[test]
    fn a_key_that_two_records_exchange_names_the_new_one_in_any_order() {
        for order in [["1", "2"], ["2", "1"]] {
            let mut table = Table::default();
            table.put(role("1", "old"));
            order.iter().for_each(|id| table.put(role(id, if *id == "1" { "new" } else { "old" })));
            assert_eq!(table.by_key(&role("2", "old").unique_key()).unwrap().id, "2");
            assert_eq!(table.by_key(&role("1", "new").unique_key()).unwrap().id, "1");
        }
    }

    #[test]
    fn a_renamed_record_is_found_by_its_new_key_only() {
        let mut table = Table::default();
        table.put(role("1", "old"));
        table.put(role("1", "new"));
        assert!(table.by_key(&role("1", "old").unique_key()).is_none());
        assert_eq!(table.by_key(&role("1", "new").unique_key()).unwrap().id, "1");
        table.remove("1");
        assert!(table.is_empty() && table.by_key(&role("1", "new").unique_key()).is_none());
    }

    #[test]
    fn records_are_found_by_their_attributes_as_they_are_now() {
        let mut table = Table::default();
        let member = |user: &str, group: &str| Membership { user_id: user.into(), group_id: group.into() };
        for (user, group) in [("b", "1"), ("a", "1"), ("c", "1"), ("a", "11"), ("a", "1|x")] {
            table.put(member(user, group));
        }
        let of = |table: &Table<Membership>, group: &str, from: &str| {
            table.among("group_id", group, from).map(|row| row.user_id.clone()).collect::<Vec<_>>().concat()
        };
        assert_eq!(
            (of(&table, "1", ""), of(&table, "1", "b"), of(&table, "11", "")),
            ("abc".into(), "bc".into(), "a".into())
        );
        assert_eq!((of(&table, "", ""), of(&table, "2", "")), (String::new(), String::new()));
        table.remove("a|1");
        assert_eq!(of(&table, "1", ""), "bc");
    }

    #[test]
    fn an_attribute_that_changes_is_found_as_it_is_now() {
        let mut table = Table::default();
        let group = |name: &str| Group {
            id: "1".to_owned(),
            name: name.to_owned(),
            domain_id: "d".to_owned(),
            description: String::new(),
            extra: crate::model::Extra::new(),
        };
        table.put(group("old"));
        let before = table.clone();
        table.put(group("new"));
        let named = |table: &Table<Group>, name: &str| table.among("name", name, "").count();
        assert_eq!((named(&table, "old"), named(&table, "new")), (0, 1));
        assert_eq!((named(&before, "old"), named(&before, "new")), (1, 0));
        assert_eq!(table.among("domain_id", "d", "").count(), 1);
    }

    #[test]
    fn a_clone_does_not_see_later_changes() {
        let mut table = Table::default();
        table.put(role("1", "a"));
        let before = table.clone();
        table.remove("1");
        assert_eq!((before.len(), table.len()), (1, 0));
    }

    #[test]
    fn a_prefix_finds_exactly_its_records() {
        let mut table = Table::default();
        for (user, group) in [("a", "1"), ("a", "2"), ("ab", "1"), ("b", "1")] {
            table.put(Membership { user_id: user.to_owned(), group_id: group.to_owned() });
        }
        assert_eq!(table.with_prefix("a|").count(), 2);
        assert_eq!(table.with_prefix("c|").count(), 0);
    }
}
