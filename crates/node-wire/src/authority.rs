//! The cloud's own authority: it vouches for its nodes and for its control plane, and for nobody else.

use std::time::Duration;

use kogge_clock::Timestamp;
use kogge_ids::CloudId;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use sha2::{Digest as _, Sha256};

use crate::WireError;

/// How long the authority itself is good for.
const LIFE: Duration = Duration::from_secs(20 * 365 * 86_400);
/// Clocks of machines differ: what is made now was good so long ago already.
const BEFORE: Duration = Duration::from_secs(3600);

/// Vouches for the nodes and the control plane of one cloud.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    key: String,
    certificate: String,
}

/// A certificate with its key, and whom its holder trusts.
#[derive(Clone)]
pub struct Identity {
    /// The certificate, PEM.
    pub certificate: String,
    /// Its private key, PEM; a secret.
    pub key: String,
    /// The certificate of the authority that both sides trust, PEM.
    pub authority: String,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

impl Authority {
    /// A new authority of a cloud.
    ///
    /// # Errors
    /// Where no key can be made.
    pub fn make(cloud: CloudId, now: Timestamp) -> Result<Self, WireError> {
        let key = KeyPair::generate().map_err(failed)?;
        let mut params = own(cloud);
        span(&mut params, now, LIFE);
        let certificate = params.self_signed(&key).map_err(failed)?.pem();
        Self::load(cloud, certificate, &key.serialize_pem())
    }

    /// An authority that was put away: what [`Authority::certificate`] and [`Authority::key`] said.
    ///
    /// # Errors
    /// Where the key cannot be read.
    pub fn load(cloud: CloudId, certificate: String, key: &str) -> Result<Self, WireError> {
        let pair = KeyPair::from_pem(key).map_err(failed)?;
        Ok(Self { issuer: Issuer::new(own(cloud), pair), key: key.to_owned(), certificate })
    }

    /// Its certificate, PEM: what both sides trust.
    #[must_use]
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// Its private key, PEM; a secret.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// An identity for the node called `host`: to serve under this name.
    ///
    /// # Errors
    /// Where no key can be made.
    pub fn node(&self, host: &str, now: Timestamp, life: Duration) -> Result<Identity, WireError> {
        let name = vec![server_name(host)];
        let mut params = CertificateParams::new(name).map_err(failed)?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.issue(params, &format!("node {host}"), now, life)
    }

    /// An identity for a control plane: to ask nodes.
    ///
    /// # Errors
    /// Where no key can be made.
    pub fn control_plane(&self, now: Timestamp, life: Duration) -> Result<Identity, WireError> {
        let mut params = CertificateParams::default();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.issue(params, "control plane", now, life)
    }

    fn issue(
        &self,
        mut params: CertificateParams,
        name: &str,
        now: Timestamp,
        life: Duration,
    ) -> Result<Identity, WireError> {
        params.distinguished_name = named(name);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        span(&mut params, now, life);
        let key = KeyPair::generate().map_err(failed)?;
        let certificate: Certificate = params.signed_by(&key, &self.issuer).map_err(failed)?;
        Ok(Identity {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
            authority: self.certificate.clone(),
        })
    }
}

/// The name under which a host serves. Host names may be more than DNS allows, so it is made from their digest.
pub(crate) fn server_name(host: &str) -> String {
    let digest = hex::encode(Sha256::digest(host.as_bytes()));
    format!("n{}.node.kogge.invalid", &digest[..40])
}

fn own(cloud: CloudId) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = named(&format!("nodes of cloud {cloud}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

fn named(name: &str) -> DistinguishedName {
    let mut full = DistinguishedName::new();
    full.push(DnType::OrganizationName, "Kogge");
    full.push(DnType::CommonName, name);
    full
}

fn span(params: &mut CertificateParams, now: Timestamp, life: Duration) {
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let at = |when: Timestamp| epoch + Duration::from_secs(u64::try_from(when.as_seconds()).unwrap_or(0));
    params.not_before = at(now.minus(BEFORE));
    params.not_after = at(now.plus(life));
}

fn failed(error: rcgen::Error) -> WireError {
    WireError::new("making a certificate", error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_host_name_makes_a_name_that_dns_allows_and_of_its_own() {
        let names = ["a", "rack7/slot 3", "ÄÖ", &"x".repeat(300)].map(server_name);
        for name in &names {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.';
            assert!(name.len() < 64 && name.chars().all(plain), "{name}");
        }
        assert_ne!(names[0], names[1]);
    }

    #[test]
    fn an_identity_shows_no_key() {
        let now = Timestamp::from_seconds(1_800_000_000);
        let authority = Authority::make(CloudId::random(), now).unwrap();
        let node = authority.node("a", now, Duration::from_secs(60)).unwrap();
        assert!(node.key.contains("PRIVATE KEY") && !format!("{node:?}").contains("PRIVATE"));
    }
}
