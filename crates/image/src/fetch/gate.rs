//! The gate that every address passes, the first one and each redirect.

use std::net::{IpAddr, SocketAddr};

use url::{Host, Url};

use super::address::is_public;
use crate::config::WebDownload;

/// Why an address is not asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum GateError {
    /// It is no address of the allowed kind.
    #[error("URI for web-download does not pass filtering: {0}")]
    Filtered(String),
    /// It has no address that may be asked. Whether it has another one is not said: names of the networks inside would
    /// be told from names that there are not.
    #[error("the host {0} has no public address")]
    NotPublic(String),
}

impl GateError {
    fn not_public(url: &Url) -> Self {
        Self::NotPublic(url.host_str().unwrap_or_default().chars().take(200).collect())
    }
}

/// The rules of the configuration.
#[derive(Debug, Clone)]
pub(crate) struct Gate {
    config: WebDownload,
}

impl Gate {
    /// The gate of a configuration.
    pub(crate) fn new(config: &WebDownload) -> Self {
        Self { config: config.clone() }
    }

    /// The settings.
    pub(crate) fn config(&self) -> &WebDownload {
        &self.config
    }

    /// What can be said without asking the network: scheme, port, credentials, and addresses written as numbers.
    pub(crate) fn check(&self, uri: &str) -> Result<Url, GateError> {
        let filtered = || GateError::Filtered(uri.chars().take(200).collect());
        let url = Url::parse(uri).map_err(|_| filtered())?;
        let port = url.port_or_known_default().ok_or_else(filtered)?;
        let allowed = self.config.enabled
            && uri.len() <= 2048
            && self.config.schemes.iter().any(|scheme| scheme == url.scheme())
            && self.config.ports.contains(&port)
            && url.username().is_empty()
            && url.password().is_none();
        let host = url.host().filter(|_| allowed).ok_or_else(filtered)?;
        match host {
            Host::Ipv4(address) => self.admit(&url, address.into())?,
            Host::Ipv6(address) => self.admit(&url, address.into())?,
            Host::Domain(_) => {}
        }
        Ok(url)
    }

    /// Resolves the name and answers its addresses if every one of them may be asked.
    pub(crate) async fn resolve(&self, url: &Url) -> Result<Vec<SocketAddr>, GateError> {
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let port = url.port_or_known_default().unwrap_or(80);
        let found = tokio::net::lookup_host((host.as_str(), port)).await.map_err(|error| {
            tracing::info!(host, %error, "the host of a web-download cannot be resolved");
            GateError::not_public(url)
        })?;
        let addresses: Vec<SocketAddr> = found.collect();
        for address in &addresses {
            self.admit(url, address.ip())?;
        }
        if addresses.is_empty() { Err(GateError::not_public(url)) } else { Ok(addresses) }
    }

    fn admit(&self, url: &Url, address: IpAddr) -> Result<(), GateError> {
        let address = address.to_canonical();
        if is_public(address) || self.config.allow_networks.iter().any(|network| network.contains(&address)) {
            return Ok(());
        }
        tracing::info!(host = url.host_str(), %address, "a web-download would lead inside");
        Err(GateError::not_public(url))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate() -> Gate {
        Gate::new(&WebDownload::default())
    }

    #[test]
    fn schemes_ports_and_credentials_are_filtered() {
        for uri in [
            "",
            "nonsense",
            "ftp://example.org/x",
            "file:///etc/passwd",
            "http://example.org:22/",
            "https://example.org:8443/",
            "http://user:pass@example.org/",
            "http://user@example.org/",
            "gopher://example.org/",
            "data:,x",
        ] {
            assert!(matches!(gate().check(uri), Err(GateError::Filtered(_))), "{uri}");
        }
        assert!(gate().check("https://example.org/image.qcow2").is_ok());
        assert!(gate().check("http://example.org:80/image.qcow2").is_ok());
        assert!(gate().check(&format!("http://example.org/{}", "x".repeat(3000))).is_err());
    }

    #[test]
    fn addresses_as_numbers_in_any_spelling_do_not_lead_inside() {
        for uri in [
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://017700000001/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://169.254.169.254/latest/meta-data",
            "http://[fe80::1]/",
            "http://0/",
        ] {
            assert!(matches!(gate().check(uri), Err(GateError::NotPublic(_))), "{uri}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_refused_after_resolving() {
        let url = gate().check("http://localhost/x").unwrap();
        assert!(matches!(gate().resolve(&url).await, Err(GateError::NotPublic(_))));
    }

    #[tokio::test]
    async fn a_name_inside_and_no_name_at_all_look_alike() {
        let refused = async |host: &str| {
            let url = gate().check(&format!("http://{host}/x")).unwrap();
            gate().resolve(&url).await.unwrap_err().to_string().replace(host, "HOST")
        };
        let inside = refused("localhost").await;
        assert_eq!(inside, refused("no-such-name.invalid").await);
        assert_eq!(
            inside,
            gate().check("http://10.1.2.3/x").unwrap_err().to_string().replace("10.1.2.3", "HOST")
        );
    }

    #[tokio::test]
    async fn a_network_that_the_configuration_names_may_be_asked() {
        let allow_networks = vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
        let gate = Gate::new(&WebDownload { allow_networks, ..WebDownload::default() });
        let url = gate.check("http://localhost/x").unwrap();
        assert!(!gate.resolve(&url).await.unwrap().is_empty());
        assert!(gate.check("http://10.0.0.1/").is_err());
    }

    #[test]
    fn nothing_passes_when_downloads_are_off() {
        let gate = Gate::new(&WebDownload { enabled: false, ..WebDownload::default() });
        assert!(gate.check("https://example.org/x").is_err());
    }
}
