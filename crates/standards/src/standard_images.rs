//! Standard images of SCS-0104: which images are to exist, and where standard images may come from.
//!
//! The testcases use one built-in table ([`builtin_specs`]); the requirement files that the scope names hold the
//! same data with a status per image ([`image_file`], [`read_image_file`]) and are judged by [`judge_image_file`].

use std::borrow::Cow;

use regex::Regex;
use serde::{Deserialize, Serialize};

mod file;

pub use file::{ImageFile, ReadError, image_file, judge_image_file, read_image_file};

use crate::image_metadata::SeenImage;
use crate::verdict::{Finding, Judgement};

/// What is asked of one kind of image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageSpec {
    /// Name of the image; with a scheme, only a title.
    pub name: Cow<'static, str>,
    /// Regular expression that the *beginning* of an image's name has to match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_scheme: Option<Cow<'static, str>>,
    /// Accepted beginnings of `image_source`.
    pub source: Vec<Cow<'static, str>>,
    /// Whether the image has to exist.
    #[serde(default)]
    pub status: Status,
}

impl ImageSpec {
    /// Whether an image of this kind may come from this address.
    pub fn accepts_source(&self, source: &str) -> bool {
        self.source.iter().any(|prefix| source.starts_with(&**prefix))
    }
}

/// Whether an image has to exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Must exist.
    Mandatory,
    /// Should exist.
    Recommended,
    /// May exist; if it does, its source counts.
    #[default]
    Optional,
}

