//! Subnet pools: ranges that subnets are taken out of. Prefixes only grow; within an address scope no two pools overlap.

pub(crate) mod prefixes;

use ipnet::IpNet;
use kogge_auth::{Caller, Rule, Target};
use kogge_db::filter::{BASIC, DESCRIBED, NAMED, TAGS, by, int, text, truth};
use kogge_db::record::Json;
use kogge_db::{Record, Tx};
use kogge_ids::SubnetPoolId;
use kogge_resource::neutron::check;
use kogge_resource::neutron::tags::Tagged;
use kogge_resource::{
    Absent, Body, Call, Create, Delete, List, Listing, Loaded, Names, Resource, Schema, Update, Verb,
};
use serde_json::{Value, json};

use super::address_scopes::AddressScopes;
use super::{command, fresh, standard};
use crate::attributes::subnets::prefixes as ranges;
use crate::attributes::{STANDARD, both, post, shown};
use crate::error::{Error, Result};
use crate::model::address::{number, overlap};
use crate::model::commands::{NewSubnetPool, SubnetPoolChange};
use crate::service::{is_admin, is_own, owner, permit, permit_fields, spelled};
use crate::store::rows::{AddressScope, SubnetPool};
use crate::store::{networks as store, quotas};
use crate::{Networking, policy};

/// Subnet pools.
pub(crate) struct SubnetPools;

impl Resource for SubnetPools {
    type Service = Networking;
    type Row = SubnetPool;
    type More = ();

    const NAMES: Names =
        Names::new("subnetpool", "subnetpools", "/v2.0/subnetpools", "/v2.0/subnetpools/{id}");
    const READ: Rule = policy::GET_SUBNETPOOL;

    fn missing(_: &Call<Networking>, id: &str) -> Error {
        Error::subnet_pool_not_found(id)
    }

    fn id(row: &SubnetPool) -> String {
        row.id.to_string()
    }

    fn target(row: &SubnetPool) -> Target<'_> {
        Target::project(&row.project_id).attr("shared", spelled(row.shared))
    }

    fn view(_: &Call<Networking>, row: &SubnetPool, (): &(), _: Verb) -> Value {
        standard!(row).add(json!({
            "id": row.id,
            "name": row.name,
            "prefixes": row.prefixes.0,
            "ip_version": row.ip_version,
            "default_quota": row.default_quota,
            // texts: `_make_subnetpool_dict` of Neutron spells them so
            "default_prefixlen": row.default_prefixlen.to_string(),
            "min_prefixlen": row.min_prefixlen.to_string(),
            "max_prefixlen": row.max_prefixlen.to_string(),
            "is_default": row.is_default,
            "shared": row.shared,
            "address_scope_id": row.address_scope_id,
        }))
    }
}

impl List for SubnetPools {
    const RULE: Rule = policy::GET_SUBNETPOOL;
    const LIST: Listing = Listing {
        filters: &[
            BASIC,
            NAMED,
            DESCRIBED,
            TAGS,
            &[
                int("ip_version", "ip_version = ?"),
                int("default_quota", "default_quota = ?"),
                int("default_prefixlen", "default_prefixlen = ?"),
                int("min_prefixlen", "min_prefixlen = ?"),
                int("max_prefixlen", "max_prefixlen = ?"),
                truth("is_default", "is_default = ?"),
                truth("shared", "shared = ?"),
                text("address_scope_id", "address_scope_id = ?"),
            ],
        ],
        sort: &[
            by("id"),
            by("name"),
            by("project_id"),
            by("ip_version"),
            by("default_prefixlen"),
            by("min_prefixlen"),
            by("max_prefixlen"),
            by("is_default"),
            by("shared"),
            by("created_at"),
            by("updated_at"),
        ],
        own: "project_id = ? OR shared",
        ..Listing::OWN
    };
}

const BODY: Schema = Schema::new(
    "subnetpool",
    &[
        STANDARD,
        &[
            both("name", Absent::Required, check::filled_text),
            both("prefixes", Absent::Required, ranges),
            both("default_quota", Absent::Unset, check::non_negative),
            both("default_prefixlen", Absent::Unset, check::non_negative),
            both("min_prefixlen", Absent::Unset, check::non_negative),
            both("max_prefixlen", Absent::Unset, check::non_negative),
            both("is_default", Absent::Bool(false), check::boolean),
            post("shared", Absent::Bool(false), check::boolean),
            both("address_scope_id", Absent::Null, check::uuid_or_null),
            shown("ip_version"),
        ],
    ],
);

