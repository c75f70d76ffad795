//! The data of an image: in, staged, out.
//!
//! A transfer takes as long as the sender likes, so it holds no transaction: the first one moves the image to
//! *saving* with a deadline that is pushed on while bytes come in, the last one makes the data the image's. What
//! dies in between misses its deadline and is put back to *queued* by the task `reset_uploads`.

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use kogge_auth::Caller;
use kogge_ids::ImageId;

use super::accept::still;
use super::access::Seen;
use super::bounds::Resource;
use crate::Images;
use crate::error::Error;
use crate::files::{Digest, Limits, ReceiveError, Slowest, Temporary};
use crate::model::image::{Image, Staged};
use crate::model::status::Status;
use crate::{policy, store};

/// How long a transfer may show no sign of life to the database.
const DEADLINE: Duration = Duration::from_secs(180);
/// How often it shows one.
const BEAT: Duration = Duration::from_secs(45);

/// Where the bytes of an image are, for those who read them.
pub(crate) struct Readable {
    /// The image.
    pub(crate) image: Image,
    /// Its data; nothing before they came.
    pub(crate) path: Option<PathBuf>,
}

impl Images {
    /// Takes the data of an image, to be stored, or staged for a later import.
    pub(crate) async fn take(
        &self,
        caller: &Caller,
        id: ImageId,
        kind: Resource,
        declared: Option<u64>,
        body: impl Stream<Item = Result<Bytes, impl std::fmt::Display>>,
    ) -> Result<(), Error> {
        let staged = matches!(kind, Resource::Staged);
        let (status, rule) = if staged {
            (Status::Uploading, &policy::MODIFY_IMAGE)
        } else {
            (Status::Saving, &policy::UPLOAD_IMAGE)
        };
        let image = self.begin(caller, id, status, rule).await?;
        let outcome = async {
            let (file, digest) = self.receive(&image, kind, declared, body).await?;
            if staged {
                self.keep_staged(id, file, &digest).await
            } else {
                self.accept(id, file, &digest, status).await
            }
        };
        let outcome = outcome.await;
        self.unless_done(id, status, outcome).await
    }

    async fn begin(
        &self,
        caller: &Caller,
        id: ImageId,
        status: Status,
        rule: &kogge_auth::Rule,
    ) -> Result<Image, Error> {
        let mut tx = self.db().begin().await?;
        let mut seen = self.seen_in(&mut tx, caller, id).await?;
        self.may_write(caller, &seen, rule)?;
        seen.image.become_(status)?;
        store::images::save(&mut tx, &seen.image).await?;
        self.within_quota(&mut tx, &seen.image, &[Resource::Uploading]).await?;
        store::images::begin_busy(&mut tx, id, self.process(), self.now().plus(DEADLINE)).await?;
        tx.commit().await?;
        Ok(seen.image)
    }

    fn may_write(&self, caller: &Caller, seen: &Seen, rule: &kogge_auth::Rule) -> Result<(), Error> {
        let id = seen.image.id;
        let refused = || Error::forbidden(format!("Not allowed to upload image data for image {id}"));
        seen.allow(caller, rule).map_err(|_| refused())
    }

    async fn receive(
        &self,
        image: &Image,
        kind: Resource,
        declared: Option<u64>,
        body: impl Stream<Item = Result<Bytes, impl std::fmt::Display>>,
    ) -> Result<(Temporary, Digest), Error> {
        let config = self.config();
        let idle = Duration::from_secs(config.upload_idle_seconds);
        let pace = (idle, Slowest::per_second(config.upload_slowest));
        let limits = self.limits(image, kind, declared, pace).await?;
        self.admit(declared.unwrap_or(0))?;
        let file = self.files().temporary(image.id);
        let received = {
            let _alive = self.show_life(image.id);
            self.files().receive(&file, self.within_room(body), limits).await
        };
        if received.is_err() {
            // whatever the writer says of it
            self.admit(0)?;
        }
        let digest = received.map_err(refused)?;
        match declared {
            Some(size) if size != digest.size => {
                let because = format!("{size} bytes were announced but {} bytes came.", digest.size);
                Err(Error::Invalid(because))
            }
            _ => Ok((file, digest)),
        }
    }

