//! Moves of servers to other hosts.
//!
//! A disk goes from one host to another where both are simulated; real ones have no way to hand disks over yet, and are
//! no choice then. An evacuation makes the disk anew from its image, as Nova does without shared storage.

use kogge_auth::{Caller, Rule};
use kogge_db::Tx;
use kogge_ids::ServerId;

use super::boot::room_for;
use super::change::{Changing, Guard, note};
use super::find::target;
use crate::error::{Error, Result};
use crate::model::host::Host;
use crate::model::migration::{Migration, MigrationKind, MigrationStatus};
use crate::model::observe;
use crate::model::server::{Doing, MoveKind, Moving, Power, Server};
use crate::model::state::{VmState, view};
use crate::store::{actions, hosts, migrations};
use crate::{Compute, policy};

const MOVABLE: &[VmState] = &[VmState::Active, VmState::Stopped];
const LIVE: &[VmState] = &[VmState::Active, VmState::Paused];
const EVACUABLE: &[VmState] = &[VmState::Active, VmState::Stopped, VmState::Error];

/// What tenants and administrators read where no host takes a server.
const NOWHERE: &str = "No valid host was found.";

/// A live migration that is asked for.
pub(crate) struct LiveMove {
    /// To this host.
    pub(crate) host: Option<String>,
    /// The answer does not wait for what comes of it (2.34).
    pub(crate) later: bool,
}

/// An evacuation that is asked for.
pub(crate) struct Evacuation {
    /// To this host.
    pub(crate) host: Option<String>,
    /// The new password, which only a new disk gets.
    pub(crate) admin_password: Option<String>,
    /// It is off afterwards (2.95).
    pub(crate) stops: bool,
}

impl Compute {
    /// Moves a server to another host; it waits to be confirmed there, as a resize.
    pub(crate) async fn migrate(&self, caller: &Caller, id: &str, host: Option<&str>) -> Result<()> {
        let rule = if host.is_some() { &policy::MIGRATE_TO_HOST } else { &policy::MIGRATE };
        let mut changing = self.open(caller, id, rule, Guard::new("migrate", MOVABLE)).await?;
        let from = changing.server.placed.host.clone();
        if let Some(host) = host {
            self.known_host(&mut changing.tx, host).await?;
            if from.as_deref() == Some(host) {
                let why = "Cannot migrate to the host where the server exists.";
                return Err(Error::Invalid(why.to_owned()));
            }
        }
        let now = changing.now;
        changing.server.intent.resized_from = Some(changing.server.shape.clone());
        changing.server.intent.ask(Doing::Resizing, now);
        self.move_cold(&mut changing.tx, &mut changing.server, host).await?;
        let ends = (from.as_deref(), changing.server.placed.host.as_deref());
        migrations::begin(&mut changing.tx, &changing.server, MigrationKind::Migration, ends, now).await?;
        self.close(caller, changing, Some("migrate")).await.map(drop)
    }

    /// Moves a running server to another host.
    pub(crate) async fn live_migrate(&self, caller: &Caller, id: &str, wish: LiveMove) -> Result<()> {
        let rule: &Rule =
            if wish.host.is_some() { &policy::MIGRATE_LIVE_TO_HOST } else { &policy::MIGRATE_LIVE };
        let mut changing = self.open(caller, id, rule, Guard::new("os-migrateLive", LIVE)).await?;
        if let Some(host) = &wish.host {
            self.known_host(&mut changing.tx, host).await?;
        }
        let (from, now) = (changing.server.placed.host.clone(), changing.now);
        let chosen = match &wish.host {
            Some(host) if from.as_ref() == Some(host) => {
                Err(Error::Invalid(format!("Unable to migrate instance ({id}) to current host ({host}).")))
            }
            host => {
                let (tx, server) = (&mut changing.tx, &mut changing.server);
                self.move_to(tx, server, host.as_deref(), MoveKind::Live).await
            }
        };
        if let Err(error @ Error::Invalid(_)) = chosen {
            if !wish.later {
                return Err(error);
            }
            return self.note_failed_move(caller, changing, &error.to_string()).await;
        }
        chosen?;
        changing.server.intent.ask(Doing::Migrating, now);
        let ends = (from.as_deref(), changing.server.placed.host.as_deref());
        let kind = MigrationKind::LiveMigration;
        migrations::begin(&mut changing.tx, &changing.server, kind, ends, now).await?;
        self.close(caller, changing, Some("live-migration")).await.map(drop)
    }

    /// An order that was taken and came to nothing.
    async fn note_failed_move(&self, caller: &Caller, changing: Changing, why: &str) -> Result<()> {
        let Changing { mut tx, server, now, .. } = changing;
        note(&mut tx, caller, &server, "live-migration", false, now).await?;
        actions::fail(&mut tx, server.id, None, None, why, now).await?;
        Ok(tx.commit().await?)
    }

