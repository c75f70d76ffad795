//! Allocations as administrators and services change them: whole consumers at a time, many in one transaction.

use std::collections::{BTreeMap, BTreeSet};

use kogge_auth::{Caller, Rule, Target};
use kogge_db::{Record as _, Tx};
use kogge_ids::ProviderId;

use crate::Placement;
use crate::error::Error;
use crate::model::inventory::{Inventory, Resources};
use crate::model::provider::{Allocation, Consumer, Provider};
use crate::service::providers::is_present;
use crate::{policy, store};

/// All that a consumer shall hold from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Holding {
    /// Who.
    pub(crate) consumer: Consumer,
    /// The generation that the caller saw: `None` does not care, `Some(None)` says that there is no such consumer.
    pub(crate) seen: Option<Option<i64>>,
    /// What, by provider; nothing frees all.
    pub(crate) allocations: BTreeMap<ProviderId, Resources>,
}

/// What a consumer holds.
pub(crate) struct Held {
    /// Who; nothing for one that holds nothing.
    pub(crate) consumer: Option<Consumer>,
    /// What.
    pub(crate) allocations: Vec<Allocation>,
    /// Generations of the providers.
    pub(crate) generations: BTreeMap<ProviderId, i64>,
}

/// Who holds something of a provider.
pub(crate) struct Holders {
    /// What.
    pub(crate) allocations: Vec<Allocation>,
    /// Generations of the consumers.
    pub(crate) generations: BTreeMap<String, i64>,
    /// The provider's generation.
    pub(crate) generation: i64,
}

/// Usage of a project: by consumer type, amounts by class and the number of consumers.
pub(crate) type ByType = BTreeMap<Option<String>, (Resources, i64)>;

impl Placement {
    /// What a consumer holds.
    pub(crate) async fn held(&self, caller: &Caller, consumer: &str) -> Result<Held, Error> {
        caller.allow_on_own(&policy::ALLOCATIONS_LIST)?;
        let allocations = store::allocations::held_by(self.db(), consumer).await?;
        let mut generations = BTreeMap::new();
        for id in allocations.iter().map(|one| one.provider).collect::<BTreeSet<_>>() {
            generations.insert(id, self.provider(id).await?.generation);
        }
        let consumer = store::allocations::consumer_of(self.db(), consumer).await?;
        Ok(Held { consumer: consumer.filter(|_| !allocations.is_empty()), allocations, generations })
    }

    /// Who holds something of a provider.
    pub(crate) async fn holders(&self, provider: &Provider) -> Result<Holders, Error> {
        let allocations = store::allocations::held_at(self.db(), provider.id).await?;
        let mut generations = BTreeMap::new();
        for name in allocations.iter().map(|one| &one.consumer).collect::<BTreeSet<_>>() {
            if let Some(consumer) = store::allocations::consumer_of(self.db(), name).await? {
                generations.insert(name.clone(), consumer.generation);
            }
        }
        Ok(Holders { allocations, generations, generation: provider.generation })
    }

    /// Replaces what these consumers hold, for whom `rule` lets do that: all of them or none.
    pub(crate) async fn replace_holdings(
        &self,
        caller: &Caller,
        rule: &Rule,
        holdings: &[Holding],
    ) -> Result<(), Error> {
        caller.allow_on_own(rule)?;
        let mut tx = self.db().begin().await?;
        self.replace_holdings_in(&mut tx, holdings).await?;
        Ok(tx.commit().await?)
    }

    /// Each provider that is touched counts one change, however many hold something there.
    async fn replace_holdings_in(&self, tx: &mut Tx, holdings: &[Holding]) -> Result<(), Error> {
        // in one order, so that two of these never wait for each other
        let mut ids: BTreeSet<ProviderId> =
            holdings.iter().flat_map(|one| one.allocations.keys().copied()).collect();
        for freed in holdings.iter().filter(|one| one.allocations.is_empty()) {
            let held = store::allocations::held_by(&mut *tx, &freed.consumer.id).await?;
            ids.extend(held.iter().map(|one| one.provider));
        }
        for id in ids {
            if !store::providers::bump(tx, id, self.now()).await? {
                let because = format!("Allocation for resource provider '{id}' that does not exist.");
                return Err(Error::Invalid(because));
            }
        }
        let classes: BTreeSet<&str> = holdings
            .iter()
            .flat_map(|one| one.allocations.values())
            .flat_map(Resources::keys)
            .map(String::as_str)
            .collect();
        self.known_classes(tx, classes.into_iter()).await?;
        for holding in holdings {
            self.seen_in(tx, holding).await?;
            store::allocations::delete(tx, &holding.consumer.id, None).await?;
        }
        for holding in holdings {
            self.hold_all(tx, holding).await?;
        }
        Ok(())
    }

