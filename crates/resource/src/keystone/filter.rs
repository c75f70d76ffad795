//! Filters with comparators, order and pages of rows in memory.

use std::borrow::Cow;

use kogge_db::{Direction, Paged};
use kogge_http::{ApiError, Pairs};

use crate::{Listing, Pages, Wanted};

/// What rows can be filtered and sorted by.
pub trait Attributes {
    /// The id, for markers and where sorting ties.
    fn id(&self) -> &str;

    /// The attribute of that name; booleans are `true` and `false`.
    fn attribute(&self, name: &str) -> Option<Cow<'_, str>>;
}

impl<T: Attributes> Attributes for std::sync::Arc<T> {
    fn id(&self) -> &str {
        (**self).id()
    }

    fn attribute(&self, name: &str) -> Option<Cow<'_, str>> {
        (**self).attribute(name)
    }
}

/// How a filter compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparator {
    Equals,
    Contains,
    StartsWith,
    EndsWith,
}

/// One filter: `name=x`, `name__contains=x`, `name__icontains=x`.
struct Filter<'a> {
    name: &'a str,
    comparator: Comparator,
    value: &'a str,
    ignore_case: bool,
}

impl<'a> Filter<'a> {
    fn read(key: &'a str, value: &'a str, known: &[&str]) -> Option<Self> {
        if known.contains(&key) {
            return Some(Self { name: key, comparator: Comparator::Equals, value, ignore_case: false });
        }
        let (name, comparator) = key.split_once("__").filter(|(name, _)| known.contains(name))?;
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
        Some(Self { name, comparator, value, ignore_case })
    }

    fn fits(&self, item: &impl Attributes) -> bool {
        let Some(found) = item.attribute(self.name) else { return false };
        if self.comparator == Comparator::Equals {
            return match &*found {
                "true" | "false" if is_boolean(self.name) => (found == "true") == truth(self.value),
                found => found == self.value,
            };
        }
        let fold = |text: &str| if self.ignore_case { text.to_lowercase() } else { text.to_owned() };
        let (found, wanted) = (fold(&found), fold(self.value));
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
#[must_use]
pub fn truth(text: &str) -> bool {
    !matches!(text.to_ascii_lowercase().as_str(), "0" | "false" | "off" | "no" | "f" | "n")
}

/// Reads a query; names that cannot be filtered by are passed over.
pub(super) fn wanted(rules: &Listing, pairs: &Pairs) -> Result<Wanted, ApiError> {
    let mut wanted = Wanted::default();
    let (mut key, mut way) = (None, Direction::Ascending);
    for (name, value) in pairs.iter() {
        match name {
            "limit" | "marker" | "sort_key" | "sort_dir" if rules.pages == Pages::Whole => {}
            "limit" => {
                let why = || format!("Invalid input for field 'limit': '{value}' is not a number");
                let limit: usize = value.parse().map_err(|_| ApiError::bad_request(why()))?;
                wanted.query.page.limit = Some(u32::try_from(limit).unwrap_or(u32::MAX));
            }
            "marker" if !value.is_empty() => wanted.query.page.marker = Some(value.to_owned()),
            "sort_key" => key = Some(value.to_owned()),
            "sort_dir" if value.eq_ignore_ascii_case("desc") => way = Direction::Descending,
            "sort_dir" => way = Direction::Ascending,
            _ if Filter::read(name, value, rules.names).is_some() => {
                wanted.query.filters.entry(name.to_owned()).or_default().push(value.to_owned());
            }
            _ => {}
        }
    }
    wanted.query.page.sort = key.map(|key| (key, way)).into_iter().collect();
    Ok(wanted)
}

/// The page of `items` (ordered by id) that is asked for; `most` is the operator's bound, 0 for none. Unless another order
/// is asked for, no more items are looked at than up to the end of the page: they may begin with the marker.
///
/// # Errors
/// The marker, where there is none.
pub fn page<T: Attributes>(
    items: impl IntoIterator<Item = T>,
    wanted: &Wanted,
    names: &[&str],
    most: usize,
) -> Result<Paged<T>, String> {
    let given = wanted.query.filters.iter().flat_map(|(name, values)| values.iter().map(move |v| (name, v)));
    let filters: Vec<Filter<'_>> =
        given.filter_map(|(name, value)| Filter::read(name, value, names)).collect();
    let fitting = items.into_iter().filter(|item| filters.iter().all(|filter| filter.fits(item)));
    let page = &wanted.query.page;
    let bound = if most == 0 { usize::MAX } else { most };
    let limit = page.limit.filter(|limit| *limit > 0).map_or(bound, |limit| bound.min(limit as usize));
    let Some((key, way)) = page.sort.first() else {
        return cut(fitting, page.marker.as_deref(), limit);
    };
    let mut items: Vec<T> = fitting.collect();
    items.sort_by(|a, b| {
        let order = a.attribute(key).cmp(&b.attribute(key)).then_with(|| a.id().cmp(b.id()));
        if *way == Direction::Descending { order.reverse() } else { order }
    });
    cut(items.into_iter(), page.marker.as_deref(), limit)
}

/// So many items after the marker.
fn cut<T: Attributes>(
    mut items: impl Iterator<Item = T>,
    marker: Option<&str>,
    limit: usize,
) -> Result<Paged<T>, String> {
    if let Some(marker) = marker
        && !items.any(|item| item.id() == marker)
    {
        return Err(marker.to_owned());
    }
    let items_of_page: Vec<T> = items.by_ref().take(limit).collect();
    Ok(Paged { items: items_of_page, more: items.next().is_some() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, PartialEq)]
    struct Thing(&'static str, &'static str, bool);

    const RULES: Listing = Listing { names: &["name", "enabled"], ..Listing::OWN };

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
        let wanted = wanted(&RULES, &Pairs::parse(query)).unwrap();
        let listed = page(things, &wanted, RULES.names, most).unwrap();
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
    fn a_bad_limit_is_refused_and_an_unknown_marker_named() {
        assert!(wanted(&RULES, &Pairs::parse("limit=x")).is_err());
        let wanted = wanted(&RULES, &Pairs::parse("marker=x")).unwrap();
        assert_eq!(page(vec![Thing("1", "a", true)], &wanted, &[], 0).unwrap_err(), "x");
    }
}
