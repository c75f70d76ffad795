//! Addresses that ports of servers get or lose by compute's actions of old. They ask what a change of the port asks.

use std::net::IpAddr;

use kogge_auth::Caller;
use kogge_db::Tx;
use kogge_ids::PortId;

use crate::attributes::ports::MOST_FIXED_IPS;
use crate::error::{Error, Kind, Result};
use crate::model::commands::{FixedIpWish, PortChange};
use crate::service::ports::address_fields;
use crate::store::allocations::{self, FixedIp};
use crate::{Networking, policy};

impl Networking {
    /// Gives a port one more address, of the first subnet of its network that has one left.
    ///
    /// # Errors
    /// `PortNotFound`, `PolicyNotAuthorized`, `IpAddressGenerationFailure` where no subnet has one, `InvalidInput` where
    /// the port has as many as ports may have.
    pub async fn add_address_in(&self, tx: &mut Tx, caller: &Caller, port: PortId) -> Result<()> {
        let (mut row, network, shared) = self.own_port(tx, caller, port, &policy::UPDATE_PORT).await?;
        let held = self.addresses_of(tx, port).await?;
        if held.len() >= MOST_FIXED_IPS {
            return Err(Error::invalid(format!("a port has at most {MOST_FIXED_IPS} addresses")));
        }
        let present = wishes(&held);
        let mut none = Error::no_address(network.id);
        for subnet in self.subnets_in(tx, network.id).await? {
            let more = FixedIpWish { subnet_id: Some(subnet.id), ip_address: None };
            let wished = [present.as_slice(), &[more]].concat();
            self.may_update_port(caller, &row, (&network, shared), &change(&wished))?;
            match self.change_addresses(tx, &network, &row, &wished).await {
                Ok(()) if self.addresses_of(tx, port).await?.len() > held.len() => {
                    return self.save_port(tx, &mut row).await;
                }
                // guests make the addresses of such a subnet themselves, and this one has
                Ok(()) => {}
                Err(error) if matches!(error.kind(), Kind::BadRequest | Kind::Conflict) => none = error,
                Err(error) => return Err(error),
            }
        }
        Err(none)
    }

    /// Takes an address away from a port; false where it has no such.
    ///
    /// # Errors
    /// `PortNotFound`, `PolicyNotAuthorized`.
    pub async fn remove_address_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        port: PortId,
        address: IpAddr,
    ) -> Result<bool> {
        let (row, network, shared) = self.own_port(tx, caller, port, &policy::UPDATE_PORT).await?;
        let mut held = self.addresses_of(tx, port).await?;
        let before = held.len();
        held.retain(|ip| ip.ip_address != address);
        if held.len() == before {
            return Ok(false);
        }
        let change = change(&wishes(&held));
        self.may_update_port(caller, &row, (&network, shared), &change)?;
        self.update_port_in(tx, caller, row, &network, change).await?;
        Ok(true)
    }

    async fn addresses_of(&self, tx: &mut Tx, port: PortId) -> Result<Vec<FixedIp>> {
        let mut found = allocations::of_ports(&mut (&mut *tx).into(), &[port]).await?;
        Ok(found.remove(&port).unwrap_or_default())
    }
}

/// Wishes for what is there.
fn wishes(held: &[FixedIp]) -> Vec<FixedIpWish> {
    let wish = |ip: &FixedIp| FixedIpWish { subnet_id: Some(ip.subnet_id), ip_address: Some(ip.ip_address) };
    held.iter().map(wish).collect()
}

/// A change of addresses, with the field rules that the same change asks as a body.
fn change(wishes: &[FixedIpWish]) -> PortChange {
    let mut fields = vec!["fixed_ips".to_owned()];
    fields.extend(address_fields(wishes));
    PortChange { fixed_ips: Some(wishes.to_vec()), fields, ..PortChange::default() }
}
