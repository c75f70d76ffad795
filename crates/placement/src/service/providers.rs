//! Providers as administrators see them: make, show, change, delete, aggregates, traits.

use std::collections::BTreeSet;

use kogge_auth::Caller;
use kogge_db::Tx;
use kogge_ids::ProviderId;

use super::supply::taken;
use crate::Placement;
use crate::error::Error;
use crate::model::names::is_standard_trait;
use crate::model::provider::Provider;
use crate::store::names::Kind;
use crate::{policy, store};

/// A new provider.
pub(crate) struct NewProvider {
    /// An id of the maker's choice.
    pub(crate) id: Option<ProviderId>,
    /// Its name.
    pub(crate) name: String,
    /// The provider it is part of.
    pub(crate) parent: Option<ProviderId>,
}

/// A change of a provider.
pub(crate) struct ProviderChange {
    /// Its name.
    pub(crate) name: String,
    /// Its parent, where that is named.
    pub(crate) parent: Option<Option<ProviderId>>,
    /// Whether an existing parent may change.
    pub(crate) reparenting: bool,
}

/// Words that belong to a provider, with its generation.
pub(crate) struct Words {
    /// Traits or aggregates.
    pub(crate) words: BTreeSet<String>,
    /// The provider's generation.
    pub(crate) generation: i64,
}

impl Placement {
    /// The provider.
    pub(crate) async fn provider(&self, id: ProviderId) -> Result<Provider, Error> {
        store::providers::get(self.db(), id).await?.ok_or_else(|| Error::no_provider(id))
    }

    /// As [`Placement::provider`], locked until the transaction ends.
    pub(crate) async fn provider_in(&self, tx: &mut Tx, id: ProviderId) -> Result<Provider, Error> {
        store::providers::lock(tx, id).await?;
        store::providers::get(&mut *tx, id).await?.ok_or_else(|| Error::no_provider(id))
    }

    /// Makes a provider.
    pub(crate) async fn create_provider(&self, caller: &Caller, new: NewProvider) -> Result<Provider, Error> {
        caller.allow_on_own(&policy::PROVIDERS_CREATE)?;
        let mut tx = self.db().begin().await?;
        let id = new.id.unwrap_or_else(ProviderId::random);
        let root = match new.parent {
            Some(parent) => self.parent_in(&mut tx, parent).await?.root,
            None => id,
        };
        let now = self.now();
        let made = Provider {
            id,
            name: new.name,
            generation: 0,
            parent: new.parent,
            root,
            created_at: now,
            updated_at: now,
        };
        if store::providers::get(&mut tx, id).await?.is_some() {
            return Err(Error::Duplicate { because: format!("uuid: {id}") });
        }
        store::providers::insert(&mut tx, &made).await.map_err(|error| taken(error, &made.name))?;
        tx.commit().await?;
        Ok(made)
    }

    async fn parent_in(&self, tx: &mut Tx, parent: ProviderId) -> Result<Provider, Error> {
        let found = store::providers::get(&mut *tx, parent).await?;
        found.ok_or_else(|| Error::invalid(format!("parent provider UUID {parent} does not exist.")))
    }

    /// Renames a provider, or gives it another parent.
    pub(crate) async fn update_provider(
        &self,
        caller: &Caller,
        id: ProviderId,
        change: ProviderChange,
    ) -> Result<Provider, Error> {
        caller.allow_on_own(&policy::PROVIDERS_UPDATE)?;
        let mut tx = self.db().begin().await?;
        let mut provider = self.provider_in(&mut tx, id).await?;
        if let Some(parent) = change.parent.filter(|parent| *parent != provider.parent) {
            if provider.parent.is_some() && !change.reparenting {
                return Err(Error::invalid("re-parenting a provider is not currently allowed."));
            }
            self.move_in(&mut tx, &mut provider, parent).await?;
        }
        provider.name = change.name;
        provider.updated_at = self.now();
        let saved = store::providers::update(&mut tx, &provider).await;
        saved.map_err(|error| taken(error, &provider.name))?;
        tx.commit().await?;
        Ok(provider)
    }

    /// Moves a provider with all that is below it.
    async fn move_in(
        &self,
        tx: &mut Tx,
        provider: &mut Provider,
        parent: Option<ProviderId>,
    ) -> Result<(), Error> {
        let all = store::providers::list(&mut *tx).await?;
        let mut below = BTreeSet::from([provider.id]);
        while let Some(next) = all
            .iter()
            .find(|one| !below.contains(&one.id) && one.parent.is_some_and(|parent| below.contains(&parent)))
        {
            below.insert(next.id);
        }
        if parent.is_some_and(|parent| below.contains(&parent)) {
            return Err(Error::invalid("creating loop in the provider tree is not allowed."));
        }
        let root = match parent {
            Some(parent) => self.parent_in(tx, parent).await?.root,
            None => provider.id,
        };
        store::providers::set_root(tx, &below.into_iter().collect::<Vec<_>>(), root).await?;
        provider.parent = parent;
        provider.root = root;
        Ok(())
    }

