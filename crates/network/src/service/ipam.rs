//! Which addresses a port gets. Every address is taken by an insert that only one of two rivals can win.

use std::net::IpAddr;

use kogge_db::{Record as _, Tx};
use kogge_ids::{NetworkId, PortId};

use crate::error::{Error, Result};
use crate::model::address::{eui64, fits};
use crate::model::commands::FixedIpWish;
use crate::model::holder::Holder;
use crate::store::allocations::{self as store, FixedIp};
use crate::store::rows::{Network, Port, Subnet};

/// How often another address is tried where a rival was faster.
const TRIES: u32 = 32;

/// The port that needs addresses.
pub(crate) struct Claim<'a> {
    /// Its network.
    pub(crate) network: &'a Network,
    /// All subnets of the network.
    pub(crate) subnets: &'a [Subnet],
    /// The port.
    pub(crate) port: PortId,
    /// Its project.
    pub(crate) project: Option<&'a str>,
    /// Its MAC address.
    pub(crate) mac: &'a str,
    /// What holds it.
    pub(crate) holder: Holder,
    /// Its device owner, for subnets that are reserved for some.
    pub(crate) device_owner: &'a str,
}

/// True for subnets whose guests make their addresses themselves.
pub(crate) fn is_auto(subnet: &Subnet) -> bool {
    let auto = |mode: &Option<String>| matches!(mode.as_deref(), Some("slaac" | "dhcpv6-stateless"));
    subnet.ip_version == 6 && (auto(&subnet.ipv6_address_mode) || auto(&subnet.ipv6_ra_mode))
}

impl<'a> Claim<'a> {
    /// For `port`, of these subnets of its network.
    pub(crate) fn of(port: &'a Port, network: &'a Network, subnets: &'a [Subnet]) -> Self {
        let (mac, device_owner) = (port.mac_address.as_str(), port.device_owner.as_str());
        let project = port.project_id.project();
        Self { network, subnets, port: port.id, project, mac, holder: port.holder, device_owner }
    }

    /// Takes the addresses: as wished, or one of each IP version; plus those that guests make themselves.
    pub(crate) async fn take(&self, tx: &mut Tx, wishes: Option<&[FixedIpWish]>) -> Result<Vec<FixedIp>> {
        let mut taken = Vec::new();
        match wishes {
            Some(wishes) => {
                for wish in wishes {
                    self.grant(tx, wish, &mut taken).await?;
                }
            }
            None => {
                let usable = self.service_subnets()?;
                for version in [4, 6] {
                    let of_version: Vec<&Subnet> =
                        usable.iter().copied().filter(|s| s.ip_version == version && !is_auto(s)).collect();
                    if !of_version.is_empty() {
                        self.any_of(tx, &of_version, &mut taken).await?;
                    }
                }
            }
        }
        if wishes.is_none_or(|wishes| !wishes.is_empty()) {
            self.auto(tx, &mut taken).await?;
        }
        store::in_order(&mut taken);
        Ok(taken)
    }

    /// Takes what `wishes` say beyond `kept`, and returns the whole.
    pub(crate) async fn add(
        &self,
        tx: &mut Tx,
        wishes: &[FixedIpWish],
        kept: Vec<FixedIp>,
    ) -> Result<Vec<FixedIp>> {
        let mut taken = kept;
        for wish in wishes {
            self.grant(tx, wish, &mut taken).await?;
        }
        if !taken.is_empty() {
            self.auto(tx, &mut taken).await?;
        }
        store::in_order(&mut taken);
        Ok(taken)
    }

    async fn grant(&self, tx: &mut Tx, wish: &FixedIpWish, taken: &mut Vec<FixedIp>) -> Result<()> {
        self.check_is_known(tx, wish).await?;
        let subnet = self.subnet_of(wish)?;
        let own = eui64(&subnet.cidr, self.mac).filter(|_| is_auto(subnet));
        match wish.ip_address {
            Some(address) => {
                let free = self.holder.is_router_leg() || own.is_none_or(|own| own == address);
                if !free {
                    return Err(Error::auto_address_subnet(address, subnet.id));
                }
                self.exactly(tx, subnet, address, taken).await
            }
            // the addresses that guests make themselves come at the end, for all subnets
            None if own.is_some() && !self.holder.is_router_leg() => Ok(()),
            None => self.any_of(tx, &[subnet], taken).await,
        }
    }

