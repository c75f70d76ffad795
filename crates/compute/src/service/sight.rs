//! What the policy lets a caller see of a server.

use kogge_auth::Caller;

use crate::model::server::Server;
use crate::policy;
use crate::service::flavors::is_admin;
use crate::service::servers::find::target;

/// What a caller sees of a server besides what everybody does. It depends on nothing of the server but whose it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sight {
    /// Where it is, and more for administrators.
    pub(crate) extended: bool,
    /// How its host is.
    pub(crate) host_status: bool,
    /// The extra specs of its flavor.
    pub(crate) extra_specs: bool,
    /// What went wrong, for operators.
    pub(crate) fault_details: bool,
}

impl Sight {
    /// What `caller` sees of `server`.
    pub(crate) fn of(caller: &Caller, server: &Server) -> Self {
        let may = |rule| caller.may(rule, &target(server));
        Self {
            extended: may(&policy::EXTENDED_ATTRIBUTES),
            host_status: may(&policy::SERVERS_SHOW_HOST_STATUS),
            extra_specs: may(&policy::SERVERS_SHOW_EXTRA_SPECS),
            fault_details: is_admin(caller),
        }
    }
}
