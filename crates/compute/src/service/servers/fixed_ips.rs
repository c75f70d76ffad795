//! The actions `addFixedIp` and `removeFixedIp` of old: addresses of ports that a server has.

use std::net::IpAddr;

use kogge_auth::Caller;
use kogge_ids::NetworkId;

use super::change::Guard;
use crate::error::{Error, Result};
use crate::lower::network::plain;
use crate::{Compute, policy};

impl Compute {
    /// Gives a port that a server has on a network one more address.
    pub(crate) async fn add_fixed_ip(&self, caller: &Caller, id: &str, network: &str) -> Result<()> {
        let guard = Guard::new("add_fixed_ip", &[]);
        let mut changing = self.open(caller, id, &policy::MULTINIC_ADD, guard).await?;
        let server = changing.server.id;
        let missing = || Error::NotFound(format!("Network could not be found for instance {server}."));
        let wanted: NetworkId = network.parse().map_err(|_| missing())?;
        let ports = self.ports_in_order(&mut changing.tx, &changing.server).await?;
        let mut failed = missing();
        for port in ports.iter().filter(|port| port.network_id == wanted) {
            match self.network().add_address_in(&mut changing.tx, caller, port.id).await {
                Ok(()) => {
                    changing.tx.commit().await?;
                    return Ok(());
                }
                Err(error) if error.name() == "IpAddressGenerationFailure" => {
                    let why = format!("No fixed IP addresses available for network: {wanted}");
                    failed = Error::Invalid(why);
                }
                Err(error) => return Err(plain(error)),
            }
        }
        Err(failed)
    }

    /// Takes an address away from the port of a server that has it.
    pub(crate) async fn remove_fixed_ip(&self, caller: &Caller, id: &str, address: IpAddr) -> Result<()> {
        let guard = Guard::new("remove_fixed_ip", &[]);
        let mut changing = self.open(caller, id, &policy::MULTINIC_REMOVE, guard).await?;
        let server = changing.server.id;
        for port in self.ports_in_order(&mut changing.tx, &changing.server).await? {
            if port.addresses.iter().all(|held| held.address != address) {
                continue;
            }
            let removed = self.network().remove_address_in(&mut changing.tx, caller, port.id, address).await;
            if removed.map_err(plain)? {
                changing.tx.commit().await?;
                return Ok(());
            }
        }
        Err(Error::Invalid(format!("Instance {server} does not have fixed IP '{address}'.")))
    }
}
