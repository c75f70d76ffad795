//! What a project uses of the image service.

use kogge_auth::Caller;

use super::bounds::Resource;
use crate::Images;
use crate::error::Error;
use crate::store;

/// Sizes are told in MiB.
const MIB: i64 = 1 << 20;

impl Images {
    /// The caller's project: each resource with its use and limit; no limit is -1, as in `oslo.limit`.
    pub(crate) async fn usage(&self, caller: &Caller) -> Result<Vec<(Resource, i64, i64)>, Error> {
        let Some(project) = caller.project_id() else { return Ok(Vec::new()) };
        let used = store::usage::get(self.db(), project.as_str()).await?;
        let counted = |resource: &Resource| {
            let unit = if matches!(resource, Resource::Stored | Resource::Staged) { MIB } else { 1 };
            let limit = resource.limit(self.config()).map_or(-1, |limit| limit / unit);
            (*resource, resource.of(&used) / unit, limit)
        };
        Ok(Resource::ALL.iter().map(counted).collect())
    }
}
