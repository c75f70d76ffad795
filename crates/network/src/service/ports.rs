//! Ports.

mod update;

use update::options;

use kogge_db::Record as _;
use std::collections::HashSet;

use kogge_auth::{Caller, Target};
use kogge_db::Tx;
use kogge_ids::{PortId, SecurityGroupId};

use super::ipam::Claim;
use super::{is_own, owner, permit, permit_change, permit_fields, project_of, spelled};
use crate::error::{Error, Result};
use crate::model::commands::{FixedIpWish, NewPort, PairWish};
use crate::model::holder::Holder;
use crate::model::{mac, rule, status};
use crate::store::allocations::{self, FixedIp};
use crate::store::owner::Owner;
use crate::store::rows::{AddressPair, Network, Port};
use crate::store::{departures, networks, ports as store, quotas};
use crate::{Networking, policy};
use kogge_db::Source;
use kogge_db::record::Json;

/// A port with its addresses and groups.
#[derive(Debug, Clone)]
pub struct PortView {
    /// The row.
    pub row: Port,
    /// What stands elsewhere.
    pub parts: PortParts,
}

/// What a port shows that is not in its row.
#[derive(Debug, Clone, Default)]
pub struct PortParts {
    /// Its addresses.
    pub fixed_ips: Vec<FixedIp>,
    /// Its security groups.
    pub security_groups: Vec<SecurityGroupId>,
    /// DNS domain of its network, or the cloud's.
    pub dns_domain: String,
}

/// How often a new MAC address is tried.
const MAC_TRIES: u32 = 16;

pub(crate) fn target<'a>(
    project: Option<&'a str>,
    device_owner: &'a str,
    network: &'a Network,
    shared: bool,
) -> Target<'a> {
    project
        .map_or_else(Target::none, Target::project)
        .attr("network:project_id", network.project_id.as_str())
        .attr("shared", spelled(shared))
        .attr("device_owner", device_owner)
}

impl Networking {
    /// Creates a port.
    ///
    /// # Errors
    /// `NetworkNotFound`, `PolicyNotAuthorized`, `OverQuota`, and the faults of addresses, MACs and groups.
    pub async fn create_port_in(&self, tx: &mut Tx, caller: &Caller, mut new: NewPort) -> Result<PortView> {
        let id = new.network_id.ok_or_else(|| Error::network_not_found(""))?;
        let network = self.visible_network(&mut (&mut *tx).into(), caller, id).await?;
        let project = owner(caller, new.project_id.clone())?;
        let shared = networks::shared(&mut (&mut *tx).into(), &[id], project_of(caller)).await?.contains(&id);
        let wished = target(Some(&project), &new.device_owner, &network, shared);
        permit(caller, &policy::CREATE_PORT, &wished)?;
        permit_fields(caller, "create_port", &new.fields, &wished)?;
        permit_fields(caller, "create_port", &implied_fields(&new), &wished)?;
        // a network without filter is no licence for guests of others: they stay filtered
        let may_open = caller.may(&policy::CREATE_PORT_PORT_SECURITY_ENABLED, &wished);
        let filtered = network.port_security_enabled || !may_open;
        new.port_security_enabled = Some(new.port_security_enabled.unwrap_or(filtered));
        self.charge(tx, &project, "port", 1).await?;
        if new.holder == Holder::Nobody {
            self.device_fits(tx, caller, Some(&project), &new.device_id).await?;
        }
        let groups = self.groups_for(tx, caller, &project, &new).await?;
        let row = self.insert_port(tx, &network, Some(&project), &new).await?;
        if !is_own(caller, &network.project_id) {
            self.still_open(tx, caller, &network).await?;
            let shared =
                networks::shared(&mut (&mut *tx).into(), &[id], project_of(caller)).await?.contains(&id);
            permit(
                caller,
                &policy::CREATE_PORT,
                &target(Some(&project), &new.device_owner, &network, shared),
            )?;
        }
        let subnets = self.subnets_in(tx, id).await?;
        let claim = Claim::of(&row, &network, &subnets);
        let fixed_ips = claim.take(tx, new.fixed_ips.as_deref()).await?;
        store::set_groups(tx, row.id, &groups).await?;
        let parts = PortParts { fixed_ips, security_groups: groups, dns_domain: self.domain_of(&network) };
        Ok(PortView { row, parts })
    }

