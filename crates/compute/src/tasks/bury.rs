//! The end of a server: nothing is left of it on any node.

use crate::Compute;
use crate::error::{Error, Result};
use crate::model::quota::Usage;
use crate::model::server::Server;
use crate::store::{actions, consoles, quotas, server_groups, servers as store};

impl Compute {
    /// Gives back everything that a server held, in one transaction.
    pub(super) async fn bury(&self, known: &Server) -> Result<bool> {
        let mut tx = self.db().begin().await?;
        store::lock(&mut tx, known.id).await?;
        let Some(mut server) = store::get(&mut tx, known.id).await? else { return Ok(false) };
        // placed in between: then there is something to remove first
        if server.deleted_at.is_some() || server.placed.host != known.placed.host || !server.intent.gone {
            return Ok(false);
        }
        let now = self.now();
        self.drop_all_ports(&mut tx, server.id).await?;
        self.let_volumes_go_in(&mut tx, &mut server).await?;
        self.placement().free_in(&mut tx, server.id).await.map_err(Error::internal)?;
        consoles::forget(&mut tx, server.id).await?;
        server_groups::leave(&mut tx, server.id).await?;
        self.release_image(&mut tx, server.id).await?;
        if let Some(image) = server.intent.shelf.as_ref().and_then(|shelf| shelf.image) {
            self.discard_image(&mut tx, image).await?;
        }
        server.observed.removed = true;
        server.spec.forget_secrets();
        server.deleted_at = Some(now);
        let snapshot = server.intent.snapshot.filter(|_| server.snapshot_pending());
        actions::finish(&mut tx, server.id, i64::MAX, server.placed.host.as_deref(), now).await?;
        if !store::save(&mut tx, &mut server, now).await? {
            return Ok(false);
        }
        // one that could be brought back was not counted any more
        if server.intent.reclaim_at.is_none() {
            quotas::moved(&mut tx, server.project.as_str(), Usage::of_servers(&server.shape, 1).negated())
                .await?;
        }
        tx.commit().await?;
        if let Some(snapshot) = snapshot {
            let because = "the server was deleted before the picture was taken";
            self.image().fail_snapshot(snapshot.image, because).await.map_err(Error::internal)?;
        }
        self.wakes().place.wake();
        Ok(true)
    }
}