    async fn seen_in(&self, tx: &mut Tx, holding: &Holding) -> Result<(), Error> {
        // whoever changes the same consumer at the same time waits here, also where nobody cares for generations
        store::allocations::lock_consumer(tx, &holding.consumer.id).await?;
        let Some(seen) = holding.seen else { return Ok(()) };
        let known = store::allocations::consumer_of(&mut *tx, &holding.consumer.id).await?;
        let known = known.map(|consumer| consumer.generation);
        if known == seen { Ok(()) } else { Err(other_generation(known, seen)) }
    }

    async fn hold_all(&self, tx: &mut Tx, holding: &Holding) -> Result<(), Error> {
        let id = &holding.consumer.id;
        if holding.allocations.is_empty() {
            store::allocations::delete_consumer(tx, id).await?;
            return Ok(());
        }
        store::allocations::put_consumer(tx, &holding.consumer, self.now()).await?;
        // a consumer that nobody had made when we looked cannot be locked: two that make it meet here
        if holding.seen == Some(None) {
            let known = store::allocations::consumer_of(&mut *tx, id).await?;
            let known = known.map(|consumer| consumer.generation);
            if known != Some(1) {
                return Err(other_generation(known.map(|generation| generation - 1), None));
            }
        }
        for (provider, resources) in &holding.allocations {
            self.make_room(tx, id, *provider, resources).await?;
            self.write(tx, id, *provider, resources).await?;
        }
        Ok(())
    }

    /// Frees all that a consumer holds.
    pub(crate) async fn free_consumer(&self, caller: &Caller, consumer: &str) -> Result<(), Error> {
        caller.allow_on_own(&policy::ALLOCATIONS_DELETE)?;
        let mut tx = self.db().begin().await?;
        if store::allocations::delete(&mut tx, consumer, None).await? == 0 {
            return Err(Error::NotFound { kind: "allocations for consumer", id: format!("'{consumer}'") });
        }
        store::allocations::delete_consumer(&mut tx, consumer).await?;
        Ok(tx.commit().await?)
    }

    /// Refuses who may not see what a project uses.
    pub(crate) fn may_see_usage(&self, caller: &Caller, project: &str) -> Result<(), Error> {
        Ok(caller.allow(&policy::USAGES, &Target::project(project))?)
    }

    /// What a project, or one of its users, uses. Who asks was asked for that right before.
    pub(crate) async fn project_usages(&self, project: &str, user: Option<&str>) -> Result<ByType, Error> {
        let mut usages = ByType::new();
        for (kind, class, amount) in store::allocations::used_by(self.db(), project, user).await? {
            usages.entry(kind).or_default().0.insert(class, amount);
        }
        for (kind, count) in store::allocations::holders(self.db(), project, user).await? {
            usages.entry(kind).or_default().1 = count;
        }
        Ok(usages)
    }

    /// Changes inventories and allocations in one: resources move between providers without a moment in which
    /// they are nowhere.
    pub(crate) async fn reshape(
        &self,
        caller: &Caller,
        stocks: &[(ProviderId, i64, Vec<Inventory>)],
        holdings: &[Holding],
    ) -> Result<(), Error> {
        caller.allow_on_own(&policy::RESHAPE)?;
        let mut tx = self.db().begin().await?;
        let mut known: Vec<Provider> = Vec::new();
        for (id, seen, inventories) in stocks {
            let found = Provider::lock(&mut tx, id).await?;
            let provider = found.ok_or_else(|| Error::UnknownProvider(id.to_string()))?;
            is_present(&provider, Some(*seen))?;
            // what is to be there, beside what was: a change by itself, as upstream counts
            if !inventories.is_empty() {
                self.counted(&mut tx, &provider, None).await?;
            }
            for inventory in inventories {
                store::inventories::put(&mut tx, *id, inventory, self.now()).await?;
            }
            known.push(provider);
        }
        self.replace_holdings_in(&mut tx, holdings).await?;
        // only now: what is taken away was freed by the allocations
        for (provider, (_, _, inventories)) in known.iter().zip(stocks) {
            self.counted(&mut tx, provider, None).await?;
            self.replace_in(&mut tx, provider, inventories).await?;
        }
        Ok(tx.commit().await?)
    }
}

fn other_generation(known: Option<i64>, seen: Option<i64>) -> Error {
    let word = |generation: Option<i64>| generation.map_or_else(|| "null".to_owned(), |n| n.to_string());
    Error::ConsumerGeneration(format!("expected {} but got {}", word(known), word(seen)))
}
