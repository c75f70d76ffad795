//! The surroundings of the process as a value, so that tests can make their own.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// Variables, the working directory and the home directory.
#[derive(Clone, Default)]
pub struct Environment {
    vars: BTreeMap<String, String>,
    cwd: PathBuf,
    home: Option<PathBuf>,
    site: Vec<PathBuf>,
}

impl std::fmt::Debug for Environment {
    /// Shows names only: values may be passwords.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&String> = self.vars.keys().collect();
        f.debug_struct("Environment").field("vars", &names).field("cwd", &self.cwd).finish_non_exhaustive()
    }
}

impl Environment {
    /// That of this process.
    #[must_use]
    pub fn of_process() -> Self {
        let vars: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)))
            .collect();
        let home = vars.get("SNAP_REAL_HOME").or_else(|| vars.get("HOME")).map(PathBuf::from);
        Self {
            home,
            cwd: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
            site: vec![PathBuf::from("/etc/xdg/openstack"), PathBuf::from("/etc/openstack")],
            vars,
        }
    }

    /// One made by hand: variables, working directory, and no home or site directories.
    #[must_use]
    pub fn new<'a>(vars: impl IntoIterator<Item = (&'a str, &'a str)>, cwd: impl Into<PathBuf>) -> Self {
        let vars = vars.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
        Self { vars, cwd: cwd.into(), home: None, site: Vec::new() }
    }

    /// The same with another variable.
    #[must_use]
    pub fn with_var(mut self, name: &str, value: &str) -> Self {
        self.vars.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The same with a home directory.
    #[must_use]
    pub fn with_home(mut self, home: impl Into<PathBuf>) -> Self {
        self.home = Some(home.into());
        self
    }

    /// The same with directories that are searched last.
    #[must_use]
    pub fn with_site(mut self, site: impl IntoIterator<Item = PathBuf>) -> Self {
        self.site = site.into_iter().collect();
        self
    }

    /// A variable's value; empty counts as absent.
    #[must_use]
    pub fn var(&self, name: &str) -> Option<&str> {
        self.vars.get(name).map(String::as_str).filter(|v| !v.is_empty())
    }

    /// All variables whose name begins with `OS_`.
    pub(super) fn os_vars(&self) -> impl Iterator<Item = (&str, &str)> {
        self.vars.iter().filter(|(k, _)| k.starts_with("OS_")).map(|(k, v)| (k.as_str(), v.as_str()))
    }

    /// The directories to search, the first one first.
    pub(super) fn search_path(&self) -> Vec<PathBuf> {
        let mut dirs = vec![self.cwd.clone()];
        if let Some(xdg) = self.var("XDG_CONFIG_HOME") {
            dirs.push(PathBuf::from(xdg).join("openstack"));
        }
        if let Some(home) = &self.home {
            dirs.push(home.join(".config").join("openstack"));
        }
        dirs.extend(self.site.iter().cloned());
        dirs
    }

    /// A path as the user wrote it, with a leading `~` replaced; relative ones are below the working directory.
    pub(super) fn expand(&self, path: &str) -> PathBuf {
        match (path.strip_prefix("~/"), &self.home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => self.cwd.join(path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_value() {
        let env = Environment::new([("OS_PASSWORD", "geheim")], "/tmp");
        let text = format!("{env:?}");
        assert!(text.contains("OS_PASSWORD") && !text.contains("geheim"), "{text}");
    }

    #[test]
    fn an_empty_variable_is_absent() {
        assert_eq!(Environment::new([("OS_CLOUD", "")], "/").var("OS_CLOUD"), None);
    }

    #[test]
    fn a_tilde_is_the_home_directory() {
        let env = Environment::new([], "/work").with_home("/home/me");
        assert_eq!(env.expand("~/ca.pem"), PathBuf::from("/home/me/ca.pem"));
        assert_eq!(env.expand("ca.pem"), PathBuf::from("/work/ca.pem"));
        assert_eq!(env.expand("/etc/ca.pem"), PathBuf::from("/etc/ca.pem"));
    }
}
