//! Aggregates of hosts, for admins.

use kogge_auth::{Caller, Rule, Target};
use kogge_ids::HostId;

use crate::error::{Error, Result};
use crate::model::bounds;
use crate::model::host::{Aggregate, ZONE_KEY};
use crate::store::{aggregates as store, hosts, numbers};
use crate::{Compute, policy};

/// A change of an aggregate.
#[derive(Debug, Clone)]
pub(crate) enum AggregateChange {
    /// Another name or zone.
    Update {
        /// The name.
        name: Option<String>,
        /// The zone; `Some(None)` takes it away.
        zone: Option<Option<String>>,
    },
    /// A host joins.
    AddHost(String),
    /// A host leaves.
    RemoveHost(String),
    /// Properties; `None` takes one away.
    Metadata(Vec<(String, Option<String>)>),
}

impl AggregateChange {
    const fn rule(&self) -> &'static Rule {
        match self {
            Self::Update { .. } => &policy::AGGREGATES_UPDATE,
            Self::AddHost(_) => &policy::AGGREGATES_ADD_HOST,
            Self::RemoveHost(_) => &policy::AGGREGATES_REMOVE_HOST,
            Self::Metadata(_) => &policy::AGGREGATES_SET_METADATA,
        }
    }
}

impl Compute {
    /// All aggregates.
    pub(crate) async fn aggregates(&self, caller: &Caller, rule: &Rule) -> Result<Vec<Aggregate>> {
        caller.allow(rule, &Target::none())?;
        Ok(store::list(self.db()).await?)
    }

    /// An aggregate.
    pub(crate) async fn aggregate(&self, caller: &Caller, id: &str) -> Result<Aggregate> {
        let all = self.aggregates(caller, &policy::AGGREGATES_SHOW).await?;
        all.into_iter().find(|one| is(one, id)).ok_or_else(|| no_aggregate(id))
    }

    /// Makes an aggregate.
    pub(crate) async fn create_aggregate(
        &self,
        caller: &Caller,
        name: String,
        zone: Option<String>,
    ) -> Result<Aggregate> {
        caller.allow(&policy::AGGREGATES_CREATE, &Target::none())?;
        let mut tx = self.db().begin().await?;
        let aggregate = Aggregate {
            number: numbers::next(&mut tx, "aggregate").await?,
            uuid: HostId::random(),
            name,
            hosts: Vec::new(),
            metadata: zone.map(|zone| (ZONE_KEY.to_owned(), zone)).into_iter().collect(),
            created_at: self.now(),
            updated_at: None,
        };
        store::insert(&mut tx, &aggregate).await.map_err(|error| taken(error, &aggregate.name))?;
        tx.commit().await?;
        Ok(aggregate)
    }

    /// Changes an aggregate.
    pub(crate) async fn change_aggregate(
        &self,
        caller: &Caller,
        id: &str,
        change: AggregateChange,
    ) -> Result<Aggregate> {
        caller.allow(change.rule(), &Target::none())?;
        let mut tx = self.db().begin().await?;
        store::lock(&mut tx).await?;
        let all = store::list(&mut tx).await?;
        let mut aggregate = all.into_iter().find(|one| is(one, id)).ok_or_else(|| no_aggregate(id))?;
        if let AggregateChange::AddHost(host) = &change {
            let known = hosts::list(&mut tx).await?.iter().any(|one| one.name() == host);
            known
                .then_some(())
                .ok_or_else(|| Error::NotFound(format!("Compute host {host} could not be found.")))?;
        }
        apply(&mut aggregate, change)?;
        aggregate.updated_at = Some(self.now());
        store::update(&mut tx, &aggregate).await.map_err(|error| taken(error, &aggregate.name))?;
        tx.commit().await?;
        Ok(aggregate)
    }

    /// Takes an aggregate away. It must be empty.
    pub(crate) async fn delete_aggregate(&self, caller: &Caller, id: &str) -> Result<()> {
        caller.allow(&policy::AGGREGATES_DELETE, &Target::none())?;
        let mut tx = self.db().begin().await?;
        store::lock(&mut tx).await?;
        let all = store::list(&mut tx).await?;
        let aggregate = all.into_iter().find(|one| is(one, id)).ok_or_else(|| no_aggregate(id))?;
        if !aggregate.hosts.is_empty() {
            let number = aggregate.number;
            return Err(Error::Invalid(format!(
                "Cannot remove aggregate {number} while it has hosts; remove them first."
            )));
        }
        store::delete(&mut tx, aggregate.number).await?;
        Ok(tx.commit().await?)
    }
}

fn apply(aggregate: &mut Aggregate, change: AggregateChange) -> Result<()> {
    let number = aggregate.number;
    match change {
        AggregateChange::Update { name, zone } => {
            if let Some(name) = name {
                aggregate.name = name;
            }
            match zone {
                Some(Some(zone)) => drop(aggregate.metadata.insert(ZONE_KEY.to_owned(), zone)),
                Some(None) => drop(aggregate.metadata.remove(ZONE_KEY)),
                None => {}
            }
        }
        AggregateChange::AddHost(host) if aggregate.hosts.contains(&host) => {
            return Err(Error::Conflict(format!("Aggregate {number} already has host {host}.")));
        }
        AggregateChange::AddHost(host) => aggregate.hosts.push(host),
        AggregateChange::RemoveHost(host) => {
            let before = aggregate.hosts.len();
            aggregate.hosts.retain(|one| *one != host);
            if aggregate.hosts.len() == before {
                return Err(Error::NotFound(format!("Aggregate {number} has no host {host}.")));
            }
        }
        AggregateChange::Metadata(pairs) => {
            for (key, value) in pairs {
                match value {
                    Some(value) => drop(aggregate.metadata.insert(key, value)),
                    None => drop(aggregate.metadata.remove(&key)),
                }
            }
            if aggregate.metadata.len() > bounds::PAIRS {
                return Err(Error::Invalid(format!(
                    "An aggregate has {} properties at most.",
                    bounds::PAIRS
                )));
            }
        }
    }
    Ok(())
}

fn is(aggregate: &Aggregate, id: &str) -> bool {
    aggregate.number.to_string() == id
}

fn no_aggregate(id: &str) -> Error {
    Error::NotFound(format!("Aggregate {id} could not be found."))
}

fn taken(error: kogge_db::DbError, name: &str) -> Error {
    if error.is_unique_violation() {
        Error::Conflict(format!("Aggregate {name} already exists."))
    } else {
        error.into()
    }
}
