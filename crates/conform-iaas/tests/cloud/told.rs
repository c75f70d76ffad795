//! What a run tells the world (logs, reports, the terminal), and servers with certificates that prove nothing.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::io::{Read, Write};
use std::sync::{Arc, Mutex, OnceLock};

use kogge_conform::{Report, render};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::raw::{CREDENTIAL, PASSWORD, TOKEN};

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Everything that is logged by this process, down to the finest.
pub fn told() -> String {
    static LOG: OnceLock<Buffer> = OnceLock::new();
    let log = LOG.get_or_init(|| {
        let buffer = Buffer::default();
        let writer = buffer.clone();
        tracing_subscriber::fmt()
            .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .init();
        buffer
    });
    String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned()
}

/// No secret and no escape sequence is in the report, however it is written, nor in the log.
pub fn keeps_quiet(report: &Report) {
    let log = told();
    assert!(log.contains("TRACE"), "nothing is logged, so nothing is tested");
    let reports = render::NAMES.map(|(name, format)| (name, render::render(report, format)));
    let texts = reports.into_iter().chain([("log", log)]);
    for (what, text) in texts {
        for secret in [PASSWORD, CREDENTIAL, TOKEN] {
            if let Some(at) = text.find(secret) {
                let around: String = text[at.saturating_sub(200)..].chars().take(300).collect();
                panic!("{what} tells {secret}: {around}");
            }
        }
        let steering = |c: char| c.is_control() && c != '\n' || matches!(c, '\u{202e}');
        assert!(what == "log" || !text.contains(steering), "{what} steers the terminal");
    }
}

/// A TLS server that does not get to answer.
pub struct TlsServer {
    pub port: u16,
    /// The file with the authority that the client trusts.
    pub ca: tempfile::NamedTempFile,
}

/// Servers by what is wrong with their certificates.
pub fn bad_certificates() -> Vec<(&'static str, TlsServer)> {
    let expired = |params: &mut CertificateParams| params.not_after = date_time_ymd(2020, 1, 1);
    vec![
        ("of another host", server(&["other.example"], true, |_| {})),
        ("expired", server(&["localhost"], true, expired)),
        ("of an unknown authority", server(&["localhost"], false, |_| {})),
    ]
}

/// A server for these names, whose authority the client trusts or not.
fn server(names: &[&str], trusted: bool, change: impl FnOnce(&mut CertificateParams)) -> TlsServer {
    let authority = || {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        (Issuer::new(params, key), pem)
    };
    let ((issuer, pem), (_, other)) = (authority(), authority());
    let key = KeyPair::generate().unwrap();
    let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.not_before = date_time_ymd(2019, 1, 1);
    change(&mut params);
    let certificate = params.signed_by(&key, &issuer).unwrap();
    let mut ca = tempfile::NamedTempFile::new().unwrap();
    ca.write_all(if trusted { pem } else { other }.as_bytes()).unwrap();
    let private = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private)
        .unwrap();
    TlsServer { port: listen(Arc::new(config)), ca }
}

fn listen(config: Arc<rustls::ServerConfig>) -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let session = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            // the client is expected to hang up
            let _ = rustls::StreamOwned::new(session, stream).read(&mut [0; 1024]);
        }
    });
    port
}
