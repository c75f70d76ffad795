//! Starting, stopping, rebooting, pausing, suspending, locking.

use kogge_auth::Caller;

use super::change::Guard;
use super::find::target;
use crate::error::{Error, Result};
use crate::model::server::{Doing, Lock, Power};
use crate::model::state::VmState;
use crate::{Compute, policy};

const STARTABLE: &[VmState] = &[VmState::Stopped];
const STOPPABLE: &[VmState] = &[VmState::Active, VmState::Error];
const SOFT_REBOOTABLE: &[VmState] = &[VmState::Active];
const HARD_REBOOTABLE: &[VmState] =
    &[VmState::Active, VmState::Stopped, VmState::Paused, VmState::Suspended, VmState::Error];

/// Everything that may be told to a server without further facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// `os-start`
    Start,
    /// `os-stop`
    Stop,
    /// `reboot` of type `SOFT`
    RebootSoft,
    /// `reboot` of type `HARD`
    RebootHard,
    /// `pause`
    Pause,
    /// `unpause`
    Unpause,
    /// `suspend`
    Suspend,
    /// `resume`
    Resume,
}

impl Compute {
    /// Gives an order.
    pub(crate) async fn order(&self, caller: &Caller, id: &str, order: Order) -> Result<()> {
        let (rule, guard, action) = match order {
            Order::Start => (&policy::SERVERS_START, Guard::new("start", STARTABLE), "start"),
            Order::Stop => (&policy::SERVERS_STOP, Guard::new("stop", STOPPABLE), "stop"),
            Order::RebootSoft => (&policy::SERVERS_REBOOT, Guard::new("reboot", SOFT_REBOOTABLE), "reboot"),
            Order::RebootHard => {
                let guard = Guard::new("reboot", HARD_REBOOTABLE).during(&["rebooting", "rebooting_hard"]);
                (&policy::SERVERS_REBOOT, guard, "reboot")
            }
            Order::Pause => (&policy::PAUSE, Guard::new("pause", &[VmState::Active]), "pause"),
            Order::Unpause => (&policy::UNPAUSE, Guard::new("unpause", &[VmState::Paused]), "unpause"),
            Order::Suspend => (&policy::SUSPEND, Guard::new("suspend", &[VmState::Active]), "suspend"),
            Order::Resume => (&policy::RESUME, Guard::new("resume", &[VmState::Suspended]), "resume"),
        };
        let mut changing = self.open(caller, id, rule, guard).await?;
        if let (Order::Suspend, Some(why)) = (order, &changing.server.observed.deferred) {
            // its memory would not fit the devices that it is to have
            return Err(Error::Conflict(format!("Instance {id} cannot be suspended: {why}")));
        }
        let (now, intent) = (changing.now, &mut changing.server.intent);
        match order {
            Order::Start => {
                // a guest that powered itself down should run already: only a numbered order starts it
                if intent.power == Power::Running {
                    intent.boot += 1;
                    intent.soft = false;
                }
                intent.power = Power::Running;
                intent.ask(Doing::PoweringOn, now);
            }
            Order::Stop => {
                intent.power = Power::Stopped;
                intent.ask(Doing::PoweringOff, now);
            }
            Order::RebootSoft | Order::RebootHard => {
                intent.power = Power::Running;
                intent.boot += 1;
                // one whose rescue failed boots from its own disk again
                intent.rescue = None;
                intent.soft = order == Order::RebootSoft;
                intent.ask(if intent.soft { Doing::Rebooting } else { Doing::RebootingHard }, now);
            }
            Order::Pause => {
                intent.power = Power::Paused;
                intent.ask(Doing::Pausing, now);
            }
            Order::Unpause => {
                intent.power = Power::Running;
                intent.ask(Doing::Unpausing, now);
            }
            Order::Suspend => {
                intent.power = Power::Suspended;
                intent.ask(Doing::Suspending, now);
            }
            Order::Resume => {
                intent.power = Power::Running;
                intent.ask(Doing::Resuming, now);
            }
        }
        self.close(caller, changing, Some(action)).await.map(drop)
    }

    /// Locks a server against changes by its owner, or by everybody but admins.
    pub(crate) async fn lock(&self, caller: &Caller, id: &str, reason: Option<String>) -> Result<()> {
        let guard = Guard { heeds_lock: false, ..Guard::new("lock", &[]) };
        let mut changing = self.open(caller, id, &policy::LOCK, guard).await?;
        let own = caller.project_id() == Some(&changing.server.project);
        // an admin's lock stays one when the owner locks again
        let by_admin = !own || changing.server.lock.as_ref().is_some_and(|lock| lock.by_admin);
        changing.server.lock = Some(Lock { by_admin, reason: reason.clone() });
        self.close(caller, changing, Some("lock")).await.map(drop)
    }

    /// Takes the lock away. One that an admin put there only admins take away.
    pub(crate) async fn unlock(&self, caller: &Caller, id: &str) -> Result<()> {
        let guard = Guard { heeds_lock: false, ..Guard::new("unlock", &[]) };
        let mut changing = self.open(caller, id, &policy::UNLOCK, guard).await?;
        if changing.server.lock.as_ref().is_some_and(|lock| lock.by_admin) {
            caller.allow(&policy::UNLOCK_OVERRIDE, &target(&changing.server))?;
        }
        changing.server.lock = None;
        self.close(caller, changing, Some("unlock")).await.map(drop)
    }

    /// An admin calls a server broken, or takes that and any fault back.
    pub(crate) async fn reset_state(&self, caller: &Caller, id: &str, broken: bool) -> Result<()> {
        let guard = Guard { heeds_lock: false, ..Guard::new("reset_state", &[]) };
        let mut changing = self.open(caller, id, &policy::RESET_STATE, guard).await?;
        if changing.server.found_no_host() {
            let why = format!("Instance {id} found no host and holds nothing; delete it and make a new one.");
            return Err(Error::Conflict(why));
        }
        if broken {
            changing.server.intent.called_broken = true;
        } else {
            changing.server.intent.ask(Doing::Updating, changing.now);
        }
        self.close(caller, changing, Some("resetState")).await.map(drop)
    }

    /// Setting a password needs an agent in the guest, and there is none.
    pub(crate) async fn change_password(&self, caller: &Caller, id: &str) -> Result<()> {
        let server = self.server(caller, id, &policy::ADMIN_PASSWORD).await?;
        Guard::new("changePassword", &[VmState::Active]).check(caller, &server)?;
        Err(Error::Conflict(format!(
            "Failed to set admin password on {id} because no agent runs in the guest; log in with the key, or rebuild \
             the server with a new password."
        )))
    }
}
