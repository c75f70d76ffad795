//! The documents of the standards' body: standards, procedures, decision records and their supplements.
//!
//! State of 2026-08-21, from the front matter of each document (SCS-0001). What a document asks for is told in one
//! sentence of our own; the document decides.

use std::sync::LazyLock;

use jiff::civil::Date;
use serde::Serialize;

mod global;
mod iaas;
mod kaas;
mod others;

/// One document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Document {
    /// File name without its ending, such as `scs-0103-v1-standard-flavors`.
    pub id: &'static str,
    /// Short title.
    pub title: &'static str,
    /// What sort of document it is.
    pub kind: Kind,
    /// Where it stands in its life; supplements have no status.
    pub status: Option<Status>,
    /// Since when it is, or was, stable.
    pub stabilized_at: Option<Date>,
    /// Since when it is deprecated.
    pub deprecated_at: Option<Date>,
    /// What it asks for or decides.
    pub asks: &'static str,
}

/// What sort of document it is (SCS-0001).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Demands on clouds.
    Standard,
    /// Rules of the community.
    Procedural,
    /// A decision and its reasons.
    DecisionRecord,
    /// Notes on another document.
    Supplement,
}

impl Kind {
    /// The word in front matter.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Standard => "Standard",
            Self::Procedural => "Procedural",
            Self::DecisionRecord => "Decision Record",
            Self::Supplement => "Supplement",
        }
    }

    /// The kind of this word in front matter.
    pub fn of(word: &str) -> Option<Self> {
        let all = [Self::Standard, Self::Procedural, Self::DecisionRecord, Self::Supplement];
        all.into_iter().find(|kind| kind.word() == word)
    }
}

/// Where a document stands in its life (SCS-0001).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// May still change in any way.
    Draft,
    /// Changes only in ways that make no cloud non-conformant.
    Stable,
    /// Over, or about to be.
    Deprecated,
}

impl Status {
    /// The word in lower case.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Stable => "stable",
            Self::Deprecated => "deprecated",
        }
    }
}

/// What a document is about; the second digit of its number says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Track {
    /// Rules of the community.
    Global,
    /// Infrastructure as a service.
    IaaS,
    /// Kubernetes as a service.
    KaaS,
    /// Identity and access management.
    #[serde(rename = "IAM")]
    Iam,
    /// Operations.
    Ops,
    /// Certificate scopes.
    Scopes,
}

impl Track {
    /// All tracks, in the order of their digit.
    pub const ALL: [Self; 6] = [Self::Global, Self::IaaS, Self::KaaS, Self::Iam, Self::Ops, Self::Scopes];

    /// The word in front matter.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Global => "Global",
            Self::IaaS => "IaaS",
            Self::KaaS => "KaaS",
            Self::Iam => "IAM",
            Self::Ops => "Ops",
            Self::Scopes => "Scopes",
        }
    }

    /// The track of this name, in letters of either case.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|track| track.word().eq_ignore_ascii_case(name))
    }

    /// The track of a number of four digits; `None` where no track has its second digit.
    pub fn of_number(number: &str) -> Option<Self> {
        let digit = number.get(1..2)?.parse::<usize>().ok()?;
        Self::ALL.get(digit).copied()
    }
}

impl Document {
    /// The number, such as `0103`.
    pub fn number(&self) -> &'static str {
        self.id.split('-').nth(1).unwrap_or_default()
    }

    /// The version, such as `v1`; `w1` of supplements, which counts supplements.
    pub fn version(&self) -> &'static str {
        self.id.split('-').nth(2).unwrap_or_default()
    }

    /// The id without its words, such as `scs-0103-v1`.
    pub fn short_id(&self) -> String {
        format!("scs-{}-{}", self.number(), self.version())
    }

    /// What it is about.
    pub fn track(&self) -> Track {
        Track::of_number(self.number()).unwrap_or(Track::Global)
    }

    /// Where to read it.
    pub fn url(&self) -> String {
        format!("https://docs.scs.community/standards/{}", self.id)
    }

    /// The next version of the same document.
    pub fn replaced_by(&self) -> Option<&'static Self> {
        let next = format!("v{}", self.version().strip_prefix('v')?.parse::<u32>().ok()? + 1);
        documents().iter().find(|other| other.number() == self.number() && other.version() == next)
    }

    /// Its supplements. They are about all versions of a number.
    pub fn supplements(&self) -> impl Iterator<Item = &'static Self> + use<> {
        let number = self.number();
        documents().iter().filter(move |other| other.kind == Kind::Supplement && other.number() == number)
    }
}

/// All documents, by number; of one number the versions first and the supplements last.
pub fn documents() -> &'static [Document] {
    static ALL: LazyLock<Vec<Document>> =
        LazyLock::new(|| [global::ALL, iaas::ALL, kaas::ALL, others::ALL].concat());
    &ALL
}

/// The document with this file name (with or without `.md`) or short id, such as `scs-0103-v1`; case does not matter.
pub fn document(id: &str) -> Option<&'static Document> {
    let id = id.strip_suffix(".md").unwrap_or(id);
    documents()
        .iter()
        .find(|document| document.id.eq_ignore_ascii_case(id) || document.short_id().eq_ignore_ascii_case(id))
}

/// The versions, without supplements, of a number such as `scs-0103` or `0103`.
pub fn versions_of(number: &str) -> Vec<&'static Document> {
    let number = number.strip_prefix("scs-").or_else(|| number.strip_prefix("SCS-")).unwrap_or(number);
    let same = |document: &&Document| document.kind != Kind::Supplement && document.number() == number;
    documents().iter().filter(same).collect()
}

const fn draft(kind: Kind, id: &'static str, title: &'static str, asks: &'static str) -> Document {
    let status = Some(Status::Draft);
    Document { id, title, kind, status, stabilized_at: None, deprecated_at: None, asks }
}

const fn stable(
    kind: Kind,
    id: &'static str,
    since: Date,
    title: &'static str,
    asks: &'static str,
) -> Document {
    Document { status: Some(Status::Stable), stabilized_at: Some(since), ..draft(kind, id, title, asks) }
}

const fn over(
    kind: Kind,
    id: &'static str,
    (since, until): (Date, Date),
    title: &'static str,
    asks: &'static str,
) -> Document {
    let stable = stable(kind, id, since, title, asks);
    Document { status: Some(Status::Deprecated), deprecated_at: Some(until), ..stable }
}

const fn notes(id: &'static str, title: &'static str) -> Document {
    let asks = "Notes on implementation and testing; they bind nobody.";
    Document { status: None, ..draft(Kind::Supplement, id, title, asks) }
}

#[cfg(test)]
mod tests;