    /// A subnet that is not of the network is not found, unless it is another one of the port's project: then the wish is
    /// wrong.
    async fn check_is_known(&self, tx: &mut Tx, wish: &FixedIpWish) -> Result<()> {
        let Some(id) = wish.subnet_id else { return Ok(()) };
        if self.subnets.is_empty() || self.subnets.iter().any(|subnet| subnet.id == id) {
            return Ok(());
        }
        match Subnet::get(&mut *tx, &id).await? {
            Some(other) if Some(other.project_id.as_str()) == self.project => Ok(()),
            _ => Err(Error::subnet_not_found(id)),
        }
    }

    fn subnet_of(&self, wish: &FixedIpWish) -> Result<&Subnet> {
        if self.subnets.is_empty() {
            return Err(Error::invalid("IP allocation requires subnets for network"));
        }
        let router = self.holder.is_router_leg();
        match (wish.subnet_id, wish.ip_address) {
            (Some(id), address) => {
                let found = self.subnets.iter().find(|subnet| subnet.id == id).ok_or_else(|| {
                    Error::invalid(format!(
                        "Failed to create port on network {}, because fixed_ips included invalid subnet {id}",
                        self.network.id
                    ))
                })?;
                match address {
                    Some(ip) if !fits(&found.cidr, ip, router) => Err(Error::invalid_ip_for_subnet(ip)),
                    _ => Ok(found),
                }
            }
            (None, Some(ip)) => self
                .subnets
                .iter()
                .find(|subnet| fits(&subnet.cidr, ip, router))
                .ok_or_else(|| Error::invalid_ip_for_network(ip)),
            (None, None) => Err(Error::invalid("IP allocation requires subnet_id or ip_address")),
        }
    }

    async fn exactly(
        &self,
        tx: &mut Tx,
        subnet: &Subnet,
        ip: IpAddr,
        taken: &mut Vec<FixedIp>,
    ) -> Result<()> {
        if !store::take(tx, subnet, ip, self.port).await? {
            return Err(Error::ip_allocated(ip, subnet.id));
        }
        taken.push(FixedIp { subnet_id: subnet.id, ip_address: ip });
        Ok(())
    }

    /// The lowest free address of the first subnet that has one.
    async fn any_of(&self, tx: &mut Tx, subnets: &[&Subnet], taken: &mut Vec<FixedIp>) -> Result<()> {
        for subnet in subnets {
            for pool in subnet.allocation_pools.iter() {
                for _ in 0..TRIES {
                    let Some(ip) = store::lowest_free(tx, subnet, pool).await? else { break };
                    if !pool.contains(ip) {
                        break;
                    }
                    if store::take(tx, subnet, ip, self.port).await? {
                        taken.push(FixedIp { subnet_id: subnet.id, ip_address: ip });
                        return Ok(());
                    }
                }
            }
        }
        Err(no_address(self.network.id))
    }

    /// The addresses that the guest makes itself from router advertisements; routers do not.
    async fn auto(&self, tx: &mut Tx, taken: &mut Vec<FixedIp>) -> Result<()> {
        if self.holder.is_router_leg() {
            return Ok(());
        }
        for subnet in self.subnets.iter().filter(|subnet| is_auto(subnet)) {
            if taken.iter().any(|ip| ip.subnet_id == subnet.id) {
                continue;
            }
            if let Some(ip) = eui64(&subnet.cidr, self.mac) {
                self.exactly(tx, subnet, ip, taken).await?;
            }
        }
        Ok(())
    }

    /// Subnets for this device owner: those reserved for it, else those reserved for nobody.
    fn service_subnets(&self) -> Result<Vec<&Subnet>> {
        let reserved = |subnet: &&Subnet| subnet.service_types.iter().any(|kind| kind == self.device_owner);
        let matching: Vec<&Subnet> = self.subnets.iter().filter(reserved).collect();
        if !matching.is_empty() {
            return Ok(matching);
        }
        let open: Vec<&Subnet> =
            self.subnets.iter().filter(|subnet| subnet.service_types.is_empty()).collect();
        if open.is_empty() && !self.subnets.is_empty() {
            return Err(Error::no_service_subnet(self.network.id, self.device_owner));
        }
        Ok(open)
    }
}

fn no_address(network: NetworkId) -> Error {
    Error::no_address(network)
}