    fn domain_of(&self, network: &Network) -> String {
        if network.dns_domain.is_empty() {
            self.config().dns_domain.clone()
        } else {
            network.dns_domain.clone()
        }
    }

    /// The groups a new port starts with.
    async fn groups_for(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        project: &str,
        new: &NewPort,
    ) -> Result<Vec<SecurityGroupId>> {
        let secure = new.port_security_enabled.unwrap_or(true);
        if !new.allowed_address_pairs.is_empty() && !secure {
            return Err(Error::pairs_need_port_security());
        }
        match &new.security_groups {
            Some(groups) if groups.is_empty() => Ok(Vec::new()),
            Some(_) if !secure => Err(Error::security_groups_need_ip()),
            Some(groups) => self.groups_of_port(tx, caller, groups).await,
            None if secure => Ok(vec![self.default_group(tx, project).await?]),
            None => Ok(Vec::new()),
        }
    }

    /// Adds the row, with a new MAC address where none is wished.
    pub(crate) async fn insert_port(
        &self,
        tx: &mut Tx,
        network: &Network,
        project: Option<&str>,
        new: &NewPort,
    ) -> Result<Port> {
        let now = self.clock().now();
        for _ in 0..MAC_TRIES {
            let mac_address = new.mac_address.clone().unwrap_or_else(mac::random);
            let row = Port {
                id: PortId::random(),
                project_id: Owner(project.map(str::to_owned)),
                name: new.name.clone(),
                description: new.description.clone(),
                network_id: network.id,
                allowed_address_pairs: Json(pairs(&new.allowed_address_pairs, &mac_address)?),
                mac_address,
                admin_state_up: new.admin_state_up,
                holder: new.holder,
                holder_id: new.holder_id.clone(),
                device_id: new.device_id.clone(),
                device_owner: new.device_owner.clone(),
                // where nobody chose, a port that loses its holder is filtered
                port_security_enabled: new.port_security_enabled.unwrap_or(true),
                extra_dhcp_opts: Json(options(Vec::new(), new.extra_dhcp_opts.clone().unwrap_or_default())),
                dns_name: new.dns_name.clone(),
                vnic_type: new.vnic_type.clone(),
                trusted: new.trusted,
                host: new.host.clone(),
                binding_profile: Json(new.binding_profile.clone()),
                made_by_device: new.made_by_device,
                up: false,
                status: status::port(new.holder, new.admin_state_up, &new.host, false).to_owned(),
                tags: Json(Vec::new()),
                created_at: now,
                updated_at: now,
                revision_number: 1,
            };
            if row.insert(tx).await? {
                if let Some(project) = project {
                    quotas::moved(tx, project, 1).await?;
                }
                return Ok(row);
            }
            if let Some(taken) = &new.mac_address {
                return Err(Error::mac_in_use(network.id, taken));
            }
        }
        Err(Error::no_mac(network.id))
    }

    /// Nobody writes the id of another project's router or server into a port. The text would prove nothing, but
    /// people who search ports by device would be misled.
    async fn device_fits(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        project: Option<&str>,
        device: &str,
    ) -> Result<()> {
        let Some(project) = project.filter(|_| !device.is_empty() && !super::sees_all(caller)) else {
            return Ok(());
        };
        if store::is_device_of_another(tx, device, project).await? {
            return Err(Error::device_not_owned(device));
        }
        Ok(())
    }

    pub(crate) async fn port_view(&self, source: &mut Source<'_>, row: Port) -> Result<PortView> {
        let parts = self.parts_of_ports(source, &[&row]).await?.pop().unwrap_or_default();
        Ok(PortView { row, parts })
    }

