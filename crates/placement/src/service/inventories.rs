//! Inventories as administrators change them, one by one or all at once.

use std::collections::BTreeSet;

use kogge_auth::{Caller, Rule};
use kogge_db::Tx;
use kogge_ids::ProviderId;

use crate::Placement;
use crate::error::Error;
use crate::model::inventory::{Inventory, Resources};
use crate::model::names::STANDARD_CLASSES;
use crate::model::provider::Provider;
use crate::store::names::Kind;
use crate::{policy, store};

/// Inventories of a provider with its generation after the request.
pub(crate) struct Stock {
    /// What it has.
    pub(crate) inventories: Vec<Inventory>,
    /// The provider's generation.
    pub(crate) generation: i64,
}

/// What is used of a provider, with its generation.
pub(crate) struct Used {
    /// Amounts by class; 0 for what nobody holds.
    pub(crate) used: Resources,
    /// The provider's generation.
    pub(crate) generation: i64,
}

impl Placement {
    /// What a provider has.
    pub(crate) async fn stock(&self, caller: &Caller, rule: &Rule, id: ProviderId) -> Result<Stock, Error> {
        caller.allow_on_own(rule)?;
        let generation = self.provider(id).await?.generation;
        Ok(Stock { inventories: store::inventories::of(self.db(), id).await?, generation })
    }

    /// What is used of a provider.
    pub(crate) async fn provider_usages(&self, caller: &Caller, id: ProviderId) -> Result<Used, Error> {
        caller.allow_on_own(&policy::PROVIDER_USAGES)?;
        let generation = self.provider(id).await?.generation;
        let stock = store::inventories::stock(self.db(), id).await?;
        let used = stock.into_iter().map(|(inventory, used)| (inventory.class, used)).collect();
        Ok(Used { used, generation })
    }

    /// Makes `inventories` all that the provider has.
    pub(crate) async fn replace_stock(
        &self,
        caller: &Caller,
        id: ProviderId,
        inventories: Vec<Inventory>,
        generation: i64,
    ) -> Result<Stock, Error> {
        caller.allow_on_own(&policy::INVENTORIES_UPDATE)?;
        let mut tx = self.db().begin().await?;
        let known = self.provider_in(&mut tx, id).await?;
        self.counted(&mut tx, &known, generation).await?;
        self.replace_in(&mut tx, &known, &inventories).await?;
        tx.commit().await?;
        Ok(Stock { inventories, generation: generation + 1 })
    }

    pub(crate) async fn replace_in(
        &self,
        tx: &mut Tx,
        known: &Provider,
        inventories: &[Inventory],
    ) -> Result<(), Error> {
        self.known_classes(tx, inventories.iter().map(|one| one.class.as_str())).await?;
        let kept: BTreeSet<&str> = inventories.iter().map(|one| one.class.as_str()).collect();
        for gone in store::inventories::of(&mut *tx, known.id).await? {
            if !kept.contains(gone.class.as_str()) {
                self.drop_class(tx, known, &gone.class).await?;
            }
        }
        for inventory in inventories {
            store::inventories::put(tx, known.id, inventory, self.now()).await?;
        }
        Ok(())
    }

    async fn drop_class(&self, tx: &mut Tx, known: &Provider, class: &str) -> Result<(), Error> {
        if store::allocations::is_held(&mut *tx, known.id, class).await? {
            let because = format!("Inventory for '{class}' on resource provider '{}' in use.", known.id);
            return Err(Error::InUse { because, code: "placement.inventory.inuse" });
        }
        store::inventories::delete(tx, known.id, class).await?;
        Ok(())
    }

    /// Refuses classes that nobody has heard of.
    pub(crate) async fn known_classes<'c>(
        &self,
        tx: &mut Tx,
        classes: impl Iterator<Item = &'c str> + Send,
    ) -> Result<(), Error> {
        let custom = store::names::list(&mut *tx, Kind::Class).await?;
        for class in classes {
            if !STANDARD_CLASSES.contains(&class) && !custom.contains(class) {
                return Err(Error::invalid(format!("No such resource class {class}.")));
            }
        }
        Ok(())
    }

    /// Adds the inventory of a class that the provider has not yet.
    pub(crate) async fn add_inventory(
        &self,
        caller: &Caller,
        id: ProviderId,
        inventory: Inventory,
    ) -> Result<Stock, Error> {
        caller.allow_on_own(&policy::INVENTORIES_CREATE)?;
        let mut tx = self.db().begin().await?;
        let known = self.provider_in(&mut tx, id).await?;
        self.known_classes(&mut tx, std::iter::once(inventory.class.as_str())).await?;
        if has(&mut tx, id, &inventory.class).await? {
            let because = format!("the provider has an inventory of {} already", inventory.class);
            return Err(Error::Generation { because });
        }
        self.counted(&mut tx, &known, known.generation).await?;
        store::inventories::put(&mut tx, id, &inventory, self.now()).await?;
        tx.commit().await?;
        Ok(Stock { inventories: vec![inventory], generation: known.generation + 1 })
    }

    /// Changes the inventory of a class that the provider has.
    pub(crate) async fn change_inventory(
        &self,
        caller: &Caller,
        id: ProviderId,
        inventory: Inventory,
        generation: i64,
    ) -> Result<Stock, Error> {
        caller.allow_on_own(&policy::INVENTORIES_UPDATE)?;
        let mut tx = self.db().begin().await?;
        let known = self.provider_in(&mut tx, id).await?;
        self.counted(&mut tx, &known, generation).await?;
        if !has(&mut tx, id, &inventory.class).await? {
            let class = &inventory.class;
            let because =
                format!("No inventory record with resource class for resource provider {id}: {class}");
            return Err(Error::Invalid { because });
        }
        store::inventories::put(&mut tx, id, &inventory, self.now()).await?;
        tx.commit().await?;
        Ok(Stock { inventories: vec![inventory], generation: generation + 1 })
    }

    /// Deletes the inventory of one class, or of all.
    pub(crate) async fn delete_inventory(
        &self,
        caller: &Caller,
        id: ProviderId,
        class: Option<&str>,
    ) -> Result<(), Error> {
        caller.allow_on_own(&policy::INVENTORIES_DELETE)?;
        let mut tx = self.db().begin().await?;
        let known = self.provider_in(&mut tx, id).await?;
        self.counted(&mut tx, &known, known.generation).await?;
        match class {
            None => self.replace_in(&mut tx, &known, &[]).await?,
            Some(class) if has(&mut tx, id, class).await? => self.drop_class(&mut tx, &known, class).await?,
            Some(class) => return Err(Error::NotFound { kind: "inventory of class", id: class.to_owned() }),
        }
        Ok(tx.commit().await?)
    }
}

async fn has(tx: &mut Tx, id: ProviderId, class: &str) -> Result<bool, Error> {
    Ok(store::inventories::of(&mut *tx, id).await?.iter().any(|one| one.class == class))
}
