//! Pages of a list.

/// What page of a list is wanted. Unknown sort keys were refused before this is made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// Most items on it; `None` for all.
    pub limit: Option<u32>,
    /// Id of the last item of the page before.
    pub marker: Option<String>,
    /// Sort keys as the API names them; an empty list takes the resource's default.
    pub sort: Vec<(String, Direction)>,
    /// The page *before* the marker is wanted, in the same order (Neutron's `page_reverse`).
    pub reverse: bool,
}

/// Which way to sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Smallest first.
    Ascending,
    /// Greatest first.
    Descending,
}

impl Direction {
    /// The other way.
    #[must_use]
    pub const fn flipped(self) -> Self {
        match self {
            Self::Ascending => Self::Descending,
            Self::Descending => Self::Ascending,
        }
    }
}

/// A sort key of a resource: what the API calls it, and the SQL expression that it sorts by. The expression must
/// not be NULL: write `COALESCE(host, '')`.
#[derive(Debug, Clone, Copy)]
pub struct SortKey {
    /// The API's word.
    pub name: &'static str,
    /// The SQL expression.
    pub expression: &'static str,
}

/// Items of one page, and whether more follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paged<T> {
    /// The items.
    pub items: Vec<T>,
    /// True where the list goes on behind them (before them, for a reversed page).
    pub more: bool,
}

impl<T> Paged<T> {
    /// The same page with each item changed.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Paged<U> {
        Paged { items: self.items.into_iter().map(change).collect(), more: self.more }
    }
}
