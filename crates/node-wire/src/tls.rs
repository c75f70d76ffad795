//! TLS 1.3 with certificates on both sides, and HTTP/2 inside.

use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use crate::{Identity, WireError};

const DOING: &str = "preparing TLS";
/// HTTP/2 and nothing else.
const ALPN: &[u8] = b"h2";

/// How a node answers: only to whom its authority vouches for as control plane.
pub(crate) fn server(own: &Identity) -> Result<ServerConfig, WireError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots(own)?), Arc::clone(&provider));
    let verifier = verifier.build().map_err(failed)?;
    let builder = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(failed)?;
    let (certificate, key) = parts(own)?;
    let mut config = builder
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![certificate], key)
        .map_err(failed)?;
    config.alpn_protocols = vec![ALPN.to_vec()];
    // each connection proves itself anew: an identity that has expired opens none
    config.send_tls13_tickets = 0;
    Ok(config)
}

/// How a control plane asks: only nodes that its authority vouches for.
pub(crate) fn client(own: &Identity) -> Result<ClientConfig, WireError> {
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(failed)?;
    let (certificate, key) = parts(own)?;
    let mut config = builder
        .with_root_certificates(roots(own)?)
        .with_client_auth_cert(vec![certificate], key)
        .map_err(failed)?;
    config.alpn_protocols = vec![ALPN.to_vec()];
    Ok(config)
}

fn roots(own: &Identity) -> Result<RootCertStore, WireError> {
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_slice(own.authority.as_bytes()).map_err(failed)?;
    roots.add(authority).map_err(failed)?;
    Ok(roots)
}

fn parts(own: &Identity) -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), WireError> {
    let certificate = CertificateDer::from_pem_slice(own.certificate.as_bytes()).map_err(failed)?;
    let key = PrivateKeyDer::from_pem_slice(own.key.as_bytes()).map_err(failed)?;
    Ok((certificate, key))
}

fn failed(error: impl std::fmt::Display) -> WireError {
    WireError::new(DOING, error)
}
