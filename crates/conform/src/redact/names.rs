//! Names that are private because of what they name: only the client's configuration knows them.

use std::collections::HashMap;

use kogge_client::CloudConfig;
use kogge_client::config::{ByIdOrName, Credentials, Scope, UserRef};
use regex::Regex;
use url::Url;

use super::stand_in;

/// Names that everybody's cloud has.
const COMMON: [&str; 4] = ["default", "localhost", "127.0.0.1", "::1"];

/// Private names, and what each of them names.
#[derive(Debug, Default)]
pub struct Names {
    kinds: HashMap<String, &'static str>,
    any: Option<Regex>,
}

impl Names {
    /// The names of a cloud's configuration: its own, user, project, domain, and the hosts of its addresses.
    #[must_use]
    pub fn of(config: &CloudConfig) -> Self {
        Self::from_iter(Self::named(config))
    }

    /// The names of a configuration, each with what it names: to be collected with those of others.
    #[must_use]
    pub fn named(config: &CloudConfig) -> Vec<(&'static str, String)> {
        let mut found: Vec<(&'static str, String)> = vec![("cloud", config.name.clone())];
        let mut add = |kind, name: &ByIdOrName| found.push((kind, name.as_str().to_owned()));
        let user = |user: &UserRef, add: &mut dyn FnMut(&'static str, &ByIdOrName)| {
            add("user", &user.user);
            user.domain.iter().for_each(|domain| add("domain", domain));
        };
        match &config.credentials {
            Credentials::Password { user: who, .. } => user(who, &mut add),
            Credentials::ApplicationCredential { credential, user: who, .. } => {
                add("credential", credential);
                who.iter().for_each(|who| user(who, &mut add));
            }
            Credentials::Token(_) => {}
        }
        match &config.scope {
            Scope::Project { project, domain } => {
                add("project", project);
                domain.iter().for_each(|domain| add("domain", domain));
            }
            Scope::Domain(domain) => add("domain", domain),
            Scope::Unscoped | Scope::System | Scope::OfCredential => {}
        }
        let addresses = std::iter::once(&config.auth_url).chain(config.endpoint_overrides.values());
        found.extend(addresses.filter_map(Url::host_str).map(|host| ("host", host.to_owned())));
        found
    }

    /// The text with every name replaced, where it stands as a word of its own.
    pub(super) fn replace(&self, text: &str, seen: &mut HashMap<String, String>) -> String {
        let Some(any) = &self.any else { return text.to_owned() };
        let mut out = String::with_capacity(text.len());
        let mut done = 0;
        for found in any.find_iter(text) {
            let before = text[..found.start()].chars().next_back();
            let after = text[found.end()..].chars().next();
            if before.is_some_and(char::is_alphanumeric) || after.is_some_and(char::is_alphanumeric) {
                continue;
            }
            let name = found.as_str().to_lowercase();
            let kind = self.kinds.get(&name).copied().unwrap_or("name");
            out.push_str(&text[done..found.start()]);
            out.push_str(&stand_in(seen, kind, &name));
            done = found.end();
        }
        out.push_str(&text[done..]);
        out
    }
}

impl FromIterator<(&'static str, String)> for Names {
    /// From pairs of what is named (`user`, `project` …) and the name.
    fn from_iter<I: IntoIterator<Item = (&'static str, String)>>(names: I) -> Self {
        let names = names.into_iter().map(|(kind, name)| (name.to_lowercase(), kind));
        let kinds: HashMap<String, &'static str> =
            names.filter(|(name, _)| !name.trim().is_empty() && !COMMON.contains(&name.as_str())).collect();
        let mut longest_first: Vec<&String> = kinds.keys().collect();
        longest_first.sort_by_key(|name| (std::cmp::Reverse(name.len()), name.as_str()));
        let each: Vec<String> = longest_first.into_iter().map(|name| regex::escape(name)).collect();
        let any = if each.is_empty() { None } else { Regex::new(&format!("(?i){}", each.join("|"))).ok() };
        Self { kinds, any }
    }
}
