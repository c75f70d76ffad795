//! Taking and giving back, inside the transaction of whoever needs it.

use kogge_db::{Record as _, Tx};
use kogge_ids::{ProjectId, ProviderId, ServerId, UserId};

use crate::Placement;
use crate::error::Error;
use crate::model::fit::misfits;
use crate::model::inventory::{Inventory, Resources};
use crate::model::provider::{Allocation, Consumer, Provider};
use crate::store;

/// The consumer type of servers, as nova names it.
const INSTANCE: &str = "INSTANCE";

impl Placement {
    /// Gives `resources` of `provider` to a server. What it held *there* before is replaced, so a retry changes
    /// nothing. The provider is locked until the transaction ends and the amounts are checked under that lock: two
    /// at the same time cannot take the same room.
    ///
    /// # Errors
    /// [`Error::NoRoom`] where it does not fit (any more), [`Error::NotFound`] for an unknown provider.
    pub async fn allocate_in(
        &self,
        tx: &mut Tx,
        consumer: ServerId,
        project: &ProjectId,
        user: &UserId,
        provider: ProviderId,
        resources: &Resources,
    ) -> Result<(), Error> {
        let holder = Consumer {
            id: consumer.to_string(),
            project_id: project.to_string(),
            user_id: user.to_string(),
            consumer_type: Some(INSTANCE.to_owned()),
            generation: 0,
        };
        if !store::providers::bump(tx, provider, self.now()).await? {
            return Err(Error::no_provider(provider));
        }
        self.make_room(tx, &holder.id, provider, resources).await?;
        store::allocations::put_consumer(tx, &holder, self.now()).await?;
        self.write(tx, &holder.id, provider, resources).await
    }

    /// Drops what the consumer held at a locked provider, and checks that the amounts fit beside what others hold.
    pub(super) async fn make_room(
        &self,
        tx: &mut Tx,
        consumer: &str,
        provider: ProviderId,
        resources: &Resources,
    ) -> Result<(), Error> {
        store::allocations::delete(tx, consumer, Some(provider)).await?;
        let stock = store::inventories::stock(&mut *tx, provider).await?;
        let used = stock.iter().map(|(inventory, used)| (inventory.class.clone(), *used)).collect();
        let inventories: Vec<Inventory> = stock.into_iter().map(|(inventory, _)| inventory).collect();
        let misfits = misfits(&inventories, &used, resources);
        if misfits.is_empty() {
            return Ok(());
        }
        let known = Provider::get(&mut *tx, &provider).await?;
        Err(Error::NoRoom { name: known.map_or_else(String::new, |known| known.name), misfits })
    }

    pub(super) async fn write(
        &self,
        tx: &mut Tx,
        consumer: &str,
        provider: ProviderId,
        resources: &Resources,
    ) -> Result<(), Error> {
        for (class, used) in resources.iter().filter(|(_, used)| **used > 0) {
            let new =
                Allocation { consumer: consumer.to_owned(), provider, class: class.clone(), used: *used };
            store::allocations::insert(tx, &new, self.now()).await?;
        }
        Ok(())
    }

    /// Takes back all that a server holds. Nothing held is fine.
    ///
    /// # Errors
    /// Trouble of the database.
    pub async fn free_in(&self, tx: &mut Tx, consumer: ServerId) -> Result<(), Error> {
        store::allocations::delete(tx, &consumer.to_string(), None).await?;
        store::allocations::delete_consumer(tx, &consumer.to_string()).await?;
        Ok(())
    }

    /// Takes back what a server holds at one provider: the old host after a move.
    ///
    /// # Errors
    /// Trouble of the database.
    pub async fn free_at_in(
        &self,
        tx: &mut Tx,
        consumer: ServerId,
        provider: ProviderId,
    ) -> Result<(), Error> {
        let id = consumer.to_string();
        store::allocations::delete(tx, &id, Some(provider)).await?;
        if store::allocations::held_by(&mut *tx, &id).await?.is_empty() {
            store::allocations::delete_consumer(tx, &id).await?;
        }
        Ok(())
    }

    /// What a server holds.
    ///
    /// # Errors
    /// Trouble of the database.
    pub async fn allocations_of(&self, consumer: ServerId) -> Result<Vec<Allocation>, Error> {
        Ok(store::allocations::held_by(self.db(), &consumer.to_string()).await?)
    }

    /// What a project uses, by class.
    ///
    /// # Errors
    /// Trouble of the database.
    pub async fn usage(&self, project: &ProjectId) -> Result<Resources, Error> {
        let mut usage = Resources::new();
        for (_, class, amount) in store::allocations::used_by(self.db(), project.as_str(), None).await? {
            *usage.entry(class).or_default() += amount;
        }
        Ok(usage)
    }
}
