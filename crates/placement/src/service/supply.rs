//! Hosts: what they have, and which of them takes a request.

use std::collections::{BTreeMap, BTreeSet};

use kogge_db::{DbError, Record as _, Source, Tx};
use kogge_ids::{HostId, ProviderId};
use kogge_resource::nova::uuid_like;

use crate::Placement;
use crate::error::Error;
use crate::model::inventory::{Inventory, Resources};
use crate::model::names::is_custom;
use crate::model::provider::Provider;
use crate::model::request::{Candidate, NoHost, Request, Supply, candidates};
use crate::store;

impl Placement {
    /// Makes the provider of a host, or gives it its new name. Its id is the host's.
    ///
    /// # Errors
    /// [`Error::Duplicate`] where another provider has the name.
    pub async fn ensure_provider(&self, host: HostId, name: &str) -> Result<ProviderId, Error> {
        let id = ProviderId::from(host.uuid());
        let mut tx = self.db().begin().await?;
        let now = self.now();
        match Provider::get(&mut tx, &id).await? {
            Some(known) if known.name == name => return Ok(id),
            Some(known) => {
                let changed = Provider { name: name.to_owned(), updated_at: now, ..known };
                store::providers::save(&mut tx, &changed).await?;
            }
            None => {
                let new = Provider {
                    id,
                    name: name.to_owned(),
                    generation: 0,
                    parent: None,
                    root: id,
                    created_at: now,
                    updated_at: now,
                };
                if !new.insert(&mut tx).await? {
                    return Err(Error::name_taken(name));
                }
            }
        }
        tx.commit().await?;
        Ok(id)
    }

    /// Makes `inventories` all that the provider has, beside classes of the operator's own (`CUSTOM_…`), which stay. Classes that somebody holds something of stay, with a total
    /// of 0, so that nothing more is placed there.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown provider.
    pub async fn set_inventory_in(
        &self,
        tx: &mut Tx,
        provider: ProviderId,
        inventories: &[Inventory],
    ) -> Result<(), Error> {
        let mut known = store::inventories::of(&mut *tx, provider).await?;
        known.retain(|one| !is_custom(&one.class));
        if known == sorted(inventories) {
            return Ok(());
        }
        if !store::providers::bump(tx, provider, self.now()).await? {
            return Err(Error::no_provider(provider));
        }
        for gone in known.iter().filter(|old| inventories.iter().all(|new| new.class != old.class)) {
            if store::allocations::is_held(&mut *tx, provider, &gone.class).await? {
                let empty = Inventory { total: 0, reserved: 0, ..gone.clone() };
                store::inventories::put(tx, provider, &empty, self.now()).await?;
            } else {
                store::inventories::delete(tx, provider, &gone.class).await?;
            }
        }
        for inventory in inventories {
            store::inventories::put(tx, provider, inventory, self.now()).await?;
        }
        Ok(())
    }

    /// Makes `traits` all that the provider has.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown provider.
    pub async fn set_traits_in(
        &self,
        tx: &mut Tx,
        provider: ProviderId,
        traits: &BTreeSet<String>,
    ) -> Result<(), Error> {
        if store::providers::traits_of(&mut *tx, provider).await? == *traits {
            return Ok(());
        }
        if !store::providers::bump(tx, provider, self.now()).await? {
            return Err(Error::no_provider(provider));
        }
        Ok(store::providers::set_traits(tx, provider, traits).await?)
    }

    /// Makes `traits` all that the provider has of those that the host itself says: the ones that begin with one of
    /// `families`. Those that an administrator gave it stay.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown provider.
    pub async fn set_traits_of_host_in(
        &self,
        tx: &mut Tx,
        provider: ProviderId,
        families: &[&str],
        traits: &BTreeSet<String>,
    ) -> Result<(), Error> {
        let mut all = store::providers::traits_of(&mut *tx, provider).await?;
        all.retain(|name| !families.iter().any(|family| name.starts_with(family)));
        all.extend(traits.iter().cloned());
        self.set_traits_in(tx, provider, &all).await
    }

    /// Takes a host away that runs nothing any more.
    ///
    /// # Errors
    /// [`Error::InUse`] while somebody holds something there.
    pub async fn remove_provider_in(&self, tx: &mut Tx, provider: ProviderId) -> Result<(), Error> {
        if !store::allocations::held_at(&mut *tx, provider).await?.is_empty() {
            let because =
                format!("Unable to delete resource provider {provider}: Resource provider has allocations.");
            return Err(Error::InUse { because, code: "placement.inventory.inuse" });
        }
        Provider::delete(tx, &provider).await?;
        Ok(())
    }

    /// The hosts that take the request, as far as is known now: [`Placement::allocate_in`] decides.
    ///
    /// # Errors
    /// [`NoHost`] with every host's reason, or trouble of the database.
    pub async fn candidates(&self, request: &Request) -> Result<Result<Vec<Candidate>, NoHost>, Error> {
        Ok(candidates(&self.supplies().await?, request))
    }

    /// As [`Placement::candidates`], inside a transaction.
    ///
    /// # Errors
    /// As [`Placement::candidates`].
    pub async fn candidates_in(
        &self,
        tx: &mut Tx,
        request: &Request,
    ) -> Result<Result<Vec<Candidate>, NoHost>, Error> {
        Ok(candidates(&self.supplies_in(tx).await?, request))
    }

    /// As [`Placement::supplies`], inside a transaction.
    ///
    /// # Errors
    /// Trouble of the database.
    pub async fn supplies_in(&self, tx: &mut Tx) -> Result<Vec<Supply>, Error> {
        Ok(read(&mut tx.into()).await?)
    }

    /// All providers with what they have and what is used.
    ///
    /// # Errors
    /// Trouble of the database.
    pub async fn supplies(&self) -> Result<Vec<Supply>, Error> {
        Ok(read(&mut self.db().into()).await?)
    }
}

fn sorted(inventories: &[Inventory]) -> Vec<Inventory> {
    let mut sorted = inventories.to_vec();
    sorted.sort_by(|a, b| a.class.cmp(&b.class));
    sorted
}

async fn read(from: &mut Source<'_>) -> Result<Vec<Supply>, DbError> {
    let empty = |provider: Provider| Supply {
        provider,
        inventories: Vec::new(),
        used: Resources::new(),
        traits: BTreeSet::new(),
        aggregates: BTreeSet::new(),
    };
    let mut all: BTreeMap<ProviderId, Supply> =
        store::providers::list(&mut *from).await?.into_iter().map(|one| (one.id, empty(one))).collect();
    for (id, inventory, used) in store::inventories::list(&mut *from).await? {
        if let Some(supply) = all.get_mut(&id) {
            supply.used.insert(inventory.class.clone(), used);
            supply.inventories.push(inventory);
        }
    }
    for (id, name) in store::providers::traits(&mut *from).await? {
        if let Some(supply) = all.get_mut(&id) {
            supply.traits.insert(name);
        }
    }
    for (id, aggregate) in store::providers::aggregates(from).await? {
        if let Some(supply) = all.get_mut(&id) {
            // kept as it came, compared as what it is
            supply.aggregates.insert(uuid_like(&aggregate).unwrap_or(aggregate));
        }
    }
    Ok(all.into_values().collect())
}
