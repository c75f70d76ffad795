//! One kind of record in memory.

use std::sync::Arc;

use super::chunks::Chunked;
use crate::model::Record;

/// Records by id and by unique key. Clones share everything until one of them changes.
#[derive(Debug, Clone)]
pub struct Table<T> {
    rows: Chunked<Arc<T>>,
    /// Ids by unique key.
    keys: Chunked<Arc<str>>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { rows: Chunked::default(), keys: Chunked::default() }
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

    /// All whose id begins with `prefix`, ordered by id.
    pub fn with_prefix<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a Arc<T>> {
        self.rows.with_prefix(prefix)
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
        let (id, key) = (row.id(), row.unique_key());
        if let Some(before) = self.rows.insert(&id, Arc::new(row)) {
            self.keys.remove(&before.unique_key());
        }
        self.keys.insert(&key, Arc::from(id));
    }

    /// Removes a record, if it is there.
    pub(super) fn remove(&mut self, id: &str) {
        if let Some(row) = self.rows.remove(id) {
            self.keys.remove(&row.unique_key());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Membership, Role};

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
