//! The one way in which requests change a server: load, allow, guard, change the intent, note the action, commit,
//! wake.

use kogge_auth::{Caller, Rule};
use kogge_clock::Timestamp;
use kogge_db::Tx;

use super::find::{load, parse_id};
use crate::Compute;
use crate::error::{Error, Result};
use crate::model::action::Action;
use crate::model::server::{Server, ShelfPlace};
use crate::model::state::{self, VmState};
use crate::service::flavors::is_admin;
use crate::store::{actions, servers as store};

/// In which states a server takes a change.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guard {
    /// Nova's word for the change in messages: `stop`.
    pub(crate) action: &'static str,
    /// States that it may be in.
    pub(crate) vm_states: &'static [VmState],
    /// Tasks that may go on meanwhile; nothing going on is always fine.
    pub(crate) tasks: &'static [&'static str],
    /// Refused while it is locked by the owner for others, by an admin for the owner.
    pub(crate) heeds_lock: bool,
}

impl Guard {
    /// A change of a server in one of these states, with nothing going on, that heeds locks.
    pub(crate) const fn new(action: &'static str, vm_states: &'static [VmState]) -> Self {
        Self { action, vm_states, tasks: &[], heeds_lock: true }
    }

    /// … also while one of these goes on.
    pub(crate) const fn during(self, tasks: &'static [&'static str]) -> Self {
        Self { tasks, ..self }
    }

    /// Refuses a server that does not take the change now.
    pub(crate) fn check(&self, caller: &Caller, server: &Server) -> Result<()> {
        if self.heeds_lock && server.lock.is_some() && !is_admin(caller) {
            return Err(Error::Conflict(format!("Instance {} is locked", server.id)));
        }
        // what is allowed in every state asks for none
        if self.vm_states.is_empty() {
            return Ok(());
        }
        if server.found_no_host() {
            return Err(Error::Conflict(format!("Instance {} is not ready", server.id)));
        }
        let view = state::view(server);
        let refuse = |attribute, state: &str| Error::InvalidState {
            action: self.action,
            server: server.id.to_string(),
            attribute,
            state: state.to_owned(),
        };
        // what is on the shelf leaves its host in time: it must not run there meanwhile
        let on_shelf = server.intent.shelf.as_ref().is_some_and(|shelf| shelf.place == ShelfPlace::Kept);
        let broken = view.vm_state == VmState::Error && on_shelf;
        if broken && !self.vm_states.contains(&VmState::Shelved) {
            return Err(refuse("vm_state", VmState::Shelved.as_str()));
        }
        if !self.vm_states.contains(&view.vm_state) {
            return Err(refuse("vm_state", view.vm_state.as_str()));
        }
        match view.task_state {
            Some(task) if !self.tasks.contains(&task) => Err(refuse("task_state", task)),
            _ => Ok(()),
        }
    }
}

/// A server that is being changed: its row is locked until [`Compute::close`] commits.
pub(crate) struct Changing {
    /// The transaction, for what has to happen along with the change.
    pub(crate) tx: Tx,
    /// The server.
    pub(crate) server: Server,
    /// The present time.
    pub(crate) now: Timestamp,
    generation: i64,
}

/// The id of a request that nobody sent: what Kogge does by itself.
pub(crate) fn new_request_id() -> String {
    format!("req-{}", uuid::Uuid::new_v4())
}

/// Notes that something was asked of a server. Without `generation` it is done already.
pub(crate) async fn note(
    tx: &mut Tx,
    caller: &Caller,
    server: &Server,
    name: &str,
    done: bool,
    now: Timestamp,
) -> Result<()> {
    let request_id = if caller.request_id.is_empty() { new_request_id() } else { caller.request_id.clone() };
    let action = Action {
        server: server.id,
        request_id,
        name: name.to_owned(),
        user: caller.user.id.clone(),
        project: caller.project_id().unwrap_or(&server.project).clone(),
        started_at: now,
        updated_at: now,
        message: None,
        generation: server.intent.generation,
        finished_at: done.then_some(now),
        host: server.placed.host.clone(),
        details: None,
        placed: None,
    };
    Ok(actions::insert(tx, &action).await?)
}

impl Compute {
    /// Locks a server that the caller may change and that takes the change now.
    pub(crate) async fn open(
        &self,
        caller: &Caller,
        id: &str,
        rule: &Rule,
        guard: Guard,
    ) -> Result<Changing> {
        let mut tx = self.db().begin().await?;
        store::lock(&mut tx, parse_id(id)?).await?;
        let server = load(&mut tx, caller, id, rule).await?;
        guard.check(caller, &server)?;
        let generation = server.intent.generation;
        Ok(Changing { tx, server, now: self.now(), generation })
    }

    /// Commits a change and wakes the tasks. `action` is what its instance action is called, if it is one.
    pub(crate) async fn close(
        &self,
        caller: &Caller,
        changing: Changing,
        action: Option<&str>,
    ) -> Result<Server> {
        let Changing { mut tx, mut server, now, generation } = changing;
        if let Some(action) = action {
            let done =
                server.intent.generation == generation && !server.snapshot_pending() && !server.intent.gone;
            note(&mut tx, caller, &server, action, done, now).await?;
        }
        if !store::save(&mut tx, &mut server, now).await? {
            return Err(Error::Busy);
        }
        tx.commit().await?;
        self.server_changed(&server);
        Ok(server)
    }
}
