//! Names of resource classes and traits: those that everybody knows, and those that administrators add.

use std::collections::BTreeSet;

use kogge_auth::Rule;
use kogge_clock::Timestamp;
use kogge_db::{DbError, Executor, Record, Select, Source, Tx, record};
use kogge_resource::{Call, Service as _};

use crate::Placement;
use crate::error::Error;
use crate::model::bounds;
use crate::model::names::{STANDARD_CLASSES, STANDARD_TRAITS};

record! {
    /// A trait.
    pub(crate) Trait in "custom_traits" {
        /// Its name.
        name: String,
        /// When it was made.
        created_at: Timestamp,
    }
}

record! {
    /// A resource class.
    pub(crate) Class in "custom_resource_classes" {
        /// Its name.
        name: String,
        /// When it was made.
        created_at: Timestamp,
    }
}

/// A kind of names. Only those that were added are rows of its table.
pub(crate) trait Vocabulary: Record<Key = String> {
    /// Where names are used: table and condition.
    const USED: (&'static str, &'static str);

    /// Those that everybody knows.
    fn standard() -> &'static [&'static str];

    /// One of them.
    fn named(name: &str, created_at: Timestamp) -> Self;
}

impl Vocabulary for Trait {
    const USED: (&'static str, &'static str) = ("provider_traits", "trait = ?");

    fn standard() -> &'static [&'static str] {
        &STANDARD_TRAITS
    }

    fn named(name: &str, created_at: Timestamp) -> Self {
        Self { name: name.to_owned(), created_at }
    }
}

impl Vocabulary for Class {
    const USED: (&'static str, &'static str) = ("inventories", "resource_class = ?");

    fn standard() -> &'static [&'static str] {
        &STANDARD_CLASSES
    }

    fn named(name: &str, created_at: Timestamp) -> Self {
        Self { name: name.to_owned(), created_at }
    }
}

/// True for a name that is no administrator's.
pub(crate) fn is_standard<V: Vocabulary>(name: &str) -> bool {
    V::standard().contains(&name)
}

/// The one of this name.
pub(super) async fn find<V: Vocabulary>(from: &mut Source<'_>, name: &str) -> Result<Option<V>, Error> {
    if is_standard::<V>(name) {
        return Ok(Some(V::named(name, Timestamp::from_micros(0))));
    }
    // databases have no place for NUL
    if name.contains('\0') { Ok(None) } else { Ok(V::get(from, &name.to_owned()).await?) }
}

/// Those that were added, in order.
async fn added<V: Vocabulary>(from: impl Executor) -> Result<BTreeSet<String>, DbError> {
    Ok(V::all(from, V::select()).await?.iter().map(Record::key).collect())
}

/// Those of these names that nobody has heard of.
pub(crate) async fn unknown<'n, V: Vocabulary>(
    from: impl Executor,
    names: impl Iterator<Item = &'n str>,
) -> Result<Vec<&'n str>, DbError> {
    let mut rest: Vec<&str> = names.filter(|name| !is_standard::<V>(name)).collect();
    if !rest.is_empty() {
        let added = added::<V>(from).await?;
        rest.retain(|name| !added.contains(*name));
    }
    Ok(rest)
}

/// All of them, the standard ones first.
pub(super) async fn all<V: Vocabulary>(placement: &Placement) -> Result<Vec<V>, Error> {
    let added = added::<V>(placement.db()).await?;
    let names = V::standard().iter().copied().chain(added.iter().map(String::as_str));
    Ok(names.map(|name| V::named(name, Timestamp::from_micros(0))).collect())
}

/// Adds one; false if it was there.
pub(super) async fn add<V: Vocabulary>(
    placement: &Placement,
    tx: &mut Tx,
    name: &str,
) -> Result<bool, Error> {
    let new = V::named(name, placement.now()).insert(tx).await?;
    let count = tx.one(Select::new("COUNT(*) AS n", V::TABLE).query()).await?.int("n")?;
    if new && count > bounds::CUSTOM_NAMES {
        let most = bounds::CUSTOM_NAMES;
        return Err(Error::invalid(format!("There are {most} custom names of this kind already.")));
    }
    Ok(new)
}

/// Adds one whom `rule` lets do that; false if it was there.
pub(super) async fn ensure<V: Vocabulary>(
    call: &Call<Placement>,
    rule: &Rule,
    name: &str,
) -> Result<bool, Error> {
    call.caller.allow_on_own(rule)?;
    let mut tx = call.service.begin().await?;
    let new = add::<V>(&call.service, &mut tx, name).await?;
    call.service.commit(tx).await?;
    Ok(new)
}

/// True where a provider uses the name.
pub(super) async fn is_used<V: Vocabulary>(tx: &mut Tx, name: &str) -> Result<bool, Error> {
    let (table, condition) = V::USED;
    Ok(tx.optional(Select::new("1 AS x", table).and(condition, name).slice(1, 0).query()).await?.is_some())
}
