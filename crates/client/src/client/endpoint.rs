//! From a service type to the address of its API, version included.
//!
//! A catalogue may give an address with its version (`…/v2.1`) or without. Only without one is the service asked, and
//! from its answer only the *version's path segment* is used: a service behind a proxy often tells a wrong host, and a
//! hostile one must not lead us away.

use std::collections::BTreeMap;
use std::time::Duration;

use http::Method;
use serde_json::Value;
use url::Url;

use super::Client;
use crate::answer::{Answer, printable};
use crate::auth::token::Token;
use crate::error::{Error, Result};
use crate::service_type::{self, Version, spellings};

/// The longest version that is believed, in bytes.
const LONGEST_VERSION: usize = 20;

/// How many service types an error names.
const MOST_OFFERED: usize = 50;

impl Client {
    /// The address below which the service's paths live, version included. Found once.
    ///
    /// # Errors
    /// [`Error::NoEndpoint`] if the catalogue has none, [`Error::RefusedEndpoint`] if it points where it must not.
    pub async fn endpoint(&self, service: &str) -> Result<Url> {
        let cell =
            std::sync::Arc::clone(self.0.endpoints.lock().await.entry(service.to_owned()).or_default());
        cell.get_or_try_init(|| Box::pin(self.find_endpoint(service))).await.cloned()
    }

    async fn find_endpoint(&self, service: &str) -> Result<Url> {
        let base = self.listed_endpoint(service).await?;
        let Some(version) = service_type::find(service).and_then(|known| known.version) else {
            return Ok(base);
        };
        if base.path_segments().is_some_and(|mut all| all.any(|s| parse_version(s).is_some())) {
            return Ok(base);
        }
        let told = self.ask_versions(service, &base).await?;
        let segment =
            told.and_then(|answer| choose(&answer, version)).unwrap_or_else(|| version.path.to_owned());
        Ok(below(&base, &segment))
    }

    /// The address as configured or as the catalogue has it.
    async fn listed_endpoint(&self, service: &str) -> Result<Url> {
        let config = &self.0.config;
        for spelling in spellings(service) {
            if let Some(url) = config.endpoint_overrides.get(&spelling.replace('-', "_")) {
                return Ok(url.clone());
            }
        }
        let token = self.token().await?;
        let region = config.region.as_deref();
        let Some(found) = token.catalog.endpoint(service, config.interface, region) else {
            return Err(Error::NoEndpoint {
                service: service.to_owned(),
                interface: config.interface.word().to_owned(),
                region: config.region.clone(),
                offered: self.offered(&token),
            });
        };
        let refused = |because: String| Error::RefusedEndpoint {
            service: service.to_owned(),
            address: self.without_secrets(&printable(&found.url)),
            because,
        };
        let url = Url::parse(&found.url).map_err(|e| refused(format!("it is no address: {e}")))?;
        match self.0.transport.guard.refusal(&url) {
            Some(because) => Err(refused(because)),
            None => Ok(url),
        }
    }

    /// The service types of the catalogue, for people: the cloud may have written anything there.
    fn offered(&self, token: &Token) -> Vec<String> {
        let kinds = token.catalog.kinds().into_iter().take(MOST_OFFERED);
        kinds.map(|kind| self.without_secrets(&printable(&kind))).collect()
    }

    /// Where the host of an address of the catalogue may be reached, for those who speak to it below HTTP.
    ///
    /// # Errors
    /// [`Error::RefusedEndpoint`] if it may not be spoken to, or has no address.
    pub async fn addresses(&self, url: &Url) -> Result<Vec<std::net::SocketAddr>> {
        self.0.transport.guard.learn(&self.0.config.auth_url).await;
        let refused = |because| Error::RefusedEndpoint {
            service: url.host_str().unwrap_or_default().to_owned(),
            address: self.without_secrets(&printable(url.as_str())),
            because,
        };
        self.0.transport.guard.addresses(url).await.map_err(refused)
    }

    /// The newest version that each service used so far has, by service type: what its version document says, else what
    /// stands in its address. Services that do not answer in that time are left out, and so are those without versions.
    pub async fn api_versions(&self, time: Duration) -> BTreeMap<String, String> {
        let cells: Vec<_> = self.0.endpoints.lock().await.clone().into_iter().collect();
        let used = cells.into_iter().filter_map(|(service, cell)| Some((service, cell.get()?.clone())));
        let asked = used.map(|(service, url)| async move {
            let call = self.call(Method::GET, &service, "").at(version_root(&url));
            let told = tokio::time::timeout(time, call.send()).await.ok()?.ok()?;
            let document = told.status.is_success().then(|| told.json::<Value>().ok()).flatten();
            let version = document.as_ref().and_then(newest).or_else(|| in_path(&url))?;
            Some((service, self.without_secrets(&printable(&version))))
        });
        futures_util::future::join_all(asked).await.into_iter().flatten().collect()
    }

    /// The service's version document, if it has one that can be read. 300 is its usual status.
    async fn ask_versions(&self, service: &str, base: &Url) -> Result<Option<Value>> {
        let answer: Answer =
            self.call(Method::GET, service, "").anonymous().at(below(base, "")).send().await?;
        let usable = answer.status.is_success() || answer.status.as_u16() == 300;
        Ok(usable.then(|| answer.json().ok()).flatten())
    }
}

/// What a version document says is the newest: the microversion, else the id.
fn newest(document: &Value) -> Option<String> {
    let about = document.get("version")?;
    let text = |key: &str| about.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let version = text("version").or_else(|| text("id"))?;
    (version.len() <= LONGEST_VERSION).then(|| version.to_owned())
}

