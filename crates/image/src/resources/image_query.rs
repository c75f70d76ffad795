//! Which images a list shows: a question in the words of `GET /v2/images`, and its conditions. Sources:
//! `glance/api/v2/images.py`, `RequestDeserializer.index`; `glance/db/sqlalchemy/api.py`,
//! `_make_conditions_from_filters`.

use kogge_clock::Timestamp;
use kogge_db::filter::by;
use kogge_db::{DbError, Direction, Executor, Page, Paged, Select, SortKey};
use kogge_http::Pairs;
use kogge_resource::glance::page;

use crate::error::Error;
use crate::model::image::Image;
use crate::model::member::Answer;
use crate::model::visibility::{Viewer, Visibility};
use crate::store::images::{image, pair};

/// What a list can be sorted by.
pub(crate) const SORT_KEYS: &[SortKey] = &[
    SortKey { name: "name", expression: "COALESCE(name, '')" },
    by("status"),
    SortKey { name: "container_format", expression: "COALESCE(container_format, '')" },
    SortKey { name: "disk_format", expression: "COALESCE(disk_format, '')" },
    SortKey { name: "size", expression: "COALESCE(size, -1)" },
    by("id"),
    by("created_at"),
    by("updated_at"),
];
/// Most filters of one question; each is a condition in the database.
const MOST_FILTERS: usize = 64;
/// Most values of one filter.
const MOST_VALUES: usize = 256;
/// Parameters that are no filters.
const NO_FILTERS: [&str; 9] =
    ["limit", "marker", "member_status", "sort", "sort_key", "sort_dir", "visibility", "os_hidden", "tag"];
/// Columns with `in:` and `eq:`.
const WITH_OPERATORS: [&str; 5] = ["id", "name", "status", "container_format", "disk_format"];
/// Columns that are compared as they are.
const PLAIN: [&str; 4] = ["owner", "checksum", "os_hash_algo", "os_hash_value"];
/// Columns with numbers: equal, at least, at most.
const NUMBERS: [(&str, [&str; 3]); 4] = [
    ("size", ["size = ?", "size >= ?", "size <= ?"]),
    ("virtual_size", ["virtual_size = ?", "virtual_size >= ?", "virtual_size <= ?"]),
    ("min_disk", ["min_disk = ?", "min_disk >= ?", "min_disk <= ?"]),
    ("min_ram", ["min_ram = ?", "min_ram >= ?", "min_ram <= ?"]),
];

/// Clients see whole seconds, so whole seconds are compared.
macro_rules! compared {
    ($column:literal) => {
        [
            ("eq", concat!($column, " / 1000000 = ?")),
            ("neq", concat!($column, " / 1000000 <> ?")),
            ("gt", concat!($column, " / 1000000 > ?")),
            ("gte", concat!($column, " / 1000000 >= ?")),
            ("lt", concat!($column, " / 1000000 < ?")),
            ("lte", concat!($column, " / 1000000 <= ?")),
        ]
    };
}

/// Comparisons of a column of time: operator and condition.
type Comparisons = [(&'static str, &'static str); 6];
/// Columns with times.
const TIMES: [(&str, Comparisons); 2] =
    [("created_at", compared!("created_at")), ("updated_at", compared!("updated_at"))];

/// Which visibility a list is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// What one can see, without the community's images.
    Usual,
    /// What one can see, with them.
    All,
    /// Only this.
    Only(Visibility),
}

/// A whole question for a list.
#[derive(Debug, Clone)]
pub struct ImageQuery {
    /// Images for which all conditions hold, whoever asks.
    select: Select,
    scope: Scope,
    /// Which shared images count: those answered so; `None` for any answer.
    answered: Option<Answer>,
    /// Sorting and paging.
    pub(crate) page: Page,
}

impl ImageQuery {
    /// Reads a question: names with values, as a query string has them.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a value of a wrong form.
    pub fn read(words: &Pairs) -> Result<Self, Error> {
        if words.iter().any(|(name, value)| name.contains('\0') || value.contains('\0')) {
            return Err(wrong("A parameter contains the character NUL."));
        }
        if words.get("changes-since").is_some_and(|value| !value.is_empty()) {
            return Err(wrong("The \"changes-since\" filter is no longer available on v2."));
        }
        let filters = words.iter().filter(|(name, _)| *name == "tag" || !NO_FILTERS.contains(name));
        let filters: Vec<(&str, &str)> = filters.collect();
        let count = filters.len();
        if count > MOST_FILTERS {
            return Err(wrong(format!("A list takes {MOST_FILTERS} filters at most, not {count}.")));
        }
        let mut select = Select::new("*", "images");
        for (name, value) in filters {
            select = filter(select, name, value)?;
        }
        let scope = scope(words.get("visibility"))?;
        let hidden = words.get("os_hidden").unwrap_or("false").to_lowercase();
        let select = select.and("os_hidden = ?", flag("os_hidden", &hidden)?);
        let page = page(words, SORT_KEYS).map_err(|error| wrong(error.message()))?;
        Ok(Self { select, scope, answered: answered(words.get("member_status"))?, page })
    }

