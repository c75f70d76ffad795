//! A question for a list, read from the words of `GET /v2/images`. Source: `glance/api/v2/images.py`,
//! `RequestDeserializer.index`.

use kogge_clock::Timestamp;
use kogge_db::{Direction, Page};

use super::filter::{Comparison, Filter, ListQuery, NumberColumn, Scope, TextColumn, TimeColumn};
use super::member::Answer;
use crate::error::Error;

/// Images of a page if the client names no limit.
const DEFAULT_LIMIT: u32 = 25;
/// Most images of a page.
const MAX_LIMIT: u32 = 1000;
/// Most filters of one question; each is a condition in the database.
const MOST_FILTERS: usize = 64;
/// Most values of one filter.
const MOST_VALUES: usize = 256;
/// What a list can be sorted by.
pub(crate) const SORT_NAMES: [&str; 8] =
    ["name", "status", "container_format", "disk_format", "size", "id", "created_at", "updated_at"];
/// Parameters that are no filters.
const NO_FILTERS: [&str; 9] =
    ["limit", "marker", "member_status", "sort", "sort_key", "sort_dir", "visibility", "os_hidden", "tag"];

/// Names with values, in the order in which they came; a name may come again.
struct Words<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Words<'a> {
    /// The first value of `name`.
    fn get(&self, name: &str) -> Option<&'a str> {
        self.all(name).next()
    }

    /// Every value of `name`.
    fn all(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| *key == name).map(|(_, value)| *value)
    }
}

fn wrong(message: impl Into<String>) -> Error {
    Error::invalid(message)
}

impl ListQuery {
    /// Reads a question: names with values, as a query string has them.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a value of a wrong form.
    pub fn read<'a>(words: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, Error> {
        let words = Words(words.into_iter().collect());
        if words.0.iter().any(|(name, value)| name.contains('\0') || value.contains('\0')) {
            return Err(wrong("A parameter contains the character NUL."));
        }
        if words.get("changes-since").is_some_and(|value| !value.is_empty()) {
            return Err(wrong("The \"changes-since\" filter is no longer available on v2."));
        }
        let filters = words.0.iter().filter(|(name, _)| *name == "tag" || !NO_FILTERS.contains(name)).count();
        if filters > MOST_FILTERS {
            return Err(wrong(format!("A list takes {MOST_FILTERS} filters at most, not {filters}.")));
        }
        let tags = words.all("tag").map(|tag| Ok(Filter::Tag(tag.trim().to_owned())));
        let others = words.0.iter().filter(|(name, _)| !NO_FILTERS.contains(name));
        let others = others.map(|(name, value)| filter(name, value));
        Ok(Self {
            filters: tags.chain(others).collect::<Result<_, _>>()?,
            scope: scope(words.get("visibility"))?,
            hidden: flag("os_hidden", words.get("os_hidden").unwrap_or("false").to_lowercase().as_str())?,
            answered: answered(words.get("member_status"))?,
            page: page(&words)?,
        })
    }
}

fn page(words: &Words<'_>) -> Result<Page, Error> {
    let limit = match words.get("limit") {
        None => DEFAULT_LIMIT,
        Some(text) => {
            let limit: i64 = text.trim().parse().map_err(|_| wrong("limit param must be an integer"))?;
            u32::try_from(limit.min(MAX_LIMIT.into())).map_err(|_| wrong("limit param must be positive"))?
        }
    };
    let marker = words.get("marker").filter(|marker| !marker.is_empty()).map(str::to_owned);
    let mut sort = sort(words)?;
    // a key that comes again decides nothing any more
    let mut known = std::collections::BTreeSet::new();
    sort.retain(|(key, _)| known.insert(key.clone()));
    Ok(Page { limit: Some(limit), marker, sort, reverse: false })
}

fn scope(visibility: Option<&str>) -> Result<Scope, Error> {
    match visibility {
        None | Some("") => Ok(Scope::Usual),
        Some("all") => Ok(Scope::All),
        Some(text) => {
            text.parse().map(Scope::Only).map_err(|_| wrong(format!("Invalid visibility value: {text}")))
        }
    }
}

