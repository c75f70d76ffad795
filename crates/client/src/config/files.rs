//! Finding and reading the files.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::environment::Environment;
use super::error::ConfigError;
use super::tree::{Tree, merge_deep};

/// The largest configuration file that is read, in bytes.
const FILE_LIMIT: u64 = 4 * 1024 * 1024;

/// Variables that choose or log, but describe no cloud.
const SELECTORS: &[&str] = &[
    "OS_CLOUD",
    "OS_REGION_NAME",
    "OS_CLIENT_CONFIG_FILE",
    "OS_CLIENT_SECURE_FILE",
    "OS_CLIENT_VENDOR_FILE",
    "OS_CLOUD_NAME",
];

/// What the files hold.
pub(super) struct Sources {
    main: Tree,
    vendors: Tree,
    path: PathBuf,
}

impl Sources {
    /// Reads the first of each kind of file that exists.
    pub(super) fn read(env: &Environment) -> Result<Self, ConfigError> {
        let found = find(env, "OS_CLIENT_CONFIG_FILE", "clouds");
        let path = found.clone().unwrap_or_else(|| PathBuf::from("clouds.yaml"));
        let mut main = found.map(|p| read_tree(&p)).transpose()?.unwrap_or_default();
        if let Some(secure) = find(env, "OS_CLIENT_SECURE_FILE", "secure") {
            merge_deep(&mut main, read_tree(&secure)?);
        }
        let vendors =
            find(env, "OS_CLIENT_VENDOR_FILE", "clouds-public").map(|p| read_tree(&p)).transpose()?;
        Ok(Self { main, vendors: vendors.unwrap_or_default(), path })
    }

    /// All clouds by name, the environment's among them.
    pub(super) fn clouds(&self, env: &Environment) -> Result<Tree, ConfigError> {
        let mut clouds = match self.main.get("clouds") {
            None | Some(Value::Null) => Tree::new(),
            Some(Value::Object(clouds)) => clouds.clone(),
            Some(_) => return Err(self.malformed("clouds must be a map of clouds")),
        };
        if let Some(cloud) = from_variables(env) {
            let name = variables_name(env);
            if clouds.contains_key(&name) {
                return Err(self.malformed(&format!(
                    "it describes a cloud {name:?}, which is the name of the cloud in the OS_* variables; set OS_CLOUD_NAME to another"
                )));
            }
            clouds.insert(name, Value::Object(cloud));
        }
        Ok(clouds)
    }

    /// A profile from `clouds-public.yaml`.
    pub(super) fn vendor(&self, name: &str) -> Option<Tree> {
        self.vendors.get("public-clouds")?.get(name)?.as_object().cloned()
    }

    /// An error about the main file as a whole.
    pub(super) fn malformed(&self, because: &str) -> ConfigError {
        ConfigError::Malformed { path: self.path.clone(), line: None, because: because.to_owned() }
    }
}

/// The name of the cloud that the variables describe.
pub(super) fn variables_name(env: &Environment) -> String {
    env.var("OS_CLOUD_NAME").unwrap_or("envvars").to_owned()
}

/// The cloud that `OS_*` describe, if they say more than which cloud.
pub(super) fn from_variables(env: &Environment) -> Option<Tree> {
    let relevant: Vec<(&str, &str)> = env
        .os_vars()
        .filter(|(k, v)| !v.is_empty() && !["OS_TEST", "OS_STD", "OS_LOG"].iter().any(|p| k.starts_with(p)))
        .collect();
    if relevant.iter().all(|(k, _)| SELECTORS.contains(k)) {
        return None;
    }
    let keys = relevant.into_iter().filter(|(k, _)| *k != "OS_CLOUD");
    Some(keys.map(|(k, v)| (k["OS_".len()..].to_lowercase(), Value::String(v.to_owned()))).collect())
}

pub(super) fn find(env: &Environment, variable: &str, stem: &str) -> Option<PathBuf> {
    let named = env.var(variable).map(|p| env.expand(p));
    if let Some(path) = named.as_ref().filter(|p| !p.exists()) {
        tracing::warn!(variable, path = %path.display(), "this file does not exist; looking in the usual places");
    }
    let usual = env
        .search_path()
        .into_iter()
        .flat_map(|dir| ["yaml", "yml", "json"].map(|ext| dir.join(format!("{stem}.{ext}"))));
    named.into_iter().chain(usual).find(|p| p.is_file())
}

fn read_tree(path: &Path) -> Result<Tree, ConfigError> {
    let unreadable = |because: String| ConfigError::Unreadable { path: path.to_owned(), because };
    let size = std::fs::metadata(path).map_err(|e| unreadable(e.to_string()))?.len();
    if size > FILE_LIMIT {
        return Err(unreadable(format!("it has {size} bytes, more than {FILE_LIMIT}")));
    }
    let text = std::fs::read_to_string(path).map_err(|e| unreadable(e.to_string()))?;
    parse(path, &text)
}

/// Parses YAML (JSON is YAML). The parser's own messages quote the text, which holds passwords: only the line is kept.
fn parse(path: &Path, text: &str) -> Result<Tree, ConfigError> {
    let malformed =
        |line, because: &str| ConfigError::Malformed { path: path.to_owned(), line, because: because.into() };
    if text.trim().is_empty() {
        return Err(malformed(None, "it is empty"));
    }
    match serde_saphyr::from_str::<Value>(text) {
        Ok(Value::Object(tree)) => Ok(tree),
        Ok(_) => Err(malformed(None, "it must be a map with the key clouds")),
        Err(error) => Err(malformed(error.location().map(|l| l.line()), "this is no YAML")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_yaml_names_the_line_and_quotes_nothing() {
        let error = parse(Path::new("/x/clouds.yaml"), "clouds:\n  a:\n    password: 'geheim\n").unwrap_err();
        let text = error.to_string();
        assert!(text.contains("/x/clouds.yaml") && text.contains("line"), "{text}");
        assert!(!text.contains("geheim") && !format!("{error:?}").contains("geheim"), "{text}");
    }

    #[test]
    fn an_alias_bomb_is_refused() {
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for i in 1..12 {
            let inner = vec![format!("*a{}", i - 1); 10].join(", ");
            text.push_str(&format!("a{i}: &a{i} [{inner}]\n"));
        }
        assert!(parse(Path::new("c"), &text).is_err());
    }

    #[test]
    fn a_list_or_nothing_is_no_configuration() {
        assert!(parse(Path::new("c"), "- a\n").is_err());
        assert!(parse(Path::new("c"), "  \n").is_err());
    }

    #[test]
    fn selectors_alone_describe_no_cloud() {
        let env = Environment::new([("OS_CLOUD", "a"), ("OS_REGION_NAME", "r")], "/");
        assert!(from_variables(&env).is_none());
        let env = Environment::new([("OS_AUTH_URL", "http://k")], "/");
        assert_eq!(from_variables(&env).unwrap()["auth_url"], "http://k");
    }
}
