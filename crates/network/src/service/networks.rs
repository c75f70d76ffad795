//! Networks.

use std::collections::HashMap;

use kogge_auth::{Caller, Target};
use kogge_db::record::Json;
use kogge_db::{Record as _, Source, Tx};
use kogge_ids::{NetworkId, SubnetId};

use super::{owner, permit, permit_fields, project_of, spelled};
use crate::error::{Error, Result};
use crate::model::address::least_mtu;
use crate::model::commands::{NetworkChange, NewNetwork};
use crate::model::holder::Holder;
use crate::store::networks as store;
use crate::store::quotas::{self, EVERYBODY};
use crate::store::rbac::{self, Sharing};
use crate::store::rows::{Network, Subnet};
use crate::{Networking, policy};

/// A network as a caller sees it.
#[derive(Debug, Clone)]
pub struct NetworkView {
    /// The row.
    pub row: Network,
    /// Its subnets.
    pub subnets: Vec<SubnetId>,
    /// Shared with the caller's project, or with all.
    pub shared: bool,
}

/// What policies may ask of a network; `shared` by an RBAC policy, of whatever kind. A network that is joined to the
/// world is so for those only whom it is shared with.
pub(crate) fn target(network: &Network, shared: bool) -> Target<'_> {
    Target::project(&network.project_id)
        .attr("shared", spelled(shared))
        .attr("router:external", spelled(network.external && shared))
        .attr("network:project_id", network.project_id.as_str())
}

/// Our numbers of networks: 24 bits, as VXLAN's.
const MOST_SEGMENTS: u32 = 16_777_215;

