//! Keypairs: reading, fingerprinting and making SSH keys.

use kogge_clock::Timestamp;
use kogge_db::record;
use kogge_ids::UserId;
use kogge_resource::words;
use md5::{Digest as _, Md5};
use serde::{Deserialize, Serialize};

words! {
    /// What sort of key.
    pub enum KeyType {
        /// An SSH key.
        Ssh = "ssh",
        /// An X.509 certificate for Windows guests.
        X509 = "x509",
    }
}

record! {
    /// A keypair, of which the public half is kept. It belongs to a user, not to a project.
    pub Keypair in "keypairs" {
        key {
            /// Whose it is.
            user_id: UserId,
            /// Unique for the user.
            name: String,
        }
        /// A number that old clients see.
        number: i64,
        /// What sort.
        kind as "type": KeyType,
        /// Colon-separated MD5 (SSH) or SHA-1 (X.509) of the key.
        fingerprint: String,
        /// The line for `authorized_keys`, or the certificate in PEM.
        public_key: String,
        /// When it was made.
        created_at: Timestamp,
    }
}

/// What a server keeps of its keypair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerKey {
    /// The keypair's name.
    pub name: String,
    /// What sort.
    pub kind: KeyType,
    /// The public half.
    pub public_key: String,
}

/// Why a public key is no public key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadKey(pub String);

/// Most bytes of a key: Nova's column holds that many.
const LONGEST: usize = 65_535;

/// The MD5 fingerprint of an OpenSSH public key, as `ssh-keygen -l -E md5` prints it.
///
/// # Errors
/// [`BadKey`] where the text is no OpenSSH public key: wrong form, wrong base64, or data of another key type.
pub fn ssh_fingerprint(public_key: &str) -> Result<String, BadKey> {
    let bad = |why: &str| BadKey(format!("failed to generate fingerprint: {why}"));
    if public_key.len() > LONGEST {
        return Err(bad("the key is longer than 65535 bytes"));
    }
    let line = public_key.trim();
    if line.is_empty() || line.contains(['\n', '\r', '\0']) {
        return Err(bad("an SSH public key is one line"));
    }
    let mut words = line.split_whitespace();
    let (Some(kind), Some(body)) = (words.next(), words.next()) else {
        return Err(bad("expected `<type> <base64> [comment]`"));
    };
    let data = decode(body).ok_or_else(|| bad("the second word is not base64"))?;
    if inner_type(&data) != Some(kind.as_bytes()) {
        return Err(bad("the key data is of another type than its first word says"));
    }
    Ok(colons(&Md5::digest(&data)))
}

/// The fingerprint of an X.509 certificate in PEM: the SHA-1 of its DER.
///
/// # Errors
/// [`BadKey`] where the text is not PEM.
pub fn x509_fingerprint(pem: &str) -> Result<String, BadKey> {
    let bad =
        || BadKey("failed to generate X509 fingerprint. Error message: not a certificate in PEM".to_owned());
    let body = pem.split_once("-----BEGIN CERTIFICATE-----").ok_or_else(bad)?.1;
    let body = body.split_once("-----END CERTIFICATE-----").ok_or_else(bad)?.0;
    let text: String = body.chars().filter(|c| !c.is_whitespace()).collect();
    let data = decode(&text).filter(|data| data.first() == Some(&0x30)).ok_or_else(bad)?;
    Ok(colons(&sha1::Sha1::digest(&data)))
}

/// A fresh ed25519 key: the private half in OpenSSH's form, and the public line. Nova's comment is kept.
///
/// # Errors
/// [`BadKey`] where the system gives no randomness.
pub fn generate() -> Result<(String, String), BadKey> {
    let seed: [u8; 32] = rand::random();
    let pair = ssh_key::private::Ed25519Keypair::from_seed(&seed);
    let mut key = ssh_key::PrivateKey::from(pair);
    key.set_comment("Generated-by-Nova");
    let failed = |error: ssh_key::Error| BadKey(format!("failed to generate a key: {error}"));
    let public = key.public_key().to_openssh().map_err(failed)?;
    let private = key.to_openssh(ssh_key::LineEnding::LF).map_err(failed)?;
    Ok((private.to_string(), public))
}