fn flag(name: &str, text: &str) -> Result<bool, Error> {
    let valid = "Valid values are 'true' or 'false'.";
    text.parse().map_err(|_| wrong(format!("Invalid value '{text}' for '{name}' filter. {valid}")))
}

fn answered(status: Option<&str>) -> Result<Option<Answer>, Error> {
    match status {
        None => Ok(Some(Answer::Accepted)),
        Some("all") => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| wrong(format!("Invalid status: {text}"))),
    }
}

/// `sort=name:asc,size` or `sort_key=name&sort_dir=asc&…`; without direction it is descending.
fn sort(words: &Words<'_>) -> Result<Vec<(String, Direction)>, Error> {
    let keys: Vec<&str> = words.all("sort_key").collect();
    let directions: Vec<&str> = words.all("sort_dir").collect();
    if let Some(sort) = words.get("sort") {
        if !keys.is_empty() || !directions.is_empty() {
            return Err(wrong("Old and new sorting syntax cannot be combined"));
        }
        let one = |part: &str| {
            let (name, way) = part.split_once(':').unwrap_or((part, "desc"));
            Ok((key(name)?, direction(if way.is_empty() { "desc" } else { way })?))
        };
        return sort.trim().split(',').map(one).collect();
    }
    if directions.len() > 1 && directions.len() != keys.len() {
        return Err(wrong("Number of sort dirs does not match the number of sort keys"));
    }
    let keys = if keys.is_empty() && !directions.is_empty() { vec!["created_at"] } else { keys };
    let way = |index: usize| directions.get(index).or(directions.first()).copied().unwrap_or("desc");
    keys.iter().enumerate().map(|(index, name)| Ok((key(name)?, direction(way(index))?))).collect()
}

fn key(name: &str) -> Result<String, Error> {
    let name = name.trim();
    if SORT_NAMES.contains(&name) {
        return Ok(name.to_owned());
    }
    let available = SORT_NAMES.join(", ");
    Err(wrong(format!("Invalid sort key: {name}. It must be one of the following: {available}.")))
}

fn direction(text: &str) -> Result<Direction, Error> {
    match text.trim() {
        "asc" => Ok(Direction::Ascending),
        "desc" => Ok(Direction::Descending),
        other => Err(wrong(format!("Invalid sort direction: {other}"))),
    }
}

fn filter(name: &str, value: &str) -> Result<Filter, Error> {
    if let Some(column) = operator_column(name) {
        return one_of(column, value);
    }
    if let Some(column) = time_column(name) {
        return time(name, column, value);
    }
    if let Some(column) = text_column(name) {
        return Ok(Filter::OneOf(column, vec![value.to_owned()]));
    }
    if name == "protected" {
        return Ok(Filter::Protected(flag(name, value)?));
    }
    let numeric = |column: &str| number_column(column);
    if let Some(column) = numeric(name) {
        return Ok(value.parse().map_or(Filter::Nothing, |number| Filter::Equal(column, number)));
    }
    let bound = || {
        let message = "Unable to filter on a range with a non-numeric value.";
        value.trim().parse::<i64>().map_err(|_| wrong(message))
    };
    if let Some(column) = name.strip_suffix("_min").and_then(numeric) {
        return Ok(Filter::AtLeast(column, bound()?));
    }
    if let Some(column) = name.strip_suffix("_max").and_then(numeric) {
        return Ok(Filter::AtMost(column, bound()?));
    }
    Ok(Filter::Property(name.to_owned(), value.to_owned()))
}

/// Columns with `in:` and `eq:`.
fn operator_column(name: &str) -> Option<TextColumn> {
    Some(match name {
        "id" => TextColumn::Id,
        "name" => TextColumn::Name,
        "status" => TextColumn::Status,
        "container_format" => TextColumn::ContainerFormat,
        "disk_format" => TextColumn::DiskFormat,
        _ => return None,
    })
}

/// Columns that are compared as they are.
fn text_column(name: &str) -> Option<TextColumn> {
    Some(match name {
        "owner" => TextColumn::Owner,
        "checksum" => TextColumn::Checksum,
        "os_hash_algo" => TextColumn::HashAlgo,
        "os_hash_value" => TextColumn::HashValue,
        _ => return None,
    })
}

