//! Lists: filters with comparators, order, pages. Upstream: `keystone/server/flask/common.py`, `driver_hints`.

use kogge_resource::keystone::Attributes;

use crate::error::{Error, Result};

/// How a filter compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparator {
    Equals,
    Contains,
    StartsWith,
    EndsWith,
}

/// One filter: `name=x`, `name__contains=x`, `name__icontains=x`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Filter {
    name: String,
    comparator: Comparator,
    value: String,
    ignore_case: bool,
}

/// What a list asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ListQuery {
    pub(crate) filters: Vec<Filter>,
    /// Most items of the answer.
    pub(crate) limit: Option<usize>,
    /// The id of the last item of the page before.
    pub(crate) marker: Option<String>,
    /// What to sort by, instead of the id; and whether downward.
    pub(crate) sort: Option<(String, bool)>,
}

/// A page of a list.
#[derive(Debug)]
pub(crate) struct Listed<T> {
    pub(crate) items: Vec<T>,
    /// True where more follow.
    pub(crate) more: bool,
}

impl Filter {
    /// A filter for one exact value.
    pub(crate) fn equals(name: &str, value: &str) -> Self {
        let (name, value) = (name.to_owned(), value.to_owned());
        Self { name, comparator: Comparator::Equals, value, ignore_case: false }
    }

    fn read(key: &str, value: &str, supported: &[&str]) -> Option<Self> {
        if supported.contains(&key) {
            return Some(Self::equals(key, value));
        }
        let (name, comparator) = key.split_once("__").filter(|(name, _)| supported.contains(name))?;
        let (ignore_case, plain) = match comparator.strip_prefix('i') {
            Some(plain) => (true, plain),
            None => (false, comparator),
        };
        let comparator = match plain {
            "contains" => Comparator::Contains,
            "startswith" => Comparator::StartsWith,
            "endswith" => Comparator::EndsWith,
            _ => return None,
        };
        Some(Self { name: name.to_owned(), comparator, value: value.to_owned(), ignore_case })
    }

    fn fits(&self, item: &impl Attributes) -> bool {
        let Some(found) = item.attribute(&self.name) else { return false };
        if self.comparator == Comparator::Equals {
            return match &*found {
                "true" | "false" if is_boolean(&self.name) => (found == "true") == truth(&self.value),
                found => found == self.value,
            };
        }
        let fold = |text: &str| if self.ignore_case { text.to_lowercase() } else { text.to_owned() };
        let (found, wanted) = (fold(&found), fold(&self.value));
        match self.comparator {
            Comparator::Contains => found.contains(&wanted),
            Comparator::StartsWith => found.starts_with(&wanted),
            Comparator::EndsWith => found.ends_with(&wanted),
            Comparator::Equals => found == wanted,
        }
    }
}

fn is_boolean(name: &str) -> bool {
    matches!(name, "enabled" | "is_domain")
}

/// Keystone: everything but these is true, nothing at all too.
fn truth(text: &str) -> bool {
    !matches!(text.to_ascii_lowercase().as_str(), "0" | "false" | "off" | "no" | "f" | "n")
}

