//! The volumes of a new server: looked up before the transaction, made and promised in it.

use std::collections::BTreeMap;

use kogge_auth::{Caller, Target};
use kogge_db::Tx;
use kogge_image::BootImage;
use kogge_volume::{NewVolume, Source, VolumeView};

use super::volumes::next_device;
use super::wanted::{VolumeOrigin, WantedVolume, invalid_if_missing};
use crate::error::{Error, Result};
use crate::lower::image::kept;
use crate::lower::volume::from_volume;
use crate::model::server::{Server, ServerVolume};
use crate::{Compute, policy};

/// A volume of a new server, with what was found of it.
#[derive(Debug, Clone)]
pub(crate) struct PlannedVolume {
    wanted: WantedVolume,
    /// The volume, where it is there.
    seen: Option<VolumeView>,
    /// What is to be made, where it is not, and the image that it is made from.
    new: Option<(NewVolume, Option<BootImage>)>,
}

impl PlannedVolume {
    const fn is_root(&self) -> bool {
        matches!(self.wanted.boot, Some(0))
    }

    /// What it says of itself as an image does.
    fn properties(&self) -> Option<&BTreeMap<String, String>> {
        let seen = self.seen.as_ref().map(|seen| &seen.image_metadata);
        seen.or_else(|| self.new.as_ref().and_then(|(_, image)| Some(&image.as_ref()?.properties)))
    }
}

/// What the volume says of itself that a server boots from, as an image does; what it does not say, the image says that
/// brought it along.
pub(super) fn root_properties(
    volumes: &[PlannedVolume],
    image: Option<&BootImage>,
) -> BTreeMap<String, String> {
    let root = volumes.iter().find(|one| one.is_root());
    let mut all = image.map(|image| kept(&image.properties)).unwrap_or_default();
    all.extend(root.and_then(PlannedVolume::properties).map(kept).unwrap_or_default());
    all
}

pub(super) fn invalid(why: impl std::fmt::Display) -> Error {
    Error::Invalid(format!("Block Device Mapping is Invalid: {why}"))
}

impl Compute {
    /// Looks up all that the volumes of a new server are made from.
    pub(super) async fn plan_volumes(
        &self,
        caller: &Caller,
        volumes: &[WantedVolume],
        servers: u32,
        target: &Target<'_>,
    ) -> Result<Vec<PlannedVolume>> {
        if volumes.is_empty() {
            return Ok(Vec::new());
        }
        caller.allow(&policy::SERVERS_CREATE_ATTACH_VOLUME, target)?;
        let mut planned = Vec::with_capacity(volumes.len());
        for wanted in volumes {
            let found = self.plan_volume(caller, wanted).await.map_err(invalid_if_missing)?;
            let named = matches!(wanted.origin, VolumeOrigin::Volume(_));
            if named && servers > 1 {
                let why = "Cannot attach one or more volumes to multiple instances";
                return Err(Error::Invalid(why.to_owned()));
            }
            if let Some(seen) = found.seen.as_ref().filter(|seen| found.is_root() && !seen.bootable) {
                return Err(Error::Invalid(format!("Block Device {} is not bootable.", seen.id)));
            }
            planned.push(found);
        }
        Ok(planned)
    }

    async fn plan_volume(&self, caller: &Caller, wanted: &WantedVolume) -> Result<PlannedVolume> {
        let mut planned = PlannedVolume { wanted: wanted.clone(), seen: None, new: None };
        let source = match &wanted.origin {
            VolumeOrigin::Volume(id) => {
                let seen = self.seen_volume(caller, id).await;
                let seen = seen.map_err(|_| invalid(format!("failed to get volume {id}.")))?;
                // an administrator sees those of others, and does not give them away by mistake
                if caller.project_id() != Some(&seen.project) {
                    return Err(invalid(format!("failed to get volume {id}.")));
                }
                planned.seen = Some(seen);
                return Ok(planned);
            }
            VolumeOrigin::Blank => Source::Blank,
            VolumeOrigin::Image(id) => {
                let missing = || invalid(format!("failed to get image {id}."));
                Source::Image(id.parse().map_err(|_| missing())?)
            }
            VolumeOrigin::Snapshot(id) => {
                let missing = || invalid(format!("failed to get snapshot {id}."));
                Source::Snapshot(id.parse().map_err(|_| missing())?)
            }
        };
        let new =
            NewVolume { size_gib: wanted.size, kind: wanted.kind.clone(), source, ..NewVolume::default() };
        let image = self.volume().source_image(caller, &new).await.map_err(from_volume)?;
        planned.new = Some((new, image));
        Ok(planned)
    }

    /// Makes the volumes that are to be made, and promises all of them to the server.
    pub(super) async fn write_volumes(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        server: &mut Server,
        planned: &[PlannedVolume],
    ) -> Result<()> {
        // the one that it boots from is the first disk
        let mut ordered: Vec<&PlannedVolume> = planned.iter().collect();
        ordered.sort_by_key(|one| one.wanted.boot.filter(|at| *at >= 0).unwrap_or(i64::MAX));
        for one in ordered {
            let device = if one.is_root() { super::volumes::device(0) } else { next_device(server) };
            let promised = match (&one.seen, &one.new) {
                (Some(seen), _) => {
                    let tie = self.volume().promise_in(tx, caller, seen.id, server.id, &device).await;
                    tie.map(|tie| (seen.id, tie))
                }
                (None, Some((new, _))) => {
                    let made = self.volume().create_in(tx, caller, new.clone()).await;
                    let id = made.map_err(from_volume).map_err(invalid_if_missing)?.id;
                    let tie = self.volume().promise_unmade_in(tx, caller, id, server.id, &device).await;
                    tie.map(|tie| (id, tie))
                }
                (None, None) => continue,
            };
            let (volume, attachment) = promised.map_err(from_volume).map_err(invalid_if_missing)?;
            server.volumes.push(ServerVolume {
                volume,
                attachment,
                device,
                root: one.is_root(),
                delete: one.wanted.delete,
                tag: one.wanted.tag.clone(),
            });
        }
        Ok(())
    }
}
