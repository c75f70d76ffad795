//! Does what imports ask for. Several at once, of which one project has a share; a row lease keeps other processes away, and a process that dies loses
//! it, so that the import begins again.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kogge_task::{Report, Task, TaskError, Wake};
use tokio::sync::Semaphore;

use crate::error::Error;
use crate::fetch::fetch;
use crate::files::Slowest;
use crate::model::image::Image;
use crate::model::status::Status;
use crate::model::task::{Import, Method, Progress};
use crate::service::bounds::Resource;
use crate::service::data::refused;
use crate::{Images, store};

/// How long an import may show no sign of life.
const LEASE: Duration = Duration::from_secs(180);
/// How often it shows one.
const BEAT: Duration = Duration::from_secs(45);
/// How often a crash may interrupt it before it is given up.
const MOST_ATTEMPTS: i64 = 3;
/// How long ended imports can be seen.
const REMEMBERED: Duration = Duration::from_secs(48 * 3600);

/// The task `run_imports`.
pub(crate) struct RunImports {
    images: Images,
    places: Arc<Semaphore>,
}

impl RunImports {
    pub(crate) fn new(images: Images) -> Self {
        let places = Arc::new(Semaphore::new(images.gate().config().at_once));
        Self { images, places }
    }
}

#[async_trait]
impl Task for RunImports {
    kogge_task::named!("run_imports", every 10 s);

    fn wake(&self) -> Wake {
        self.images.import_bell().clone()
    }

    fn exclusive(&self) -> bool {
        false
    }

    async fn run(&self) -> Result<Report, TaskError> {
        let share = i64::try_from(self.images.gate().config().project_at_once).unwrap_or(i64::MAX);
        let waiting = store::tasks::waiting(self.images.db(), self.images.now(), share).await?;
        let mut report = Report { seen: waiting.len() as u64, ..Report::default() };
        for import in waiting {
            let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else { break };
            if !self.images.take_import(&import).await.map_err(failed)? {
                continue;
            }
            report.done += 1;
            let images = self.images.clone();
            tokio::spawn(async move {
                images.run_import(import).await;
                drop(place);
                images.import_bell().wake();
            });
        }
        Ok(report)
    }
}

fn failed(error: Error) -> TaskError {
    TaskError("an import".into(), Some(Box::new(error)))
}

/// What the one who asked for an import learns of its failure.
fn told(error: &Error) -> String {
    match error {
        Error::Store(_) | Error::Internal(_) => {
            tracing::error!(error = ?error, "an import failed inside");
            "The import failed inside of the image service.".to_owned()
        }
        _ => error.to_string(),
    }
}

impl Images {
    async fn take_import(&self, import: &Import) -> Result<bool, Error> {
        let now = self.now();
        let until = now.plus(LEASE);
        Ok(store::tasks::take(self.db(), &import.id, self.process(), (now, until)).await? == 1)
    }

    /// Does an import to its end, good or bad.
    async fn run_import(&self, import: Import) {
        let (images, id) = (self.clone(), import.id.clone());
        let alive = tokio::spawn(async move {
            loop {
                tokio::time::sleep(BEAT).await;
                let _ =
                    store::tasks::busy(images.db(), &id, images.process(), images.now().plus(LEASE)).await;
            }
        });
        let outcome = if import.attempts >= MOST_ATTEMPTS {
            Err(Error::conflict("It was interrupted too often; ask for it again."))
        } else {
            self.bring_in(&import).await
        };
        alive.abort();
        if let Err(error) = self.end_import(&import, outcome).await {
            tracing::error!(task.id = %import.id, %error, "the end of an import could not be written");
        }
    }

    async fn bring_in(&self, import: &Import) -> Result<(), Error> {
        let image = store::images::get(self.db(), import.image_id).await?;
        let image = image.ok_or_else(|| Error::no_image(import.image_id))?;
        match (image.status, import.method) {
            // a crash came between the last step and writing down that it was the last
            (Status::Active, _) => Ok(()),
            (Status::Importing, Method::GlanceDirect) => self.take_staged(&image).await,
            (Status::Importing, Method::WebDownload) => {
                self.take_from_web(&image, import.uri.as_deref().unwrap_or_default()).await
            }
            (status, _) => Err(Error::conflict(format!("The image went to the status {status} by itself."))),
        }
    }

    async fn take_staged(&self, image: &Image) -> Result<(), Error> {
        let staged = image.staged.as_ref().ok_or_else(|| Error::conflict("There are no staged data."))?;
        let path = self.files().locate(&staged.file).await;
        let digest = self.files().digest(&path).await.map_err(refused)?;
        self.activate(image.id, &staged.file, &digest, Status::Importing).await
    }

    async fn take_from_web(&self, image: &Image, uri: &str) -> Result<(), Error> {
        let config = self.gate().config();
        let whole = Duration::from_secs(config.total_seconds);
        let pace = (Duration::from_secs(config.idle_seconds), Slowest::per_second(config.slowest));
        let limits = self.limits(image, Resource::Stored, None, pace).await?;
        let transfer = async {
            self.admit(0)?;
            let stream = fetch(self.gate(), uri).await.map_err(|error| Error::invalid(error.to_string()))?;
            let file = self.files().temporary(image.id);
            let digest = self.files().receive(&file, self.within_room(stream), limits).await;
            if digest.is_err() {
                self.admit(0)?;
            }
            Ok::<_, Error>((file, digest.map_err(refused)?))
        };
        let late = || Error::invalid(format!("The download took more than {} seconds.", whole.as_secs()));
        let (file, digest) = tokio::time::timeout(whole, transfer).await.map_err(|_| late())??;
        self.accept(image.id, file, &digest, Status::Importing).await
    }

    async fn end_import(&self, import: &Import, outcome: Result<(), Error>) -> Result<(), Error> {
        let (progress, message) = match &outcome {
            Ok(()) => (Progress::Success, String::new()),
            Err(error) => {
                self.put_back(import.image_id, Status::Importing, error).await?;
                (Progress::Failure, told(error))
            }
        };
        let now = self.now();
        let mut tx = self.db().begin().await?;
        store::tasks::end(&mut tx, &import.id, progress, &message, (now, now.plus(REMEMBERED))).await?;
        Ok(tx.commit().await?)
    }
}
