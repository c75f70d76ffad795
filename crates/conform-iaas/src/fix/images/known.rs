//! What follows from an image's own words, so that nobody needs to be asked.

use kogge_standards::image_metadata::SeenImage;
use kogge_standards::standard_images::{ImageSpec, builtin_specs};

const GIB: u64 = 1 << 30;

/// The one right value of a property and how it is known; `None` if only the operator can say.
pub(super) fn value(image: &SeenImage, property: &str) -> Option<(String, String)> {
    match property {
        "architecture" => architecture(image),
        "min_disk" => min_disk(image),
        "hw_rng_model" => Some(("virtio".to_owned(), "the only model that SCS-0102 accepts".to_owned())),
        _ => standard(image, property),
    }
}

/// Vendors write the architecture into the names of their files.
fn architecture(image: &SeenImage) -> Option<(String, String)> {
    const WORDS: [(&str, &str); 5] = [
        ("amd64", "x86_64"),
        ("x86_64", "x86_64"),
        ("arm64", "aarch64"),
        ("aarch64", "aarch64"),
        ("riscv64", "risc-v"),
    ];
    let file = image.property("image_source").filter(|source| source.contains("://"))?.rsplit('/').next()?;
    let mut named: Vec<&str> =
        WORDS.iter().filter(|(word, _)| file.contains(word)).map(|(_, architecture)| *architecture).collect();
    named.dedup();
    match named[..] {
        [one] => Some((one.to_owned(), format!("the file of its image_source is {file:?}"))),
        _ => None,
    }
}

/// The virtual size, which the image service knows of every format that it inspects.
fn min_disk(image: &SeenImage) -> Option<(String, String)> {
    let raw = image.property("disk_format") == Some("raw");
    let known = image.property("virtual_size").and_then(|size| size.parse::<u64>().ok());
    let bytes = known.filter(|bytes| *bytes > 0).or(image.size.filter(|_| raw))?;
    let gib = bytes.max(image.size.unwrap_or(0)).div_ceil(GIB).max(1);
    Some((gib.to_string(), format!("its disk has {bytes} bytes")))
}

/// What the name of a standard image says, once its source is the vendor's.
fn standard(image: &SeenImage, property: &str) -> Option<(String, String)> {
    let name = image.name.as_deref()?;
    let (_, spec) = builtin_specs().find(|(_, spec)| spec.name_scheme.is_none() && spec.name == name)?;
    let source = image.property("image_source").filter(|source| spec.accepts_source(source))?;
    let value = facts(&spec).into_iter().find(|(key, _)| *key == property)?.1;
    Some((value, format!("SCS-0104 gives this meaning to the name {name:?}, and it comes from {source}")))
}

/// What is fixed for a standard image with a plain name, such as "Ubuntu 24.04".
pub(super) fn facts(spec: &ImageSpec) -> Vec<(&'static str, String)> {
    let Some((distribution, version)) = spec.name.split_once(' ') else { return Vec::new() };
    let distribution = distribution.to_ascii_lowercase();
    vec![
        ("os_distro", distribution.clone()),
        ("os_version", version.to_owned()),
        ("os_purpose", "generic".to_owned()),
        // the login of the vendors' cloud images has the name of the distribution
        ("image_original_user", distribution),
    ]
}