impl Networking {
    /// Creates a network.
    ///
    /// # Errors
    /// `PolicyNotAuthorized`, `OverQuota`, `InvalidInput` and what provider attributes may conflict with.
    pub async fn create_network_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        new: NewNetwork,
    ) -> Result<NetworkView> {
        let project = owner(caller, new.project_id.clone())?;
        let wished = Target::project(&project)
            .attr("shared", spelled(new.shared))
            .attr("router:external", spelled(new.external));
        permit(caller, &policy::CREATE_NETWORK, &wished)?;
        permit_fields(caller, "create_network", &new.fields, &wished)?;
        self.charge(tx, &project, "network", 1).await?;
        if new.is_default && new.external {
            quotas::lock(tx, EVERYBODY, "default_external").await?;
            no_other_default(tx, None).await?;
        }
        let mtu = self.mtu(new.mtu)?;
        let row = self.insert_network(tx, &project, mtu, &new).await?;
        if new.shared {
            rbac::share(tx, &row, "access_as_shared", "*").await?;
        }
        if new.external {
            rbac::share(tx, &row, "access_as_external", "*").await?;
        }
        self.default_group(tx, &project).await?;
        Ok(NetworkView { row, subnets: Vec::new(), shared: new.shared })
    }

    fn mtu(&self, wished: i64) -> Result<i64> {
        let most = self.config().mtu;
        match wished {
            0 => Ok(most),
            mtu if mtu > most => Err(Error::invalid(format!("Requested MTU is too big, maximum is {most}"))),
            mtu => Ok(mtu),
        }
    }

    async fn insert_network(
        &self,
        tx: &mut Tx,
        project: &str,
        mtu: i64,
        new: &NewNetwork,
    ) -> Result<Network> {
        let now = self.clock().now();
        let kind = new.network_type.clone().unwrap_or_else(|| "vxlan".to_owned());
        provider_fits(tx, &kind, new).await?;
        let tunnel = matches!(kind.as_str(), "vxlan" | "geneve" | "gre");
        let fixed = new.segmentation_id.filter(|_| tunnel);
        for _ in 0..16 {
            let random = i64::from(rand::random::<u32>() % MOST_SEGMENTS) + 1;
            let segment = fixed.unwrap_or(random);
            let row = Network {
                id: NetworkId::random(),
                project_id: project.to_owned(),
                name: new.name.clone(),
                description: new.description.clone(),
                admin_state_up: new.admin_state_up,
                mtu,
                dns_domain: new.dns_domain.clone(),
                port_security_enabled: new.port_security_enabled,
                external: new.external,
                is_default: new.is_default,
                network_type: kind.clone(),
                physical_network: new.physical_network.clone(),
                segmentation_id: if tunnel { Some(segment) } else { new.segmentation_id },
                segment,
                az_hints: Json(new.az_hints.clone()),
                auto_allocated: new.auto_allocated,
                tags: Json(Vec::new()),
                created_at: now,
                updated_at: now,
                revision_number: 1,
            };
            if row.insert(tx).await? {
                return Ok(row);
            }
            if let Some(taken) = fixed {
                return Err(Error::tunnel_in_use(taken));
            }
        }
        Err(Error::no_segment())
    }

    pub(crate) async fn complete_networks(
        &self,
        source: &mut Source<'_>,
        caller: &Caller,
        rows: Vec<Network>,
    ) -> Result<Vec<NetworkView>> {
        let ids: Vec<NetworkId> = rows.iter().map(|row| row.id).collect();
        let shared = store::shared(source, &ids, project_of(caller)).await?;
        let mut subnets: HashMap<NetworkId, Vec<Subnet>> = store::subnets_of(source, &ids).await?;
        let view = |row: Network| {
            let subnets =
                subnets.remove(&row.id).unwrap_or_default().iter().map(|subnet| subnet.id).collect();
            NetworkView { shared: shared.contains(&row.id), subnets, row }
        };
        Ok(rows.into_iter().map(view).collect())
    }

    /// Looks again whether the caller may use a network, after something was put on it: who takes a sharing or the
    /// network away meanwhile either is seen here or waits for this transaction (see [`rbac::fence`]).
    pub(crate) async fn still_open(&self, tx: &mut Tx, caller: &Caller, network: &Network) -> Result<()> {
        let now = self.visible_network(&mut tx.into(), caller, network.id).await?;
        if now.external == network.external { Ok(()) } else { Err(Error::network_not_found(network.id)) }
    }

    /// The network's row, if the caller may see it.
    pub(crate) async fn visible_network(
        &self,
        source: &mut Source<'_>,
        caller: &Caller,
        id: NetworkId,
    ) -> Result<Network> {
        let row = Network::get(&mut *source, &id).await?.ok_or_else(|| Error::network_not_found(id))?;
        let open = store::is_open(source, id, project_of(caller)).await?;
        if caller.may(&policy::GET_NETWORK, &target(&row, open)) {
            Ok(row)
        } else {
            Err(Error::network_not_found(id))
        }
    }

    /// Whether the caller may change these fields of a network.
    pub(crate) fn may_update_network(
        &self,
        caller: &Caller,
        row: &Network,
        change: &NetworkChange,
    ) -> Result<()> {
        permit_fields(caller, "update_network", &change.fields, &target(row, false))
    }

    /// Changes a network.
    ///
    /// # Errors
    /// What is in use in the old way.
    pub(crate) async fn update_network_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        mut row: Network,
        change: NetworkChange,
    ) -> Result<NetworkView> {
        let id = row.id;
        if let Some(shared) = change.shared {
            self.set_shared(tx, &row, shared).await?;
        }
        if let Some(external) = change.external.filter(|external| *external != row.external) {
            self.set_external(tx, &row, external).await?;
            row.external = external;
        }
        if let Some(mtu) = change.mtu {
            row.mtu = self.mtu(mtu)?;
            mtu_fits(tx, &row).await?;
        }
        if change.is_default == Some(true) && row.external {
            quotas::lock(tx, EVERYBODY, "default_external").await?;
            no_other_default(tx, Some(id)).await?;
        }
        row.is_default = change.is_default.unwrap_or(row.is_default);
        row.name = change.name.unwrap_or(row.name);
        row.description = change.description.unwrap_or(row.description);
        row.admin_state_up = change.admin_state_up.unwrap_or(row.admin_state_up);
        row.dns_domain = change.dns_domain.unwrap_or(row.dns_domain);
        row.port_security_enabled = change.port_security_enabled.unwrap_or(row.port_security_enabled);
        row.network_type = change.network_type.unwrap_or(row.network_type);
        row.physical_network = change.physical_network.or(row.physical_network);
        row.segmentation_id = change.segmentation_id.or(row.segmentation_id);
        row.updated_at = self.clock().now();
        row.revision_number += 1;
        row.save(tx).await?;
        let mut views = self.complete_networks(&mut tx.into(), caller, vec![row]).await?;
        views.pop().ok_or_else(|| Error::network_not_found(id))
    }

    async fn set_shared(&self, tx: &mut Tx, row: &Network, shared: bool) -> Result<()> {
        if shared {
            rbac::share(tx, row, "access_as_shared", "*").await?;
            return Ok(());
        }
        rbac::fence(tx, row.id).await?;
        if rbac::is_needed(tx, row, &Sharing::shared_with_all(), None).await? {
            return Err(Error::invalid_shared(&row.name));
        }
        Ok(rbac::unshare(tx, row.id, "access_as_shared", "*").await?)
    }

    /// Joins a network to the world, for everybody; or takes it and all its sharing out of it.
    pub(crate) async fn set_external(&self, tx: &mut Tx, row: &Network, external: bool) -> Result<()> {
        if external {
            rbac::share(tx, row, "access_as_external", "*").await?;
            return Ok(());
        }
        rbac::fence(tx, row.id).await?;
        if rbac::has_external_users(tx, row.id).await? {
            return Err(Error::external_in_use(row.id));
        }
        Ok(rbac::unshare_all(tx, row.id, "access_as_external").await?)
    }

    /// Deletes a network with its subnets and DHCP ports.
    ///
    /// # Errors
    /// `NetworkInUse`.
    pub(crate) async fn delete_network_in(&self, tx: &mut Tx, row: &Network) -> Result<()> {
        let id = row.id;
        rbac::fence(tx, id).await?;
        if row.external {
            store::remove_idle_floating(tx, id).await?;
        }
        let ports = crate::store::ports::of_network(&mut (&mut *tx).into(), id).await?;
        let users: Vec<String> =
            ports.iter().filter(|port| port.holder != Holder::Dhcp).map(|port| port.id.to_string()).collect();
        if !users.is_empty() {
            let shown: Vec<String> = users.into_iter().take(20).collect();
            let reason = format!(
                "There are one or more ports still in use on the network, id for these ports is: {}",
                shown.join(",")
            );
            return Err(Error::network_in_use(id, reason));
        }
        for port in ports {
            crate::store::ports::remove(tx, port.id).await?;
        }
        Ok(store::remove(tx, id).await?)
    }
}

