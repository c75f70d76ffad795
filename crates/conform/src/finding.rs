//! What was found, about which object, against which rule, and how to mend it.

use serde::{Deserialize, Serialize};

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; never changes a verdict.
    Info,
    /// Tolerated today, better changed.
    Warning,
    /// Makes the check fail.
    Violation,
    /// Keeps the check from being decided.
    Undecidable,
}

/// An object of the cloud.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectRef {
    /// What it is and how it is called: `flavor "SCS-2V-4"`.
    pub name: String,
    /// Its id, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// One observation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// How much it weighs.
    pub severity: Severity,
    /// The rule, by the number of its standard and the check's own words.
    pub rule: String,
    /// Where the rule can be read.
    pub url: String,
    /// The object that breaks it.
    pub object: ObjectRef,
    /// What the rule wants.
    pub expected: String,
    /// What was there.
    pub found: String,
    /// What to do about it; empty if nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub fix: String,
}

impl From<kogge_standards::Severity> for Severity {
    fn from(judged: kogge_standards::Severity) -> Self {
        match judged {
            kogge_standards::Severity::Info => Self::Info,
            kogge_standards::Severity::Warning => Self::Warning,
            kogge_standards::Severity::Violation => Self::Violation,
            kogge_standards::Severity::Undecidable => Self::Undecidable,
        }
    }
}

impl Severity {
    /// The word that begins an upstream log line of this weight.
    #[must_use]
    pub fn log_word(self) -> &'static str {
        match self {
            Self::Info => "INFO",
            Self::Warning => "WARNING",
            Self::Violation | Self::Undecidable => "ERROR",
        }
    }
}
