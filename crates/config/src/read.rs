//! Reading the file and the environment.

use std::path::Path;

use toml::{Table, Value};

use crate::Config;
use crate::describe::{KEYS, defaults};

/// The configuration is wrong. The message says where and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{path} cannot be read: {because}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        because: String,
    },
    /// It is no TOML, or a value has the wrong type.
    #[error("{place}: {because}")]
    Wrong {
        /// File or variable.
        place: String,
        /// What is wrong.
        because: String,
    },
    /// A key that does not exist.
    #[error("{place}: there is no key `{key}`; {}`kogge config example` lists all", meant(nearest.as_deref()))]
    Unknown {
        /// File or variable.
        place: String,
        /// The key.
        key: String,
        /// One that exists and looks like it.
        nearest: Option<String>,
    },
}

/// Loads the configuration: defaults, then `file` where one is given, then `environment`.
///
/// # Errors
/// Where the file is missing or unreadable, a key does not exist, or a value does not fit.
pub fn load(
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Config, ConfigError> {
    let text = match file {
        Some(path) => std::fs::read_to_string(path).map_err(|error| ConfigError::Unreadable {
            path: path.display().to_string(),
            because: error.to_string(),
        })?,
        None => String::new(),
    };
    let place = file.map_or_else(|| "configuration".to_owned(), |path| path.display().to_string());
    from_text(&text, &place, environment)
}

/// As [`load`], from the text of a file; `place` names it in errors.
///
/// # Errors
/// Where the text is no TOML, a key does not exist, or a value does not fit.
pub fn from_text(
    text: &str,
    place: &str,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Config, ConfigError> {
    let mut settings = defaults();
    overlay(&mut settings, &parsed(text, place)?, place)?;
    for (name, value) in environment {
        from_environment(&mut settings, &name, &value)?;
    }
    Value::Table(settings).try_into().map_err(|error: toml::de::Error| ConfigError::Wrong {
        place: place.to_owned(),
        because: error.message().to_owned(),
    })
}

fn parsed(text: &str, place: &str) -> Result<Table, ConfigError> {
    text.parse().map_err(|error: toml::de::Error| ConfigError::Wrong {
        place: place.to_owned(),
        because: error.to_string(),
    })
}

fn overlay(settings: &mut Table, given: &Table, place: &str) -> Result<(), ConfigError> {
    for (section, values) in given {
        let Some(values) = values.as_table() else { return Err(unknown(section, place)) };
        for (name, value) in values {
            let key = format!("{section}.{name}");
            let slot = settings.get_mut(section).and_then(|table| table.get_mut(name));
            let slot = slot.ok_or_else(|| unknown(&key, place))?;
            *slot = fitted(slot, value).ok_or_else(|| ConfigError::Wrong {
                place: place.to_owned(),
                because: format!("`{key}` must be a {}, as in `{slot}`", slot.type_str()),
            })?;
        }
        if values.is_empty() && !settings.contains_key(section) {
            return Err(unknown(section, place));
        }
    }
    Ok(())
}

/// The value in the type of the default; whole numbers are fractions too.
fn fitted(default: &Value, given: &Value) -> Option<Value> {
    match (default, given) {
        #[expect(clippy::cast_precision_loss, reason = "settings are small")]
        (Value::Float(_), Value::Integer(number)) => Some(Value::Float(*number as f64)),
        _ => default.same_type(given).then(|| given.clone()),
    }
}

fn unknown(key: &str, place: &str) -> ConfigError {
    let distance = |known: &str| {
        let name = known.split_once('.').map_or(known, |(_, name)| name);
        strsim::damerau_levenshtein(key, known).min(1 + strsim::damerau_levenshtein(key, name))
    };
    // a slip in every four characters is one; what differs by more is another word
    let slips = 1 + key.len() / 4;
    let known = KEYS.iter().map(|(known, _)| (distance(known), *known));
    let nearest = known.min().filter(|(distance, _)| *distance <= slips);
    let nearest = nearest.map(|(_, known)| known.to_owned());
    ConfigError::Unknown { place: place.to_owned(), key: key.to_owned(), nearest }
}

fn meant(nearest: Option<&str>) -> String {
    nearest.map(|nearest| format!("did you mean `{nearest}`? ")).unwrap_or_default()
}

/// `KOGGE_SERVER_LISTEN`. Other variables that begin with `KOGGE_` may be for other tools and are passed over.
fn from_environment(settings: &mut Table, name: &str, value: &str) -> Result<(), ConfigError> {
    let Some(rest) = name.strip_prefix("KOGGE_") else { return Ok(()) };
    let wanted = rest.to_ascii_lowercase();
    let Some((key, _)) = KEYS.iter().find(|(key, _)| key.replacen('.', "_", 1) == wanted) else {
        return Ok(());
    };
    let Some((section, field)) = key.split_once('.') else { return Ok(()) };
    let Some(slot) = settings.get_mut(section).and_then(|table| table.get_mut(field)) else { return Ok(()) };
    let read = match slot {
        Value::String(_) => Some(Value::String(value.to_owned())),
        Value::Array(_) => {
            let items = value.split(',').map(str::trim).filter(|item| !item.is_empty());
            Some(Value::Array(items.map(|item| Value::String(item.to_owned())).collect()))
        }
        Value::Integer(_) => value.parse().ok().map(Value::Integer),
        Value::Float(_) => value.parse().ok().map(Value::Float),
        Value::Boolean(_) => value.parse().ok().map(Value::Boolean),
        _ => None,
    };
    *slot = read.ok_or_else(|| ConfigError::Wrong {
        place: name.to_owned(),
        because: format!("`{key}` must be a {}", slot.type_str()),
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config, ConfigError> {
        from_text(text, "kogge.toml", [])
    }

    #[test]
    fn an_unknown_key_names_the_nearest() {
        let message = read("[server]\nlisen = \"x\"\n").unwrap_err().to_string();
        assert!(message.contains("`server.lisen`") && message.contains("`server.listen`"), "{message}");
        let message = read("[sever]\nlisten = \"x\"\n").unwrap_err().to_string();
        assert!(message.contains("`server.listen`"), "{message}");
        let message = read("[server]\nnonsense = \"x\"\n").unwrap_err().to_string();
        assert_eq!(
            message, "kogge.toml: there is no key `server.nonsense`; `kogge config example` lists all",
            "what looks like nothing is not made into something"
        );
    }

    #[test]
    fn types_are_checked_and_whole_numbers_fit_fractions() {
        let message = read("[network]\nmtu = \"big\"\n").unwrap_err().to_string();
        assert!(message.contains("network.mtu") && message.contains("integer"), "{message}");
        let config = read("[hypervisor]\ncpu_allocation_ratio = 4\naccel = \"tcg\"\n").unwrap();
        assert!((config.hypervisor.cpu_allocation_ratio - 4.0).abs() < f64::EPSILON);
        assert!(read("[hypervisor]\naccel = \"xen\"\n").is_err());
        assert!(read("[network]\nmtu = -1\n").is_err());
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let environment = [
            ("KOGGE_NETWORK_MTU", "1400"),
            ("KOGGE_IMAGE_WEB_DOWNLOAD_PRIVATE_NETWORKS", "192.0.2.0/24, 10.0.0.0/8"),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let config = load(None, environment).unwrap();
        assert_eq!(config.network.mtu, 1400);
        assert_eq!(config.image.web_download_private_networks, ["192.0.2.0/24", "10.0.0.0/8"]);
        let wrong = [("KOGGE_NETWORK_MTU".to_owned(), "x".to_owned())];
        assert!(load(None, wrong).unwrap_err().to_string().contains("KOGGE_NETWORK_MTU"));
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = load(Some(Path::new("/nowhere/kogge.toml")), []).unwrap_err();
        assert!(error.to_string().contains("/nowhere/kogge.toml"));
    }
}
