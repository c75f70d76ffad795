//! The state of an image and where it can go from there. Source: `glance/domain/__init__.py`, `valid_state_targets`.

use std::fmt;
use std::str::FromStr;

/// The state of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Registered, without data.
    Queued,
    /// Data are coming in.
    Saving,
    /// Data are being staged, or are staged for an import.
    Uploading,
    /// An import is under way.
    Importing,
    /// Data are there and can be used.
    Active,
    /// Data are there; only administrators may read them.
    Deactivated,
}

impl Status {
    /// All of them.
    pub(crate) const ALL: [Self; 6] =
        [Self::Queued, Self::Saving, Self::Uploading, Self::Importing, Self::Active, Self::Deactivated];

    /// Glance's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Saving => "saving",
            Self::Uploading => "uploading",
            Self::Importing => "importing",
            Self::Active => "active",
            Self::Deactivated => "deactivated",
        }
    }

    /// True while data come in.
    #[must_use]
    pub(crate) const fn is_moving(self) -> bool {
        matches!(self, Self::Saving | Self::Uploading | Self::Importing)
    }

    /// True where the image may go from here to `next`.
    #[must_use]
    pub(crate) const fn may_become(self, next: Self) -> bool {
        match self {
            Self::Queued => matches!(next, Self::Saving | Self::Uploading | Self::Importing | Self::Active),
            Self::Saving => matches!(next, Self::Active | Self::Queued),
            Self::Uploading => matches!(next, Self::Importing | Self::Queued),
            Self::Importing => matches!(next, Self::Active | Self::Queued),
            Self::Active => matches!(next, Self::Deactivated),
            Self::Deactivated => matches!(next, Self::Active),
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// No status of an image.
#[derive(Debug, thiserror::Error)]
#[error("not a status")]
pub struct NoStatus;

impl FromStr for Status {
    type Err = NoStatus;

    fn from_str(text: &str) -> Result<Self, NoStatus> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or(NoStatus)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_reads_back() {
        for status in Status::ALL {
            assert_eq!(status.to_string().parse::<Status>().unwrap(), status);
        }
        assert!("killed".parse::<Status>().is_err());
    }

    #[test]
    fn nothing_leads_back_from_data_to_no_data() {
        for status in [Status::Active, Status::Deactivated] {
            for next in [Status::Queued, Status::Saving, Status::Uploading, Status::Importing] {
                assert!(!status.may_become(next), "{status} {next}");
            }
        }
    }

    #[test]
    fn every_moving_state_can_end() {
        for status in [Status::Saving, Status::Uploading, Status::Importing] {
            assert!(status.may_become(Status::Queued), "{status}");
        }
    }
}
