//! `--sign KEY`: an SSH signature in the namespace `report`, as `ssh-keygen -Y sign -n report` makes it.

mod agent;
mod own_agent;
mod passphrase;

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use kogge_conform::report_file;
use ssh_key::{HashAlg, LineEnding, PrivateKey, PublicKey, SshSig};

use own_agent::OwnAgent;

use crate::commands::text_file::read_bounded;
use crate::exit::Failure;

/// What a signature is for; the monitor takes no other.
const NAMESPACE: &str = "report";
/// The hash that `ssh-keygen` uses.
const HASH: HashAlg = HashAlg::Sha512;
/// The longest key file, in bytes.
const LONGEST: u64 = 64 << 10;
/// How a private key's file begins.
const PRIVATE: &str = "-----BEGIN OPENSSH PRIVATE KEY-----";

/// Who signs.
#[derive(Debug)]
pub(in crate::commands) enum Signer {
    /// A key that we have read.
    Key(Box<PrivateKey>),
    /// A key that an ssh-agent holds, ours if the key is of a kind that we cannot compute with.
    Agent { public: Box<PublicKey>, socket: PathBuf, _own: Option<Box<OwnAgent>> },
}

impl Signer {
    /// Reads the key, and asks for its passphrase where it has one: before the run, not after it.
    pub(in crate::commands) async fn open(file: &Path) -> Result<Self, Failure> {
        let wrong = |because: String| Failure::Usage(format!("--sign {}: {because}", file.display()));
        let text = zeroize::Zeroizing::new(read_bounded(file, LONGEST).map_err(wrong)?);
        if !text.trim_start().starts_with("-----BEGIN") {
            let public = PublicKey::from_openssh(text.trim())
                .map_err(|error| wrong(format!("it is neither a private nor a public SSH key: {error}")))?;
            let socket = agent::socket().map_err(wrong)?;
            return Ok(Self::Agent { public: Box::new(public), socket, _own: None });
        }
        if !text.trim_start().starts_with(PRIVATE) {
            let hint = format!("it is in an old format; `ssh-keygen -p -f {}` renews it", file.display());
            return Err(wrong(hint));
        }
        is_private(file).map_err(wrong)?;
        let unread =
            |error| format!("{error}; give it to an ssh-agent (ssh-add), and its public key to --sign");
        let key = PrivateKey::from_openssh(text.trim()).map_err(|error| wrong(unread(error)))?;
        let key = if key.is_encrypted() {
            let opened = passphrase::unlock(key, file).await.map_err(wrong)?;
            opened.ok_or_else(|| Failure::Outside("stopped; nothing was checked".to_owned()))?
        } else {
            key
        };
        // found out now, not after the run
        if key.sign(NAMESPACE, HASH, b"").is_ok() {
            return Ok(Self::Key(Box::new(key)));
        }
        let own = OwnAgent::holding(&key).await.map_err(|because| {
            wrong(format!("this program signs with {} only through OpenSSH: {because}", key.algorithm()))
        })?;
        Ok(Self::Agent {
            public: Box::new(key.public_key().clone()),
            socket: own.socket(),
            _own: Some(Box::new(own)),
        })
    }

    /// Signs a file into `FILE.sig`.
    pub(in crate::commands) async fn sign(&self, file: &Path) -> Result<PathBuf, Failure> {
        let failed = |because: String| Failure::outside(&format!("signing {}", file.display()), because);
        let contents = std::fs::read(file).map_err(|error| failed(error.to_string()))?;
        let signature = match self {
            Self::Key(key) => {
                key.sign(NAMESPACE, HASH, &contents).map_err(|error| failed(error.to_string()))?
            }
            Self::Agent { public, socket, .. } => {
                let data = SshSig::signed_data(NAMESPACE, HASH, &contents)
                    .map_err(|error| failed(error.to_string()))?;
                let signature = agent::sign(socket, public, &data).await.map_err(failed)?;
                SshSig::new(public.key_data().clone(), NAMESPACE, HASH, signature)
                    .map_err(|error| failed(error.to_string()))?
            }
        };
        let mut text = signature.to_pem(LineEnding::LF).map_err(|error| failed(error.to_string()))?;
        if !text.ends_with('\n') {
            text.push('\n');
        }
        let beside = beside(file);
        report_file::replace(&beside, text.as_bytes()).map_err(|error| failed(error.to_string()))?;
        Ok(beside)
    }
}

/// Where the signature of a file lies.
pub(in crate::commands) fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".sig");
    name.into()
}

/// What can be said about a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::commands) enum Verification {
    /// It is one of these contents, by the key that it names. Whose key that is, the monitor knows.
    Good,
    /// It is not; in words.
    Bad(String),
    /// Nobody here can compute that; in words. Never to be taken for a good one.
    CannotSay(String),
}

/// Looks whether a signature is one of these contents.
pub(in crate::commands) fn verify(signature: &str, contents: &[u8]) -> Verification {
    let signature = match SshSig::from_pem(signature.trim_end()) {
        Ok(signature) => signature,
        Err(error) => return Verification::Bad(format!("it is no SSH signature: {error}")),
    };
    if signature.namespace() != NAMESPACE {
        return Verification::Bad(format!("it is for {:?}, not for {NAMESPACE:?}", signature.namespace()));
    }
    let algorithm = signature.algorithm();
    match PublicKey::from(signature.public_key().clone()).verify(NAMESPACE, contents, &signature) {
        Ok(()) => Verification::Good,
        Err(ssh_key::Error::AlgorithmUnknown | ssh_key::Error::AlgorithmUnsupported { .. }) => {
            Verification::CannotSay(format!(
                "this program cannot compute signatures of {algorithm}; ssh-keygen -Y check-novalidate -n {NAMESPACE} can"
            ))
        }
        Err(_) => Verification::Bad("the report was changed after it was signed; sign it anew".to_owned()),
    }
}

/// Refuses a key that others can read, as ssh does.
fn is_private(file: &Path) -> Result<(), String> {
    let mode = std::fs::metadata(file).map_err(|error| error.to_string())?.mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(format!("others can read this private key; `chmod 600 {}` keeps it private", file.display()))
}