async fn provider_fits(tx: &mut Tx, kind: &str, new: &NewNetwork) -> Result<()> {
    let needs_physical = matches!(kind, "flat" | "vlan");
    match kind {
        "local" | "flat" | "vlan" | "vxlan" | "geneve" | "gre" => {}
        other => return Err(Error::invalid(format!("network_type value '{other}' not supported"))),
    }
    if needs_physical != new.physical_network.is_some() {
        let verb = if needs_physical { "required" } else { "prohibited" };
        return Err(Error::invalid(format!("provider:physical_network {verb} for {kind} network")));
    }
    let range = if kind == "vlan" { 1..=4094 } else { 1..=i64::from(MOST_SEGMENTS) };
    if let Some(id) = new.segmentation_id.filter(|id| !range.contains(id) || kind == "flat") {
        return Err(Error::invalid(format!("segmentation_id {id} out of range for {kind} network")));
    }
    let Some(physical) = &new.physical_network else { return Ok(()) };
    quotas::lock(tx, EVERYBODY, "physical_network").await?;
    let number = new.segmentation_id.unwrap_or(0);
    let taken = store::is_segment_taken(tx, physical, kind, number).await?;
    match (taken, kind) {
        (true, "flat") => Err(Error::flat_in_use(physical)),
        (true, _) => Err(Error::vlan_in_use(number, physical)),
        _ => Ok(()),
    }
}

async fn no_other_default(tx: &mut Tx, except: Option<NetworkId>) -> Result<()> {
    match store::default_external(&mut tx.into()).await? {
        Some(id) if Some(id) != except => Err(Error::default_external_exists(id)),
        _ => Ok(()),
    }
}

async fn mtu_fits(tx: &mut Tx, row: &Network) -> Result<()> {
    let subnets = store::subnets_of(&mut tx.into(), &[row.id]).await?;
    match subnets.values().flatten().map(|subnet| least_mtu(subnet.ip_version)).max() {
        Some(least) if row.mtu < least => Err(Error::mtu_conflict(row.id, least)),
        _ => Ok(()),
    }
}
