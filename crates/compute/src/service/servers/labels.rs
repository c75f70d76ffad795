//! Names, descriptions, metadata and tags.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use kogge_auth::{Caller, Rule};

use super::change::Guard;
use crate::error::{Error, Result};
use crate::model::bounds;
use crate::model::server::{InjectedFile, Server};
use crate::model::state::VmState;
use crate::store::quotas;
use crate::{Compute, policy};

/// States in which labels may change.
const STEADY: &[VmState] = &[VmState::Active, VmState::Paused, VmState::Stopped];

/// What an update and a rebuild may change; `None` stays.
#[derive(Debug, Clone, Default)]
pub(crate) struct ServerUpdate {
    /// Display name.
    pub(crate) name: Option<String>,
    /// Description; `Some(None)` takes it away.
    pub(crate) description: Option<Option<String>>,
    /// Host name.
    pub(crate) hostname: Option<String>,
    /// Shown address.
    pub(crate) access_v4: Option<Ipv4Addr>,
    /// Shown address.
    pub(crate) access_v6: Option<Ipv6Addr>,
    /// How the disk is divided.
    pub(crate) auto_disk_config: Option<bool>,
}

impl ServerUpdate {
    /// Changes the server.
    pub(super) fn apply(self, server: &mut Server) {
        server.name = self.name.unwrap_or_else(|| server.name.clone());
        server.hostname = self.hostname.unwrap_or_else(|| server.hostname.clone());
        server.description = self.description.unwrap_or_else(|| server.description.clone());
        server.access_v4 = self.access_v4.or(server.access_v4);
        server.access_v6 = self.access_v6.or(server.access_v6);
        server.spec.auto_disk_config = self.auto_disk_config.unwrap_or(server.spec.auto_disk_config);
    }
}

impl Compute {
    /// Changes what a server is called.
    pub(crate) async fn update_server(
        &self,
        caller: &Caller,
        id: &str,
        update: ServerUpdate,
    ) -> Result<Server> {
        let guard = Guard { heeds_lock: false, ..Guard::new("update", &[]) };
        let mut changing = self.open(caller, id, &policy::SERVERS_UPDATE, guard).await?;
        let told = update.name.is_some() || update.hostname.is_some();
        update.apply(&mut changing.server);
        if told {
            touch(&mut changing.server, changing.now);
        }
        self.close(caller, changing, None).await
    }

    /// Adds to the metadata, or replaces all of it.
    pub(crate) async fn put_metadata(
        &self,
        caller: &Caller,
        id: &str,
        rule: &Rule,
        pairs: &BTreeMap<String, String>,
        replace: bool,
    ) -> Result<BTreeMap<String, String>> {
        let guard = Guard::new("update metadata", STEADY);
        let mut changing = self.open(caller, id, rule, guard).await?;
        let server = &mut changing.server;
        if replace {
            server.metadata.clear();
        }
        server.metadata.extend(pairs.clone());
        let limits = quotas::limits(&mut changing.tx, server.project.as_str(), &self.config().quota).await?;
        check_metadata(server.metadata.len(), &limits)?;
        touch(server, changing.now);
        let changed = self.close(caller, changing, None);
        Ok(changed.await?.metadata)
    }

    /// Takes a metadata item away.
    pub(crate) async fn delete_metadata(&self, caller: &Caller, id: &str, key: &str) -> Result<()> {
        let guard = Guard::new("delete metadata", STEADY);
        let rule = &policy::METADATA_DELETE;
        let mut changing = self.open(caller, id, rule, guard).await?;
        let gone = changing.server.metadata.remove(key);
        gone.ok_or_else(|| Error::NotFound("Metadata item was not found".to_owned()))?;
        touch(&mut changing.server, changing.now);
        let changed = self.close(caller, changing, None);
        changed.await.map(drop)
    }

    /// Replaces all tags.
    pub(crate) async fn set_tags(&self, caller: &Caller, id: &str, tags: &[String]) -> Result<Vec<String>> {
        let tags = distinct(tags)?;
        let guard = Guard { heeds_lock: false, ..Guard::new("update tags", STEADY) };
        let rule = &policy::TAGS_UPDATE_ALL;
        let mut changing = self.open(caller, id, rule, guard).await?;
        changing.server.tags.clone_from(&tags);
        let changed = self.close(caller, changing, None);
        Ok(changed.await?.tags)
    }

