//! Telling users what went wrong behind their requests.

use std::time::Duration;

use kogge_db::{DbError, Record as _, Tx};
use kogge_ids::{MessageId, ProjectId};

use crate::Volumes;
use crate::error::Result;
use crate::model::message::{About, Action, DAYS, Detail, Message};
use crate::store::messages as store;

/// What there is to say.
#[derive(Debug, Clone)]
pub(crate) struct Said<'a> {
    /// To whom.
    pub(crate) project: &'a ProjectId,
    /// The request that began it, where it is known.
    pub(crate) request: Option<&'a str>,
    /// About what.
    pub(crate) about: About,
    /// Which of them.
    pub(crate) id: &'a str,
    /// What was being done.
    pub(crate) action: Action,
    /// What went wrong.
    pub(crate) detail: Detail,
}

impl Volumes {
    /// Tells a project that something went wrong, in the transaction that notes the fault.
    pub(crate) async fn say(&self, tx: &mut Tx, said: Said<'_>) -> Result<()> {
        let (action, detail) = (said.action.number(), said.detail.number());
        let now = self.now();
        let message = Message {
            id: MessageId::random(),
            project_id: said.project.clone(),
            request_id: said.request.map(str::to_owned),
            resource_type: Some(said.about),
            resource_id: Some(said.id.to_owned()),
            action_id: action.to_owned(),
            detail_id: detail.to_owned(),
            event_id: format!("VOLUME_{}_{action}_{detail}", said.about),
            level: "ERROR".to_owned(),
            created_at: now,
            expires_at: now.plus(Duration::from_secs(DAYS * 86_400)),
        };
        message.insert(tx).await?;
        Ok(())
    }

    /// Removes the messages that are kept no longer; answers how many.
    pub(crate) async fn forget_messages(&self) -> Result<u64, DbError> {
        let mut tx = self.db().begin().await?;
        let gone = store::forget(&mut tx, self.now()).await?;
        tx.commit().await?;
        Ok(gone)
    }
}
