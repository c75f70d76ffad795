//! The data of a volume as they are at this moment, whoever writes to it.

use kogge_ids::{SecretId, ServerId};
use kogge_node_api::{NodeError, Slot};
use kogge_storage::{DiskId, Origin, Passphrase};

use super::trouble::Trouble;
use crate::Volumes;
use crate::model::attachment::{AttachStatus, Attachment};
use crate::model::volume::Volume;
use crate::store::attachments;

impl Volumes {
    /// The data of a volume as they are now: of one that a guest writes to, its node's copy. Nothing where this process
    /// cannot ask the node, and another one can.
    pub(crate) async fn data_of(&self, volume: &Volume) -> Result<Option<Origin>, Trouble> {
        let ties = attachments::of_volume(self.db(), volume.id).await.map_err(Trouble::database)?;
        for (host, server, tie) in ties.iter().filter_map(user) {
            let node = match self.nodes().get(host) {
                Ok(node) => node,
                // another process commands it, and looks for work too
                Err(_) if self.nodes().known().contains(host) => return Ok(None),
                Err(error) => return Err(error.into()),
            };
            match node.export_disk(server, &Slot::volume(tie.id)).await {
                Ok(copy) => return Ok(Some(Origin::Live(copy))),
                // its server does not run: nobody writes
                Err(NodeError::NotFound { .. }) => {}
                Err(NodeError::NotYet { .. }) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Some(Origin::Copy(DiskId::Volume(volume.id))))
    }

    /// Whether a guest may write to a volume now.
    pub(crate) async fn is_written_to(&self, volume: &Volume) -> Result<bool, Trouble> {
        Ok(!matches!(self.data_of(volume).await?, Some(Origin::Copy(_))))
    }

    /// What opens a disk, where it is encrypted.
    pub(crate) async fn passphrase(&self, key: Option<SecretId>) -> Result<Option<Passphrase>, Trouble> {
        match key {
            Some(key) => self.keyring().open(key).await.map(Some).map_err(Trouble::Service),
            None => Ok(None),
        }
    }
}

/// Host and server of whoever may write to the volume.
fn user(tie: &Attachment) -> Option<(&str, ServerId, &Attachment)> {
    use AttachStatus as S;
    let used = matches!(tie.status, S::Attached | S::Attaching | S::Detaching | S::ErrorDetaching);
    let server = tie.server_id.as_deref().filter(|_| used)?.parse().ok()?;
    Some((tie.host.as_deref()?, server, tie))
}