    /// Makes a server of a dead host anew on another one.
    pub(crate) async fn evacuate(&self, caller: &Caller, id: &str, wish: Evacuation) -> Result<()> {
        let guard = Guard {
            heeds_lock: false,
            ..Guard::new("evacuate", EVACUABLE).during(&[
                "rebuilding",
                "powering-off",
                "powering-on",
                "rebooting",
            ])
        };
        let mut changing = self.open(caller, id, &policy::EVACUATE, guard).await?;
        let (from, now) = (changing.server.placed.host.clone(), changing.now);
        let all = hosts::list(&mut changing.tx).await?;
        let named = |name: &str| all.iter().find(|host| host.name() == name);
        if let Some(host) = &wish.host
            && named(host).is_none()
        {
            return Err(Error::NotFound(format!("Compute host {host} not found.")));
        }
        if wish.host.is_some() && wish.host == from {
            return Err(Error::Invalid("The target host can't be the same one.".to_owned()));
        }
        let dead = from.as_deref().and_then(named);
        if dead.is_some_and(|host| host.is_up(now, self.config().host_patience())) {
            let host = from.unwrap_or_default();
            return Err(Error::Invalid(format!("Compute service of {host} is still in use.")));
        }
        let server = &mut changing.server;
        if !server.volumes.is_empty() && dead.is_some_and(|host| !host.forced_down) {
            // one that is only not seen may still write
            let host = from.unwrap_or_default();
            return Err(Error::Invalid(format!(
                "Compute service of {host} may still be in use, and its servers may write to their volumes: make sure \
                 that it is off, and force it down."
            )));
        }
        server.intent.disk += 1;
        server.intent.rescue = None;
        // its disk is made anew from its own image: the picture by which it once left a shelf is gone
        if server.spec.disk.as_ref().is_some_and(|disk| disk.image.is_some()) {
            server.spec.disk = None;
        }
        let image = server.disk_image();
        if let Some(password) = &wish.admin_password {
            server.spec.sealed_password = Some(self.seal().seal(password));
        }
        if wish.stops {
            server.intent.power = Power::Stopped;
        }
        self.move_to(&mut changing.tx, server, wish.host.as_deref(), MoveKind::Evacuation).await?;
        if let Some(from) = &from {
            self.free_on(&mut changing.tx, server.id, from).await?;
        }
        server.intent.ask(Doing::Rebuilding, now);
        let ends = (from.as_deref(), server.placed.host.as_deref());
        migrations::begin(&mut changing.tx, server, MigrationKind::Evacuation, ends, now).await?;
        let server = server.id;
        if let Some(image) = image {
            self.hold_image(&mut changing.tx, image, &[server]).await?;
        }
        self.close(caller, changing, Some("evacuate")).await.map(drop)
    }

    /// Moves a server with its disk, such that it can go back.
    pub(super) async fn move_cold(&self, tx: &mut Tx, server: &mut Server, host: Option<&str>) -> Result<()> {
        let from = server.placed.host.clone();
        self.move_to(tx, server, host, MoveKind::Cold).await?;
        server.intent.resized_on = from;
        Ok(())
    }

    /// Takes a resize that changed the host back there.
    pub(super) async fn move_back(&self, tx: &mut Tx, server: &mut Server) -> Result<()> {
        let Some(home) = server.intent.resized_on.take() else { return Ok(()) };
        let Some(from) = server.placed.host.replace(home.clone()) else { return Ok(()) };
        self.free_on(tx, server.id, &from).await?;
        self.host_ports(tx, server.id, &home).await?;
        server.intent.moving = Some(Moving { from, kind: MoveKind::Cold, left: false });
        observe::moved(server);
        Ok(())
    }

    /// Puts a server on another host, with room there beside that on the one that it leaves.
    async fn move_to(
        &self,
        tx: &mut Tx,
        server: &mut Server,
        host: Option<&str>,
        kind: MoveKind,
    ) -> Result<()> {
        let Some(from) = server.placed.host.clone() else {
            return Err(Error::Conflict(format!("Instance {} is not ready", server.id)));
        };
        if server.is_carried() && kind != MoveKind::Evacuation {
            return Err(Error::Conflict(format!("Instance {} is still leaving another host", server.id)));
        }
        let chosen = self.another_host(tx, server, host, kind).await?;
        let chosen = chosen.ok_or_else(|| Error::Invalid(NOWHERE.to_owned()))?;
        let provider = Host::hypervisor_id(&chosen).uuid().into();
        let needed = room_for(server, &server.shape);
        let (owner, user) = (&server.project, &server.user);
        let held = self.placement().allocate_in(tx, server.id, owner, user, provider, &needed).await;
        held.map_err(|error| match error {
            kogge_placement::Error::NoRoom { .. } => Error::Invalid(NOWHERE.to_owned()),
            other => Error::internal(other),
        })?;
        self.host_ports(tx, server.id, &chosen).await?;
        server.placed.host = Some(chosen);
        server.intent.moving = Some(Moving { from, kind, left: false });
        observe::moved(server);
        Ok(())
    }

