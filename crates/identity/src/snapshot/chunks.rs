//! An ordered map whose copies share what did not change: a write costs the same however many records there are.
//!
//! Records lie in chunks of at most [`MOST`]. Changing one copies its chunk and the list of chunks, not the other records: of a
//! hundred thousand, five hundred and the addresses of two hundred chunks.

use std::sync::Arc;

use super::work;

/// Most records of a chunk; a fuller one is cut in two.
const MOST: usize = 512;

type Chunk<V> = Vec<(Arc<str>, V)>;

/// See the module's text. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Chunked<V> {
    chunks: Arc<Vec<Arc<Chunk<V>>>>,
    len: usize,
}

impl<V> Default for Chunked<V> {
    fn default() -> Self {
        Self { chunks: Arc::default(), len: 0 }
    }
}

impl<V: Clone> Chunked<V> {
    /// Chunk and index of a key, or where it would stand.
    fn place(&self, key: &str) -> Result<(usize, usize), (usize, usize)> {
        let begins = |chunk: &Arc<Chunk<V>>| chunk.first().is_some_and(|(first, _)| **first <= *key);
        let Some(at) = self.chunks.partition_point(begins).checked_sub(1) else { return Err((0, 0)) };
        let found = self.chunks[at].binary_search_by(|(found, _)| (**found).cmp(key));
        found.map(|index| (at, index)).map_err(|index| (at, index))
    }

    pub(super) fn get(&self, key: &str) -> Option<&V> {
        let (at, index) = self.place(key).ok()?;
        self.chunks.get(at)?.get(index).map(|(_, value)| value)
    }

    /// The chunk at `at`, to be changed: shared with another snapshot it is copied.
    fn own(chunk: &mut Arc<Chunk<V>>) -> &mut Chunk<V> {
        if Arc::strong_count(chunk) > 1 {
            work::copied();
        }
        Arc::make_mut(chunk)
    }

    /// Adds or replaces; answers what was there.
    pub(super) fn insert(&mut self, key: &str, value: V) -> Option<V> {
        let place = self.place(key);
        let chunks = Arc::make_mut(&mut self.chunks);
        let (at, index) = match place {
            Ok((at, index)) => {
                let (_, old) = &mut Self::own(&mut chunks[at])[index];
                return Some(std::mem::replace(old, value));
            }
            Err(place) => place,
        };
        if chunks.is_empty() {
            chunks.push(Arc::default());
        }
        let chunk = Self::own(&mut chunks[at]);
        chunk.insert(index, (Arc::from(key), value));
        if chunk.len() > MOST {
            let upper = chunk.split_off(MOST / 2);
            chunks.insert(at + 1, Arc::new(upper));
        }
        self.len += 1;
        None
    }

    pub(super) fn remove(&mut self, key: &str) -> Option<V> {
        let (at, index) = self.place(key).ok()?;
        let chunks = Arc::make_mut(&mut self.chunks);
        let chunk = Self::own(&mut chunks[at]);
        let (_, value) = chunk.remove(index);
        if chunk.is_empty() {
            chunks.remove(at);
        }
        self.len -= 1;
        Some(value)
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// All from this key on, ordered by key.
    pub(super) fn from<'a>(&'a self, key: &str) -> impl Iterator<Item = (&'a str, &'a V)> + use<'a, V> {
        let (at, first) = self.place(key).unwrap_or_else(|place| place);
        let chunks = self.chunks.iter().skip(at).enumerate();
        chunks
            .flat_map(move |(number, chunk)| chunk.iter().skip(if number == 0 { first } else { 0 }))
            .inspect(|_| work::read())
            .map(|(key, value)| (&**key, value))
    }

    /// All, ordered by key.
    pub(super) fn iter(&self) -> impl Iterator<Item = &V> {
        self.from("").map(|(_, value)| value)
    }

    /// All whose key begins with `prefix`, ordered by key.
    pub(super) fn with_prefix<'a>(&'a self, prefix: &str) -> impl Iterator<Item = &'a V> + use<'a, V> {
        let prefix = prefix.to_owned();
        let found = self.from(&prefix);
        found.take_while(move |(key, _)| key.starts_with(&prefix)).map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn filled(many: usize) -> Chunked<usize> {
        let mut map = Chunked::default();
        // in an order that is none
        (0..many).for_each(|number| {
            let number = number * 7919 % many;
            map.insert(&format!("{number:06}"), number);
        });
        map
    }

    #[test]
    fn a_change_copies_one_chunk_however_many_records_there_are() {
        let before = filled(20_000);
        let mut after = before.clone();
        after.insert("010000", 0);
        let shared = |a: &Chunked<usize>, b: &Chunked<usize>| {
            a.chunks.iter().filter(|chunk| b.chunks.iter().any(|other| Arc::ptr_eq(chunk, other))).count()
        };
        assert_eq!(shared(&before, &after), before.chunks.len() - 1);
        assert_eq!((before.get("010000"), after.get("010000")), (Some(&10_000), Some(&0)));
        assert!(before.chunks.len() < 20_000 / MOST * 3, "chunks are at least a third full");
    }

    #[test]
    fn records_come_in_order_and_by_prefix() {
        let map = filled(5000);
        assert_eq!(map.len(), 5000);
        assert!(map.iter().copied().eq(0..5000));
        assert!(map.with_prefix("0012").copied().eq(1200..1300));
        assert_eq!(map.with_prefix("9").count(), 0);
        assert_eq!(map.with_prefix("").count(), 5000);
    }

    proptest::proptest! {
        #[test]
        fn it_does_what_a_tree_does(steps in proptest::collection::vec((0_u8..3, 0_u16..900), 0..2000)) {
            let (mut map, mut tree) = (Chunked::default(), BTreeMap::new());
            for (kind, number) in steps {
                let key = number.to_string();
                match kind {
                    0 => proptest::prop_assert_eq!(map.remove(&key), tree.remove(&key)),
                    _ => proptest::prop_assert_eq!(map.insert(&key, number), tree.insert(key, number)),
                }
            }
            proptest::prop_assert!(map.iter().eq(tree.values()));
            proptest::prop_assert_eq!(map.len(), tree.len());
            for prefix in ["", "1", "45", "899", "x"] {
                let expected = tree.iter().filter(|(key, _)| key.starts_with(prefix)).map(|(_, value)| value);
                proptest::prop_assert!(map.with_prefix(prefix).eq(expected));
            }
        }
    }
}
