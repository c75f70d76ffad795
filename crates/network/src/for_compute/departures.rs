//! Ports that were deleted while a server had them. Upstream sends Nova an event (`network-vif-deleted`); here the
//! lower service only keeps a note, and compute, which may not be called, asks for it.

use kogge_db::Tx;
use kogge_ids::PortId;

use crate::Networking;
use crate::error::Result;
use crate::store::departures;

impl Networking {
    /// Ports of servers that their owner deleted, with the device that each was plugged into; at most `most`, by id, behind
    /// `after`. Each stays in the list until [`Networking::forget_departed_in`].
    ///
    /// # Errors
    /// The database's.
    pub async fn departed_ports(&self, after: Option<PortId>, most: i64) -> Result<Vec<(PortId, String)>> {
        Ok(departures::list(self.db(), after, most).await?)
    }

    /// Takes a port from the list, in the transaction that took its interface from the server.
    ///
    /// # Errors
    /// The database's.
    pub async fn forget_departed_in(&self, tx: &mut Tx, port: PortId) -> Result<()> {
        Ok(departures::remove(tx, port).await?)
    }
}
