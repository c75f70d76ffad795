//! What a flavor and an image say.

use std::collections::BTreeMap;

/// What a flavor and an image say.
pub(super) struct Asked<'a> {
    pub(super) flavor: &'a BTreeMap<String, String>,
    pub(super) image: &'a BTreeMap<String, String>,
}

/// Properties of images with a closed list of words that nothing else here reads.
pub(super) const CLOSED: &[(&str, &[&str])] = &[
    ("os_type", &["linux", "windows", "Linux", "Windows", "LINUX", "WINDOWS"]),
    ("hw_sound_model", SOUND),
    ("hw_viommu_model", &["intel", "smmuv3", "virtio", "auto"]),
    ("hw_mem_encryption_model", &["amd-sev", "amd-sev-es", "amd-sev-snp", "intel-tdx"]),
    ("hw_maxphysaddr_mode", &["passthrough", "emulate"]),
    ("hw_cpu_policy", &["dedicated", "shared", "mixed"]),
    ("hw_cpu_thread_policy", &["prefer", "isolate", "require"]),
    ("img_config_drive", &["optional", "mandatory"]),
];

/// Nova's sound cards.
pub(super) const SOUND: &[&str] = &["sb16", "es1370", "pcspk", "ac97", "ich6", "ich9", "usb", "virtio"];

impl<'a> Asked<'a> {
    /// A property of the image.
    pub(super) fn image(&self, key: &str) -> Option<&'a str> {
        self.image.get(key).map(String::as_str)
    }

    /// An extra spec of the flavor.
    pub(super) fn flavor(&self, key: &str) -> Option<&'a str> {
        self.flavor.get(key).map(String::as_str)
    }

    /// What flavor and image say of the same; both may only say the same.
    pub(super) fn unique(&self, prefix: &str, key: &str) -> Result<Option<&'a str>, String> {
        let flavor = self.flavor(&format!("{prefix}:{key}")).filter(|word| !word.is_empty());
        let image = self.image(&format!("{prefix}_{key}")).filter(|word| !word.is_empty());
        match (flavor, image) {
            (Some(flavor), Some(image)) if flavor != image => Err(conflict(prefix, key, flavor, image)),
            (flavor, image) => Ok(flavor.or(image)),
        }
    }

    /// As [`Asked::unique`], of `hw` and a truth.
    pub(super) fn flag(&self, key: &str) -> Result<Option<bool>, String> {
        let flavor = self.flavor(&format!("hw:{key}")).map(truth);
        let image = self.image(&format!("hw_{key}")).map(truth);
        match (flavor, image) {
            // a menu may be had by either
            (Some(flavor), Some(image)) if flavor != image && key != "boot_menu" => {
                Err(conflict("hw", key, &flavor.to_string(), &image.to_string()))
            }
            (Some(flavor), Some(image)) => Ok(Some(flavor || image)),
            (flavor, image) => Ok(flavor.or(image)),
        }
    }

    /// One of the words that a property of the image may have.
    pub(super) fn word<T: Copy>(
        &self,
        key: &str,
        read: impl Fn(&str) -> Option<T>,
        all: &[T],
        say: impl Fn(T) -> &'static str,
    ) -> Result<Option<T>, String> {
        let Some(word) = self.image(key) else { return Ok(None) };
        let all = || all.iter().map(|one| say(*one)).collect::<Vec<&str>>();
        read(word).map(Some).ok_or_else(|| one_of(key, word, &all()))
    }

    /// A number that a property of the image is.
    pub(super) fn image_number(&self, key: &str, least: u32, most: u32) -> Result<Option<u32>, String> {
        self.image(key).map(|text| number(key, text, least, most)).transpose()
    }
}

fn conflict(prefix: &str, key: &str, flavor: &str, image: &str) -> String {
    format!(
        "The flavor has {prefix}:{key} extra spec explicitly set to {flavor}, conflicting with the image, which has \
         {prefix}_{key} explicitly set to {image}."
    )
}

/// What is said of a word that is none of those that there are.
pub(super) fn one_of(key: &str, word: &str, all: &[&str]) -> String {
    format!("Invalid image metadata. Error: {key} is '{word}'; possible here: {}.", all.join(", "))
}

/// A whole number within bounds.
pub(super) fn number(key: &str, text: &str, least: u32, most: u32) -> Result<u32, String> {
    let found = text.trim().parse::<u32>().ok().filter(|number| (least..=most).contains(number));
    found.ok_or_else(|| match most {
        u32::MAX => format!("{key} is '{text}'; a whole number of {least} or more is expected."),
        most => format!("{key} is '{text}'; a whole number from {least} to {most} is expected."),
    })
}

/// Truth as images and flavors write it; what is none of its words is no.
pub(super) fn truth(word: &str) -> bool {
    let word = word.trim();
    ["1", "t", "true", "on", "y", "yes"].iter().any(|yes| word.eq_ignore_ascii_case(yes))
}