/// The address up to its version, where the version document is; what follows is a project.
fn version_root(url: &Url) -> Url {
    let path: Vec<&str> = url.path().trim_end_matches('/').split('/').collect();
    let end =
        path.iter().position(|segment| parse_version(segment).is_some()).map_or(path.len(), |at| at + 1);
    let mut root = below(url, "");
    root.set_path(&format!("{}/", path[..end].join("/")));
    root
}

/// The version in an address.
fn in_path(url: &Url) -> Option<String> {
    url.path_segments()?.find(|segment| parse_version(segment).is_some()).map(str::to_owned)
}

/// `base/rest` without doubling slashes; query and fragment of `base` are dropped.
pub(super) fn below(base: &Url, rest: &str) -> Url {
    let mut url = base.clone();
    let path = format!("{}/{}", base.path().trim_end_matches('/'), rest.trim_start_matches('/'));
    url.set_path(&path);
    url.set_query(None);
    url.set_fragment(None);
    url
}

/// `v2.1` → (2, 1); `v3` → (3, 0); anything else is no version.
fn parse_version(segment: &str) -> Option<(u32, u32)> {
    let (major, minor) = {
        let digits = segment.strip_prefix('v')?;
        digits.split_once('.').unwrap_or((digits, "0"))
    };
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// The path segment of the newest version with the right major number.
fn choose(document: &Value, wanted: Version) -> Option<String> {
    let listed = match document.get("versions") {
        Some(Value::Array(list)) => list.clone(),
        Some(versions) => versions.get("values")?.as_array()?.clone(),
        None => vec![document.get("version")?.clone()],
    };
    let fitting = listed.iter().filter_map(|entry| {
        let id = parse_version(entry.get("id")?.as_str()?)?;
        (id.0 == wanted.major).then(|| Some((id, segment_of(entry)?)))?
    });
    fitting.max_by_key(|(id, _)| *id).map(|(_, segment)| segment)
}

/// The version-like segment in the path of an entry's own link.
fn segment_of(entry: &Value) -> Option<String> {
    let links = entry.get("links")?.as_array()?;
    let own = links
        .iter()
        .find(|l| l.get("rel").and_then(Value::as_str) == Some("self"))
        .or_else(|| links.first())?;
    let path = own.get("href")?.as_str()?;
    path.split('/').rfind(|s| parse_version(s).is_some()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const COMPUTE: Version = Version { major: 2, path: "v2.1" };

    fn entry(id: &str, href: &str) -> Value {
        json!({"id": id, "status": "CURRENT", "links": [{"rel": "self", "href": href}]})
    }

    #[test]
    fn the_newest_of_the_right_major_version_is_chosen() {
        let versions = json!({"versions": [entry("v2.0", "http://x/v2/"), entry("v2.1", "http://x/v2.1/"), entry("v3.0", "http://x/v3/")]});
        assert_eq!(choose(&versions, COMPUTE).as_deref(), Some("v2.1"));
    }

    #[test]
    fn the_old_and_the_single_shape_are_read() {
        let old = json!({"versions": {"values": [entry("v1", "http://x/v1/")]}});
        assert_eq!(choose(&old, Version { major: 1, path: "v1" }).as_deref(), Some("v1"));
        let single = json!({"version": entry("v2.1", "/compute/v2.1/")});
        assert_eq!(choose(&single, COMPUTE).as_deref(), Some("v2.1"));
    }

    #[test]
    fn nonsense_chooses_nothing() {
        for document in [json!({}), json!({"versions": "x"}), json!({"versions": [{"id": 2}]}), json!([])] {
            assert_eq!(choose(&document, COMPUTE), None, "{document}");
        }
    }

    #[test]
    fn the_newest_version_is_the_microversion_else_the_id_else_the_addresss() {
        let compute = json!({"version": {"id": "v2.1", "version": "2.96", "min_version": "2.1"}});
        assert_eq!(newest(&compute).as_deref(), Some("2.96"));
        let identity = json!({"version": {"id": "v3.14", "version": ""}});
        assert_eq!(newest(&identity).as_deref(), Some("v3.14"));
        for none in [json!({}), json!({"version": 3}), json!({"version": {"id": "x".repeat(21)}}), json!([])]
        {
            assert_eq!(newest(&none), None, "{none}");
        }
        assert_eq!(in_path(&"http://h/network/v2.0/".parse().unwrap()).as_deref(), Some("v2.0"));
        assert_eq!(in_path(&"http://h/network".parse().unwrap()), None);
        for (url, root) in [
            ("http://h/volume/v3/p1/", "http://h/volume/v3/"),
            ("http://h/v2.1", "http://h/v2.1/"),
            ("http://h/", "http://h/"),
        ] {
            assert_eq!(version_root(&url.parse().unwrap()).as_str(), root);
        }
    }

    #[test]
    fn only_versions_are_versions() {
        assert_eq!(parse_version("v2.1"), Some((2, 1)));
        assert_eq!(parse_version("v3"), Some((3, 0)));
        for other in ["v", "vol", "2.1", "v2.x", "v2.1.3"] {
            assert_eq!(parse_version(other), None, "{other}");
        }
    }

    #[test]
    fn paths_join_with_one_slash() {
        for base in ["http://h/image", "http://h/image/"] {
            assert_eq!(below(&base.parse().unwrap(), "/v2/images").as_str(), "http://h/image/v2/images");
        }
    }
}
