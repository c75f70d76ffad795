//! Subnet pools, address scopes, and taking a range out of a pool.

use ipnet::IpNet;
use kogge_auth::{Caller, Target};
use kogge_db::{Executor, Paged, Query, Tx};
use kogge_ids::{AddressScopeId, SubnetPoolId};

use super::{check_revision, owner, permit, permit_change, permit_fields, scope, spelled};
use crate::error::{Error, Result};
use crate::model::address::{address, bounds, number, overlap};
use crate::model::commands::{NewSubnet, NewSubnetPool, SubnetPoolChange};
use crate::store::filter::ListQuery;
use crate::store::networks as store;
use crate::store::quotas;
use crate::store::record::Json;
use crate::store::rows::{AddressScope, SubnetPool};
use crate::{Networking, policy};

fn target(pool: &SubnetPool) -> Target<'_> {
    Target::project(&pool.project_id).attr("shared", spelled(pool.shared))
}

fn scope_target(scope: &AddressScope) -> Target<'_> {
    Target::project(&scope.project_id).attr("shared", spelled(scope.shared))
}

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
        if !caller.may(&policy::GET_SUBNETPOOL, &target(&pool)) {
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

    /// Creates a subnet pool.
    ///
    /// # Errors
    /// `PolicyNotAuthorized`, `OverQuota`, and what does not fit together.
    pub async fn create_subnet_pool_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        new: NewSubnetPool,
    ) -> Result<SubnetPool> {
        let project = owner(caller, new.project_id.clone())?;
        let wished = Target::project(&project).attr("shared", spelled(new.shared));
        permit(caller, &policy::CREATE_SUBNETPOOL, &wished)?;
        permit_fields(caller, "create_subnetpool", &new.fields, &wished)?;
        self.charge(tx, &project, "subnetpool", 1).await?;
        let prefixes = aggregated(&new.prefixes)?;
        let v4 = prefixes.first().is_some_and(|prefix| prefix.network().is_ipv4());
        let now = self.clock().now();
        let min = new.min_prefixlen.unwrap_or(if v4 { 8 } else { 64 });
        let row = SubnetPool {
            id: SubnetPoolId::random(),
            project_id: project,
            name: new.name,
            description: new.description,
            ip_version: if v4 { 4 } else { 6 },
            prefixes: Json(prefixes),
            default_quota: new.default_quota,
            default_prefixlen: new.default_prefixlen.unwrap_or(min),
            min_prefixlen: min,
            max_prefixlen: new.max_prefixlen.unwrap_or(if v4 { 32 } else { 128 }),
            is_default: new.is_default,
            shared: new.shared,
            address_scope_id: new.address_scope_id,
            tags: Json(Vec::new()),
            created_at: now,
            updated_at: now,
            revision_number: 0,
        };
        check_bounds(&row)?;
        self.pool_fits(tx, caller, &row).await?;
        row.insert(tx).await?;
        Ok(row)
    }

    /// Default pools are unique per IP version; a scope has the pool's version, and no two of its pools overlap.
    async fn pool_fits(&self, tx: &mut Tx, caller: &Caller, row: &SubnetPool) -> Result<()> {
        if row.is_default {
            quotas::lock(tx, quotas::EVERYBODY, "default_pool").await?;
            let other = store::default_pool(tx, row.ip_version).await?.filter(|id| *id != row.id);
            if other.is_some() {
                return Err(Error::invalid(format!(
                    "A default subnetpool for IPv{} already exists",
                    row.ip_version
                )));
            }
        }
        let Some(id) = row.address_scope_id else { return Ok(()) };
        // locked, so that of two pools that join at once the second sees the first
        let found = AddressScope::lock(tx, &id).await?.ok_or_else(|| Error::address_scope_not_found(id))?;
        if !caller.may(&policy::GET_ADDRESS_SCOPE, &scope_target(&found)) {
            return Err(Error::address_scope_not_found(id));
        }
        if found.ip_version != row.ip_version {
            return Err(Error::scope_version(row.id, id, found.ip_version));
        }
        let others = store::pools_of_scope(&mut tx.into(), id).await?;
        let mut others = others.iter().filter(|pool| pool.id != row.id).flat_map(|pool| pool.prefixes.iter());
        if others.any(|other| row.prefixes.iter().any(|own| overlap(own, other))) {
            return Err(Error::scope_overlap());
        }
        Ok(())
    }

    /// The pool, if the caller may see it.
    ///
    /// # Errors
    /// `SubnetPoolNotFound`.
    pub async fn subnet_pool(&self, caller: &Caller, id: SubnetPoolId) -> Result<SubnetPool> {
        let row = SubnetPool::get(self.db(), &id).await?.ok_or_else(|| Error::subnet_pool_not_found(id))?;
        if caller.may(&policy::GET_SUBNETPOOL, &target(&row)) {
            Ok(row)
        } else {
            Err(Error::subnet_pool_not_found(id))
        }
    }

    /// One page of the pools that the caller may see.
    ///
    /// # Errors
    /// 400 for unknown filters.
    pub async fn list_subnet_pools(&self, caller: &Caller, query: &ListQuery) -> Result<Paged<SubnetPool>> {
        Ok(store::list_pools(&mut self.db().into(), scope(caller), query).await??)
    }

    pub(crate) async fn own_pool(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        id: SubnetPoolId,
        rule: &kogge_auth::Rule,
    ) -> Result<SubnetPool> {
        let missing = || Error::subnet_pool_not_found(id);
        let row = SubnetPool::lock(tx, &id).await?.ok_or_else(missing)?;
        permit_change(caller, rule, &policy::GET_SUBNETPOOL, &target(&row), missing)?;
        Ok(row)
    }

    /// Changes a pool. Prefixes only grow.
    ///
    /// # Errors
    /// `SubnetPoolNotFound`, `PolicyNotAuthorized`, `IllegalSubnetPoolPrefixUpdate`, and as for create.
    pub async fn update_subnet_pool_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        id: SubnetPoolId,
        change: SubnetPoolChange,
        revision: Option<i64>,
    ) -> Result<SubnetPool> {
        let mut row = self.own_pool(tx, caller, id, &policy::UPDATE_SUBNETPOOL).await?;
        permit_fields(caller, "update_subnetpool", &change.fields, &target(&row))?;
        check_revision(revision, row.revision_number)?;
        if let Some(prefixes) = change.prefixes {
            let prefixes = aggregated(&prefixes)?;
            if let Some(lost) = row.prefixes.iter().find(|old| !prefixes.iter().any(|new| new.contains(*old)))
            {
                return Err(Error::illegal_prefixes(format!(
                    "Existing prefixes must be a subset of the new prefixes: {lost}"
                )));
            }
            row.prefixes = Json(prefixes);
        }
        row.name = change.name.unwrap_or(row.name);
        row.description = change.description.unwrap_or(row.description);
        row.default_quota = change.default_quota.or(row.default_quota);
        row.min_prefixlen = change.min_prefixlen.unwrap_or(row.min_prefixlen);
        row.max_prefixlen = change.max_prefixlen.unwrap_or(row.max_prefixlen);
        row.default_prefixlen = change.default_prefixlen.unwrap_or(row.default_prefixlen);
        row.is_default = change.is_default.unwrap_or(row.is_default);
        row.address_scope_id = change.address_scope_id.unwrap_or(row.address_scope_id);
        check_bounds(&row)?;
        self.pool_fits(tx, caller, &row).await?;
        row.updated_at = self.clock().now();
        row.revision_number += 1;
        row.save(tx).await?;
        Ok(row)
    }

    /// Deletes a pool of which nothing is taken.
    ///
    /// # Errors
    /// `SubnetPoolNotFound`, `PolicyNotAuthorized`, `SubnetPoolDeleteError`.
    pub async fn delete_subnet_pool_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        id: SubnetPoolId,
        revision: Option<i64>,
    ) -> Result<()> {
        let row = self.own_pool(tx, caller, id, &policy::DELETE_SUBNETPOOL).await?;
        check_revision(revision, row.revision_number)?;
        if !store::subnets_of_pool(&mut (&mut *tx).into(), id).await?.is_empty() {
            return Err(Error::pool_in_use("Subnet pool has existing allocations"));
        }
        SubnetPool::delete(tx, &id).await?;
        Ok(())
    }

    /// Creates an address scope.
    ///
    /// # Errors
    /// `PolicyNotAuthorized`.
    pub async fn create_address_scope_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        project: Option<String>,
        name: String,
        ip_version: i64,
        shared: bool,
    ) -> Result<AddressScope> {
        let project = owner(caller, project)?;
        let wished = Target::project(&project).attr("shared", spelled(shared));
        permit(caller, &policy::CREATE_ADDRESS_SCOPE, &wished)?;
        if shared {
            permit(caller, &policy::CREATE_ADDRESS_SCOPE_SHARED, &wished)?;
        }
        self.charge(tx, &project, "address_scope", 1).await?;
        let row =
            AddressScope { id: AddressScopeId::random(), project_id: project, name, ip_version, shared };
        row.insert(tx).await?;
        Ok(row)
    }

    /// The address scope, if the caller may see it.
    ///
    /// # Errors
    /// `AddressScopeNotFound`.
    pub async fn address_scope(&self, caller: &Caller, id: AddressScopeId) -> Result<AddressScope> {
        let missing = || Error::address_scope_not_found(id);
        let row = AddressScope::get(self.db(), &id).await?.ok_or_else(missing)?;
        if caller.may(&policy::GET_ADDRESS_SCOPE, &scope_target(&row)) { Ok(row) } else { Err(missing()) }
    }

    /// One page of the address scopes that the caller may see.
    ///
    /// # Errors
    /// 400 for unknown filters.
    pub async fn list_address_scopes(
        &self,
        caller: &Caller,
        query: &ListQuery,
    ) -> Result<Paged<AddressScope>> {
        Ok(store::list_scopes(&mut self.db().into(), scope(caller), query).await??)
    }

    /// Changes name or sharing of an address scope; shared ones stay shared.
    ///
    /// # Errors
    /// `AddressScopeNotFound`, `PolicyNotAuthorized`, `AddressScopeUpdateError`.
    pub async fn update_address_scope_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        id: AddressScopeId,
        name: Option<String>,
        shared: Option<bool>,
    ) -> Result<AddressScope> {
        let missing = || Error::address_scope_not_found(id);
        let mut row = AddressScope::lock(tx, &id).await?.ok_or_else(missing)?;
        let rule = &policy::UPDATE_ADDRESS_SCOPE;
        permit_change(caller, rule, &policy::GET_ADDRESS_SCOPE, &scope_target(&row), missing)?;
        if let Some(shared) = shared {
            permit(caller, &policy::UPDATE_ADDRESS_SCOPE_SHARED, &scope_target(&row))?;
            if row.shared && !shared {
                return Err(Error::scope_update(id, "Shared address scope can't be unshared"));
            }
            row.shared = shared;
        }
        row.name = name.unwrap_or(row.name);
        row.save(tx).await?;
        Ok(row)
    }

    /// Deletes an address scope that no pool uses.
    ///
    /// # Errors
    /// `AddressScopeNotFound`, `PolicyNotAuthorized`, `AddressScopeInUse`.
    pub async fn delete_address_scope_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        id: AddressScopeId,
    ) -> Result<()> {
        let missing = || Error::address_scope_not_found(id);
        let row = AddressScope::lock(tx, &id).await?.ok_or_else(missing)?;
        let rule = &policy::DELETE_ADDRESS_SCOPE;
        permit_change(caller, rule, &policy::GET_ADDRESS_SCOPE, &scope_target(&row), missing)?;
        let used = Query::new("SELECT 1 AS one FROM subnet_pools WHERE address_scope_id = $1 LIMIT 1");
        if tx.optional(used.bind(id)).await?.is_some() {
            return Err(Error::scope_in_use(id));
        }
        AddressScope::delete(tx, &id).await?;
        Ok(())
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

fn aggregated(prefixes: &[IpNet]) -> Result<Vec<IpNet>> {
    let Some(first) = prefixes.first() else { return Err(Error::empty_prefixes()) };
    let v4 = first.network().is_ipv4();
    if prefixes.iter().any(|prefix| prefix.network().is_ipv4() != v4) {
        return Err(Error::prefix_version_mismatch());
    }
    if let Some(wide) = prefixes.iter().find(|prefix| prefix.prefix_len() == 0) {
        return Err(Error::unsupported_min_prefix(wide, if v4 { 4 } else { 6 }));
    }
    let mut all = IpNet::aggregate(&prefixes.to_vec());
    all.sort_by_key(|range| number(range.network()));
    Ok(all)
}

fn check_bounds(row: &SubnetPool) -> Result<()> {
    let most = if row.ip_version == 4 { 32 } else { 128 };
    let (min, max, default) = (row.min_prefixlen, row.max_prefixlen, row.default_prefixlen);
    if min == 0 {
        return Err(Error::unsupported_min_prefix(min, row.ip_version));
    }
    if max > most {
        return Err(Error::prefix_bounds("max_prefixlen", max, "ip_version_max", most));
    }
    if min > max {
        return Err(Error::prefix_bounds("min_prefixlen", min, "max_prefixlen", max));
    }
    if default < min {
        return Err(Error::prefix_bounds("default_prefixlen", default, "min_prefixlen", min));
    }
    if default > max {
        return Err(Error::prefix_bounds("default_prefixlen", default, "max_prefixlen", max));
    }
    Ok(())
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

    #[test]
    fn pools_hold_one_family_and_sensible_bounds() {
        assert_eq!(aggregated(&[]).unwrap_err().name(), "EmptySubnetPoolPrefixList");
        assert_eq!(
            aggregated(&nets(&["10.0.0.0/8", "fd00::/8"])).unwrap_err().name(),
            "PrefixVersionMismatch"
        );
        assert_eq!(aggregated(&nets(&["10.0.0.0/9", "10.128.0.0/9"])).unwrap().len(), 1);
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