    /// Adds a tag; true where it is new.
    pub(crate) async fn add_tag(&self, caller: &Caller, id: &str, tag: &str) -> Result<bool> {
        let guard = Guard { heeds_lock: false, ..Guard::new("update tag", STEADY) };
        let mut changing = self.open(caller, id, &policy::TAGS_UPDATE, guard).await?;
        let mut tags = changing.server.tags.clone();
        let known = tags.iter().any(|one| one == tag);
        tags.push(tag.to_owned());
        changing.server.tags = distinct(&tags)?;
        let changed = self.close(caller, changing, None);
        changed.await?;
        Ok(!known)
    }

    /// Takes tags away: one, or all.
    pub(crate) async fn delete_tags(&self, caller: &Caller, id: &str, tag: Option<&str>) -> Result<()> {
        let rule = if tag.is_some() { &policy::TAGS_DELETE } else { &policy::TAGS_DELETE_ALL };
        let action = if tag.is_some() { "delete tag" } else { "delete tags" };
        let guard = Guard { heeds_lock: false, ..Guard::new(action, STEADY) };
        let mut changing = self.open(caller, id, rule, guard).await?;
        let tags = &mut changing.server.tags;
        let before = tags.len();
        tags.retain(|one| tag.is_some_and(|tag| one != tag));
        if let Some(tag) = tag.filter(|_| tags.len() == before) {
            return Err(no_tag(id, tag));
        }
        let changed = self.close(caller, changing, None);
        changed.await.map(drop)
    }
}

/// Nova's words for a tag that is not there.
pub(crate) fn no_tag(id: &str, tag: &str) -> Error {
    Error::NotFound(format!("Instance {id} has no tag '{tag}'"))
}

/// Tags sorted and without repetition; not too many.
pub(crate) fn distinct(tags: &[String]) -> Result<Vec<String>> {
    let mut tags = tags.to_vec();
    tags.sort();
    tags.dedup();
    if tags.len() > bounds::TAGS {
        let why = format!("The number of tags exceeded the per-server limit {}", bounds::TAGS);
        return Err(Error::Invalid(why));
    }
    Ok(tags)
}

/// Refuses more metadata than the quota allows.
pub(crate) fn check_metadata(count: usize, limits: &crate::model::quota::Limits) -> Result<()> {
    let limit =
        bounds::capped(limits.get("metadata_items").copied(), crate::store::big(bounds::PAIRS as u64));
    if i64::try_from(count).unwrap_or(i64::MAX) > limit {
        return Err(Error::Forbidden(format!("Maximum number of metadata items exceeds {limit}")));
    }
    Ok(())
}

/// Refuses more or larger files than the quota allows. Source: `nova/compute/api.py`, `_check_injected_file_quota`.
pub(crate) fn check_files(files: &[InjectedFile], limits: &crate::model::quota::Limits) -> Result<()> {
    let exceeds = |resource: &str, count: usize| {
        let limit = limits.get(resource).copied().filter(|limit| *limit >= 0);
        limit.is_some_and(|limit| i64::try_from(count).unwrap_or(i64::MAX) > limit)
    };
    let path = files.iter().map(|file| file.path.chars().count()).max().unwrap_or(0);
    // as it came, in base64
    let content = files.iter().map(|file| file.contents.len()).max().unwrap_or(0);
    let why = if exceeds("injected_files", files.len()) {
        "Personality file limit exceeded"
    } else if exceeds("injected_file_path_bytes", path) {
        "Personality file path exceeds maximum"
    } else if exceeds("injected_file_content_bytes", content) {
        "Personality file content exceeds maximum"
    } else {
        return Ok(());
    };
    Err(Error::Forbidden(why.to_owned()))
}

/// The guest is to learn of it, without that being shown as a task.
pub(crate) fn touch(server: &mut Server, now: kogge_clock::Timestamp) {
    let settled = server.observed.reached >= server.intent.generation;
    server.intent.touch(now, settled);
}
