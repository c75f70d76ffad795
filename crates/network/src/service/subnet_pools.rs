//! Taking a range out of a subnet pool.

use ipnet::IpNet;
use kogge_auth::Caller;
use kogge_db::{Record as _, Tx};
use kogge_ids::SubnetPoolId;
use kogge_resource::Resource as _;

use crate::error::{Error, Result};
use crate::model::address::{address, bounds, overlap};
use crate::model::commands::NewSubnet;
use crate::resources::subnet_pools::SubnetPools;
use crate::store::networks as store;
use crate::store::rows::SubnetPool;
use crate::{Networking, policy};

impl Networking {
    /// The range of a new subnet: the wished one, or one out of a pool.
    pub(crate) async fn range_of(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        project: &str,
        new: &NewSubnet,
    ) -> Result<(IpNet, Option<SubnetPoolId>)> {
        if new.cidr.is_some() && new.prefixlen.is_some() {
            return Err(Error::bad_request("subnets", "cidr and prefixlen must not be supplied together"));
        }
        if new.subnetpool_id.is_some() && new.use_default_subnetpool {
            let message = "subnetpool_id and use_default_subnetpool cannot both be specified";
            return Err(Error::bad_request("subnets", message));
        }
        let pool = match (new.subnetpool_id, new.use_default_subnetpool) {
            (Some(id), _) => Some(id),
            (None, true) => Some(store::default_pool(tx, new.ip_version).await?.ok_or_else(|| {
                Error::bad_request(
                    "subnets",
                    format!("No default subnetpool found for IPv{}", new.ip_version),
                )
            })?),
            (None, false) => None,
        };
        match (pool, new.cidr) {
            (None, Some(cidr)) => Ok((cidr, None)),
            (None, None) => {
                Err(Error::bad_request("subnets", "a subnetpool must be specified in the absence of a cidr"))
            }
            (Some(id), _) => self.cut(tx, caller, project, id, new).await.map(|cidr| (cidr, Some(id))),
        }
    }

    /// Takes a range out of a pool. The pool's row is locked, so nobody takes an overlapping one.
    async fn cut(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        project: &str,
        id: SubnetPoolId,
        new: &NewSubnet,
    ) -> Result<IpNet> {
        let pool = SubnetPool::lock(tx, &id).await?.ok_or_else(|| Error::subnet_pool_not_found(id))?;
        if !caller.may(&policy::GET_SUBNETPOOL, &SubnetPools::target(&pool)) {
            return Err(Error::subnet_pool_not_found(id));
        }
        if pool.ip_version != new.ip_version && new.cidr.is_none() {
            return Err(Error::bad_request(
                "subnets",
                format!("the subnetpool is for IPv{}", pool.ip_version),
            ));
        }
        if new.allocation_pools.is_some() && new.cidr.is_none() {
            let message = "allocation_pools allowed only for specific subnet requests.";
            return Err(Error::bad_request("subnets", message));
        }
        let taken = store::subnets_of_pool(&mut (&mut *tx).into(), id).await?;
        let ranges: Vec<IpNet> = taken.iter().map(|subnet| subnet.cidr).collect();
        let length = match (new.cidr, new.prefixlen) {
            (Some(cidr), _) => i64::from(cidr.prefix_len()),
            (None, Some(length)) => i64::from(length),
            (None, None) => pool.default_prefixlen,
        };
        if length < pool.min_prefixlen {
            return Err(Error::prefix_too_short(length, pool.min_prefixlen));
        }
        if length > pool.max_prefixlen {
            return Err(Error::prefix_too_long(length, pool.max_prefixlen));
        }
        let own: u128 = taken
            .iter()
            .filter(|subnet| subnet.project_id == project)
            .map(|subnet| units(&subnet.cidr))
            .sum();
        let length = u8::try_from(length).unwrap_or(0);
        let found = match new.cidr {
            Some(cidr) => {
                let inside = pool.prefixes.iter().any(|prefix| prefix.contains(&cidr));
                (inside && !ranges.iter().any(|range| overlap(range, &cidr))).then_some(cidr).ok_or_else(
                    || {
                        Error::subnet_allocation(format!(
                            "Cannot allocate requested subnet from the available set of prefixes: {cidr}"
                        ))
                    },
                )?
            }
            None => first_free(&pool.prefixes, &ranges, length).ok_or_else(|| {
                Error::subnet_allocation(format!(
                    "Insufficient prefix space to allocate subnet size /{length}"
                ))
            })?,
        };
        match pool.default_quota {
            Some(quota) if own.saturating_add(units(&found)) > u128::try_from(quota).unwrap_or(0) => {
                Err(Error::pool_quota())
            }
            _ => Ok(found),
        }
    }

