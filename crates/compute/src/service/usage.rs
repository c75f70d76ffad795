//! What projects used in a time.

use kogge_auth::{Caller, Rule, Target};
use kogge_clock::Timestamp;

use crate::Compute;
use crate::error::{Error, Result};
use crate::store::servers;
use crate::store::usage::{self as store, Lived};

/// What is asked for.
pub(crate) struct Asked<'a> {
    /// From when to when.
    pub(crate) period: (Timestamp, Timestamp),
    /// Of which project; nothing for all.
    pub(crate) project: Option<&'a str>,
    /// Behind this server.
    pub(crate) marker: Option<&'a str>,
    /// So many servers at most.
    pub(crate) most: u32,
}

impl Compute {
    /// Asks for what a project used, or all of them where none is named.
    pub(crate) fn may_see_usage(&self, caller: &Caller, rule: &Rule, project: Option<&str>) -> Result<()> {
        Ok(caller.allow(rule, &project.map_or_else(Target::none, Target::project))?)
    }

    /// The servers that lived in a time, and whether there are more of them.
    pub(crate) async fn lived(
        &self,
        caller: &Caller,
        rule: &Rule,
        asked: &Asked<'_>,
    ) -> Result<(Vec<Lived>, bool)> {
        self.may_see_usage(caller, rule, asked.project)?;
        let mut after = None;
        if let Some(marker) = asked.marker {
            let missing = || Error::Invalid(format!("Marker {marker} could not be found."));
            let id = marker.parse().map_err(|_| missing())?;
            let server = servers::get(self.db(), id).await?.ok_or_else(missing)?;
            if asked.project.is_some_and(|project| project != server.project.as_str()) {
                return Err(missing());
            }
            after = Some((server.project.to_string(), server.id.to_string()));
        }
        let most = asked.most.saturating_add(1);
        let mut found = store::lived(self.db(), asked.period, asked.project, after.as_ref(), most).await?;
        let more = found.len() > asked.most as usize;
        found.truncate(asked.most as usize);
        Ok((found, more))
    }
}
