//! `hand_over_images`: nodes get the data of the images that their instances wait for.
//!
//! A node asks for nothing: its instances show what they lack, the convergence notes it here, and this task streams it,
//! each host its images one after the other. It may take long; nobody waits for it, neither another host nor the end
//! of the process: what was cut off is lacking again, and begun anew.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use kogge_node_api::{Commanded, Data, ImageHead, ImageSource, NodeError};
use kogge_task::{Bells, KeyedTask, Report, TaskError};

use super::patiently;
use crate::Compute;

/// How long copying an image may take.
const COPY_PATIENCE: Duration = Duration::from_secs(1800);

/// What nodes lack, by host and digest.
#[derive(Default)]
pub(crate) struct Lacking(Mutex<BTreeMap<String, BTreeMap<String, ImageSource>>>);

impl Lacking {
    fn add(&self, host: &str, digest: &str, image: &ImageSource) {
        let mut wanted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        wanted.entry(host.to_owned()).or_default().insert(digest.to_owned(), image.clone());
    }

    /// Takes the next image that a host lacks.
    fn next(&self, host: &str) -> Option<ImageSource> {
        let mut wanted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let next = wanted.get_mut(host).and_then(BTreeMap::pop_first);
        if next.is_none() {
            wanted.remove(host);
        }
        next.map(|(_, image)| image)
    }
}

/// Hands over images.
pub(super) struct HandOverImages(pub(super) Compute);

#[async_trait]
impl KeyedTask for HandOverImages {
    kogge_task::named!("hand_over_images", every 60 s);

    fn bells(&self) -> Bells {
        self.0.wakes().hand_over.clone()
    }

    /// `converge_servers` rings for each host that lacks something.
    async fn due(&self) -> Result<Vec<String>, TaskError> {
        Ok(Vec::new())
    }

    fn longest_run(&self) -> Duration {
        COPY_PATIENCE * 4
    }

    fn farewell(&self) -> Duration {
        Duration::ZERO
    }

    async fn run(&self, host: &str) -> Result<Report, TaskError> {
        let mut report = Report::default();
        let Ok(node) = self.0.nodes().get(host) else { return Ok(report) };
        while let Some(image) = self.0.lacking().next(host) {
            report.seen += 1;
            match patiently(host, COPY_PATIENCE, self.0.hand_over(&node, &image)).await {
                Ok(()) => report.done += 1,
                // it is lacking still, and asked for again by the next look at the host
                Err(error) => {
                    kogge_task::trouble(image.image, format_args!("handing it to {host}: {error}"));
                    tracing::warn!(host, image.id = %image.image, %error, "an image was not handed over; it is tried again");
                }
            }
        }
        Ok(report)
    }
}

impl Compute {
    /// Notes what instances of a host lack.
    pub(crate) fn lacks(&self, host: &str, images: &[ImageSource]) {
        for image in images {
            // one without a digest is named by the next order
            if let Some(digest) = &image.digest {
                self.lacking().add(host, digest, image);
                self.wakes().hand_over.ring_here(host);
            }
        }
    }

    async fn hand_over(&self, node: &Commanded, image: &ImageSource) -> Result<(), NodeError> {
        let unreadable = |error: kogge_image::Error| NodeError::failed("reading the image", error);
        let held = self.image().held(image.image).await.map_err(unreadable)?;
        let file = held.open().await.map_err(unreadable)?;
        let bytes = file.metadata().map_err(|error| NodeError::failed("reading the image", error))?.len();
        let digest = image.digest.clone().unwrap_or_default();
        node.put_image(ImageHead { digest, bytes, format: image.format }, Data::File(file)).await
    }
}

#[cfg(test)]
mod tests {
    use kogge_ids::ImageId;
    use kogge_node_api::DiskFormat;

    use super::*;

    #[test]
    fn each_image_is_named_once_for_each_host_that_lacks_it() {
        let lacking = Lacking::default();
        for (host, digest) in [("a", "1"), ("a", "2"), ("b", "1"), ("a", "1")] {
            let digest = Some(digest.to_owned());
            let image = ImageSource { image: ImageId::random(), digest, format: DiskFormat::Raw };
            lacking.add(host, image.digest.as_deref().unwrap(), &image);
        }
        let named = |host: &str| std::iter::from_fn(|| lacking.next(host)).count();
        assert_eq!((named("a"), named("b"), named("a"), named("c")), (2, 1, 0, 0));
    }
}