/// A fresh certificate that signs in at WinRM as `user`, valid for ten years from `now`: the private key and the
/// certificate, both in PEM. (Nova wraps the key into PKCS#12.)
///
/// # Errors
/// [`BadKey`] where the key cannot be made.
pub fn generate_x509(user: &str, now: Timestamp) -> Result<(String, String), BadKey> {
    /// Microsoft's user principal name.
    const UPN: [u64; 10] = [1, 3, 6, 1, 4, 1, 311, 20, 2, 3];
    let failed = |error: rcgen::Error| BadKey(format!("failed to generate a certificate: {error}"));
    let key = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048)
        .map_err(failed)?;
    let mut params = rcgen::CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(rcgen::DnType::CommonName, user);
    let name = rcgen::OtherNameValue::Utf8String(format!("{user}@localhost"));
    params.subject_alt_names.push(rcgen::SanType::OtherName((UPN.to_vec(), name)));
    params.extended_key_usages.push(rcgen::ExtendedKeyUsagePurpose::ClientAuth);
    let year: i32 = now.seconds_z().get(..4).and_then(|year| year.parse().ok()).unwrap_or(2026);
    params.not_before = rcgen::date_time_ymd(year, 1, 1);
    params.not_after = rcgen::date_time_ymd(year + 10, 12, 31);
    let certificate = params.self_signed(&key).map_err(failed)?;
    Ok((key.serialize_pem(), certificate.pem()))
}

fn decode(text: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).ok().filter(|data| !data.is_empty())
}

/// The type that the key data itself begins with: a length in four bytes, then the name.
fn inner_type(data: &[u8]) -> Option<&[u8]> {
    let length = u32::from_be_bytes(data.get(..4)?.try_into().ok()?);
    data.get(4..4 + usize::try_from(length).ok()?)
}

fn colons(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ED25519: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJhyhSMHCjTB1WGkF0LtFXfK2r5fY6NTvZKb5Z0aYz3F me@home";

    #[test]
    fn a_public_key_gets_a_colon_separated_md5() {
        let print = ssh_fingerprint(ED25519).unwrap();
        assert_eq!(print.len(), 47);
        assert_eq!(print.matches(':').count(), 15);
        assert_eq!(print, ssh_fingerprint(&format!("  {ED25519}\n")).unwrap());
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for bad in
            ["", "ssh-rsa JUNK", "ssh-rsa", "ssh-ed25519 !!!", "a b c", "ssh-ed25519 AAAA\nssh-rsa AAAA"]
        {
            assert!(ssh_fingerprint(bad).is_err(), "{bad:?}");
        }
        assert!(ssh_fingerprint(&ED25519.replace("ssh-ed25519", "ssh-rsa")).is_err());
    }

    #[test]
    fn a_generated_key_is_one_that_we_would_import() {
        let (private, public) = generate().unwrap();
        assert!(private.starts_with("-----BEGIN OPENSSH PRIVATE KEY-----"));
        assert!(public.starts_with("ssh-ed25519 ") && public.ends_with("Generated-by-Nova"));
        assert!(ssh_fingerprint(&public).is_ok());
        assert_ne!(generate().unwrap().1, public);
    }

    #[test]
    fn a_generated_certificate_is_one_that_we_would_import() {
        let (private, public) = generate_x509("u1", Timestamp::from_seconds(1_800_000_000)).unwrap();
        assert!(private.starts_with("-----BEGIN PRIVATE KEY-----"));
        assert_eq!(x509_fingerprint(&public).unwrap().len(), 59, "20 bytes of SHA-1");
    }

    #[test]
    fn certificates_are_read_as_pem() {
        assert!(x509_fingerprint("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n").is_ok());
        assert!(x509_fingerprint("-----BEGIN CERTIFICATE-----").is_err());
        assert!(x509_fingerprint("MAA=").is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in ".{0,200}") {
            let _ = ssh_fingerprint(&text);
            let _ = x509_fingerprint(&text);
        }
    }
}
