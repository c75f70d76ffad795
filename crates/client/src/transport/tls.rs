//! Certificates: whom to trust, and with which one to show oneself.

use std::path::Path;

use reqwest::{Certificate, ClientBuilder, Identity};

use crate::config::TlsConfig;
use crate::error::{Error, Result, chain};

/// Sets the builder up as the cloud's configuration says.
pub(super) fn configure(builder: ClientBuilder, tls: &TlsConfig) -> Result<ClientBuilder> {
    let builder = match (&tls.cacert, tls.verify) {
        (_, false) => builder.tls_danger_accept_invalid_certs(true),
        (Some(path), true) => builder.tls_certs_merge(authorities(path)?),
        (None, true) => builder,
    };
    match &tls.cert {
        Some(cert) => Ok(builder.identity(identity(cert, tls.key.as_deref())?)),
        None => Ok(builder),
    }
}

fn authorities(path: &Path) -> Result<Vec<Certificate>> {
    let certs =
        Certificate::from_pem_bundle(&read("cacert", path)?).map_err(|e| bad("cacert", path, &chain(&e)))?;
    if certs.is_empty() {
        return Err(bad("cacert", path, "it holds no certificate"));
    }
    Ok(certs)
}

/// The certificate and its key, from one file or two.
fn identity(cert: &Path, key: Option<&Path>) -> Result<Identity> {
    let mut pem = read("cert", cert)?;
    if let Some(key) = key {
        pem.push(b'\n');
        pem.extend(read("key", key)?);
    }
    // the reason may quote the file, which holds a secret
    Identity::from_pem(&pem)
        .map_err(|_| bad("cert", cert, "it and its key are no PEM of a certificate and a private key"))
}

fn read(what: &str, path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|e| bad(what, path, &e.to_string()))
}

fn bad(what: &str, path: &Path, because: &str) -> Error {
    Error::Setup { because: format!("{what} {}: {because}", path.display()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn problem(tls: &TlsConfig) -> String {
        configure(reqwest::Client::builder(), tls).err().map(|e| e.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_file_that_is_missing_or_empty_is_named_with_its_key() {
        let dir = tempfile::tempdir().unwrap();
        let empty = dir.path().join("empty.pem");
        std::fs::write(&empty, "").unwrap();
        let missing = PathBuf::from("/nonexistent/ca.pem");
        let plain = TlsConfig { verify: true, cacert: None, cert: None, key: None };
        let text = problem(&TlsConfig { cacert: Some(missing.clone()), ..plain.clone() });
        assert!(text.contains("cacert /nonexistent/ca.pem"), "{text}");
        let text = problem(&TlsConfig { cacert: Some(empty.clone()), ..plain.clone() });
        assert!(text.contains("holds no certificate"), "{text}");
        let text = problem(&TlsConfig { cert: Some(empty), key: Some(missing), ..plain.clone() });
        assert!(text.contains("key /nonexistent/ca.pem"), "{text}");
        assert_eq!(problem(&plain), "");
    }

    #[test]
    fn a_ca_file_is_not_read_when_nothing_is_verified() {
        let missing = Some(PathBuf::from("/nonexistent/ca.pem"));
        assert_eq!(problem(&TlsConfig { verify: false, cacert: missing, cert: None, key: None }), "");
    }
}
