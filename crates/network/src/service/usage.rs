//! How many addresses of networks are in use.

use std::collections::HashMap;

use kogge_auth::{Caller, Target};
use kogge_db::filter::Whose;
use kogge_ids::SubnetId;

use super::permit;
use crate::error::Result;
use crate::resources::networks::page_of;
use crate::store::rows::{Network, Subnet};
use crate::store::{allocations, networks};
use crate::{ListQuery, Networking, policy};

/// The addresses of a network.
pub(crate) struct NetworkUsage {
    /// Whose addresses.
    pub(crate) network: Network,
    /// Its subnets, as many as were asked for.
    pub(crate) subnets: Vec<SubnetUsage>,
}

/// The addresses of a subnet.
pub(crate) struct SubnetUsage {
    /// Whose addresses.
    pub(crate) subnet: Subnet,
    /// How many ports have.
    pub(crate) used: i64,
}

impl NetworkUsage {
    /// Addresses in the pools of all subnets.
    pub(crate) fn total(&self) -> u64 {
        self.subnets.iter().fold(0, |sum, subnet| sum.saturating_add(subnet.total()))
    }

    /// Addresses that ports have.
    pub(crate) fn used(&self) -> i64 {
        self.subnets.iter().map(|subnet| subnet.used).sum()
    }
}

impl SubnetUsage {
    /// Addresses in the pools, at most what JSON's readers can count.
    pub(crate) fn total(&self) -> u64 {
        let pools = &self.subnet.allocation_pools;
        let sum = pools.iter().fold(0_u128, |sum, pool| sum.saturating_add(pool.size()));
        u64::try_from(sum).unwrap_or(u64::MAX)
    }
}

impl Networking {
    /// How many addresses the networks of a page have and use; of subnets of `version` only, where it is given.
    ///
    /// # Errors
    /// Callers who may not see it, filters that are none, and the database's.
    pub(crate) async fn usage(
        &self,
        caller: &Caller,
        query: &ListQuery,
        version: Option<&str>,
    ) -> Result<Vec<NetworkUsage>> {
        permit(caller, &policy::GET_NETWORK_IP_AVAILABILITY, &Target::none())?;
        let mut source = self.db().into();
        let found = page_of(&mut source, Whose::Everybodys, query).await?.items;
        let ids: Vec<_> = found.iter().map(|network| network.id).collect();
        let mut subnets = networks::subnets_of(&mut source, &ids).await?;
        let used = allocations::used(&mut source, &ids).await?;
        let with_subnets = |network: Network| {
            let its = subnets.remove(&network.id).unwrap_or_default().into_iter();
            let its =
                its.filter(|subnet| version.is_none_or(|wanted| subnet.ip_version.to_string() == wanted));
            let subnets = its.map(|subnet| counted(subnet, &used)).collect();
            NetworkUsage { network, subnets }
        };
        Ok(found.into_iter().map(with_subnets).collect())
    }
}

fn counted(subnet: Subnet, used: &HashMap<SubnetId, i64>) -> SubnetUsage {
    SubnetUsage { used: used.get(&subnet.id).copied().unwrap_or(0), subnet }
}
