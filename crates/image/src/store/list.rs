//! Lists of images: visibility, filters, pages.

use kogge_db::{DbError, Direction, Executor, Paged, Select, SortKey};

use super::images::{image, pair};
use crate::model::filter::{Comparison, Filter, ListQuery, NumberColumn, Scope, TextColumn, TimeColumn};
use crate::model::image::Image;
use crate::model::member::Answer;
use crate::model::visibility::Viewer;

/// What a list can be sorted by.
pub(crate) const SORT_KEYS: &[SortKey] = &[
    SortKey { name: "name", expression: "COALESCE(name, '')" },
    SortKey { name: "status", expression: "status" },
    SortKey { name: "container_format", expression: "COALESCE(container_format, '')" },
    SortKey { name: "disk_format", expression: "COALESCE(disk_format, '')" },
    SortKey { name: "size", expression: "COALESCE(size, -1)" },
    SortKey { name: "id", expression: "id" },
    SortKey { name: "created_at", expression: "created_at" },
    SortKey { name: "updated_at", expression: "updated_at" },
];

/// One page of what the viewer sees.
pub(crate) async fn list(
    db: impl Executor,
    viewer: &Viewer,
    query: &ListQuery,
) -> Result<Paged<Image>, DbError> {
    let mut select = Select::new("*", "images");
    select = seen(select, viewer, query.answered);
    select = in_scope(select, viewer, query.scope);
    select = select.and("os_hidden = ?", query.hidden);
    for filter in &query.filters {
        select = condition(select, filter);
    }
    let mut page = query.page.clone();
    if !page.sort.is_empty() && page.sort.iter().all(|(name, _)| name != "created_at") {
        let last = page.sort.last().map_or(Direction::Descending, |(_, direction)| *direction);
        page.sort.push(("created_at".to_owned(), last));
    }
    select.page(&page, SORT_KEYS, &[("created_at", Direction::Descending)], "id").fetch(db, image).await
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

fn condition(select: Select, filter: &Filter) -> Select {
    match filter {
        Filter::OneOf(column, values) => select.and_in(text(*column), values.iter()),
        Filter::Equal(column, value) => select.and(number(*column).0, *value),
        Filter::AtLeast(column, value) => select.and(number(*column).1, *value),
        Filter::AtMost(column, value) => select.and(number(*column).2, *value),
        Filter::Time(column, comparison, value) => select.and(time(*column, *comparison), value.as_seconds()),
        Filter::Protected(value) => select.and("protected = ?", *value),
        Filter::Tag(tag) => {
            select.and("EXISTS (SELECT 1 FROM image_tags t WHERE t.image_id = images.id AND t.tag = ?)", tag)
        }
        Filter::Property(name, value) => select.and(
            "EXISTS (SELECT 1 FROM image_properties p WHERE p.image_id = images.id AND p.pair = ?)",
            pair(name, value),
        ),
        Filter::Nothing => select.and_fixed("1 = 0"),
    }
}

const fn text(column: TextColumn) -> &'static str {
    match column {
        TextColumn::Id => "id",
        TextColumn::Name => "name",
        TextColumn::Status => "status",
        TextColumn::ContainerFormat => "container_format",
        TextColumn::DiskFormat => "disk_format",
        TextColumn::Owner => "owner",
        TextColumn::Checksum => "checksum",
        TextColumn::HashAlgo => "os_hash_algo",
        TextColumn::HashValue => "os_hash_value",
    }
}

/// Equal, at least, at most.
const fn number(column: NumberColumn) -> (&'static str, &'static str, &'static str) {
    match column {
        NumberColumn::Size => ("size = ?", "size >= ?", "size <= ?"),
        NumberColumn::VirtualSize => ("virtual_size = ?", "virtual_size >= ?", "virtual_size <= ?"),
        NumberColumn::MinDisk => ("min_disk = ?", "min_disk >= ?", "min_disk <= ?"),
        NumberColumn::MinRam => ("min_ram = ?", "min_ram >= ?", "min_ram <= ?"),
    }
}

/// Clients see whole seconds, so whole seconds are compared.
const fn time(column: TimeColumn, comparison: Comparison) -> &'static str {
    macro_rules! of {
        ($column:literal) => {
            match comparison {
                Comparison::Gt => concat!($column, " / 1000000 > ?"),
                Comparison::Gte => concat!($column, " / 1000000 >= ?"),
                Comparison::Lt => concat!($column, " / 1000000 < ?"),
                Comparison::Lte => concat!($column, " / 1000000 <= ?"),
                Comparison::Eq => concat!($column, " / 1000000 = ?"),
                Comparison::Neq => concat!($column, " / 1000000 <> ?"),
            }
        };
    }
    match column {
        TimeColumn::Created => of!("created_at"),
        TimeColumn::Updated => of!("updated_at"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::query::SORT_NAMES;

    #[test]
    fn what_a_question_may_sort_by_is_what_there_is_a_column_for() {
        assert_eq!(SORT_KEYS.iter().map(|key| key.name).collect::<Vec<_>>(), SORT_NAMES);
    }
}
