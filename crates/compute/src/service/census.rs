//! How many there are of what, for the operator's figures.

use crate::Compute;
use crate::error::Result;
use crate::store::{hosts, servers};

/// Numbers of the whole cloud.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Census {
    /// Living servers by status.
    pub servers: Vec<(String, u64)>,
    /// Hosts that answer.
    pub hosts_up: u64,
    /// Hosts that do not.
    pub hosts_down: u64,
}

impl Compute {
    /// How many living servers are on a host.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn servers_on(&self, host: &str) -> Result<u64> {
        Ok(servers::number_on(self.db(), host).await?)
    }

    /// Counts.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn census(&self) -> Result<Census> {
        let hosts = hosts::list(self.db()).await?;
        let up = hosts.iter().filter(|host| host.is_up(self.now(), self.config().host_patience())).count();
        Ok(Census {
            servers: servers::by_status(self.db()).await?,
            hosts_up: up as u64,
            hosts_down: (hosts.len() - up) as u64,
        })
    }
}
