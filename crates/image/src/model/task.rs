//! Imports as rows: what a background task does and what the tasks API shows.

use kogge_clock::Timestamp;
use kogge_ids::ImageId;

/// Where the data of an import come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Method {
    /// The staged file.
    GlanceDirect,
    /// An address on the web.
    WebDownload {
        /// The address.
        uri: String,
    },
}

impl Method {
    /// Glance's word.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::GlanceDirect => "glance-direct",
            Self::WebDownload { .. } => "web-download",
        }
    }
}

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Not begun.
    Pending,
    /// Some process works at it.
    Processing,
    /// Done.
    Success,
    /// Given up.
    Failure,
}

impl Progress {
    /// Glance's word.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Success => "success",
            Self::Failure => "failure",
        }
    }

    /// Reads glance's word.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Pending, Self::Processing, Self::Success, Self::Failure]
            .into_iter()
            .find(|one| one.as_str() == text)
    }
}

/// One import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Import {
    /// Its id.
    pub(crate) id: String,
    /// The image that gets the data.
    pub(crate) image_id: ImageId,
    /// From where.
    pub(crate) method: Method,
    /// How far.
    pub(crate) progress: Progress,
    /// The project that asked.
    pub(crate) owner: String,
    /// The user who asked.
    pub(crate) user_id: String,
    /// The request that asked.
    pub(crate) request_id: String,
    /// What went wrong.
    pub(crate) message: String,
    /// How often it was begun.
    pub(crate) attempts: i64,
    /// When it was asked for.
    pub(crate) created_at: Timestamp,
    /// When it was changed.
    pub(crate) updated_at: Timestamp,
    /// When the row goes away.
    pub(crate) expires_at: Option<Timestamp>,
}
