//! Servers with TLS on port 0, and the certificates for them.
#![allow(unreachable_pub, clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "for tests only")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::SupportedProtocolVersion;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// What a certificate shall be.
#[derive(Clone)]
pub struct Recipe {
    pub name: &'static str,
    /// First and last day, counted from today.
    pub days: (i64, i64),
    pub rsa: bool,
}

impl Default for Recipe {
    fn default() -> Self {
        Self { name: "localhost", days: (-1, 90), rsa: false }
    }
}

/// A certificate and its key, as PEM.
pub struct Pem {
    pub certificate: String,
    pub key: String,
}

/// An authority that the client under test may be told to trust.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    dir: tempfile::TempDir,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let dir = tempfile::tempdir().unwrap();
        // a name of its own: of two authorities of one name, a client cannot tell which is meant
        params.distinguished_name.push(rcgen::DnType::CommonName, dir.path().display().to_string());
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        std::fs::write(dir.path().join("ca.pem"), issuer.pem()).unwrap();
        Self { issuer, dir }
    }

    pub fn file(&self) -> String {
        self.dir.path().join("ca.pem").display().to_string()
    }

    pub fn make(&self, recipe: &Recipe) -> Pem {
        let key = if recipe.rsa { rsa() } else { KeyPair::generate().unwrap() };
        let mut params = CertificateParams::new(vec![recipe.name.to_owned()]).unwrap();
        let now = kogge_clock::Clock::system().now().as_micros().unsigned_abs();
        let now = std::time::UNIX_EPOCH + Duration::from_micros(now);
        let day = |days: i64| {
            let by = Duration::from_secs(86_400 * days.unsigned_abs());
            if days < 0 { now - by } else { now + by }
        };
        (params.not_before, params.not_after) = (day(recipe.days.0).into(), day(recipe.days.1).into());
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Pem { certificate: certificate.pem(), key: key.serialize_pem() }
    }
}

fn rsa() -> KeyPair {
    let made = Command::new("openssl")
        .args(["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"])
        .output();
    match made {
        Ok(made) => KeyPair::from_pem(&String::from_utf8(made.stdout).unwrap()).unwrap(),
        // without openssl the servers that need it are skipped
        Err(_) => KeyPair::generate().unwrap(),
    }
}

/// A server of rustls that answers every request with a header of HSTS; all versions if none is named.
pub async fn rustls_server(pem: &Pem, versions: &[&'static SupportedProtocolVersion]) -> String {
    let versions = if versions.is_empty() { rustls::ALL_VERSIONS } else { versions };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(pem.certificate.as_bytes()).unwrap()],
            PrivateKeyDer::from_pem_slice(pem.key.as_bytes()).unwrap(),
        )
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut request = [0; 4096];
                if matches!(stream.read(&mut request).await, Ok(n) if n > 0) {
                    let answer = "HTTP/1.1 200 OK\r\nstrict-transport-security: max-age=63072000\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                    let _ = stream.write_all(answer.as_bytes()).await;
                    let _ = stream.shutdown().await;
                }
            });
        }
    });
    url
}

/// Says the same to everybody, and then waits.
pub async fn babbler(say: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let _ = stream.write_all(say).await;
                let mut rest = [0; 1024];
                while matches!(stream.read(&mut rest).await, Ok(n) if n > 0) {}
            });
        }
    });
    url
}

/// A process that ends when it is dropped.
struct Guarded(Child);

impl Drop for Guarded {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// `openssl s_server`. Gone when dropped.
pub struct OpenSsl {
    _process: Guarded,
    port: u16,
    _dir: tempfile::TempDir,
}

impl OpenSsl {
    /// `None`, and a line that says so, if there is no openssl here.
    pub async fn start(pem: &Pem, arguments: &[&str]) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let (cert, key) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
        std::fs::write(&cert, &pem.certificate).unwrap();
        std::fs::write(&key, &pem.key).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
        let mut command = Command::new("openssl");
        command.args(["s_server", "-quiet", "-www", "-accept", &format!("127.0.0.1:{port}"), "-cert"]);
        command.arg(&cert).arg("-key").arg(&key).args(arguments);
        let Ok(child) = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
        else {
            eprintln!("skipped: openssl is not here");
            return None;
        };
        let server = Self { _process: Guarded(child), port, _dir: dir };
        for _ in 0..200 {
            if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return Some(server);
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("openssl s_server does not start");
    }

    pub fn url(&self) -> String {
        format!("https://localhost:{}/", self.port)
    }
}

/// A server of tlslite-ng, which speaks what OpenSSL has unlearned. Gone when dropped.
pub struct OldServer {
    _process: Guarded,
    port: u16,
    _dir: tempfile::TempDir,
}

impl OldServer {
    /// `versions` are the oldest and the newest, 0 for SSL 3.0 to 3 for TLS 1.2. `None`, and a line that says so, where
    /// `KOGGE_TLSLITE` names no Python with tlslite-ng.
    pub fn start(pem: &Pem, versions: (u8, u8), ciphers: &str) -> Option<Self> {
        let Some(python) = std::env::var_os("KOGGE_TLSLITE") else {
            eprintln!("skipped: KOGGE_TLSLITE is not set");
            return None;
        };
        let dir = tempfile::tempdir().unwrap();
        let (cert, key) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
        std::fs::write(&cert, &pem.certificate).unwrap();
        std::fs::write(&key, &pem.key).unwrap();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tls/old_server.py");
        let mut command = Command::new(python);
        command
            .arg(script)
            .arg(cert)
            .arg(key)
            .args([versions.0.to_string(), versions.1.to_string()])
            .arg(ciphers);
        let mut process = Guarded(command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap());
        let mut line = String::new();
        BufReader::new(process.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().parse().unwrap_or_else(|_| panic!("old_server.py does not start"));
        Some(Self { _process: process, port, _dir: dir })
    }

    pub fn url(&self) -> String {
        format!("https://localhost:{}/", self.port)
    }
}
