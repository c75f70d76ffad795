//! What else is looked up for a volume: its image by name, its backup, its limits.

use kogge_auth::Caller;
use kogge_db::{Record as _, Tx};
use kogge_ids::{HostId, ImageId, derive};
use kogge_node_api::IoLimits;
use kogge_resource::{At, Call, Loaded};

use crate::error::{Error, Result};
use crate::model::qos::{self, QosSpec};
use crate::model::volume::Volume;
use crate::model::volume_type::VolumeType;
use crate::resources::backups::Backups;
use crate::service::backups::{check_whole, source_of};
use crate::service::create::BackupSource;
use crate::{Volumes, policy};

impl Volumes {
    /// The image that the caller names by id.
    pub(crate) async fn image_named(&self, caller: &Caller, word: &str) -> Result<ImageId> {
        let unknown =
            || Error::Invalid("Invalid image identifier or unable to access requested image.".to_owned());
        let id: ImageId = word.parse().map_err(|_| unknown())?;
        match self.image().for_boot(caller, id).await {
            Ok(image) => Ok(image.id),
            Err(error) if error.is_not_found() => Err(unknown()),
            Err(error) => Err(error.into()),
        }
    }

    /// The backup that a volume is to be made from; it stays locked until the volume is written.
    pub(crate) async fn backup_source(
        &self,
        tx: &mut Tx,
        call: &Call<Self>,
        id: &str,
    ) -> Result<BackupSource> {
        let rule = &policy::BACKUP_RESTORE;
        let found = Loaded::<Backups>::get(call, &mut At::In(tx), id, rule).await?.into_row();
        check_whole(&found)?;
        Ok(source_of(&found))
    }

    /// How much a guest may ask of a volume.
    pub(crate) async fn limits_of(&self, volume: &Volume) -> Result<IoLimits> {
        let kind = VolumeType::get(self.db(), &volume.type_id).await?;
        let Some(id) = kind.and_then(|kind| kind.qos_id) else { return Ok(IoLimits::default()) };
        let qos = QosSpec::get(self.db(), &id).await?;
        Ok(qos.map(|qos| qos::limits(&qos, volume.size_gib)).unwrap_or_default())
    }

    /// The id of the service of a backend.
    pub(crate) fn service_id(&self, backend: &str) -> HostId {
        const SPACE: &str = "d9428888-122b-11e1-b85c-61cd3cbb3210";
        let space: HostId = SPACE.parse().unwrap_or_else(|_| HostId::random());
        derive(space.uuid(), &self.host_of(backend).unwrap_or_default()).into()
    }
}
