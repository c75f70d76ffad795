//! Which scopes a command speaks of: the built-in ones, or that of `--spec`.

use std::borrow::Cow;

use jiff::civil::Date;
use kogge_clock::Clock;
use kogge_standards::scope::{Scope, Validity, Version, built_in};
use serde::Serialize;

use crate::cli::standards::{Day, Spec};
use crate::commands::spec::read;
use crate::exit::Failure;

/// A scope and the name by which the command line calls it.
pub(super) struct Named {
    /// Its short name, such as `scs-compatible-iaas`.
    pub(super) name: String,
    /// The scope.
    pub(super) scope: Cow<'static, Scope>,
}

impl Named {
    /// `SCOPE@VERSION`.
    pub(super) fn with(&self, version: &str) -> String {
        format!("{}@{version}", self.name)
    }

    /// The version of this name.
    pub(super) fn version(&self, name: &str) -> Result<&Version, Failure> {
        self.scope.version(name).ok_or_else(|| {
            let known: Vec<_> = self.scope.versions.iter().map(|version| version.version.as_str()).collect();
            Failure::Usage(format!("{} has no version `{name}`; it has {}", self.name, known.join(", ")))
        })
    }
}

/// What there is to say first about a version of a scope.
#[derive(Debug, Serialize)]
pub(super) struct VersionHead {
    pub(super) id: String,
    scope: String,
    version: String,
    pub(super) name: String,
    pub(super) validity: Validity,
    /// Whether the timeline names it on the day; a version that it does not name is deprecated.
    pub(super) listed: bool,
    pub(super) stabilized_at: Option<String>,
}

impl VersionHead {
    pub(super) fn new(named: &Named, version: &Version, on: Date) -> Self {
        let standing = named.scope.standing(&version.version, on);
        Self {
            id: named.with(&version.version),
            scope: named.name.clone(),
            version: version.version.clone(),
            name: named.scope.name.clone(),
            validity: standing.validity,
            listed: standing.explicit,
            stabilized_at: version.stabilized_at.clone(),
        }
    }
}

/// The built-in scopes.
pub(super) fn ours() -> Vec<Named> {
    let named =
        |(name, scope): (&str, &'static Scope)| Named { name: name.to_owned(), scope: Cow::Borrowed(scope) };
    built_in().into_iter().map(named).collect()
}

/// The scope of the file or address, or the built-in ones.
pub(super) async fn known(spec: &Spec) -> Result<Vec<Named>, Failure> {
    let Some(place) = &spec.spec else { return Ok(ours()) };
    let scope = read(place).await?;
    Ok(vec![Named { name: scope.short_name(), scope: Cow::Owned(scope) }])
}

/// The scope of this name among those; its names in the error.
pub(super) fn find<'a>(scopes: &'a [Named], name: &str) -> Result<&'a Named, Failure> {
    scopes.iter().find(|named| named.name == name).ok_or_else(|| {
        let known: Vec<_> = scopes.iter().map(|named| named.name.as_str()).collect();
        Failure::Usage(format!("there is no scope `{name}`; known are {}", known.join(", ")))
    })
}

/// The day asked for, or today (UTC).
pub(super) fn day(day: &Day) -> Result<Date, Failure> {
    let today = || Clock::system().now().seconds_z().chars().take(10).collect::<String>();
    let text = day.date.clone().unwrap_or_else(today);
    text.parse().map_err(|_| Failure::Usage(format!("--date `{text}` is no day such as 2026-11-24")))
}
