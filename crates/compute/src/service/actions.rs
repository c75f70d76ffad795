//! Instance actions: reading them.

use kogge_auth::Caller;
use kogge_db::{Page, Paged};

use crate::error::{Error, Result};
use crate::model::action::Action;
use crate::service::servers::find::{load, load_any, target};
use crate::store::actions as store;
use crate::store::changes::Changes;
use crate::{Compute, policy};

/// An action, and what a caller sees of its events.
pub(crate) struct Seen {
    /// The action.
    pub(crate) action: Action,
    /// What goes on in it, and where.
    pub(crate) events: bool,
    /// Why it failed.
    pub(crate) details: bool,
}

impl Compute {
    /// One page of the actions of a server. `gone` lets a deleted server have some.
    pub(crate) async fn list_actions(
        &self,
        caller: &Caller,
        id: &str,
        gone: bool,
        changes: Changes,
        page: &Page,
    ) -> Result<Paged<Action>> {
        let rule = &policy::ACTIONS_LIST;
        let server = if gone {
            load_any(self.db(), caller, id, rule).await?
        } else {
            load(self.db(), caller, id, rule).await?
        };
        if let Some(marker) = &page.marker
            && store::get(self.db(), server.id, marker).await?.is_none()
        {
            return Err(Error::Invalid(format!("Marker {marker} could not be found.")));
        }
        Ok(store::list(self.db(), server.id, changes, page).await?)
    }

    /// One action of a server.
    pub(crate) async fn action(&self, caller: &Caller, id: &str, gone: bool, request: &str) -> Result<Seen> {
        let rule = &policy::ACTIONS_SHOW;
        let server = if gone {
            load_any(self.db(), caller, id, rule).await?
        } else {
            load(self.db(), caller, id, rule).await?
        };
        let action = store::get(self.db(), server.id, request).await?;
        let action = action.ok_or_else(|| Error::NotFound(format!("Action {request} not found")))?;
        let may = |rule| caller.may(rule, &target(&server));
        let (events, details) = (may(&policy::ACTIONS_EVENTS), may(&policy::ACTIONS_EVENT_DETAILS));
        Ok(Seen { action, events, details })
    }
}
