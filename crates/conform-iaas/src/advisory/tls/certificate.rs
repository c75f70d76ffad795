//! A server's certificate: what is in it, and how that stands to the profiles.
//!
//! Source: Mozilla's server side TLS guidelines 5.7, profile *intermediate*. What a certificate holds was written by a
//! stranger: texts are shortened and quoted, and nothing in it is trusted here.

use kogge_clock::Timestamp;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::PublicKey;

use super::judge::Remark;

/// From this long before its end on, a certificate is said to end soon.
const SOON: i64 = 21 * DAY;

const DAY: i64 = 86_400;

/// The longest life in the profile *intermediate*.
const LONGEST_LIFE_DAYS: i64 = 366;

/// What matters of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) not_before: Timestamp,
    pub(super) not_after: Timestamp,
    pub(super) key: Key,
    /// The algorithm of its signature.
    pub(super) signature: Signature,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key {
    Rsa(usize),
    P256,
    P384,
    Other(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Signature {
    /// In the profile.
    Listed,
    /// Sound, and not in the profile.
    Stronger(&'static str),
    Broken(&'static str),
    Unknown(String),
}

/// Reads a certificate.
///
/// # Errors
/// Why it is none.
pub(super) fn read(der: &[u8]) -> Result<Facts, String> {
    let (_, certificate) =
        X509Certificate::from_der(der).map_err(|error| format!("no X.509 certificate: {error}"))?;
    let seconds = |time: x509_parser::time::ASN1Time| Timestamp::from_seconds(time.timestamp());
    Ok(Facts {
        not_before: seconds(certificate.validity().not_before),
        not_after: seconds(certificate.validity().not_after),
        key: key(&certificate),
        signature: signature(&certificate.signature_algorithm.algorithm.to_id_string()),
    })
}

fn key(certificate: &X509Certificate<'_>) -> Key {
    let info = certificate.public_key();
    let curve = || {
        let parameters = info.algorithm.parameters.as_ref()?;
        parameters.as_oid().ok().map(|oid| oid.to_id_string())
    };
    match info.parsed() {
        Ok(PublicKey::RSA(rsa)) => Key::Rsa(rsa.key_size()),
        Ok(PublicKey::EC(_)) => match curve().as_deref() {
            Some("1.2.840.10045.3.1.7") => Key::P256,
            Some("1.3.132.0.34") => Key::P384,
            other => Key::Other(format!("elliptic curve {}", other.unwrap_or("without a name"))),
        },
        _ => Key::Other(format!("algorithm {}", info.algorithm.algorithm.to_id_string())),
    }
}

fn signature(oid: &str) -> Signature {
    match oid {
        "1.2.840.113549.1.1.11" | "1.2.840.10045.4.3.2" | "1.2.840.10045.4.3.3" | "1.2.840.10045.4.3.4" => {
            Signature::Listed
        }
        "1.2.840.113549.1.1.12" => Signature::Stronger("RSA with SHA-384"),
        "1.2.840.113549.1.1.13" => Signature::Stronger("RSA with SHA-512"),
        "1.2.840.113549.1.1.10" => Signature::Stronger("RSA-PSS"),
        "1.3.101.112" => Signature::Stronger("Ed25519"),
        "1.2.840.113549.1.1.4" => Signature::Broken("RSA with MD5"),
        "1.2.840.113549.1.1.5" => Signature::Broken("RSA with SHA-1"),
        "1.2.840.10045.4.1" => Signature::Broken("ECDSA with SHA-1"),
        other => Signature::Unknown(other.to_owned()),
    }
}

/// What is to be said about a certificate at a moment.
pub(super) fn judge(facts: &Facts, now: Timestamp) -> Vec<Remark> {
    [dates(facts, now), life(facts), key_size(&facts.key), algorithm(&facts.signature)]
        .into_iter()
        .flatten()
        .collect()
}

fn dates(facts: &Facts, now: Timestamp) -> Option<Remark> {
    let left = facts.not_after.as_seconds().saturating_sub(now.as_seconds());
    let expected = "a certificate that is valid today";
    let fix = "renew the certificate, and let a program renew it from now on";
    if now < facts.not_before {
        Some(Remark::violation(
            expected,
            format!("valid from {} on", facts.not_before),
            "set the clock right, or wait",
        ))
    } else if left < 0 {
        Some(Remark::violation(expected, format!("expired at {}", facts.not_after), fix))
    } else if left < SOON {
        Some(Remark::warning(
            "a certificate that is renewed in time",
            format!("it ends at {}", facts.not_after),
            fix,
        ))
    } else {
        None
    }
}

fn life(facts: &Facts) -> Option<Remark> {
    let days = facts.not_after.as_seconds().saturating_sub(facts.not_before.as_seconds()).div_euclid(DAY);
    (days > LONGEST_LIFE_DAYS).then(|| {
        let expected = format!("a certificate for at most {LONGEST_LIFE_DAYS} days");
        Remark::violation(expected, format!("{days} days"), "use certificates with a shorter life")
    })
}

fn key_size(key: &Key) -> Option<Remark> {
    let found = match key {
        Key::Rsa(bits) if *bits >= 2048 => return None,
        Key::P256 | Key::P384 => return None,
        Key::Rsa(bits) => format!("RSA with {bits} bits"),
        Key::Other(what) => what.clone(),
    };
    let expected = "a key of RSA with 2048 bits or more, or ECDSA on P-256 or P-384";
    Some(Remark::violation(expected, found, "make a new key and certificate"))
}

fn algorithm(signature: &Signature) -> Option<Remark> {
    let expected = "a signature with RSA and SHA-256, or ECDSA and SHA-2";
    let fix = "get the certificate anew; today's authorities sign with SHA-256";
    match signature {
        Signature::Listed => None,
        Signature::Stronger(name) => {
            Some(Remark::info(expected, format!("{name}, which is sound but not in the profile")))
        }
        Signature::Broken(name) => Some(Remark::violation(expected, (*name).to_owned(), fix)),
        Signature::Unknown(oid) => Some(Remark::warning(expected, format!("algorithm {oid}"), fix)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kogge_conform::Severity;
    use proptest::prelude::*;

    fn facts() -> Facts {
        Facts {
            not_before: "2026-10-01T00:00:00Z".parse().unwrap(),
            not_after: "2027-01-01T00:00:00Z".parse().unwrap(),
            key: Key::Rsa(2048),
            signature: Signature::Listed,
        }
    }

    fn severities(facts: &Facts, now: &str) -> Vec<Severity> {
        judge(facts, now.parse().unwrap()).iter().map(|remark| remark.severity).collect()
    }

    #[test]
    fn a_certificate_in_its_time_is_fine() {
        assert_eq!(severities(&facts(), "2026-11-24T00:00:00Z"), []);
        assert_eq!(severities(&facts(), "2026-12-12T00:00:00Z"), [Severity::Warning]);
        assert_eq!(severities(&facts(), "2027-01-01T00:00:01Z"), [Severity::Violation]);
        assert_eq!(severities(&facts(), "2026-09-30T00:00:00Z"), [Severity::Violation]);
    }

    #[test]
    fn weak_keys_and_signatures_are_violations() {
        let now = "2026-11-24T00:00:00Z";
        for broken in [
            Facts { key: Key::Rsa(1024), ..facts() },
            Facts { key: Key::Other("elliptic curve 1.2.3".into()), ..facts() },
            Facts { signature: signature("1.2.840.113549.1.1.5"), ..facts() },
            Facts { not_before: "2025-10-01T00:00:00Z".parse().unwrap(), ..facts() },
        ] {
            assert_eq!(severities(&broken, now), [Severity::Violation], "{broken:?}");
        }
        assert_eq!(
            severities(&Facts { signature: signature("1.2.840.113549.1.1.13"), ..facts() }, now),
            [Severity::Info]
        );
        assert_eq!(severities(&Facts { signature: signature("1.2.3"), ..facts() }, now), [Severity::Warning]);
    }

    #[test]
    fn a_certificate_of_another_library_is_read() {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut parameters = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        parameters.not_before = rcgen::date_time_ymd(2026, 1, 2);
        parameters.not_after = rcgen::date_time_ymd(2026, 3, 4);
        let read = read(parameters.self_signed(&key).unwrap().der()).unwrap();
        assert_eq!((read.key, read.signature), (Key::P256, Signature::Listed));
        assert_eq!(
            (read.not_before.to_string(), read.not_after.to_string()),
            ("2026-01-02T00:00:00Z".to_owned(), "2026-03-04T00:00:00Z".to_owned())
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(&bytes);
        }

        #[test]
        fn a_certificate_with_flipped_bytes_does_no_harm(at in 0usize..400, value: u8) {
            let key = rcgen::KeyPair::generate().unwrap();
            let made = rcgen::CertificateParams::new(vec!["h".to_owned()]).unwrap().self_signed(&key).unwrap();
            let mut der = made.der().to_vec();
            let at = at % der.len();
            der[at] = value;
            if let Ok(facts) = read(&der) {
                judge(&facts, Timestamp::from_seconds(0));
            }
        }
    }
}
