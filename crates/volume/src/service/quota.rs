//! What a project may have.

use kogge_db::Tx;

use crate::Volumes;
use crate::error::{Error, Result};
use crate::model::quota::{Limits, Usage, over};
use crate::model::volume_type::VolumeType;
use crate::store::usage as store;

impl Volumes {
    /// Takes the project's turn, refuses where this much more does not fit, and counts it: one transaction, so two requests
    /// never see the same last place. `kind` is nothing for what has no type.
    pub(crate) async fn charge_in(
        &self,
        tx: &mut Tx,
        project: &str,
        kind: Option<&VolumeType>,
        more: Usage,
    ) -> Result<()> {
        // the type's lock comes before the project's turn, everywhere
        let kind = match kind {
            Some(kind) => Some(self.hold_type_in(tx, kind.id).await?),
            None => None,
        };
        store::take_turn(tx, project).await?;
        let limits = store::limits(&mut *tx, project, &self.config().quota).await?;
        let used = store::usage(&mut *tx, project, None).await?;
        check(&limits, "", used, more)?;
        if used.volumes + more.volumes > self.config().max_volumes_per_project {
            let most = self.config().max_volumes_per_project;
            return Err(Error::OverQuota(format!("A project has {most} volumes at most.")));
        }
        if let Some(kind) = &kind {
            let used = store::usage(&mut *tx, project, Some(&kind.id.to_string())).await?;
            check(&limits, &format!("_{}", kind.name), used, more)?;
        }
        let type_id = kind.map(|kind| kind.id.to_string()).unwrap_or_default();
        Ok(store::moved(tx, project, &type_id, more).await?)
    }

    /// Gives back what was counted.
    pub(crate) async fn refund_in(
        &self,
        tx: &mut Tx,
        project: &str,
        type_id: &str,
        less: Usage,
    ) -> Result<()> {
        Ok(store::moved(tx, project, type_id, -less).await?)
    }
}

/// Cinder's words for each limit.
fn check(limits: &Limits, suffix: &str, used: Usage, more: Usage) -> Result<()> {
    let Some((name, limit)) = over(limits, suffix, used, more) else { return Ok(()) };
    let resource = name.strip_suffix(suffix).unwrap_or(&name);
    let (asked, used) = (more.of(resource), used.of(resource));
    Err(Error::OverQuota(match resource {
        "volumes" => format!("Maximum number of volumes allowed ({limit}) exceeded for quota '{name}'."),
        "snapshots" => format!("Maximum number of snapshots allowed ({limit}) exceeded"),
        "backups" => format!("Maximum number of backups allowed ({limit}) exceeded"),
        "backup_gigabytes" => format!(
            "Requested backup exceeds allowed Backup gigabytes quota. Requested {asked}G, quota is {limit}G and {used}G has \
             been consumed."
        ),
        _ => format!(
            "Requested volume or snapshot exceeds allowed {name} quota. Requested {asked}G, quota is {limit}G and {used}G \
             has been consumed."
        ),
    }))
}
