//! What a project uses of the image service.

use kogge_auth::Caller;

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
        let used = store::images::usage(self.db(), project.as_str()).await?;
        let most = |limit: Option<u64>| limit.map_or(-1, |limit| i64::try_from(limit).unwrap_or(i64::MAX));
        let config = self.config();
        let bytes = match most(config.project_bytes) {
            -1 => -1,
            limit => limit / MIB,
        };
        Ok(vec![
            Counted { name: "image_size_total", usage: used.stored / MIB, limit: bytes },
            Counted { name: "image_stage_total", usage: used.staged / MIB, limit: bytes },
            Counted { name: "image_count_total", usage: used.images, limit: most(config.project_images) },
            Counted { name: "image_count_uploading", usage: used.uploading, limit: -1 },
        ])
    }
}
