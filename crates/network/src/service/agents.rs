//! Since when the agents of a host are there.

use kogge_db::Tx;
use kogge_ids::HostId;

use crate::Networking;
use crate::error::Result;
use crate::model::agents::TYPES;
use crate::store::agents::{self as store, Agent};
use crate::store::routers;
use crate::store::rows::Router;
use kogge_db::Record as _;

impl Networking {
    /// Notes that the agents of a host are there, since this process commands it.
    ///
    /// # Errors
    /// The database's.
    pub(crate) async fn register_agents(&self, host: &str) -> Result<()> {
        let parent = kogge_ids::derive(uuid::Uuid::nil(), host);
        let (created_at, started_at) = (self.clock().now(), self.started());
        let mut tx = self.db().begin().await?;
        for (agent_type, slot) in TYPES {
            let agent = Agent {
                id: HostId::derived(parent, slot),
                agent_type: (*agent_type).to_owned(),
                host: host.to_owned(),
                admin_state_up: true,
                description: String::new(),
                created_at,
                started_at,
            };
            store::register(&mut tx, &agent).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Lets all routers be looked at again when `tx` is committed: there may be a host for those that wait.
    ///
    /// # Errors
    /// The database's.
    pub(crate) async fn look_at_routers(&self, tx: &mut Tx) -> Result<()> {
        for router in routers::all(&mut (&mut *tx).into()).await? {
            tx.touch(Router::TABLE, router);
        }
        Ok(())
    }
}
