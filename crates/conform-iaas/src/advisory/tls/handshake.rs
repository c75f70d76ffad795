//! A whole handshake with rustls, for the certificates that a server shows.
//!
//! While shaking hands everything is taken, since a server with a bad certificate is what we are looking for. Nothing is
//! sent over such a connection. The certificates are judged afterwards, as the cloud's configuration says whom to trust.

use std::sync::Arc;
use std::time::Duration;

use kogge_client::config::TlsConfig;
use kogge_clock::Timestamp;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use tokio::time::timeout;

use super::certificate;
use super::judge::Remark;
use super::probe::Server;

const PATIENCE: Duration = Duration::from_secs(10);

/// Takes every certificate and every signature.
#[derive(Debug)]
struct Anything(Arc<CryptoProvider>);

impl ServerCertVerifier for Anything {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// Who decides which authorities are trusted: those of this machine, and those of the cloud's `cacert`.
pub(super) struct Judge {
    verifier: rustls_platform_verifier::Verifier,
    config: Arc<ClientConfig>,
}

impl Judge {
    /// # Errors
    /// Why there is none, in words.
    pub(super) fn new(tls: &TlsConfig) -> Result<Self, String> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut extra = Vec::new();
        if let Some(file) = &tls.cacert {
            let all = CertificateDer::pem_file_iter(file)
                .map_err(|error| format!("cacert {}: {error}", file.display()))?;
            for one in all {
                extra.push(one.map_err(|error| format!("cacert {}: {error}", file.display()))?);
            }
        }
        let verifier = rustls_platform_verifier::Verifier::new_with_extra_roots(extra, Arc::clone(&provider))
            .map_err(|error| format!("the trusted authorities cannot be read: {error}"))?;
        let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| format!("TLS cannot be set up: {error}"))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Anything(provider)))
            .with_no_client_auth();
        Ok(Self { verifier, config: Arc::new(config) })
    }

    /// What there is to say about a server's certificates at a moment.
    pub(super) async fn look(&self, server: &Server, host: &str, now: Timestamp) -> Vec<Remark> {
        let shown = match ServerName::try_from(host.to_owned()) {
            Ok(name) => self.certificates(server, name.clone()).await.map(|chain| (name, chain)),
            Err(_) => Err("its name is no name of a server".to_owned()),
        };
        match shown {
            Ok((name, chain)) => self.judge(&name, &chain, now),
            Err(why) => {
                vec![Remark::undecidable("a handshake in which the server shows its certificate", why)]
            }
        }
    }

    async fn certificates(
        &self,
        server: &Server,
        name: ServerName<'static>,
    ) -> Result<Vec<CertificateDer<'static>>, String> {
        let stream = server.connect().await?;
        let connector = tokio_rustls::TlsConnector::from(Arc::clone(&self.config));
        let stream = match timeout(PATIENCE, connector.connect(name, stream)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(format!("TLS 1.2 and 1.3 both fail: {error}")),
            Err(_) => return Err(format!("no handshake within {} s", PATIENCE.as_secs())),
        };
        let shown = stream.get_ref().1.peer_certificates().unwrap_or_default();
        Ok(shown.iter().map(|der| der.clone().into_owned()).collect())
    }

    fn judge(&self, name: &ServerName<'_>, chain: &[CertificateDer<'_>], now: Timestamp) -> Vec<Remark> {
        let Some((first, others)) = chain.split_first() else {
            return vec![Remark::undecidable("a certificate", "the server shows none".to_owned())];
        };
        let mut remarks = match certificate::read(first) {
            Ok(facts) => certificate::judge(&facts, now),
            Err(why) => return vec![Remark::violation("a certificate", why, "get a certificate")],
        };
        let seconds = u64::try_from(now.as_seconds()).unwrap_or(0);
        let time = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let verified = self.verifier.verify_server_cert(first, others, name, &[], time);
        remarks.extend(verified.err().and_then(|error| trust(&error)));
        remarks.extend(named(first, name));
        remarks
    }
}

/// Whether the certificate is for this name. Asked for itself, since the verifier stops at the first thing that is wrong.
fn named(certificate: &CertificateDer<'_>, name: &ServerName<'_>) -> Option<Remark> {
    let parsed = rustls::server::ParsedCertificate::try_from(certificate).ok()?;
    let verified = rustls::client::verify_server_name(&parsed, name);
    verified.err().map(|_| {
        let expected = format!("a certificate for {}", name.to_str());
        Remark::violation(
            expected,
            "it is for other names only".to_owned(),
            "get a certificate for the name in the catalogue",
        )
    })
}

/// What is wrong with the chain, apart from dates and names, which are looked at elsewhere.
fn trust(error: &Error) -> Option<Remark> {
    let elsewhere = matches!(
        error,
        Error::InvalidCertificate(
            CertificateError::Expired
                | CertificateError::ExpiredContext { .. }
                | CertificateError::NotValidYet
                | CertificateError::NotValidYetContext { .. }
                | CertificateError::NotValidForName
                | CertificateError::NotValidForNameContext { .. }
        )
    );
    let found: String = error.to_string().chars().filter(|c| !c.is_control()).take(200).collect();
    let fix =
        "let the server send the whole chain up to an authority that clients know; users may need `cacert`";
    (!elsewhere).then(|| Remark::violation("a chain up to an authority that is trusted here", found, fix))
}