    /// What these ports show besides their rows, in their order.
    pub(crate) async fn parts_of_ports(
        &self,
        source: &mut Source<'_>,
        rows: &[&Port],
    ) -> Result<Vec<PortParts>> {
        let ids: Vec<PortId> = rows.iter().map(|row| row.id).collect();
        let mut addresses = allocations::of_ports(source, &ids).await?;
        let mut groups = store::groups_of(source, &ids).await?;
        let of: Vec<_> = rows.iter().map(|row| row.network_id).collect::<HashSet<_>>().into_iter().collect();
        let networks = networks::by_ids(source, &of).await?;
        let parts = |row: &&Port| PortParts {
            fixed_ips: addresses.remove(&row.id).unwrap_or_default(),
            security_groups: groups.remove(&row.id).unwrap_or_default(),
            dns_domain: networks
                .iter()
                .find(|n| n.id == row.network_id)
                .map(|n| self.domain_of(n))
                .unwrap_or_default(),
        };
        Ok(rows.iter().map(parts).collect())
    }

    pub(crate) async fn own_port(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        id: PortId,
        rule: &kogge_auth::Rule,
    ) -> Result<(Port, Network, bool)> {
        let row = Port::lock(tx, &id).await?.ok_or_else(|| Error::port_not_found(id))?;
        let network =
            Network::get(&mut *tx, &row.network_id).await?.ok_or_else(|| Error::port_not_found(id))?;
        let shared = networks::shared(&mut (&mut *tx).into(), &[network.id], project_of(caller)).await?;
        let shared = shared.contains(&network.id);
        let asked = target(row.project_id.project(), &row.device_owner, &network, shared);
        permit_change(caller, rule, &policy::GET_PORT, &asked, || Error::port_not_found(id))?;
        Ok((row, network, shared))
    }

    /// Deletes a port.
    ///
    /// # Errors
    /// `ServicePortInUse` for ports of routers and floating IPs.
    pub(crate) async fn delete_port_in(&self, tx: &mut Tx, row: &Port) -> Result<()> {
        let id = row.id;
        if matches!(row.holder, Holder::RouterInterface | Holder::RouterGateway | Holder::FloatingIp) {
            return Err(Error::service_port(id, format!("has device owner {}", row.device_owner)));
        }
        store::remove(tx, id).await?;
        if let (Holder::Server, Some(server)) = (row.holder, &row.holder_id) {
            departures::insert(tx, id, server, self.clock().now()).await?;
        }
        Ok(())
    }
}

/// The field rules that a command asks by what it holds: a caller inside the process has no body to name fields in,
/// and must not get past them for that.
fn implied_fields(new: &NewPort) -> Vec<String> {
    let mut fields = address_fields(new.fixed_ips.as_deref().unwrap_or_default());
    let mut name = |given: bool, field: &str| fields.extend(given.then(|| field.to_owned()));
    name(new.mac_address.is_some(), "mac_address");
    name(new.port_security_enabled.is_some(), "port_security_enabled");
    name(!new.allowed_address_pairs.is_empty(), "allowed_address_pairs");
    name(new.holder == Holder::Nobody && !new.device_owner.is_empty(), "device_owner");
    fields
}

/// The field rules that wishes for addresses ask, by what they name.
pub(crate) fn address_fields(wishes: &[FixedIpWish]) -> Vec<String> {
    let named = [
        (wishes.iter().any(|wish| wish.ip_address.is_some()), "fixed_ips:ip_address"),
        (wishes.iter().any(|wish| wish.subnet_id.is_some()), "fixed_ips:subnet_id"),
    ];
    named.into_iter().filter(|(given, _)| *given).map(|(_, field)| field.to_owned()).collect()
}

/// The pairs with the port's own MAC address where none was named. None stands twice, in whatever spelling.
fn pairs(wished: &[PairWish], own: &str) -> Result<Vec<AddressPair>> {
    let mut seen = HashSet::new();
    let mut pairs = Vec::with_capacity(wished.len());
    for wish in wished {
        let pair = AddressPair {
            ip_address: wish.ip_address.clone(),
            mac_address: wish.mac_address.clone().unwrap_or_else(|| own.to_owned()),
        };
        if !seen.insert((rule::prefix(&pair.ip_address), pair.mac_address.clone())) {
            return Err(Error::duplicate_pair(&pair.mac_address, &pair.ip_address));
        }
        pairs.push(pair);
    }
    Ok(pairs)
}

async fn mac_free(tx: &mut Tx, row: &Port) -> Result<()> {
    if store::has_mac_of(tx, row).await? {
        return Err(Error::mac_in_use(row.network_id, &row.mac_address));
    }
    Ok(())
}