    /// The bounds of a transfer to the image, or why it need not begin.
    pub(crate) async fn limits(
        &self,
        image: &Image,
        kind: Resource,
        declared: Option<u64>,
        (idle, slowest): (Duration, Slowest),
    ) -> Result<Limits, Error> {
        let (most, quota) = (self.config().max_size, kind.limit(self.config()));
        if declared.is_some_and(|size| size > most) {
            return Err(refused(ReceiveError::TooLong(most)));
        }
        let mut limits = Limits { bytes: most, idle, slowest, arrival: None };
        if let (Some(quota), Some(owner)) = (quota, &image.owner) {
            let used = kind.of(&store::usage::get(self.db(), owner).await?);
            let room = u64::try_from(quota.saturating_sub(used)).unwrap_or(0);
            if declared.is_some_and(|size| size > room) {
                return Err(kind.exceeded(quota));
            }
            limits.arrival = Some(self.incoming().begin(owner, room));
        }
        Ok(limits)
    }

    /// Pushes the deadline on until it is dropped.
    fn show_life(&self, id: ImageId) -> Alive {
        let images = self.clone();
        Alive(tokio::spawn(async move {
            loop {
                tokio::time::sleep(BEAT).await;
                let until = images.now().plus(DEADLINE);
                if let Err(error) = store::images::busy(images.db(), id, images.process(), until).await {
                    tracing::warn!(image.id = %id, %error, "the deadline of an upload could not be pushed on");
                }
            }
        }))
    }

    async fn keep_staged(&self, id: ImageId, file: Temporary, digest: &Digest) -> Result<(), Error> {
        let name = self.files().keep(file).await?;
        let staged = Staged { file: name.clone(), size: i64::try_from(digest.size).unwrap_or(i64::MAX) };
        let done = self.write_staged(id, staged).await;
        if done.is_err() {
            self.files().remove(&name).await;
        }
        done
    }

    async fn write_staged(&self, id: ImageId, staged: Staged) -> Result<(), Error> {
        let mut tx = self.db().begin().await?;
        let mut image = still(&mut tx, id, Status::Uploading).await?;
        image.staged = Some(staged);
        image.updated_at = self.now();
        store::images::save(&mut tx, &image).await?;
        self.within_quota(&mut tx, &image, &[Resource::Staged]).await?;
        store::images::idle(&mut tx, id).await?;
        Ok(tx.commit().await?)
    }

    /// Where the data are, for a download.
    pub(crate) async fn download(&self, caller: &Caller, id: ImageId) -> Result<Readable, Error> {
        let seen = self.seen(caller, id).await?;
        if seen.image.status == Status::Deactivated && !super::access::viewer(caller).admin {
            let because = "The requested image has been deactivated. Image data download is forbidden.";
            return Err(Error::forbidden(because));
        }
        seen.allow(caller, &policy::DOWNLOAD_IMAGE)?;
        let path = match &seen.image.data {
            Some(data) => Some(self.files().locate(&data.file).await),
            None => None,
        };
        Ok(Readable { image: seen.image, path })
    }
}

/// Why data were not received, in the words of who sent them.
pub(crate) fn refused(error: ReceiveError) -> Error {
    match error {
        ReceiveError::TooLong(_) | ReceiveError::NoRoom => {
            Error::TooLarge(format!("The incoming image is too large: {error}"))
        }
        ReceiveError::Dangerous(why) => Error::BadData(format!("Image failed safety checks: {why}")),
        ReceiveError::Disk(error) => Error::Store(error),
        ReceiveError::Idle(_) | ReceiveError::Slow(_) | ReceiveError::Broken(_) | ReceiveError::GivenUp => {
            Error::invalid(format!("The image data did not come whole: {error}"))
        }
    }
}

/// Ends the sign of life when dropped.
struct Alive(tokio::task::JoinHandle<()>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.abort();
    }
}
