//! Changes of ports: devices, MAC addresses, filters and addresses, which depend on each other.

use kogge_auth::Caller;
use kogge_db::record::Json;
use kogge_db::{Record as _, Tx};
use kogge_ids::SecurityGroupId;

use super::{PortView, mac_free, pairs, target};
use crate::Networking;
use crate::attributes::ports::MOST_DHCP_OPTIONS;
use crate::error::{Error, Result};
use crate::model::commands::{FixedIpWish, PairWish, PortChange};
use crate::model::dhcp_option::DhcpOption;
use crate::model::holder::Holder;
use crate::model::{mac, status};
use crate::service::ipam::{Claim, is_auto};
use crate::service::permit_fields;
use crate::store::allocations::{self, FixedIp};
use crate::store::rows::{Network, Port};
use crate::store::{ports as store, routers};

impl Networking {
    /// Whether the caller may change these fields of a port.
    pub(crate) fn may_update_port(
        &self,
        caller: &Caller,
        row: &Port,
        (network, shared): (&Network, bool),
        change: &PortChange,
    ) -> Result<()> {
        // who sends back what is there claims nothing
        let same = change.device_owner.as_ref() == Some(&row.device_owner);
        let fields: Vec<String> =
            change.fields.iter().filter(|name| *name != "device_owner" || !same).cloned().collect();
        let owner_then = change.device_owner.as_ref().unwrap_or(&row.device_owner);
        let asked = target(row.project_id.project(), owner_then, network, shared);
        permit_fields(caller, "update_port", &fields, &asked)
    }

    /// Changes a port.
    ///
    /// # Errors
    /// `PortBound`, and as for create.
    pub(crate) async fn update_port_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        mut row: Port,
        network: &Network,
        change: PortChange,
    ) -> Result<PortView> {
        let owner_then = change.device_owner.unwrap_or_else(|| row.device_owner.clone());
        let device_then = change.device_id.unwrap_or_else(|| row.device_id.clone());
        self.new_device(tx, caller, &row, &device_then, &owner_then).await?;
        let old_mac = row.mac_address.clone();
        new_mac(&mut row, change.mac_address)?;
        row.device_owner = owner_then;
        row.device_id = device_then;
        self.secure(
            tx,
            caller,
            &mut row,
            &change.security_groups,
            change.port_security_enabled,
            &change.allowed_address_pairs,
        )
        .await?;
        row.name = change.name.unwrap_or(row.name);
        row.description = change.description.unwrap_or(row.description);
        row.admin_state_up = change.admin_state_up.unwrap_or(row.admin_state_up);
        row.dns_name = change.dns_name.unwrap_or(row.dns_name);
        new_vnic_type(&mut row, change.vnic_type)?;
        row.trusted = change.trusted.or(row.trusted);
        if let Some(host) = change.host.filter(|host| *host != row.host) {
            row.host = host;
            row.up = false;
        }
        row.binding_profile = change.binding_profile.map_or(row.binding_profile, Json);
        if let Some(wished) = change.extra_dhcp_opts {
            row.extra_dhcp_opts = Json(options(row.extra_dhcp_opts.0, wished));
            if row.extra_dhcp_opts.len() > MOST_DHCP_OPTIONS {
                return Err(Error::invalid(format!("a port has at most {MOST_DHCP_OPTIONS} DHCP options")));
            }
        }
        if row.mac_address != old_mac {
            mac_free(tx, &row).await?;
        }
        self.save_port(tx, &mut row).await?;
        if let Some(wishes) = change.fixed_ips {
            self.change_addresses(tx, network, &row, &wishes).await?;
        }
        self.port_view(&mut tx.into(), row).await
    }

    /// Whether the words about a port's device may change: not while something of ours holds the port, for only that
    /// lets it go.
    async fn new_device(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        row: &Port,
        device: &str,
        device_owner: &str,
    ) -> Result<()> {
        if row.device_id == device && row.device_owner == device_owner {
            return Ok(());
        }
        if row.holder != Holder::Nobody {
            return Err(Error::port_in_use(row.id, row.network_id, &row.device_id));
        }
        self.device_fits(tx, caller, row.project_id.project(), device).await
    }

    /// The only place that writes a port's row after its insert: status follows.
    pub(crate) async fn save_port(&self, tx: &mut Tx, row: &mut Port) -> Result<()> {
        row.status = status::port(row.holder, row.admin_state_up, &row.host, row.up).to_owned();
        row.updated_at = self.clock().now();
        row.revision_number += 1;
        Ok(row.save(tx).await?)
    }

    /// Port security, groups and address pairs of an update, which depend on each other.
    async fn secure(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        row: &mut Port,
        groups: &Option<Vec<SecurityGroupId>>,
        enabled: Option<bool>,
        wished: &Option<Vec<PairWish>>,
    ) -> Result<()> {
        row.port_security_enabled = enabled.unwrap_or(row.port_security_enabled);
        if let Some(wished) = wished {
            row.allowed_address_pairs = Json(pairs(wished, &row.mac_address)?);
        }
        if !row.is_filtered() && !row.allowed_address_pairs.is_empty() {
            return Err(Error::pairs_need_port_security());
        }
        if let Some(groups) = groups {
            if !groups.is_empty() && !row.is_filtered() {
                return Err(Error::security_groups_need_ip());
            }
            let groups = self.groups_of_port(tx, caller, groups).await?;
            return Ok(store::set_groups(tx, row.id, &groups).await?);
        }
        if enabled == Some(false) {
            let held = store::groups_of(&mut (&mut *tx).into(), &[row.id]).await?;
            if held.contains_key(&row.id) {
                return Err(Error::has_security_group());
            }
        }
        Ok(())
    }

    /// Keeps the addresses that are still wished, gives the others back and takes the new ones.
    pub(crate) async fn change_addresses(
        &self,
        tx: &mut Tx,
        network: &Network,
        row: &Port,
        wishes: &[FixedIpWish],
    ) -> Result<()> {
        let subnets = self.subnets_in(tx, network.id).await?;
        let held = allocations::of_ports(&mut (&mut *tx).into(), &[row.id])
            .await?
            .remove(&row.id)
            .unwrap_or_default();
        let (mut kept, new) = keep(&held, wishes);
        let router = row.holder.is_router_leg();
        for ip in held.iter().filter(|ip| !kept.contains(ip)).copied().collect::<Vec<_>>() {
            let auto = subnets.iter().any(|subnet| subnet.id == ip.subnet_id && is_auto(subnet));
            if auto && !router && !wishes.is_empty() {
                kept.push(ip);
                continue;
            }
            routers::disassociate(tx, row.id, Some(ip.ip_address)).await?;
            allocations::release(tx, row.id, ip.ip_address).await?;
        }
        let claim = Claim::of(row, network, &subnets);
        claim.add(tx, &new, kept).await?;
        Ok(())
    }
}

