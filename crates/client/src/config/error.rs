//! What is wrong with a configuration. No value from a file is ever quoted.

use std::path::PathBuf;

/// Why no cloud could be read from the configuration.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// A file exists but cannot be read.
    #[error("cannot read {}: {because}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        because: String,
    },
    /// A file is no YAML or JSON, or not a map of maps.
    #[error("{} is not valid{}: {because}", .path.display(), at_line(.line))]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: Option<u64>,
        /// What was expected there.
        because: String,
    },
    /// Nothing says which cloud.
    #[error("no cloud chosen: name one with --cloud or OS_CLOUD; known are: {}", list(.known))]
    NoCloudChosen {
        /// The clouds that the files describe.
        known: Vec<String>,
    },
    /// No cloud of that name.
    #[error("there is no cloud {name:?}{}; known are: {}", nearest(.name, .known), list(.known))]
    UnknownCloud {
        /// The name that was asked for.
        name: String,
        /// The clouds that the files describe.
        known: Vec<String>,
    },
    /// The cloud has no such region.
    #[error("cloud {cloud:?} has no region {region:?}; its regions are: {}", list(.known))]
    UnknownRegion {
        /// The cloud.
        cloud: String,
        /// The region that was asked for.
        region: String,
        /// The regions that it has.
        known: Vec<String>,
    },
    /// A key is missing or unusable.
    #[error("cloud {cloud:?}: {key}: {because}")]
    BadValue {
        /// The cloud.
        cloud: String,
        /// The key, such as `auth.auth_url`.
        key: String,
        /// What is wrong and what to write.
        because: String,
    },
}

fn at_line(line: &Option<u64>) -> String {
    line.map(|n| format!(" at line {n}")).unwrap_or_default()
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "(none)".to_owned() } else { names.join(", ") }
}

/// A hint if some known name begins like the asked one or differs only in case.
fn nearest(name: &str, known: &[String]) -> String {
    let low = name.to_lowercase();
    known
        .iter()
        .find(|k| {
            let k = k.to_lowercase();
            k.starts_with(&low) || low.starts_with(&k)
        })
        .map(|k| format!(" (did you mean {k:?}?)"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_cloud_names_its_neighbour() {
        let known = vec!["kogge".to_owned(), "other".to_owned()];
        let text = ConfigError::UnknownCloud { name: "Kogg".into(), known }.to_string();
        assert!(text.contains("did you mean \"kogge\"?"), "{text}");
    }

    #[test]
    fn no_cloud_at_all_says_none() {
        assert!(ConfigError::NoCloudChosen { known: vec![] }.to_string().contains("(none)"));
    }
}
