//! What a project uses of the image service.

use kogge_auth::Caller;

use super::bounds::Resource;
use crate::Images;
use crate::error::Error;
use crate::store;

/// Use and limit of one resource; no limit is -1, as in `oslo.limit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counted {
    /// Glance's name of the resource.
    pub(crate) name: &'static str,
    /// In use.
    pub(crate) usage: i64,
    /// Limit.
    pub(crate) limit: i64,
}

/// Sizes are told in MiB.
const MIB: i64 = 1 << 20;

impl Images {
    /// The caller's project.
    pub(crate) async fn usage(&self, caller: &Caller) -> Result<Vec<Counted>, Error> {
        let Some(project) = caller.project_id() else { return Ok(Vec::new()) };
        let used = store::usage::get(self.db(), project.as_str()).await?;
        let counted = |resource: Resource| {
            let unit = if matches!(resource, Resource::Stored | Resource::Staged) { MIB } else { 1 };
            let limit = resource.limit(self.config()).map_or(-1, |limit| limit / unit);
            Counted { name: resource.name(), usage: resource.of(&used) / unit, limit }
        };
        Ok(Resource::ALL.map(counted).to_vec())
    }
}
