//! Members: projects with which an image is shared.

use kogge_clock::Timestamp;

/// What a member says to an image that is shared with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Nothing yet.
    Pending,
    /// It wants the image in its lists.
    Accepted,
    /// It does not.
    Rejected,
}

impl Answer {
    /// Glance's word.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
        }
    }

    /// Reads glance's word.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Pending, Self::Accepted, Self::Rejected].into_iter().find(|one| one.as_str() == text)
    }
}

/// A member of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    /// The image.
    pub(crate) image_id: String,
    /// Id of the project.
    pub(crate) member_id: String,
    /// Its answer.
    pub(crate) answer: Answer,
    /// When it was made.
    pub(crate) created_at: Timestamp,
    /// When it was changed.
    pub(crate) updated_at: Timestamp,
}