impl ListQuery {
    /// Reads a query string; names that are not `supported` are passed over, as Keystone does.
    pub(crate) fn read<'q>(
        pairs: impl Iterator<Item = (&'q str, &'q str)>,
        supported: &[&str],
    ) -> Result<Self> {
        let mut query = Self::default();
        let (mut key, mut downward) = (None, false);
        for (name, value) in pairs {
            match name {
                "limit" => query.limit = Some(limit(value)?),
                "marker" if !value.is_empty() => query.marker = Some(value.to_owned()),
                "sort_key" => key = Some(value.to_owned()),
                "sort_dir" => downward = value.eq_ignore_ascii_case("desc"),
                _ => query.filters.extend(Filter::read(name, value, supported)),
            }
        }
        query.sort = key.map(|key| (key, downward));
        Ok(query)
    }

    /// The page of `items` (ordered by id) that is asked for; `most` is the operator's bound, 0 for none.
    pub(crate) fn page<T: Attributes>(&self, items: Vec<T>, most: usize) -> Result<Listed<T>> {
        let mut items: Vec<T> =
            items.into_iter().filter(|item| self.filters.iter().all(|filter| filter.fits(item))).collect();
        if let Some((key, downward)) = &self.sort {
            items.sort_by(|a, b| {
                let order = a.attribute(key).cmp(&b.attribute(key)).then_with(|| a.id().cmp(b.id()));
                if *downward { order.reverse() } else { order }
            });
        }
        if let Some(marker) = &self.marker {
            let at = items.iter().position(|item| item.id() == marker);
            let at = at.ok_or_else(|| Error::Missing(format!("Marker {marker} could not be found.")))?;
            items.drain(..=at);
        }
        let bound = if most == 0 { usize::MAX } else { most };
        let limit = self.limit.filter(|limit| *limit > 0).unwrap_or(bound).min(bound);
        let more = items.len() > limit;
        items.truncate(limit);
        Ok(Listed { items, more })
    }
}

fn limit(text: &str) -> Result<usize> {
    text.parse()
        .map_err(|_| Error::Invalid(format!("Invalid input for field 'limit': '{text}' is not a number")))
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    #[derive(Debug, Clone, PartialEq)]
    struct Thing(&'static str, &'static str, bool);

    impl Attributes for Thing {
        fn id(&self) -> &str {
            self.0
        }

        fn attribute(&self, name: &str) -> Option<Cow<'_, str>> {
            match name {
                "name" => Some(self.1.into()),
                "enabled" => Some(self.2.to_string().into()),
                _ => None,
            }
        }
    }

    fn ids(query: &str, most: usize) -> (Vec<&'static str>, bool) {
        let things = vec![Thing("1", "Blue", true), Thing("2", "blueish", false), Thing("3", "red", true)];
        let pairs =
            query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap());
        let listed = ListQuery::read(pairs, &["name", "enabled"]).unwrap().page(things, most).unwrap();
        (listed.items.iter().map(|thing| thing.0).collect(), listed.more)
    }

    #[test]
    fn comparators_are_keystones() {
        assert_eq!(ids("name=Blue", 0).0, ["1"]);
        assert_eq!(ids("name__contains=lue", 0).0, ["1", "2"]);
        assert_eq!(ids("name__startswith=blue", 0).0, ["2"]);
        assert_eq!(ids("name__istartswith=BLUE", 0).0, ["1", "2"]);
        assert_eq!(ids("name__endswith=ed", 0).0, ["3"]);
        assert_eq!(ids("name__unheard=x&colour=x", 0).0.len(), 3, "what nobody knows is passed over");
    }

    #[test]
    fn booleans_compare_as_such() {
        for yes in ["enabled=true", "enabled=True", "enabled=1", "enabled="] {
            assert_eq!(ids(yes, 0).0, ["1", "3"], "{yes}");
        }
        for no in ["enabled=false", "enabled=0", "enabled=False"] {
            assert_eq!(ids(no, 0).0, ["2"], "{no}");
        }
    }

    #[test]
    fn pages_follow_each_other() {
        assert_eq!(ids("limit=2", 0), (vec!["1", "2"], true));
        assert_eq!(ids("limit=2&marker=2", 0), (vec!["3"], false));
        assert_eq!(ids("limit=50", 1), (vec!["1"], true), "the operator's bound holds");
        assert_eq!(ids("sort_key=name&sort_dir=desc", 0).0, ["3", "2", "1"]);
    }

    #[test]
    fn a_bad_limit_is_400_and_an_unknown_marker_404() {
        assert!(matches!(ListQuery::read([("limit", "x")].into_iter(), &[]), Err(Error::Invalid(_))));
        let query = ListQuery { marker: Some("x".to_owned()), ..ListQuery::default() };
        assert!(matches!(query.page(vec![Thing("1", "a", true)], 0), Err(Error::Missing(_))));
    }
}
