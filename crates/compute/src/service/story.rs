//! What became of a server, for operators.

use kogge_ids::ServerId;
use kogge_resource::story::Line;

use crate::Compute;
use crate::error::Result;
use crate::model::step::next_step;
use crate::model::story::story;
use crate::store::{actions, migrations, servers};

impl Compute {
    /// What became of a server; nothing where there is none of this id.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn story(&self, id: ServerId) -> Result<Option<Vec<Line>>> {
        let Some(server) = servers::get(self.db(), id).await? else { return Ok(None) };
        let actions = actions::all(self.db(), id).await?;
        let moves = migrations::all(self.db(), id).await?;
        let (now, patience) = (self.now(), self.config().patience());
        let next = next_step(&server, &patience, now);
        Ok(Some(story(&server, &actions, &moves, next, now)))
    }
}