    /// True where the caller's project is the owner, for tags.
    pub(crate) fn is_own(&self, caller: &Caller, project: &str) -> bool {
        super::is_admin(caller) || super::is_own(caller, project)
    }
}

/// What a range counts against a pool's quota: addresses of IPv4, /64 ranges of IPv6.
fn units(range: &IpNet) -> u128 {
    let exponent = match range {
        IpNet::V4(v4) => 32 - v4.prefix_len(),
        IpNet::V6(v6) => 64_u8.saturating_sub(v6.prefix_len()),
    };
    1_u128 << exponent
}

/// The lowest range of this length inside of `prefixes` that touches none of `taken`. Jumps from one taken range to
/// the next, so the work grows with what is taken.
fn first_free(prefixes: &[IpNet], taken: &[IpNet], length: u8) -> Option<IpNet> {
    for prefix in prefixes.iter().filter(|prefix| prefix.prefix_len() <= length) {
        let size = 1_u128.checked_shl(u32::from(prefix.max_prefix_len() - length)).unwrap_or(0);
        let (first, last) = bounds(prefix);
        let mut candidate = first;
        let mut sorted: Vec<(u128, u128)> = taken.iter().filter(|t| overlap(t, prefix)).map(bounds).collect();
        sorted.sort_unstable();
        for (from, to) in sorted {
            if candidate.checked_add(size - 1).is_some_and(|end| end < from) {
                break;
            }
            if to >= candidate {
                // the next multiple of the size behind what is taken
                candidate = first + ((to - first) / size + 1) * size;
            }
        }
        if candidate <= last && candidate.checked_add(size - 1).is_some_and(|end| end <= last) {
            return IpNet::new(address(candidate, prefix.network()), length).ok();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn nets(texts: &[&str]) -> Vec<IpNet> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn the_lowest_free_range_is_cut() {
        let pool = nets(&["10.0.0.0/22"]);
        assert_eq!(first_free(&pool, &[], 24).unwrap().to_string(), "10.0.0.0/24");
        let taken = nets(&["10.0.0.0/26", "10.0.2.0/24"]);
        assert_eq!(first_free(&pool, &taken, 24).unwrap().to_string(), "10.0.1.0/24");
        assert_eq!(first_free(&pool, &taken, 26).unwrap().to_string(), "10.0.0.64/26");
        assert!(first_free(&pool, &nets(&["10.0.0.0/22"]), 30).is_none());
        assert!(first_free(&pool, &[], 21).is_none());
        assert_eq!(
            first_free(&nets(&["fd00::/48"]), &nets(&["fd00::/64"]), 64).unwrap().to_string(),
            "fd00:0:0:1::/64"
        );
    }

    proptest! {
        #[test]
        fn cut_ranges_never_overlap(lengths in proptest::collection::vec(18u8..=28, 1..40)) {
            let pool = nets(&["10.8.0.0/17", "10.20.0.0/18"]);
            let mut taken: Vec<IpNet> = Vec::new();
            for length in lengths {
                if let Some(range) = first_free(&pool, &taken, length) {
                    prop_assert_eq!(range.prefix_len(), length);
                    prop_assert_eq!(range, range.trunc());
                    prop_assert!(pool.iter().any(|prefix| prefix.contains(&range)));
                    prop_assert!(!taken.iter().any(|other| overlap(other, &range)));
                    taken.push(range);
                }
            }
        }
    }
}