    /// Deletes a provider of which nobody holds anything.
    pub(crate) async fn delete_provider(&self, caller: &Caller, id: ProviderId) -> Result<(), Error> {
        caller.allow_on_own(&policy::PROVIDERS_DELETE)?;
        let mut tx = self.db().begin().await?;
        self.provider_in(&mut tx, id).await?;
        if store::providers::list(&mut tx).await?.iter().any(|one| one.parent == Some(id)) {
            let because =
                format!("Unable to delete parent resource provider {id}: It has child resource providers.");
            return Err(Error::InUse { because, code: "placement.resource_provider.cannot_delete_parent" });
        }
        if !store::allocations::held_at(&mut tx, id).await?.is_empty() {
            let because =
                format!("Unable to delete resource provider {id}: Resource provider has allocations.");
            return Err(Error::InUse { because, code: "placement.resource_provider.inuse" });
        }
        store::providers::delete(&mut tx, id).await?;
        Ok(tx.commit().await?)
    }

    /// The aggregates of a provider.
    pub(crate) async fn aggregates(&self, caller: &Caller, id: ProviderId) -> Result<Words, Error> {
        caller.allow_on_own(&policy::AGGREGATES_LIST)?;
        let generation = self.provider(id).await?.generation;
        Ok(Words { words: store::providers::aggregates_of(self.db(), id).await?, generation })
    }

    /// Replaces them; with a generation it must be the present one, and it counts a change.
    pub(crate) async fn set_aggregates(
        &self,
        caller: &Caller,
        id: ProviderId,
        words: BTreeSet<String>,
        generation: Option<i64>,
    ) -> Result<Words, Error> {
        caller.allow_on_own(&policy::AGGREGATES_UPDATE)?;
        let mut tx = self.db().begin().await?;
        let known = self.provider_in(&mut tx, id).await?;
        if let Some(generation) = generation {
            self.counted(&mut tx, &known, generation).await?;
        }
        store::providers::set_aggregates(&mut tx, id, &words).await?;
        tx.commit().await?;
        Ok(Words { words, generation: known.generation + i64::from(generation.is_some()) })
    }

    /// The traits of a provider.
    pub(crate) async fn provider_traits(&self, caller: &Caller, id: ProviderId) -> Result<Words, Error> {
        caller.allow_on_own(&policy::PROVIDER_TRAITS_LIST)?;
        let generation = self.provider(id).await?.generation;
        Ok(Words { words: store::providers::traits_of(self.db(), id).await?, generation })
    }

    /// Replaces them.
    pub(crate) async fn set_provider_traits(
        &self,
        caller: &Caller,
        id: ProviderId,
        words: BTreeSet<String>,
        generation: i64,
    ) -> Result<Words, Error> {
        caller.allow_on_own(&policy::PROVIDER_TRAITS_UPDATE)?;
        let mut tx = self.db().begin().await?;
        let known = self.provider_in(&mut tx, id).await?;
        self.counted(&mut tx, &known, generation).await?;
        let custom = store::names::list(&mut tx, Kind::Trait).await?;
        let unknown: Vec<&str> = words
            .iter()
            .filter(|name| !is_standard_trait(name) && !custom.contains(*name))
            .map(String::as_str)
            .collect();
        if !unknown.is_empty() {
            return Err(Error::invalid(format!("No such trait {}", unknown.join(", "))));
        }
        store::providers::set_traits(&mut tx, id, &words).await?;
        tx.commit().await?;
        Ok(Words { words, generation: generation + 1 })
    }

    /// Removes them.
    pub(crate) async fn delete_provider_traits(&self, caller: &Caller, id: ProviderId) -> Result<(), Error> {
        caller.allow_on_own(&policy::PROVIDER_TRAITS_DELETE)?;
        let mut tx = self.db().begin().await?;
        let known = self.provider_in(&mut tx, id).await?;
        self.counted(&mut tx, &known, known.generation).await?;
        store::providers::set_traits(&mut tx, id, &BTreeSet::new()).await?;
        Ok(tx.commit().await?)
    }

    /// Counts a change of a locked provider, if the caller knows its present generation.
    pub(crate) async fn counted(&self, tx: &mut Tx, known: &Provider, seen: i64) -> Result<(), Error> {
        if known.generation != seen {
            let because = format!("provider {}: actual: {}, given: {seen}", known.id, known.generation);
            return Err(Error::Generation { because });
        }
        store::providers::bump(tx, known.id, None, self.now()).await?;
        Ok(())
    }
}
