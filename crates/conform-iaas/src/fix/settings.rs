//! What only the operator can know: `--set [OBJECT:]KEY=VALUE`.

use kogge_standards::image_metadata::property_rules;

/// The key that says of a volume type that it is replicated.
const REPLICATED: &str = "replicated";

/// Properties that the image service writes by itself.
const READ_ONLY: [&str; 1] = ["os_hash_algo"];

/// The operator's values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings(Vec<Setting>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Setting {
    object: Option<String>,
    key: String,
    value: String,
}

/// Why a setting cannot be used. The user can mend it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// It has another form.
    #[error("--set {0:?}: expected [OBJECT:]KEY=VALUE, as in min_ram=512 or 'Ubuntu 24.04:min_ram=512'")]
    Form(String),
    /// Nothing has such a key.
    #[error("--set: there is no key {key:?}; the keys are {}", keys().join(", "))]
    Key {
        /// The key.
        key: String,
    },
    /// The value is no answer to the question.
    #[error("--set {key}: {value:?} is neither true nor false")]
    Truth {
        /// The key.
        key: String,
        /// The value.
        value: String,
    },
}

/// All keys that can be set.
pub(super) fn keys() -> Vec<&'static str> {
    let images = property_rules().map(|(_, property)| property).filter(|key| !READ_ONLY.contains(key));
    images.chain([REPLICATED]).collect()
}

/// Whether an operator's value can mend this property of an image.
pub(super) fn is_settable(property: &str) -> bool {
    !READ_ONLY.contains(&property)
}

impl Settings {
    /// Reads what stands behind each `--set`.
    ///
    /// # Errors
    /// [`SettingError`], always the user's to mend.
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, SettingError> {
        texts.into_iter().map(Setting::parse).collect::<Result<_, _>>().map(Self)
    }

    /// The value for a property of an image: what names the image goes before what is for all, the later one wins.
    pub(super) fn image(&self, key: &str, name: &str, id: &str) -> Option<&str> {
        let of = |wanted: &dyn Fn(Option<&str>) -> bool| {
            self.0.iter().rfind(|s| s.key == key && wanted(s.object.as_deref())).map(|s| s.value.as_str())
        };
        of(&|object| object.is_some_and(|object| object == name || object == id))
            .or_else(|| of(&|object| object.is_none()))
    }

    /// Whether the operator says that a volume type is replicated.
    pub(super) fn replicated(&self, name: &str, id: &str) -> Option<bool> {
        self.image(REPLICATED, name, id).map(|value| value == "true")
    }
}

impl Setting {
    fn parse(text: &str) -> Result<Self, SettingError> {
        let form = || SettingError::Form(text.to_owned());
        let (left, value) = text.split_once('=').ok_or_else(form)?;
        let (object, key) = match left.rsplit_once(':') {
            Some((object, key)) => (Some(object), key),
            None => (None, left),
        };
        if key.is_empty() || value.is_empty() || object.is_some_and(str::is_empty) {
            return Err(form());
        }
        if !keys().contains(&key) {
            return Err(SettingError::Key { key: key.to_owned() });
        }
        if key == REPLICATED && !["true", "false"].contains(&value) {
            return Err(SettingError::Truth { key: key.to_owned(), value: value.to_owned() });
        }
        Ok(Self { object: object.map(str::to_owned), key: key.to_owned(), value: value.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(texts: &[&str]) -> Settings {
        Settings::parse(texts.iter().copied()).unwrap()
    }

    #[test]
    fn what_names_the_image_goes_before_what_is_for_all() {
        let set = read(&["Ubuntu 24.04:min_ram=1024", "min_ram=512", "min_ram=256"]);
        assert_eq!(set.image("min_ram", "Ubuntu 24.04", "i"), Some("1024"));
        assert_eq!(set.image("min_ram", "Debian 12", "i"), Some("256"));
        assert_eq!(set.image("min_disk", "Debian 12", "i"), None);
        assert_eq!(read(&["i7:os_version=9"]).image("os_version", "", "i7"), Some("9"));
    }

    #[test]
    fn a_value_may_hold_an_equals_sign_and_a_colon() {
        let set = read(&["image_source=https://x.example/a?b=c"]);
        assert_eq!(set.image("image_source", "n", "i"), Some("https://x.example/a?b=c"));
    }

    #[test]
    fn mistakes_are_told() {
        for text in ["", "min_ram", "=5", "min_ram=", ":min_ram=5"] {
            assert!(matches!(Settings::parse([text]), Err(SettingError::Form(_))), "{text:?}");
        }
        let told = Settings::parse(["min_rma=5"]).unwrap_err().to_string();
        assert!(told.contains("min_rma") && told.contains("min_ram"), "{told}");
        assert!(Settings::parse(["os_hash_algo=sha512"]).is_err(), "the image service writes it");
        assert!(Settings::parse(["fast:replicated=perhaps"]).is_err());
    }

    #[test]
    fn replication_is_said_per_type() {
        let set = read(&["fast:replicated=true"]);
        assert_eq!((set.replicated("fast", "t"), set.replicated("slow", "t")), (Some(true), None));
    }
}