    /// One page of what the viewer sees.
    pub(crate) async fn fetch(&self, db: impl Executor, viewer: &Viewer) -> Result<Paged<Image>, DbError> {
        let select = seen(self.select.clone(), viewer, self.answered);
        let select = in_scope(select, viewer, self.scope);
        let mut page = self.page.clone();
        if !page.sort.is_empty() && page.sort.iter().all(|(name, _)| name != "created_at") {
            let last = page.sort.last().map_or(Direction::Descending, |(_, direction)| *direction);
            page.sort.push(("created_at".to_owned(), last));
        }
        select.page(&page, SORT_KEYS, &[("created_at", Direction::Descending)], "id").fetch(db, image).await
    }
}

fn wrong(message: impl Into<String>) -> Error {
    Error::invalid(message)
}

fn seen(select: Select, viewer: &Viewer, answered: Option<Answer>) -> Select {
    if viewer.admin {
        return select;
    }
    let Some(project) = &viewer.project else {
        return select.and_fixed("visibility IN ('public', 'community')");
    };
    macro_rules! seen {
        ($answer:literal) => {
            concat!(
                "owner = ? OR visibility IN ('public', 'community') OR (visibility = 'shared' AND EXISTS (SELECT 1 ",
                "FROM image_members m WHERE m.image_id = images.id AND m.member_id = ?",
                $answer,
                "))"
            )
        };
    }
    let condition = match answered {
        None => seen!(""),
        Some(Answer::Pending) => seen!(" AND m.status = 'pending'"),
        Some(Answer::Accepted) => seen!(" AND m.status = 'accepted'"),
        Some(Answer::Rejected) => seen!(" AND m.status = 'rejected'"),
    };
    select.and(condition, project)
}

fn in_scope(select: Select, viewer: &Viewer, scope: Scope) -> Select {
    match (scope, &viewer.project) {
        (Scope::All, _) => select,
        (Scope::Only(visibility), _) => select.and("visibility = ?", visibility.as_str()),
        (Scope::Usual, None) => select.and_fixed("visibility <> 'community'"),
        (Scope::Usual, Some(project)) => select.and("visibility <> 'community' OR owner = ?", project),
    }
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

fn filter(select: Select, name: &str, value: &str) -> Result<Select, Error> {
    if name == "tag" {
        let has = "EXISTS (SELECT 1 FROM image_tags t WHERE t.image_id = images.id AND t.tag = ?)";
        return Ok(select.and(has, value.trim()));
    }
    if let Some(column) = WITH_OPERATORS.into_iter().find(|column| *column == name) {
        return Ok(select.and_in(column, one_of(value)?));
    }
    if let Some((_, comparisons)) = TIMES.iter().find(|(column, _)| *column == name) {
        let (condition, moment) = time(name, comparisons, value)?;
        return Ok(select.and(condition, moment.as_seconds()));
    }
    if let Some(column) = PLAIN.into_iter().find(|column| *column == name) {
        return Ok(select.and_in(column, [value]));
    }
    if name == "protected" {
        return Ok(select.and("protected = ?", flag(name, value)?));
    }
    if let Some((condition, is_range)) = number(name) {
        let text = if is_range { value.trim() } else { value };
        return match text.parse::<i64>() {
            Ok(number) => Ok(select.and(condition, number)),
            Err(_) if is_range => Err(wrong("Unable to filter on a range with a non-numeric value.")),
            // no number is equal to what is none
            Err(_) => Ok(select.and_fixed("1 = 0")),
        };
    }
    let has = "EXISTS (SELECT 1 FROM image_properties p WHERE p.image_id = images.id AND p.pair = ?)";
    Ok(select.and(has, pair(name, value)))
}

/// The condition on a number that is called so, and whether it is a bound.
fn number(name: &str) -> Option<(&'static str, bool)> {
    let bound =
        [("_min", 1), ("_max", 2)].into_iter().find_map(|(end, at)| Some((name.strip_suffix(end)?, at)));
    let of = |column: &str| NUMBERS.into_iter().find(|(known, _)| *known == column).map(|(_, of)| of);
    match of(name) {
        Some([equal, ..]) => Some((equal, false)),
        None => bound.and_then(|(column, at)| Some((of(column)?[at], true))),
    }
}

fn one_of(value: &str) -> Result<Vec<String>, Error> {
    match value.split_once(':') {
        None => Ok(vec![value.to_owned()]),
        Some(("eq", rest)) => Ok(vec![rest.to_owned()]),
        Some(("in", rest)) => quoted(rest),
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

fn time(name: &str, comparisons: &Comparisons, value: &str) -> Result<(&'static str, Timestamp), Error> {
    let (operator, text) = match value.split_once(':') {
        Some(parts) if value.parse::<Timestamp>().is_err() => parts,
        _ => ("eq", value),
    };
    let known = comparisons.iter().find(|(known, _)| *known == operator);
    let (_, condition) =
        known.ok_or_else(|| wrong(format!("Unable to filter by unknown operator '{operator}'.")))?;
    let refused = || wrong(format!("Bad \"{name}\" query filter format. Use ISO 8601 DateTime notation."));
    Ok((condition, text.parse().map_err(|_| refused())?))
}

#[cfg(test)]
mod tests;
