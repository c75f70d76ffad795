//! Which versions of a scope count on a date.

use jiff::civil::Date;
use serde::Serialize;

use super::{Scope, TimelineEntry, Version};

/// How a version counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Validity {
    /// Certificates are given.
    Effective,
    /// Certificates are given, with a notice that the version will expire.
    Warn,
    /// Tests only.
    Draft,
    /// Tests only; the version is over.
    Deprecated,
    /// A word that the standard does not know; nothing is given.
    Other(String),
}

impl Validity {
    /// The validity of this word.
    pub fn of(word: &str) -> Self {
        match word {
            "effective" => Self::Effective,
            "warn" => Self::Warn,
            "draft" => Self::Draft,
            "deprecated" => Self::Deprecated,
            other => Self::Other(other.to_owned()),
        }
    }

    /// The word in scope files.
    pub fn word(&self) -> &str {
        match self {
            Self::Effective => "effective",
            Self::Warn => "warn",
            Self::Draft => "draft",
            Self::Deprecated => "deprecated",
            Self::Other(word) => word,
        }
    }

    /// Whether a certificate may be given.
    pub const fn certifies(&self) -> bool {
        matches!(self, Self::Effective | Self::Warn)
    }
}

/// How a version stands on a date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// How it counts.
    pub validity: Validity,
    /// Whether the timeline names it; a version that is not named is deprecated.
    pub explicit: bool,
}

/// A version that a run covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Covered<'a> {
    /// The version.
    pub version: &'a Version,
    /// How it stands.
    pub standing: Standing,
}

/// Why a run has nothing to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectError {
    /// The scope has no version of this name.
    #[error("scope {scope:?} has no version {version:?}; it has {known}")]
    UnknownVersion {
        /// The scope's name.
        scope: String,
        /// The name asked for.
        version: String,
        /// The names that exist.
        known: String,
    },
    /// No version counts on this date.
    #[error("no version of scope {scope:?} counts on {date}; name a version to test it all the same")]
    NoneCounts {
        /// The scope's name.
        scope: String,
        /// The reference date.
        date: Date,
    },
}

impl Scope {
    /// The timeline entry in force on a date: the one with the greatest date not after it, of equal dates the first.
    pub fn in_force(&self, date: Date) -> Option<&TimelineEntry> {
        let past = self.timeline.iter().filter(|entry| entry.date <= date);
        past.reduce(|best, entry| if entry.date > best.date { entry } else { best })
    }

    /// How a version of this name stands on a date.
    pub fn standing(&self, version: &str, date: Date) -> Standing {
        // of repeated names in one entry the last one counts, as in any mapping
        let listed =
            self.in_force(date).and_then(|entry| entry.versions.iter().rfind(|(name, _)| name == version));
        match listed {
            Some((_, validity)) => Standing { validity: validity.clone(), explicit: true },
            None => Standing { validity: Validity::Deprecated, explicit: false },
        }
    }

    /// The versions that a run covers: the forced one, listed or not, or else all that the timeline names for this
    /// date, deprecated ones included, in the order of the file.
    ///
    /// # Errors
    /// [`SelectError`] when the forced version does not exist, or when the timeline names none.
    pub fn covered(&self, date: Date, forced: Option<&str>) -> Result<Vec<Covered<'_>>, SelectError> {
        let all = self.versions.iter();
        let all = all.map(|version| Covered { version, standing: self.standing(&version.version, date) });
        let Some(name) = forced else {
            let named: Vec<_> = all.filter(|covered| covered.standing.explicit).collect();
            let none = || SelectError::NoneCounts { scope: self.name.clone(), date };
            return if named.is_empty() { Err(none()) } else { Ok(named) };
        };
        let found: Vec<_> = all.filter(|covered| covered.version.version == name).collect();
        if found.is_empty() {
            let known: Vec<_> = self.versions.iter().map(|version| version.version.as_str()).collect();
            let (scope, version) = (self.name.clone(), name.to_owned());
            return Err(SelectError::UnknownVersion { scope, version, known: known.join(", ") });
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::scs_compatible_iaas;
    use super::*;

    fn standings(on: Date) -> Vec<(String, String, bool)> {
        let scope = scs_compatible_iaas();
        ["next", "v5.1", "v4", "v3"]
            .map(|name| {
                let Standing { validity, explicit } = scope.standing(name, on);
                (name.to_owned(), validity.word().to_owned(), explicit)
            })
            .into()
    }

    fn covered(on: Date) -> Vec<&'static str> {
        let covered = scs_compatible_iaas().covered(on, None).unwrap();
        covered.into_iter().map(|covered| covered.version.version.as_str()).collect()
    }

