//! What an operator can set of compute.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::step::Patience;

/// Settings of compute. Every one has a default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ComputeConfig {
    /// The availability zone of hosts that are in no zone.
    pub default_zone: String,
    /// How often a vCPU of the host is given away. SCS flavors `L` allow more than 5, `V` at most 5.
    pub cpu_allocation_ratio: f64,
    /// How often memory is given away.
    pub ram_allocation_ratio: f64,
    /// How often disk is given away.
    pub disk_allocation_ratio: f64,
    /// Memory in MiB that stays with the host.
    pub reserved_memory_mib: u64,
    /// Quota defaults by Nova's resource names; -1 is no limit.
    pub quota: BTreeMap<String, i64>,
    /// Flavors that are made at the first start besides the standard ones.
    pub flavors: Vec<ConfiguredFlavor>,
    /// Seconds after which a host that is not heard of counts as down.
    pub host_down_seconds: u64,
    /// Seconds that a change of a server may take before it is called broken.
    pub deadline_seconds: u64,
    /// Failures in a row before a server is called broken.
    pub tries: u32,
    /// Milliseconds after the first failure until the next try; it doubles.
    pub retry_millis: u64,
    /// Seconds between tries once a server is called broken.
    pub slow_retry_seconds: u64,
    /// Days for which deleted servers stay visible to admins.
    pub keep_deleted_days: u64,
    /// Days after which an instance that no server is leaves the quarantine of its node for good; 0 for never.
    pub quarantine_days: u32,
    /// Seconds for which a deleted server can be brought back; 0 deletes at once.
    pub reclaim_seconds: u64,
    /// Seconds after which a new shape that nobody confirms is taken for good; 0 for never.
    pub confirm_resize_seconds: u64,
    /// Seconds after which a shelved server leaves its host; nothing for not by itself.
    pub offload_seconds: Option<u64>,
    /// Servers of one host that are worked on at the same time.
    pub parallel_per_host: usize,
    /// Seconds for which the address of a console is good.
    pub console_token_seconds: u64,
    /// Hosts whose pages may open consoles, besides the cloud's own.
    pub console_allowed_origins: Vec<String>,
    /// Most items of a page.
    pub max_limit: u32,
    /// Most servers that one request makes, whatever the quotas say.
    pub max_servers_per_request: u32,
    /// Most servers of a project, whatever its quotas say.
    pub max_servers_per_project: u32,
}

/// A flavor of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfiguredFlavor {
    /// Its name, also its id where none is given.
    pub name: String,
    /// Its id.
    #[serde(default)]
    pub id: Option<String>,
    /// Virtual CPUs.
    pub vcpus: u32,
    /// Memory in MiB.
    pub ram_mib: u64,
    /// Root disk in GiB.
    #[serde(default)]
    pub disk_gib: u64,
    /// Properties.
    #[serde(default)]
    pub extra_specs: BTreeMap<String, String>,
}

impl Default for ComputeConfig {
    fn default() -> Self {
        Self {
            default_zone: "nova".to_owned(),
            cpu_allocation_ratio: 16.0,
            ram_allocation_ratio: 1.0,
            disk_allocation_ratio: 1.0,
            reserved_memory_mib: 512,
            quota: BTreeMap::new(),
            flavors: Vec::new(),
            host_down_seconds: 60,
            deadline_seconds: 600,
            tries: 3,
            retry_millis: 1000,
            slow_retry_seconds: 60,
            keep_deleted_days: 30,
            quarantine_days: 30,
            reclaim_seconds: 0,
            confirm_resize_seconds: 0,
            offload_seconds: Some(0),
            console_token_seconds: 600,
            console_allowed_origins: Vec::new(),
            parallel_per_host: 8,
            max_limit: 1000,
            max_servers_per_request: 1000,
            max_servers_per_project: 10_000,
        }
    }
}

impl ComputeConfig {
    /// How patient the tasks are.
    #[must_use]
    pub const fn patience(&self) -> Patience {
        Patience {
            tries: self.tries,
            pause: Duration::from_millis(self.retry_millis),
            slow: Duration::from_secs(self.slow_retry_seconds),
            deadline: Duration::from_secs(self.deadline_seconds),
            tell_again: Duration::from_secs(10),
            confirm: match self.confirm_resize_seconds {
                0 => None,
                seconds => Some(Duration::from_secs(seconds)),
            },
        }
    }

    /// After how long a silent host counts as down.
    #[must_use]
    pub const fn host_patience(&self) -> Duration {
        Duration::from_secs(self.host_down_seconds)
    }
}
