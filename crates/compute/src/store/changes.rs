//! What changed in a time.

use kogge_clock::Timestamp;
use kogge_db::Select;

/// A time in which something changed; both ends belong to it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    /// From then on.
    pub(crate) since: Option<Timestamp>,
    /// Up to the second that begins or goes on then: Nova's clock has whole ones.
    pub(crate) before: Option<Timestamp>,
}

impl Changes {
    /// Whether a time was asked for.
    pub(crate) fn is_asked(self) -> bool {
        self.since.or(self.before).is_some()
    }

    /// Lets those rows through whose last change is in this time.
    pub(crate) fn of_rows(self, select: Select) -> Select {
        let before = self.before.map(Timestamp::next_second);
        select.and_some("updated_at >= ?", self.since).and_some("updated_at < ?", before)
    }
}
