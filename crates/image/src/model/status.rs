//! The state of an image and where it can go from there. Source: `glance/domain/__init__.py`, `valid_state_targets`.

use kogge_resource::words;

words! {
    /// The state of an image.
    pub enum Status {
        /// Registered, without data.
        Queued = "queued",
        /// Data are coming in.
        Saving = "saving",
        /// Data are being staged, or are staged for an import.
        Uploading = "uploading",
        /// An import is under way.
        Importing = "importing",
        /// Data are there and can be used.
        Active = "active",
        /// Data are there; only administrators may read them.
        Deactivated = "deactivated",
    }
}

impl Status {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_reads_back() {
        for &status in Status::ALL {
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