fn number_column(name: &str) -> Option<NumberColumn> {
    Some(match name {
        "size" => NumberColumn::Size,
        "virtual_size" => NumberColumn::VirtualSize,
        "min_disk" => NumberColumn::MinDisk,
        "min_ram" => NumberColumn::MinRam,
        _ => return None,
    })
}

fn time_column(name: &str) -> Option<TimeColumn> {
    match name {
        "created_at" => Some(TimeColumn::Created),
        "updated_at" => Some(TimeColumn::Updated),
        _ => None,
    }
}

fn one_of(column: TextColumn, value: &str) -> Result<Filter, Error> {
    match value.split_once(':') {
        None => Ok(Filter::OneOf(column, vec![value.to_owned()])),
        Some(("eq", rest)) => Ok(Filter::OneOf(column, vec![rest.to_owned()])),
        Some(("in", rest)) => Ok(Filter::OneOf(column, quoted(rest)?)),
        Some((operator, _)) => Err(wrong(format!("Unable to filter by unknown operator '{operator}'."))),
    }
}

/// `a,"b,c",d`
fn quoted(text: &str) -> Result<Vec<String>, Error> {
    let refused =
        || wrong(format!("Invalid filter value {text}. The quote is not closed or in a wrong place."));
    let mut values = Vec::new();
    let mut rest = text;
    loop {
        if values.len() >= MOST_VALUES {
            return Err(wrong(format!("A filter takes {MOST_VALUES} values at most.")));
        }
        let after = if let Some(open) = rest.strip_prefix('"') {
            let (value, after) = open.split_once('"').ok_or_else(refused)?;
            values.push(value.to_owned());
            after
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            let (value, after) = rest.split_at(end);
            if value.contains('"') {
                return Err(refused());
            }
            values.push(value.to_owned());
            after
        };
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None if after.is_empty() => return Ok(values),
            None => return Err(refused()),
        }
    }
}

fn time(name: &str, column: TimeColumn, value: &str) -> Result<Filter, Error> {
    let (comparison, text) = match value.split_once(':') {
        _ if value.parse::<Timestamp>().is_ok() => (Comparison::Eq, value),
        Some((operator, rest)) => (self::comparison(operator)?, rest),
        None => (Comparison::Eq, value),
    };
    let refused = || wrong(format!("Bad \"{name}\" query filter format. Use ISO 8601 DateTime notation."));
    Ok(Filter::Time(column, comparison, text.parse().map_err(|_| refused())?))
}

