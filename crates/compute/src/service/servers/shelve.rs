//! Shelving servers and taking them back.

use std::collections::BTreeMap;

use kogge_auth::Caller;
use kogge_ids::ImageId;

use super::change::{Changing, Guard};
use super::find::target;
use crate::error::{Error, Result};
use crate::model::host::zone_of;
use crate::model::server::{Doing, Power, Server, Shelf, ShelfPlace};
use crate::model::state::{VmState, view};
use crate::store::{aggregates, hosts};
use crate::{Compute, policy};

const SHELVABLE: &[VmState] = &[VmState::Active, VmState::Stopped, VmState::Paused, VmState::Suspended];
/// One that failed on its way to the shelf comes back, too.
const SHELVED: &[VmState] = &[VmState::Shelved, VmState::ShelvedOffloaded, VmState::Error];
/// Longest name of an image.
const LONGEST: usize = 255;

/// Where a server is to come back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Unshelve {
    /// In this zone, or in any one; nothing for where it was pinned before.
    pub(crate) zone: Option<Option<String>>,
    /// On this host.
    pub(crate) host: Option<String>,
}

impl Compute {
    /// Puts a server on the shelf: it is powered off, a picture is taken, and after a while it leaves its host.
    pub(crate) async fn shelve(&self, caller: &Caller, id: &str) -> Result<()> {
        let guard = Guard::new("shelve", SHELVABLE);
        let mut changing = self.open(caller, id, &policy::SHELVE, guard).await?;
        let backed = changing.server.is_volume_backed();
        let image = if backed { None } else { Some(self.picture_for_shelf(caller, &mut changing).await?) };
        // a volume waits for nobody
        let after = if backed { Some(0) } else { self.config().offload_seconds };
        let after = after.map(std::time::Duration::from_secs);
        let (now, intent) = (changing.now, &mut changing.server.intent);
        intent.shelf = Some(Shelf {
            image,
            power: intent.power,
            place: ShelfPlace::Kept,
            leaves_at: after.map(|after| now.plus(after).as_micros()),
            disk: None,
        });
        intent.power = Power::Stopped;
        intent.ask(Doing::Shelving, now);
        self.close(caller, changing, Some("shelve")).await.map(drop)
    }

    async fn picture_for_shelf(&self, caller: &Caller, changing: &mut Changing) -> Result<ImageId> {
        let name: String = changing.server.name.chars().take(LONGEST - "-shelved".len()).collect();
        let name = format!("{name}-shelved");
        self.picture(caller, changing, &name, "snapshot", &BTreeMap::new()).await
    }

    /// Takes a shelved server from its host.
    pub(crate) async fn shelve_offload(&self, caller: &Caller, id: &str) -> Result<()> {
        let guard = Guard::new("shelveOffload", &[VmState::Shelved]);
        let mut changing = self.open(caller, id, &policy::SHELVE_OFFLOAD, guard).await?;
        if !self.leave_host_in(&mut changing.tx, &mut changing.server).await? {
            return Err(no_picture(&changing.server));
        }
        changing.server.intent.ask(Doing::Shelving, changing.now);
        self.close(caller, changing, Some("shelveOffload")).await.map(drop)
    }

    /// Takes a server from the shelf: it runs again, on its host or on another one.
    pub(crate) async fn unshelve(&self, caller: &Caller, id: &str, wish: Unshelve) -> Result<()> {
        self.check_wish(&wish).await?;
        let guard = Guard::new("unshelve", SHELVED);
        let mut changing = self.open(caller, id, &policy::UNSHELVE, guard).await?;
        let place = changing.server.intent.shelf.as_ref().map(|shelf| shelf.place);
        if view(&changing.server).vm_state == VmState::Error && place != Some(ShelfPlace::Kept) {
            return Err(Error::Conflict(format!("Instance {id} is broken, and not on the shelf")));
        }
        let away = place == Some(ShelfPlace::Away);
        if !away && (wish.zone.is_some() || wish.host.is_some()) {
            return Err(Error::Conflict(format!(
                "Specifying an availability zone or a host when unshelving server \"{id}\" with status \
                 \"shelved\" is not supported. The server status must be SHELVED_OFFLOADED."
            )));
        }
        if away {
            self.choose_place(caller, &mut changing, wish).await?;
        }
        let (now, server) = (changing.now, &mut changing.server);
        if let Some(shelf) = &mut server.intent.shelf {
            shelf.place = if away { ShelfPlace::Returning } else { ShelfPlace::Waking };
            if away {
                server.spec.disk = shelf.disk.clone().or_else(|| server.spec.disk.clone());
            }
        }
        server.intent.power = Power::Running;
        server.intent.ask(Doing::Shelving, now);
        self.close(caller, changing, Some("unshelve")).await.map(drop)
    }

    /// Refuses a zone and a host that are not there.
    async fn check_wish(&self, wish: &Unshelve) -> Result<()> {
        if let Some(Some(zone)) = &wish.zone
            && !self.all_zones().await?.get(zone).is_some_and(|zone| zone.available)
        {
            return Err(Error::Invalid("The requested availability zone is not available".to_owned()));
        }
        Ok(())
    }

    async fn choose_place(&self, caller: &Caller, changing: &mut Changing, wish: Unshelve) -> Result<()> {
        let server = &mut changing.server;
        let zone = wish.zone.unwrap_or_else(|| server.spec.zone.clone());
        if let Some(host) = &wish.host {
            caller.allow(&policy::UNSHELVE_TO_HOST, &target(server))?;
            let there = hosts::list(&mut changing.tx).await?.iter().any(|known| known.name() == host);
            if !there {
                return Err(Error::Invalid(format!("Compute host {host} could not be found.")));
            }
            let aggregates = aggregates::list(&mut changing.tx).await?;
            let own = zone_of(host, &aggregates, &self.config().default_zone);
            if let Some(zone) = zone.as_ref().filter(|zone| **zone != own) {
                let why = format!("Host \"{host}\" is not in the availability zone \"{zone}\".");
                return Err(Error::Conflict(why));
            }
        }
        server.spec.zone = zone;
        server.spec.host = wish.host;
        Ok(())
    }
}

fn no_picture(server: &Server) -> Error {
    let id = server.id;
    Error::Conflict(format!("The image of shelved instance {id} is not there; unshelve it on its host."))
}
