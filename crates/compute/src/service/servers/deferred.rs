//! Deleting so that it can be undone, for a while.

use kogge_auth::Caller;

use super::change::Guard;
use crate::error::Result;
use crate::model::quota::Usage;
use crate::model::server::{Doing, Power};
use crate::model::state::VmState;
use crate::store::quotas;
use crate::{Compute, policy};

impl Compute {
    /// Wants a server gone. Works at every moment; asking again is fine. Where a deleted server can be brought back, one
    /// that ever ran is only powered off, unless `force`.
    pub(crate) async fn delete_server(&self, caller: &Caller, id: &str, force: bool) -> Result<()> {
        let rule = if force { &policy::FORCE_DELETE } else { &policy::SERVERS_DELETE };
        let mut changing = self.open(caller, id, rule, Guard::new("delete", &[])).await?;
        let now = changing.now;
        let server = &mut changing.server;
        if server.intent.gone || (!force && server.intent.reclaim_at.is_some()) {
            return Ok(());
        }
        let window = std::time::Duration::from_secs(self.config().reclaim_seconds);
        // one on the shelf is on its way from the host that would keep it
        let kept = server.was_built() && server.placed.host.is_some() && server.intent.shelf.is_none();
        if !force && !window.is_zero() && kept {
            server.intent.reclaim_at = Some(now.plus(window).as_micros());
            server.intent.power = Power::Stopped;
            server.intent.ask(Doing::SoftDeleting, now);
            let less = Usage::of_servers(&server.shape, 1).negated();
            quotas::moved(&mut changing.tx, server.project.as_str(), less).await?;
        } else {
            server.intent.gone = true;
            server.intent.asked_at = now.as_micros();
        }
        self.close(caller, changing, Some(if force { "forceDelete" } else { "delete" })).await.map(drop)
    }

    /// Brings a deleted server back.
    pub(crate) async fn restore(&self, caller: &Caller, id: &str) -> Result<()> {
        let guard = Guard::new("restore", &[VmState::SoftDeleted]);
        let mut changing = self.open(caller, id, &policy::RESTORE, guard).await?;
        let more = Usage::of_servers(&changing.server.shape, 1);
        self.afford(&mut changing, more).await?;
        quotas::moved(&mut changing.tx, changing.server.project.as_str(), more).await?;
        let (now, intent) = (changing.now, &mut changing.server.intent);
        intent.reclaim_at = None;
        intent.power = Power::Running;
        intent.ask(Doing::Restoring, now);
        self.close(caller, changing, Some("restore")).await.map(drop)
    }
}