    async fn known_host(&self, tx: &mut Tx, host: &str) -> Result<()> {
        let there = hosts::list(tx).await?.iter().any(|known| known.name() == host);
        let missing = || Error::Invalid(format!("Compute host {host} could not be found."));
        there.then_some(()).ok_or_else(missing)
    }

    /// Gives back what a server holds on a host.
    pub(crate) async fn free_on(&self, tx: &mut Tx, server: ServerId, host: &str) -> Result<()> {
        let provider = Host::hypervisor_id(host).uuid().into();
        self.placement().free_at_in(tx, server, provider).await.map_err(Error::internal)
    }

    /// Live migrations of a server under way, and whether the caller sees hosts.
    pub(crate) async fn moves_under_way(
        &self,
        caller: &Caller,
        id: &str,
        rule: &Rule,
    ) -> Result<(Vec<Migration>, bool)> {
        let server = self.server(caller, id, rule).await?;
        let seen = caller.may(&policy::SERVER_MIGRATIONS_HOST, &target(&server));
        Ok((migrations::under_way(self.db(), server.id).await?, seen))
    }

    /// Checks that a live migration is one that may be pushed or ended.
    pub(crate) async fn push_move(
        &self,
        caller: &Caller,
        id: &str,
        number: &str,
        rule: &Rule,
        method: &'static str,
    ) -> Result<Changing> {
        let guard = Guard::new("os-migrateLive", LIVE).during(&["migrating"]);
        let mut changing = self.open(caller, id, rule, guard).await?;
        let task = view(&changing.server).task_state;
        if task != Some("migrating") {
            let (server, state) = (id.to_owned(), task.unwrap_or("None").to_owned());
            return Err(Error::InvalidState { action: method, server, attribute: "task_state", state });
        }
        let server = changing.server.id;
        let found = match number.parse() {
            Ok(number) => migrations::numbered(&mut changing.tx, server, number).await?,
            Err(_) => None,
        };
        let missing = || Error::NotFound(format!("Migration {number} not found for instance {id}"));
        let found = found.ok_or_else(missing)?;
        if found.status != MigrationStatus::Running {
            let state = found.status.as_str();
            return Err(Error::Invalid(format!(
                "Migration {number} state of instance {id} is {state}. Cannot {method} while the migration is in this \
                 state."
            )));
        }
        Ok(changing)
    }

    /// Ends a live migration: the server stays where it was.
    pub(crate) async fn abort_move(
        &self,
        caller: &Caller,
        id: &str,
        number: &str,
        rule: &Rule,
    ) -> Result<()> {
        let mut changing = self.push_move(caller, id, number, rule, "abort live migration").await?;
        let now = changing.now;
        let server = &mut changing.server;
        let moving = server.intent.moving.take();
        let moving = moving.ok_or_else(|| Error::Conflict(format!("Instance {id} moves no more.")))?;
        let Some(to) = server.placed.host.replace(moving.from.clone()) else { return Err(Error::Busy) };
        self.free_on(&mut changing.tx, server.id, &to).await?;
        self.host_ports(&mut changing.tx, server.id, &moving.from).await?;
        server.intent.moving = Some(Moving { from: to, kind: MoveKind::Live, left: false });
        observe::moved(server);
        server.intent.ask(Doing::Migrating, now);
        migrations::follow(&mut changing.tx, server.id, MigrationStatus::Cancelled, now).await?;
        self.close(caller, changing, Some("live_migration_cancel")).await.map(drop)
    }

    /// A live migration of a server under way.
    pub(crate) async fn move_under_way(
        &self,
        caller: &Caller,
        id: &str,
        number: &str,
        rule: &Rule,
    ) -> Result<Migration> {
        let server = self.server(caller, id, rule).await?;
        let found = match number.parse() {
            Ok(number) => migrations::numbered(self.db(), server.id, number).await?,
            Err(_) => None,
        };
        let found = found.ok_or_else(|| {
            Error::NotFound(format!("In-progress live migration {number} is not found for server {id}."))
        })?;
        if found.kind != MigrationKind::LiveMigration {
            let why = format!("Migration {number} for server {id} is not live-migration.");
            return Err(Error::NotFound(why));
        }
        if found.status != MigrationStatus::Running {
            let why = format!("Live migration {number} for server {id} is not in progress.");
            return Err(Error::NotFound(why));
        }
        Ok(found)
    }
}
