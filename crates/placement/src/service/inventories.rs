//! Inventories as administrators change them, one by one or all at once.

use std::collections::BTreeSet;

use kogge_db::Tx;

use crate::Placement;
use crate::error::Error;
use crate::model::inventory::Inventory;
use crate::model::provider::Provider;
use crate::resources::names::{self, Class};
use crate::store;

impl Placement {
    /// Makes `inventories` all that a locked provider has.
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

    /// Takes away what a locked provider has of a class; false where that is nothing.
    pub(crate) async fn drop_class(&self, tx: &mut Tx, known: &Provider, class: &str) -> Result<bool, Error> {
        if store::allocations::is_held(&mut *tx, known.id, class).await? {
            let because = format!("Inventory for '{class}' on resource provider '{}' in use.", known.id);
            return Err(Error::InUse { because, code: "placement.inventory.inuse" });
        }
        Ok(store::inventories::delete(tx, known.id, class).await? > 0)
    }

    /// Refuses classes that nobody has heard of.
    pub(crate) async fn known_classes<'c>(
        &self,
        tx: &mut Tx,
        classes: impl Iterator<Item = &'c str> + Send,
    ) -> Result<(), Error> {
        match names::unknown::<Class>(tx, classes).await?.first() {
            Some(class) => Err(Error::invalid(format!("No such resource class {class}."))),
            None => Ok(()),
        }
    }
}
