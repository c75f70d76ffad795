//! What is looked for, and the answers.

use std::collections::{BTreeMap, BTreeSet};

use kogge_ids::ProviderId;

use super::fit::misfits;
use super::inventory::{Inventory, Resources};
use super::provider::Provider;

/// What a host must have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// Amounts.
    pub resources: Resources,
    /// Traits that it must have.
    pub required: BTreeSet<String>,
    /// Traits that it must not have.
    pub forbidden: BTreeSet<String>,
    /// Sets of traits of each of which it must have one.
    pub any_of: Vec<BTreeSet<String>>,
    /// Only these providers, where given.
    pub within: Option<BTreeSet<ProviderId>>,
}

impl Request {
    /// A request for amounts only.
    #[must_use]
    pub fn amounts(list: &[(&str, i64)]) -> Self {
        let resources = list.iter().map(|(class, amount)| ((*class).to_owned(), *amount)).collect();
        Self { resources, ..Self::default() }
    }
}

/// One provider with all that counts for a decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Supply {
    /// The provider.
    pub provider: Provider,
    /// What it has.
    pub inventories: Vec<Inventory>,
    /// What of that is used.
    pub used: Resources,
    /// Its traits.
    pub traits: BTreeSet<String>,
    /// Ids of the aggregates it is in.
    pub aggregates: BTreeSet<String>,
}

impl Supply {
    /// What can still be allocated, by class.
    #[must_use]
    pub fn free(&self) -> Resources {
        let left = |inventory: &Inventory| {
            inventory.capacity().saturating_sub(self.used.get(&inventory.class).copied().unwrap_or(0)).max(0)
        };
        self.inventories.iter().map(|inventory| (inventory.class.clone(), left(inventory))).collect()
    }
}

/// A host on which the request fits.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Its provider; the id is the host's.
    pub provider: ProviderId,
    /// The host's name.
    pub name: String,
    /// What is free before the request is placed, by class.
    pub free: Resources,
    /// What it has in all.
    pub inventories: Vec<Inventory>,
    /// Its traits.
    pub traits: BTreeSet<String>,
}

/// No host takes the request; each says why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoHost {
    /// Host name and reason, in the order of names; empty where there is no host at all.
    pub rejected: Vec<(String, String)>,
}

/// Most hosts that are named when none takes a request.
const NAMED: usize = 20;

/// For operators: it names hosts and what is free on them; the first twenty.
impl std::fmt::Display for NoHost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.rejected.is_empty() {
            return f.write_str("No valid host was found. There is no host that could run anything.");
        }
        f.write_str("No valid host was found.")?;
        let named = self.rejected.iter().take(NAMED);
        named.into_iter().try_for_each(|(host, reason)| write!(f, " {host}: {reason}."))?;
        match self.rejected.len().saturating_sub(NAMED) {
            0 => Ok(()),
            more => write!(f, " And {more} more."),
        }
    }
}

impl std::error::Error for NoHost {}

/// Sorts providers into those that take the request and those that do not. Providers without any inventory are
/// no hosts yet and reject with that reason.
///
/// # Errors
/// [`NoHost`] where none takes it.
pub fn candidates(supplies: &[Supply], request: &Request) -> Result<Vec<Candidate>, NoHost> {
    let mut taken = Vec::new();
    let mut rejected = BTreeMap::new();
    for supply in supplies {
        match objections(supply, request) {
            reasons if reasons.is_empty() => taken.push(candidate(supply)),
            reasons => {
                rejected.insert(supply.provider.name.clone(), reasons.join("; "));
            }
        }
    }
    if taken.is_empty() { Err(NoHost { rejected: rejected.into_iter().collect() }) } else { Ok(taken) }
}

impl Supply {
    /// Whether the amounts fit; [`candidates`] says why they do not.
    #[must_use]
    pub fn fits(&self, resources: &Resources) -> bool {
        misfits(&self.inventories, &self.used, resources).is_empty()
    }

    /// What can still be allocated of a class.
    #[must_use]
    pub fn free_of(&self, class: &str) -> i64 {
        let inventory = self.inventories.iter().find(|inventory| inventory.class == class);
        let left = |inventory: &Inventory| {
            inventory.capacity().saturating_sub(self.used.get(class).copied().unwrap_or(0)).max(0)
        };
        inventory.map_or(0, left)
    }

