//! Which images a list shows. Source: `glance/db/sqlalchemy/api.py`, `_make_conditions_from_filters`.

use kogge_clock::Timestamp;
use kogge_db::Page;

use super::member::Answer;
use super::visibility::Visibility;

/// One condition of a list.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Filter {
    /// A text column is one of these.
    OneOf(TextColumn, Vec<String>),
    /// A number column is exactly this.
    Equal(NumberColumn, i64),
    /// A number column is at least this.
    AtLeast(NumberColumn, i64),
    /// A number column is at most this.
    AtMost(NumberColumn, i64),
    /// A time column compares so.
    Time(TimeColumn, Comparison, Timestamp),
    /// Protected or not.
    Protected(bool),
    /// It has this tag.
    Tag(String),
    /// It has this property with this value.
    Property(String, String),
    /// Nothing can match: a number column is compared with what is no number.
    Nothing,
}

/// Columns of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextColumn {
    /// `id`
    Id,
    /// `name`
    Name,
    /// `status`
    Status,
    /// `container_format`
    ContainerFormat,
    /// `disk_format`
    DiskFormat,
    /// `owner`
    Owner,
    /// `checksum`
    Checksum,
    /// `os_hash_algo`
    HashAlgo,
    /// `os_hash_value`
    HashValue,
}

/// Columns of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NumberColumn {
    /// `size`
    Size,
    /// `virtual_size`
    VirtualSize,
    /// `min_disk`
    MinDisk,
    /// `min_ram`
    MinRam,
}

/// Columns of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimeColumn {
    /// `created_at`
    Created,
    /// `updated_at`
    Updated,
}

/// How to compare times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// Later.
    Gt,
    /// Not earlier.
    Gte,
    /// Earlier.
    Lt,
    /// Not later.
    Lte,
    /// The same second.
    Eq,
    /// Another second.
    Neq,
}

/// Which visibility a list is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Scope {
    /// What one can see, without the community's images.
    #[default]
    Usual,
    /// What one can see, with them.
    All,
    /// Only this.
    Only(Visibility),
}

/// A whole question for a list.
#[derive(Debug, Clone, PartialEq)]
pub struct ListQuery {
    /// Conditions, all of which hold.
    pub(crate) filters: Vec<Filter>,
    /// Visibility.
    pub(crate) scope: Scope,
    /// Hidden ones only, or the others only.
    pub(crate) hidden: bool,
    /// Which shared images count: those answered so; `None` for any answer.
    pub(crate) answered: Option<Answer>,
    /// Sorting and paging.
    pub(crate) page: Page,
}