fn comparison(operator: &str) -> Result<Comparison, Error> {
    Ok(match operator {
        "gt" => Comparison::Gt,
        "gte" => Comparison::Gte,
        "lt" => Comparison::Lt,
        "lte" => Comparison::Lte,
        "eq" => Comparison::Eq,
        "neq" => Comparison::Neq,
        other => return Err(wrong(format!("Unable to filter by unknown operator '{other}'."))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::visibility::Visibility;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<ListQuery, String> {
        let pairs = kogge_http::Pairs::parse(text);
        ListQuery::read(pairs.iter()).map_err(|error| error.to_string())
    }

    #[test]
    fn an_empty_query_lists_the_newest_25() {
        let query = read("").unwrap();
        assert_eq!((query.page.limit, query.scope, query.hidden), (Some(25), Scope::Usual, false));
        assert_eq!(query.answered, Some(Answer::Accepted));
        assert!(query.filters.is_empty() && query.page.sort.is_empty());
    }

    #[test]
    fn every_kind_of_filter() {
        let only = |text: &str| read(text).unwrap().filters.remove(0);
        let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        assert_eq!(only("name=a"), Filter::OneOf(TextColumn::Name, texts(&["a"])));
        assert_eq!(only("name=in:a,\"b,c\",d"), Filter::OneOf(TextColumn::Name, texts(&["a", "b,c", "d"])));
        assert_eq!(only("status=eq:active"), Filter::OneOf(TextColumn::Status, texts(&["active"])));
        assert_eq!(only("size_min=5"), Filter::AtLeast(NumberColumn::Size, 5));
        assert_eq!(only("min_ram_max=5"), Filter::AtMost(NumberColumn::MinRam, 5));
        assert_eq!(only("size=5"), Filter::Equal(NumberColumn::Size, 5));
        assert_eq!(only("size=many"), Filter::Nothing);
        assert_eq!(only("protected=true"), Filter::Protected(true));
        assert_eq!(only("tag=x"), Filter::Tag("x".into()));
        assert_eq!(only("os_distro=debian"), Filter::Property("os_distro".into(), "debian".into()));
        let day: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let since = Filter::Time(TimeColumn::Created, Comparison::Gte, day);
        assert_eq!(only("created_at=gte:2026-01-01T00:00:00Z"), since);
        let at = Filter::Time(TimeColumn::Updated, Comparison::Eq, day);
        assert_eq!(only("updated_at=2026-01-01T00:00:00Z"), at);
        assert_eq!(read("visibility=community").unwrap().scope, Scope::Only(Visibility::Community));
        assert_eq!(read("visibility=all&member_status=all").unwrap().answered, None);
        assert!(read("os_hidden=True").unwrap().hidden);
    }

    #[test]
    fn what_glance_refuses_is_refused() {
        for (text, why) in [
            ("limit=many", "must be an integer"),
            ("limit=-1", "must be positive"),
            ("visibility=everybody", "Invalid visibility"),
            ("member_status=maybe", "Invalid status"),
            ("os_hidden=perhaps", "os_hidden"),
            ("protected=perhaps", "protected"),
            ("size_min=much", "non-numeric"),
            ("name=like:x", "unknown operator 'like'"),
            ("name=in:\"a", "quote"),
            ("name=in:a\"b", "quote"),
            ("created_at=gt:yesterday", "ISO 8601"),
            ("created_at=about:2026-01-01T00:00:00Z", "unknown operator"),
            ("sort_key=password", "Invalid sort key"),
            ("sort_dir=up", "Invalid sort direction"),
            ("sort=name:up", "Invalid sort direction"),
            ("sort=name&sort_key=size", "cannot be combined"),
            ("sort_key=name&sort_dir=asc&sort_dir=desc", "does not match"),
            ("changes-since=2026-01-01", "no longer available"),
            ("name=a%00b", "NUL"),
        ] {
            let refused = read(text).unwrap_err();
            assert!(refused.contains(why), "{text}: {refused}");
        }
    }

    #[test]
    fn sorting_in_both_spellings() {
        let down = |name: &str| (name.to_owned(), Direction::Descending);
        let up = |name: &str| (name.to_owned(), Direction::Ascending);
        assert_eq!(
            read("sort=size:desc,name:asc,id").unwrap().page.sort,
            [down("size"), up("name"), down("id")]
        );
        assert_eq!(
            read("sort_key=size&sort_key=name&sort_dir=asc").unwrap().page.sort,
            [up("size"), up("name")]
        );
        assert_eq!(read("sort_dir=asc").unwrap().page.sort, [up("created_at")]);
        assert_eq!(read("limit=99999").unwrap().page.limit, Some(1000));
        assert_eq!(read("sort=name:asc,size,name:desc").unwrap().page.sort, [up("name"), down("size")]);
    }

    #[test]
    fn a_question_has_bounds() {
        let filters = |count: usize| read(&vec!["tag=x"; count].join("&")).is_ok();
        assert!(filters(64) && !filters(65));
        let values = |count: usize| read(&format!("name=in:{}", vec!["x"; count].join(","))).is_ok();
        assert!(values(256) && !values(257));
        assert!(read(&format!("sort={}", vec!["name"; 1000].join(","))).unwrap().page.sort.len() == 1);
    }

    proptest! {
        #[test]
        fn arbitrary_queries_never_panic(text in "[ -~]{0,60}", name in "name|created_at|size_min|sort|tag|limit") {
            let _ = read(&text);
            let _ = read(&format!("{name}={text}"));
        }
    }
}
