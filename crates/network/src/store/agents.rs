//! The agents of hosts.

use kogge_clock::Timestamp;
use kogge_db::{DbError, Executor, Query, Record as _, Tx, record};
use kogge_ids::HostId;

record! {
    /// An agent: one of the tasks that a host does for networks, under the name that Neutron has for it.
    pub Agent in "network_agents" {
        /// Its id, derived from its host and type.
        id: HostId,
        /// `L3 agent` …
        agent_type: String,
        /// Its host.
        host: String,
        /// False: it gets nothing new to do.
        admin_state_up: bool,
        /// What the administrator says about it.
        description: String,
        /// When its host was first told of networking.
        created_at: Timestamp,
        /// When the process began that commands its host.
        started_at: Timestamp,
    }
}

/// Notes that an agent is there; one that was known keeps what was said of it.
pub(crate) async fn register(tx: &mut Tx, agent: &Agent) -> Result<(), DbError> {
    if agent.insert(&mut *tx).await? {
        return Ok(());
    }
    let again = Query::new("UPDATE network_agents SET started_at = $2 WHERE id = $1");
    tx.execute(again.bind(agent.id).bind(agent.started_at)).await.map(drop)
}

/// The hosts whose agent of this type gets nothing new to do.
pub(crate) async fn resting(db: impl Executor, agent_type: &str) -> Result<Vec<String>, DbError> {
    let query = Query::new("SELECT host FROM network_agents WHERE agent_type = $1 AND NOT admin_state_up");
    db.list("network_agents", query.bind(agent_type), |row| row.text("host")).await
}
