//! How many connections the machine lets this process have.

use kogge_config::ServerConfig;
use kogge_http::server::Limits;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Descriptors that files, guests, the database and the nodes need besides the connections of clients.
const OURS: u64 = 512;

/// The limits of the server: those of the configuration, and no more connections than there are descriptors for. The
/// process takes as many descriptors as it may have; what most systems give at first is for programs that serve nobody.
pub(super) fn limits(config: &ServerConfig) -> Limits {
    let found = getrlimit(Resource::RLIMIT_NOFILE).unwrap_or((1024, 1024));
    let (soft, hard) = found;
    let raised = soft < hard && setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok();
    let there = if raised { hard } else { soft };
    let room = usize::try_from(there.saturating_sub(OURS).max(there / 4)).unwrap_or(usize::MAX);
    if room < config.connections {
        tracing::warn!(
            descriptors = there,
            connections = room,
            "the machine allows fewer than server.connections"
        );
    }
    Limits {
        connections: config.connections.min(room),
        connections_per_client: config.connections_per_client,
        ..Limits::default()
    }
}
