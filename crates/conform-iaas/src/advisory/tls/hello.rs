//! The first message of a TLS client, made by hand, so that a server can be asked for what no library speaks any more.
//!
//! Only the hello is sent and only the answer to it is read: no handshake goes on from here, so nothing in it is secret.
//! Sources: RFC 6101 (SSL 3.0), RFC 2246, 4346, 5246, 8446 (TLS 1.0 to 1.3), RFC 6066 (server name).

use super::answer::ServerHello;

/// A version of the protocol, oldest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Version {
    Ssl30,
    Tls10,
    Tls11,
    Tls12,
    Tls13,
}

impl Version {
    pub(super) const ALL: [Self; 5] = [Self::Ssl30, Self::Tls10, Self::Tls11, Self::Tls12, Self::Tls13];

    /// Its number on the wire.
    pub(super) const fn number(self) -> u16 {
        match self {
            Self::Ssl30 => 0x0300,
            Self::Tls10 => 0x0301,
            Self::Tls11 => 0x0302,
            Self::Tls12 => 0x0303,
            Self::Tls13 => 0x0304,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Ssl30 => "SSL 3.0",
            Self::Tls10 => "TLS 1.0",
            Self::Tls11 => "TLS 1.1",
            Self::Tls12 => "TLS 1.2",
            Self::Tls13 => "TLS 1.3",
        }
    }
}

/// What a client offers.
#[derive(Debug, Clone)]
pub(super) struct Hello<'a> {
    /// The newest version, and from TLS 1.3 on the only one.
    pub(super) version: Version,
    /// The cipher suites, the dearest first. At most 512 are sent.
    pub(super) suites: &'a [u16],
    /// The name of the server; an address has none.
    pub(super) server_name: Option<&'a str>,
    /// Whether compression is offered, which makes secrets readable (CRIME).
    pub(super) compression: bool,
}

/// Does for the random number: the server must take anything, and no key comes out of it.
const RANDOM: [u8; 32] = *b"kogge looks, and does not go on.";

/// x25519, P-256, P-384, P-521, ffdhe2048, ffdhe3072.
const GROUPS: [u16; 6] = [0x001d, 0x0017, 0x0018, 0x0019, 0x0100, 0x0101];

/// ECDSA, RSA-PSS, RSA with SHA-2; Ed25519; last the old ones with SHA-1, so that an old server still answers.
const SIGNATURES: [u16; 14] = [
    0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0809, 0x0401, 0x0501, 0x0601, 0x0807, 0x0203, 0x0201,
    0x0202,
];

const MOST_SUITES: usize = 512;

impl Hello<'_> {
    /// The whole record as it is sent.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(512);
        body.extend(self.version.number().min(Version::Tls12.number()).to_be_bytes());
        body.extend(RANDOM);
        body.push(0);
        put_u16s(&mut body, &self.suites[..self.suites.len().min(MOST_SUITES)]);
        body.extend(if self.compression { &[2, 1, 0][..] } else { &[1, 0] });
        if self.version != Version::Ssl30 {
            let extensions = self.extensions();
            with_length(&mut body, &extensions);
        }
        let mut handshake = vec![1, 0];
        with_length(&mut handshake, &body);
        let mut record = vec![22];
        record.extend(self.version.number().min(Version::Tls10.number()).to_be_bytes());
        with_length(&mut record, &handshake);
        record
    }

    fn extensions(&self) -> Vec<u8> {
        let mut all = Vec::new();
        if let Some(name) = self.server_name.filter(|name| name.len() <= 255) {
            let mut entry = vec![0];
            with_length(&mut entry, name.as_bytes());
            let mut list = Vec::new();
            with_length(&mut list, &entry);
            extension(&mut all, 0, &list);
        }
        extension(&mut all, 10, &u16s(&GROUPS));
        extension(&mut all, 11, &[1, 0]);
        if self.version >= Version::Tls12 {
            extension(&mut all, 13, &u16s(&SIGNATURES));
        }
        extension(&mut all, 23, &[]);
        extension(&mut all, 0xff01, &[0]);
        if self.version == Version::Tls13 {
            extension(&mut all, 43, &[2, 3, 4]);
            extension(&mut all, 45, &[1, 1]);
            // no key: the server names a group and waits, and the suite that it chose is in that answer
            extension(&mut all, 51, &[0, 0]);
        }
        all
    }

    /// Whether an answer takes up this offer: the same version, and a suite that was in it.
    pub(super) fn is_taken_by(&self, answer: &ServerHello) -> bool {
        answer.version == self.version.number() && self.suites.contains(&answer.suite)
    }
}

fn extension(out: &mut Vec<u8>, kind: u16, content: &[u8]) {
    out.extend(kind.to_be_bytes());
    with_length(out, content);
}

fn u16s(numbers: &[u16]) -> Vec<u8> {
    let mut out = Vec::new();
    put_u16s(&mut out, numbers);
    out
}

fn put_u16s(out: &mut Vec<u8>, numbers: &[u16]) {
    let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_be_bytes()).collect();
    with_length(out, &bytes);
}

/// Puts two bytes of length and the content. All that is put is far below 64 KiB.
fn with_length(out: &mut Vec<u8>, content: &[u8]) {
    let length = u16::try_from(content.len()).unwrap_or(u16::MAX);
    out.extend(length.to_be_bytes());
    out.extend(&content[..usize::from(length)]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What rustls, as a server, reads out of a hello.
    fn read_by_rustls(bytes: &[u8]) -> (Vec<u16>, Option<String>) {
        let mut acceptor = rustls::server::Acceptor::default();
        acceptor.read_tls(&mut &*bytes).unwrap();
        let accepted =
            acceptor.accept().unwrap_or_else(|(error, _)| panic!("{error}")).expect("the whole hello");
        let hello = accepted.client_hello();
        let suites = hello.cipher_suites().iter().map(|suite| u16::from(*suite)).collect();
        (suites, hello.server_name().map(str::to_owned))
    }

    proptest! {
        #[test]
        fn another_library_reads_what_was_offered(
            suites in proptest::collection::vec(0x0001..0xcfffu16, 1..200),
            name in proptest::option::of("[a-z][a-z0-9]{0,20}\\.example"),
            newest in proptest::bool::ANY,
            compression in proptest::bool::ANY,
        ) {
            let version = if newest { Version::Tls13 } else { Version::Tls12 };
            let hello = Hello { version, suites: &suites, server_name: name.as_deref(), compression };
            prop_assert_eq!(read_by_rustls(&hello.encode()), (suites, name));
        }

        #[test]
        fn lengths_are_those_of_the_content(count in 0usize..600, number in 0usize..5) {
            let suites = vec![0x002f; count];
            let version = Version::ALL[number];
            let bytes = Hello { version, suites: &suites, server_name: Some("h"), compression: false }.encode();
            prop_assert_eq!(usize::from(u16::from_be_bytes([bytes[3], bytes[4]])), bytes.len() - 5);
            prop_assert_eq!(usize::from(u16::from_be_bytes([bytes[7], bytes[8]])), bytes.len() - 9);
            prop_assert!(bytes.len() < 16_384);
        }
    }

    #[test]
    fn the_oldest_version_has_no_extensions() {
        let bytes =
            Hello { version: Version::Ssl30, suites: &[0x0005], server_name: Some("h"), compression: false }
                .encode();
        assert_eq!(bytes.len(), 5 + 4 + 2 + 32 + 1 + 4 + 2);
        assert_eq!(bytes[1..3], [3, 0]);
    }
}