/// Options after an update: the same name and version replaces, null removes.
pub(super) fn options(mut present: Vec<DhcpOption>, wished: Vec<DhcpOption>) -> Vec<DhcpOption> {
    for wish in wished {
        present.retain(|option| option.opt_name != wish.opt_name || option.ip_version != wish.ip_version);
        if wish.opt_value.is_some() {
            present.push(wish);
        }
    }
    present
}

fn new_mac(row: &mut Port, change: Option<Option<String>>) -> Result<()> {
    let Some(wished) = change else { return Ok(()) };
    let wished = wished.unwrap_or_else(mac::random);
    if wished != row.mac_address && !row.host.is_empty() {
        let vif = status::vif_type(row.holder, &row.host);
        return Err(Error::port_bound(row.id, vif, &row.mac_address, wished));
    }
    row.mac_address = wished;
    Ok(())
}

/// The kind of a plug changes only while nothing is plugged in (`_validate_port_update` of ML2).
fn new_vnic_type(row: &mut Port, change: Option<String>) -> Result<()> {
    let Some(wished) = change.filter(|wished| *wished != row.vnic_type) else { return Ok(()) };
    if status::vif_type(row.holder, &row.host) != status::UNBOUND {
        return Err(Error::port_in_use(row.id, row.network_id, &row.device_id));
    }
    row.vnic_type = wished;
    Ok(())
}

/// Which of the held addresses the wishes name or can be satisfied with, and which wishes remain.
fn keep(held: &[FixedIp], wishes: &[FixedIpWish]) -> (Vec<FixedIp>, Vec<FixedIpWish>) {
    let mut kept: Vec<FixedIp> = Vec::new();
    let mut new = Vec::new();
    let (exact, by_subnet): (Vec<&FixedIpWish>, Vec<&FixedIpWish>) =
        wishes.iter().partition(|wish| wish.ip_address.is_some());
    for wish in exact {
        match held.iter().find(|ip| Some(ip.ip_address) == wish.ip_address) {
            Some(ip) => kept.push(*ip),
            None => new.push(*wish),
        }
    }
    for wish in by_subnet {
        match held.iter().find(|ip| Some(ip.subnet_id) == wish.subnet_id && !kept.contains(ip)) {
            Some(ip) => kept.push(*ip),
            None => new.push(*wish),
        }
    }
    (kept, new)
}

#[cfg(test)]
mod tests {
    use kogge_ids::SubnetId;

    use super::*;

    #[test]
    fn an_update_keeps_addresses_that_are_still_wished() {
        let (one, two) = (SubnetId::random(), SubnetId::random());
        let ip = |subnet_id, text: &str| FixedIp { subnet_id, ip_address: text.parse().unwrap() };
        let held = [ip(one, "10.0.0.5"), ip(two, "10.1.0.5")];
        let wish = |subnet_id: Option<SubnetId>, text: Option<&str>| FixedIpWish {
            subnet_id,
            ip_address: text.map(|text| text.parse().unwrap()),
        };
        let (kept, new) = keep(&held, &[wish(Some(one), None), wish(None, Some("10.1.0.9"))]);
        assert_eq!(kept, [held[0]]);
        assert_eq!(new, [wish(None, Some("10.1.0.9"))]);
        let (kept, new) = keep(&held, &[wish(Some(one), None), wish(Some(one), None)]);
        assert_eq!((kept.len(), new.len()), (1, 1));
    }

    #[test]
    fn null_removes_a_dhcp_option_and_the_same_name_replaces_it() {
        let option = |name: &str, value: Option<&str>| DhcpOption {
            opt_name: name.to_owned(),
            opt_value: value.map(str::to_owned),
            ip_version: 4,
        };
        let after = options(
            vec![option("a", Some("1")), option("b", Some("2"))],
            vec![option("a", None), option("b", Some("3"))],
        );
        assert_eq!(after, [option("b", Some("3"))]);
    }
}