/// Suffix of the testcase ids, title, name scheme, sources.
type Row = (&'static str, &'static str, Option<&'static str>, &'static [&'static str]);

const CAPI_SOURCES: &[&str] = &[
    "https://nbg1.your-objectstorage.com/osism/openstack-k8s-capi-images/",
    "https://swift.services.a.regiocloud.tech/swift/v1/AUTH_b182637428444b9aa302bb8d5a5a418c/openstack-k8s-capi-images/ubuntu-2404-kube",
    "https://swift.services.a.regiocloud.tech/swift/v1/AUTH_b182637428444b9aa302bb8d5a5a418c/openstack-k8s-capi-images/ubuntu-2204-kube",
];

const ROWS: [Row; 9] = [
    ("capi-1", "ubuntu-capi-image-1", Some(r"ubuntu-capi-image v[0-9]\.[0-9]+(\.[0-9]+)?"), CAPI_SOURCES),
    ("capi-2", "ubuntu-capi-image-2", Some(r"ubuntu-capi-image-v[0-9]\.[0-9]+(\.[0-9]+)?"), CAPI_SOURCES),
    (
        "ubuntu-2404",
        "Ubuntu 24.04",
        None,
        &["https://cloud-images.ubuntu.com/releases/noble/", "https://cloud-images.ubuntu.com/noble/"],
    ),
    (
        "ubuntu-2204",
        "Ubuntu 22.04",
        None,
        &["https://cloud-images.ubuntu.com/releases/jammy/", "https://cloud-images.ubuntu.com/jammy/"],
    ),
    (
        "ubuntu-2004",
        "Ubuntu 20.04",
        None,
        &["https://cloud-images.ubuntu.com/releases/focal/", "https://cloud-images.ubuntu.com/focal/"],
    ),
    (
        "debian-13",
        "Debian 13",
        None,
        &[
            "https://cloud.debian.org/images/cloud/trixie/",
            "https://cdimage.debian.org/cdimage/cloud/trixie/",
        ],
    ),
    (
        "debian-12",
        "Debian 12",
        None,
        &[
            "https://cloud.debian.org/images/cloud/bookworm/",
            "https://cdimage.debian.org/cdimage/cloud/bookworm/",
        ],
    ),
    (
        "debian-11",
        "Debian 11",
        None,
        &[
            "https://cloud.debian.org/images/cloud/bullseye/",
            "https://cdimage.debian.org/cdimage/cloud/bullseye/",
        ],
    ),
    (
        "debian-10",
        "Debian 10",
        None,
        &[
            "https://cloud.debian.org/images/cloud/buster/",
            "https://cdimage.debian.org/cdimage/cloud/buster/",
        ],
    ),
];

/// The images that testcases exist for: the suffix of the testcase ids (`ubuntu-2404`) and the requirement.
pub fn builtin_specs() -> impl Iterator<Item = (&'static str, ImageSpec)> {
    ROWS.into_iter().map(|(suffix, name, scheme, sources)| {
        let spec = ImageSpec {
            name: name.into(),
            name_scheme: scheme.map(Cow::Borrowed),
            source: sources.iter().copied().map(Cow::Borrowed).collect(),
            status: Status::Optional,
        };
        (suffix, spec)
    })
}

/// Judges all 18 testcases: `scs-0104-source-*`, then `scs-0104-image-*`.
pub fn judge_0104(images: &[SeenImage]) -> Vec<Judgement> {
    let offered = Offered::new(images);
    let sources = builtin_specs().map(|(suffix, spec)| {
        let testcase = format!("scs-0104-source-{suffix}");
        offered.judge(testcase, &spec, |found| wrong_sources(&spec, found))
    });
    let existing = builtin_specs().map(|(suffix, spec)| {
        let testcase = format!("scs-0104-image-{suffix}");
        offered.judge(testcase, &spec, |found| missing(&spec, found).into_iter().collect())
    });
    sources.chain(existing).collect()
}

/// Public and community images, of equal names only the last one listed.
struct Offered<'a> {
    images: Vec<&'a SeenImage>,
    nameless: bool,
}

/// Why matching images could not be looked up.
enum Obstacle {
    Scheme(regex::Error),
    Nameless,
}

impl<'a> Offered<'a> {
    fn new(images: &'a [SeenImage]) -> Self {
        let mut by_name = std::collections::BTreeMap::new();
        for image in images.iter().filter(|image| image.is_offered()) {
            by_name.insert(image.name.as_deref(), image);
        }
        let nameless = by_name.remove(&None).is_some();
        Self { images: by_name.into_values().collect(), nameless }
    }

    fn matching(&self, spec: &ImageSpec) -> Result<Vec<&'a SeenImage>, Obstacle> {
        let named =
            |image: &&SeenImage, wanted: &dyn Fn(&str) -> bool| image.name.as_deref().is_some_and(wanted);
        let Some(scheme) = &spec.name_scheme else {
            return Ok(self
                .images
                .iter()
                .copied()
                .filter(|image| named(image, &|name| name == spec.name))
                .collect());
        };
        let pattern = Regex::new(&format!("^(?:{scheme})")).map_err(Obstacle::Scheme)?;
        if self.nameless {
            return Err(Obstacle::Nameless);
        }
        Ok(self.images.iter().copied().filter(|image| named(image, &|name| pattern.is_match(name))).collect())
    }

    /// Judges what matches. An image without a name makes upstream's test of a scheme break off; the document's
    /// verdict passes over it.
    fn judge(
        &self,
        testcase: String,
        spec: &ImageSpec,
        findings: impl Fn(&[&SeenImage]) -> Vec<Finding>,
    ) -> Judgement {
        match self.matching(spec) {
            Ok(found) => Judgement::from_findings(testcase, findings(&found)),
            Err(Obstacle::Scheme(error)) => Judgement::abort(testcase, "name scheme", error.to_string()),
            Err(Obstacle::Nameless) => {
                let named = Self { images: self.images.clone(), nameless: false };
                let document = named.judge(testcase.clone(), spec, findings).verdict;
                let why = "an image without a name, which upstream's test breaks off at";
                Judgement::abort(testcase, "image without a name", why).document_says(document)
            }
        }
    }
}

fn wrong_sources(spec: &ImageSpec, images: &[&SeenImage]) -> Vec<Finding> {
    let source = |image: &SeenImage| image.property("image_source").unwrap_or_default().to_owned();
    let wrong = images.iter().filter(|image| !spec.accepts_source(&source(image)));
    wrong
        .map(|image| {
            let expected = format!("image_source begins with {}", spec.source.join(" or "));
            Finding::violation(image.object(), expected, format!("{:?}", source(image)))
                .fix("build the image from the vendor's download and note its address, or rename the image")
        })
        .collect()
}

fn missing(spec: &ImageSpec, images: &[&SeenImage]) -> Option<Finding> {
    let wanted = match &spec.name_scheme {
        Some(scheme) => format!("an image whose name begins like {scheme}"),
        None => format!("an image of exactly this name: {:?}", spec.name),
    };
    images.is_empty().then(|| {
        let from = spec.source.first().map(|source| format!("upload one from below {source}"));
        Finding::violation("image list", wanted, "none").fix(from.unwrap_or_default())
    })
}

#[cfg(test)]
mod tests;
