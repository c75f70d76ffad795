//! The requirement files of SCS-0104: the two that scope versions name, and a reader for others.

use serde::Deserialize;

use super::{Cow, ImageSpec, Judgement, Offered, SeenImage, Status, builtin_specs, missing, wrong_sources};
use crate::verdict::Severity;

/// The requirement files that scope versions name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageFile {
    /// `scs-0104-v1-images.yaml`: scope version v4.
    V4,
    /// `scs-0104-v1-images-v5.yaml`: scope versions v5.1 and later.
    V5,
}

/// Why a requirement file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("not a list of standard images: {0}")]
pub struct ReadError(#[from] serde_saphyr::Error);

/// The contents of a requirement file.
pub fn image_file(file: ImageFile) -> Vec<ImageSpec> {
    use Status::{Mandatory, Optional, Recommended};
    let entries: &[(&str, Status)] = match file {
        ImageFile::V4 => &[
            ("ubuntu-2204", Mandatory),
            ("capi-1", Recommended),
            ("ubuntu-2004", Optional),
            ("debian-12", Optional),
            ("debian-11", Optional),
            ("debian-10", Optional),
        ],
        ImageFile::V5 => &[
            ("ubuntu-2404", Mandatory),
            ("debian-12", Recommended),
            ("capi-2", Recommended),
            ("ubuntu-2204", Optional),
            ("ubuntu-2004", Optional),
            ("debian-11", Optional),
            ("debian-10", Optional),
        ],
    };
    let entry = |(suffix, status): &(&str, Status)| {
        let (_, mut spec) = builtin_specs().find(|(known, _)| known == suffix)?;
        spec.status = *status;
        if spec.name_scheme.is_some() {
            spec.name = "ubuntu-capi-image".into();
        }
        Some(spec)
    };
    entries.iter().filter_map(entry).collect()
}

#[derive(Deserialize)]
struct Document {
    images: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    name_scheme: Option<String>,
    source: OneOrMany,
    #[serde(default)]
    status: Status,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// Reads a requirement file (YAML).
///
/// # Errors
/// [`ReadError`] when the text is not YAML or has another shape; it names the line.
pub fn read_image_file(yaml: &str) -> Result<Vec<ImageSpec>, ReadError> {
    let document: Document = serde_saphyr::from_str(yaml)?;
    let spec = |entry: Entry| ImageSpec {
        name: entry.name.into(),
        name_scheme: entry.name_scheme.map(Cow::Owned),
        source: match entry.source {
            OneOrMany::One(source) => vec![source.into()],
            OneOrMany::Many(sources) => sources.into_iter().map(Cow::Owned).collect(),
        },
        status: entry.status,
    };
    Ok(document.images.into_iter().map(spec).collect())
}

/// Judges images by the text of the document: mandatory images must exist, missing recommended ones are warned
/// about, and every image that matches an entry must come from an accepted source. One judgement per entry, under
/// the id `scs-0104:<name>`, which is ours: upstream has no testcases of this shape.
pub fn judge_image_file(specs: &[ImageSpec], images: &[SeenImage]) -> Vec<Judgement> {
    let offered = Offered { nameless: false, ..Offered::new(images) };
    let judge = |spec: &ImageSpec| {
        offered.judge(format!("scs-0104:{}", spec.name), spec, |found| {
            let severity = match spec.status {
                Status::Mandatory => Some(Severity::Violation),
                Status::Recommended => Some(Severity::Warning),
                Status::Optional => None,
            };
            let missing = missing(spec, found).zip(severity).map(|(mut finding, severity)| {
                finding.severity = severity;
                finding
            });
            missing.into_iter().chain(wrong_sources(spec, found)).collect()
        })
    };
    specs.iter().map(judge).collect()
}