impl Create for SubnetPools {
    const RULE: Rule = policy::CREATE_SUBNETPOOL;
    const BODY: Schema = BODY;

    async fn create(call: &Call<Networking>, tx: &mut Tx, body: Body) -> Result<(SubnetPool, ())> {
        let (net, caller) = (&call.service, &call.caller);
        let new: NewSubnetPool = command(body)?;
        let project = owner(caller, new.project_id.clone())?;
        let wished = Target::project(&project).attr("shared", spelled(new.shared));
        permit(caller, &<Self as Create>::RULE, &wished)?;
        permit_fields(caller, "create_subnetpool", &new.fields, &wished)?;
        net.charge(tx, &project, "subnetpool", 1).await?;
        let prefixes = aggregated(&new.prefixes)?;
        let v4 = prefixes.first().is_some_and(|prefix| prefix.network().is_ipv4());
        let now = net.clock().now();
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
        fits(tx, caller, &row).await?;
        row.insert(tx).await?;
        Ok((row, ()))
    }
}

impl Update for SubnetPools {
    const RULE: Rule = policy::UPDATE_SUBNETPOOL;
    const BODY: Schema = BODY;

    async fn update(
        call: &Call<Networking>,
        tx: &mut Tx,
        loaded: Loaded<Self>,
        body: Body,
    ) -> Result<(SubnetPool, ())> {
        let (mut row, change) = (loaded.into_row(), command::<SubnetPoolChange>(body)?);
        permit_fields(&call.caller, "update_subnetpool", &change.fields, &Self::target(&row))?;
        fresh(call, row.revision_number)?;
        if let Some(prefixes) = change.prefixes {
            scope_is_own(tx, &call.caller, &row).await?;
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
        fits(tx, &call.caller, &row).await?;
        row.updated_at = call.service.clock().now();
        row.revision_number += 1;
        row.save(tx).await?;
        Ok((row, ()))
    }
}

impl Delete for SubnetPools {
    const RULE: Rule = policy::DELETE_SUBNETPOOL;

    async fn before(call: &Call<Networking>, tx: &mut Tx, row: &SubnetPool) -> Result<()> {
        fresh(call, row.revision_number)?;
        if !store::subnets_of_pool(&mut tx.into(), row.id).await?.is_empty() {
            return Err(Error::pool_in_use("Subnet pool has existing allocations"));
        }
        Ok(())
    }
}

impl Tagged for SubnetPools {
    const PATHS: (&'static str, &'static str) =
        ("/v2.0/subnetpools/{id}/tags", "/v2.0/subnetpools/{id}/tags/{tag}");
    const READ_TAGS: Rule = policy::GET_SUBNETPOOL_TAGS;
    const CHANGE_TAGS: Rule = policy::UPDATE_SUBNETPOOL_TAGS;
    super::tags!(SubnetPool);
}

/// A pool in another project's scope gets other prefixes only by whom that scope obeys. Neutron refuses its owner all other
/// changes too, even to leave the scope.
async fn scope_is_own(tx: &mut Tx, caller: &Caller, row: &SubnetPool) -> Result<()> {
    let Some(id) = row.address_scope_id else { return Ok(()) };
    match AddressScope::get(tx, &id).await? {
        Some(scope) if !is_admin(caller) && !is_own(caller, &scope.project_id) => Err(Error::pool_update(
            format!("subnetpool {} cannot be updated when associated with shared address scope {id}", row.id),
        )),
        _ => Ok(()),
    }
}

/// Default pools are unique per IP version; a scope has the pool's version, and no two of its pools overlap.
async fn fits(tx: &mut Tx, caller: &Caller, row: &SubnetPool) -> Result<()> {
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
    if !caller.may(&policy::GET_ADDRESS_SCOPE, &AddressScopes::target(&found)) {
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
    use super::*;

    #[test]
    fn pools_hold_one_family_and_sensible_bounds() {
        let nets = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<_>>();
        assert_eq!(aggregated(&[]).unwrap_err().name(), "EmptySubnetPoolPrefixList");
        assert_eq!(
            aggregated(&nets(&["10.0.0.0/8", "fd00::/8"])).unwrap_err().name(),
            "PrefixVersionMismatch"
        );
        assert_eq!(aggregated(&nets(&["10.0.0.0/9", "10.128.0.0/9"])).unwrap().len(), 1);
    }
}