    #[test]
    fn the_timeline_of_scs_compatible_iaas_holds_on_and_around_its_dates() {
        for (on, expected) in [
            (date(2024, 12, 18), [("deprecated", false); 4]),
            (
                date(2024, 12, 19),
                [("deprecated", false), ("effective", true), ("effective", true), ("deprecated", true)],
            ),
            (
                date(2025, 1, 31),
                [("deprecated", false), ("effective", true), ("effective", true), ("deprecated", true)],
            ),
            (
                date(2025, 2, 1),
                [("deprecated", false), ("effective", true), ("warn", true), ("deprecated", true)],
            ),
            (
                date(2025, 7, 1),
                [("deprecated", false), ("effective", true), ("deprecated", true), ("deprecated", true)],
            ),
            (
                date(2025, 9, 9),
                [("draft", true), ("effective", true), ("deprecated", true), ("deprecated", true)],
            ),
            (
                date(2026, 6, 11),
                [("draft", true), ("effective", true), ("deprecated", false), ("deprecated", false)],
            ),
            (
                date(2030, 1, 1),
                [("draft", true), ("effective", true), ("deprecated", false), ("deprecated", false)],
            ),
        ] {
            let found: Vec<_> =
                standings(on).into_iter().map(|(_, word, explicit)| (word, explicit)).collect();
            let expected: Vec<_> = expected.map(|(word, explicit)| (word.to_owned(), explicit)).into();
            assert_eq!(found, expected, "{on}");
        }
    }

    #[test]
    fn a_run_covers_what_the_timeline_names_deprecated_versions_included() {
        assert_eq!(covered(date(2025, 9, 9)), ["next", "v5.1", "v4", "v3"]);
        assert_eq!(covered(date(2026, 11, 24)), ["next", "v5.1"]);
    }

    #[test]
    fn a_forced_version_is_covered_even_if_the_timeline_is_silent() {
        let scope = scs_compatible_iaas();
        let forced = scope.covered(date(2020, 1, 1), Some("v4")).unwrap();
        assert_eq!(forced.len(), 1);
        assert_eq!(forced[0].standing, Standing { validity: Validity::Deprecated, explicit: false });
        let unknown = scope.covered(date(2026, 1, 1), Some("v5")).unwrap_err();
        assert!(unknown.to_string().contains("v5.1, v4"), "{unknown}");
        assert!(matches!(scope.covered(date(2020, 1, 1), None), Err(SelectError::NoneCounts { .. })));
    }

    #[test]
    fn the_order_of_the_timeline_does_not_matter() {
        let mut scope = scs_compatible_iaas().clone();
        scope.timeline.reverse();
        for on in [date(2024, 12, 20), date(2025, 3, 1), date(2026, 11, 24)] {
            assert_eq!(scope.in_force(on), scs_compatible_iaas().in_force(on));
        }
    }

    #[test]
    fn words_go_both_ways_and_unknown_ones_certify_nothing() {
        for word in ["effective", "warn", "draft", "deprecated", "maybe"] {
            assert_eq!(Validity::of(word).word(), word);
        }
        assert!(
            Validity::Warn.certifies() && !Validity::Draft.certifies() && !Validity::of("maybe").certifies()
        );
    }
}
