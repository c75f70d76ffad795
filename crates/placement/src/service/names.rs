//! Resource classes and traits.

use std::collections::BTreeSet;

use kogge_auth::{Caller, Rule};

use crate::Placement;
use crate::error::Error;
use crate::model::bounds;
use crate::model::names::{STANDARD_CLASSES, STANDARD_TRAITS};
use crate::store;
use crate::store::names::Kind;

impl Placement {
    /// All names, the standard ones first.
    pub(crate) async fn names(&self, caller: &Caller, rule: &Rule, kind: Kind) -> Result<Vec<String>, Error> {
        caller.allow_on_own(rule)?;
        let mut names: Vec<String> = standard(kind).iter().map(|name| (*name).to_owned()).collect();
        names.extend(store::names::list(self.db(), kind).await?);
        Ok(names)
    }

    /// Names of traits that some provider has.
    pub(crate) async fn traits_in_use(&self) -> Result<BTreeSet<String>, Error> {
        Ok(store::providers::traits(self.db()).await?.into_iter().map(|(_, name)| name).collect())
    }

    /// Refuses a name that nobody has heard of.
    pub(crate) async fn name_exists(
        &self,
        caller: &Caller,
        rule: &Rule,
        kind: Kind,
        name: &str,
    ) -> Result<(), Error> {
        let known = self.names(caller, rule, kind).await?;
        if known.iter().any(|known| known == name) { Ok(()) } else { Err(unknown(kind, name)) }
    }

    /// Makes a custom name; false if it was there.
    pub(crate) async fn make_name(
        &self,
        caller: &Caller,
        rule: &Rule,
        kind: Kind,
        name: &str,
    ) -> Result<bool, Error> {
        caller.allow_on_own(rule)?;
        let mut tx = self.db().begin().await?;
        let new = store::names::insert(&mut tx, kind, name, self.now()).await?;
        if new && store::names::count(&mut tx, kind).await? > bounds::CUSTOM_NAMES {
            let most = bounds::CUSTOM_NAMES;
            return Err(Error::invalid(format!("There are {most} custom names of this kind already.")));
        }
        tx.commit().await?;
        Ok(new)
    }

    /// Deletes a custom name that no provider uses.
    pub(crate) async fn delete_name(
        &self,
        caller: &Caller,
        rule: &Rule,
        kind: Kind,
        name: &str,
    ) -> Result<(), Error> {
        caller.allow_on_own(rule)?;
        if standard(kind).contains(&name) {
            let what = if kind == Kind::Trait { "trait" } else { "resource class" };
            return Err(Error::invalid(format!("Cannot delete standard {what} {name}.")));
        }
        let mut tx = self.db().begin().await?;
        if store::names::is_used(&mut tx, kind, name).await? {
            let because = match kind {
                Kind::Trait => format!("The trait {name} is in use by a resource provider."),
                Kind::Class => {
                    format!("Cannot delete resource class {name}. Class is in use in inventory.")
                }
            };
            return Err(Error::InUse { because, code: "placement.undefined_code" });
        }
        if !store::names::delete(&mut tx, kind, name).await? {
            return Err(unknown(kind, name));
        }
        Ok(tx.commit().await?)
    }

    /// Renames a custom class, wherever it is used.
    pub(crate) async fn rename_class(
        &self,
        caller: &Caller,
        rule: &Rule,
        old: &str,
        new: &str,
    ) -> Result<(), Error> {
        self.name_exists(caller, rule, Kind::Class, old).await?;
        if STANDARD_CLASSES.contains(&old) {
            return Err(Error::invalid(format!("Cannot update standard resource class {old}")));
        }
        let mut tx = self.db().begin().await?;
        if !store::names::insert(&mut tx, Kind::Class, new, self.now()).await? {
            let because = format!("Resource class already exists: {new}");
            return Err(Error::InUse { because, code: "placement.undefined_code" });
        }
        store::names::rename_class(&mut tx, old, new).await?;
        store::names::delete(&mut tx, Kind::Class, old).await?;
        Ok(tx.commit().await?)
    }
}

const fn standard(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Trait => STANDARD_TRAITS,
        Kind::Class => STANDARD_CLASSES,
    }
}

fn unknown(kind: Kind, name: &str) -> Error {
    Error::Unnamed {
        because: match kind {
            Kind::Trait => format!("No such trait(s): {name}."),
            Kind::Class => format!("No such resource class {name}."),
        },
    }
}