    /// Counts amounts as used.
    pub fn take(&mut self, resources: &Resources) {
        for (class, amount) in resources {
            *self.used.entry(class.clone()).or_insert(0) += amount;
        }
    }
}

/// Every reason why the provider does not take the request.
#[must_use]
pub(crate) fn objections(supply: &Supply, request: &Request) -> Vec<String> {
    if request.within.as_ref().is_some_and(|within| !within.contains(&supply.provider.id)) {
        return vec!["is not among the hosts asked for".to_owned()];
    }
    let mut reasons: Vec<String> = misfits(&supply.inventories, &supply.used, &request.resources)
        .iter()
        .map(ToString::to_string)
        .collect();
    let missing = request.required.difference(&supply.traits).map(|name| format!("has not the trait {name}"));
    reasons.extend(missing);
    let unwanted = request.forbidden.intersection(&supply.traits).map(|name| format!("has the trait {name}"));
    reasons.extend(unwanted);
    for set in request.any_of.iter().filter(|set| set.is_disjoint(&supply.traits)) {
        let names: Vec<&str> = set.iter().map(String::as_str).collect();
        reasons.push(format!("has none of the traits {}", names.join(", ")));
    }
    reasons
}

fn candidate(supply: &Supply) -> Candidate {
    Candidate {
        provider: supply.provider.id,
        name: supply.provider.name.clone(),
        free: supply.free(),
        inventories: supply.inventories.clone(),
        traits: supply.traits.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::inventory::{MEMORY_MB, VCPU};
    use super::*;
    use kogge_clock::Timestamp;

    fn supply(name: &str, memory: i64, traits: &[&str]) -> Supply {
        let id = ProviderId::random();
        let moment = Timestamp::from_seconds(0);
        Supply {
            provider: Provider {
                id,
                name: name.to_owned(),
                generation: 0,
                parent: None,
                root: id,
                created_at: moment,
                updated_at: moment,
            },
            inventories: vec![Inventory::new(VCPU, 4), Inventory::new(MEMORY_MB, memory)],
            used: Resources::new(),
            traits: traits.iter().map(|name| (*name).to_owned()).collect(),
            aggregates: BTreeSet::new(),
        }
    }

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn the_hosts_that_fit_are_candidates() {
        let hosts = [supply("small", 512, &[]), supply("big", 8192, &[])];
        let found = candidates(&hosts, &Request::amounts(&[(VCPU, 1), (MEMORY_MB, 4096)])).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].name, "big");
        assert_eq!(found[0].free[MEMORY_MB], 8192);
    }

    #[test]
    fn every_host_says_why_it_refuses() {
        let hosts = [supply("b", 512, &[]), supply("a", 1024, &[])];
        let refused = candidates(&hosts, &Request::amounts(&[(VCPU, 9), (MEMORY_MB, 4096)])).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "No valid host was found. a: needs 4096 MiB memory, 1024 of 1024 free; needs 9 vCPUs, 4 of 4 free. \
             b: needs 4096 MiB memory, 512 of 512 free; needs 9 vCPUs, 4 of 4 free."
        );
        assert!(candidates(&[], &Request::default()).unwrap_err().to_string().contains("no host"));
    }

    #[test]
    fn traits_are_required_forbidden_or_a_choice() {
        let host = [supply("a", 512, &["CUSTOM_SSD", "COMPUTE_STATUS_DISABLED"])];
        let objects = |request: Request| objections(&host[0], &request);
        assert!(objects(Request { required: set(&["CUSTOM_SSD"]), ..Request::default() }).is_empty());
        let missing = objects(Request { required: set(&["CUSTOM_GPU"]), ..Request::default() });
        assert_eq!(missing, ["has not the trait CUSTOM_GPU"]);
        let unwanted =
            objects(Request { forbidden: set(&["COMPUTE_STATUS_DISABLED"]), ..Request::default() });
        assert_eq!(unwanted, ["has the trait COMPUTE_STATUS_DISABLED"]);
        let any_of = vec![set(&["X", "Y"]), set(&["CUSTOM_SSD", "Z"])];
        assert_eq!(objects(Request { any_of, ..Request::default() }), ["has none of the traits X, Y"]);
        let within = Some(BTreeSet::new());
        assert_eq!(objects(Request { within, ..Request::default() }), ["is not among the hosts asked for"]);
    }
}
