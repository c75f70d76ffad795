//! Fernet: sealed, dated, url-safe texts.
//!
//! The format is the published Fernet specification, version `0x80`: a big-endian time in seconds, an AES-128-CBC text with
//! PKCS#7 padding, and an HMAC-SHA-256 over all of it, in url-safe base64. Keystone's tokens are such texts without
//! the trailing `=`; both spellings are read. The MAC is compared in constant time and before anything is decrypted.

mod repository;

pub use repository::{KeyRepository, KeyRing, RepositoryError};

use aes::Aes128;
use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::ZeroizeOnDrop;

const VERSION: u8 = 0x80;
const HEAD: usize = 1 + 8 + 16;
const MAC: usize = 32;
const BLOCK: usize = 16;

/// The text is not one that this key sealed. It never says why: that would help a forger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotSealed;

/// A Fernet key: half signs, half encrypts.
#[derive(Clone, ZeroizeOnDrop)]
pub struct Key {
    signing: [u8; 16],
    encryption: [u8; 16],
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(…)")
    }
}

/// What a sealed text held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// When it was sealed, in seconds since 1970.
    pub sealed_at: i64,
    /// The content.
    pub content: Vec<u8>,
}

impl Key {
    /// A key from its file text: 32 bytes in url-safe base64, as `keystone-manage fernet_setup` writes them.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE.decode(text.trim()).ok()?;
        let (signing, encryption) = (bytes.get(..16)?, bytes.get(16..)?);
        Some(Self { signing: signing.try_into().ok()?, encryption: encryption.try_into().ok()? })
    }

    /// The text of a new random key.
    #[must_use]
    pub fn generate() -> String {
        URL_SAFE.encode(rand::random::<[u8; 32]>())
    }

    /// Seals `content`, dated `seconds` since 1970.
    #[must_use]
    pub fn seal(&self, content: &[u8], seconds: i64) -> String {
        self.seal_with(content, seconds, rand::random())
    }

    fn seal_with(&self, content: &[u8], seconds: i64, iv: [u8; 16]) -> String {
        let mut out = Vec::with_capacity(HEAD + content.len() + BLOCK + MAC);
        out.push(VERSION);
        out.extend_from_slice(&seconds.to_be_bytes());
        out.extend_from_slice(&iv);
        out.extend_from_slice(content);
        out.resize(HEAD + (content.len() / BLOCK + 1) * BLOCK, 0);
        let cipher = cbc::Encryptor::<Aes128>::new(&self.encryption.into(), &iv.into());
        // Cannot fail: the buffer has room for the padding.
        let _ = cipher.encrypt_padded::<Pkcs7>(&mut out[HEAD..], content.len());
        let mac = self.mac(&out);
        out.extend_from_slice(&mac.finalize().into_bytes());
        URL_SAFE_NO_PAD.encode(out)
    }

    /// Opens a sealed text.
    ///
    /// # Errors
    /// [`NotSealed`] for everything that this key did not seal.
    pub fn open(&self, raw: &RawText) -> Result<Opened, NotSealed> {
        let (signed, mac) = raw.0.split_at(raw.0.len() - MAC);
        self.mac(signed).verify_slice(mac).map_err(|_| NotSealed)?;
        let iv: [u8; 16] = signed[9..HEAD].try_into().map_err(|_| NotSealed)?;
        let seconds: [u8; 8] = signed[1..9].try_into().map_err(|_| NotSealed)?;
        let mut content = signed[HEAD..].to_vec();
        let cipher = cbc::Decryptor::<Aes128>::new(&self.encryption.into(), &iv.into());
        let length = cipher.decrypt_padded::<Pkcs7>(&mut content).map_err(|_| NotSealed)?.len();
        content.truncate(length);
        Ok(Opened { sealed_at: i64::from_be_bytes(seconds), content })
    }

    fn mac(&self, signed: &[u8]) -> Hmac<Sha256> {
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.signing).expect("any length");
        mac.update(signed);
        mac
    }
}

/// A text whose outer shape was checked: version, length, whole blocks. Decoded once, tried with several keys.
#[derive(Debug)]
pub struct RawText(Vec<u8>);

impl RawText {
    /// Decodes a text with or without its padding. One that is longer than any token is none: strangers send them.
    #[must_use]
    pub fn decode(text: &str) -> Option<Self> {
        const LONGEST: usize = 65_536;
        if text.len() > LONGEST { None } else { Self::decode_stored(text) }
    }

    /// As [`RawText::decode`], for what we stored ourselves, of any length.
    #[must_use]
    pub fn decode_stored(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()?;
        let cipher_text = bytes.len().checked_sub(HEAD + MAC)?;
        (bytes[0] == VERSION && cipher_text >= BLOCK && cipher_text % BLOCK == 0).then_some(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Fernet specification.
    const SPEC_KEY: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
    const SPEC_TEXT: &str = "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==";

    fn open(key: &str, text: &str) -> Result<Opened, NotSealed> {
        Key::parse(key).unwrap().open(&RawText::decode(text).ok_or(NotSealed)?)
    }

    #[test]
    fn the_example_of_the_specification_opens_and_seals() {
        let opened = open(SPEC_KEY, SPEC_TEXT).unwrap();
        assert_eq!((opened.sealed_at, opened.content.as_slice()), (499_162_800, &b"hello"[..]));
        let iv: [u8; 16] = std::array::from_fn(|i| u8::try_from(i).unwrap());
        let sealed = Key::parse(SPEC_KEY).unwrap().seal_with(b"hello", 499_162_800, iv);
        assert_eq!(sealed, SPEC_TEXT.trim_end_matches('='));
    }

    #[test]
    fn another_key_or_one_changed_bit_does_not_open() {
        assert_eq!(open(&Key::generate(), SPEC_TEXT), Err(NotSealed));
        for at in 0..SPEC_TEXT.len() - 2 {
            let mut bytes = SPEC_TEXT.as_bytes().to_vec();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(open(SPEC_KEY, &changed).is_err(), "position {at}");
        }
    }

    #[test]
    fn contents_of_every_length_come_back() {
        let key = Key::parse(&Key::generate()).unwrap();
        for length in 0..70 {
            let content = vec![7; length];
            let opened = key.open(&RawText::decode(&key.seal(&content, 12)).unwrap()).unwrap();
            assert_eq!(opened, Opened { sealed_at: 12, content });
        }
    }

    #[test]
    fn keys_of_a_wrong_length_are_refused() {
        assert!(Key::parse("c2hvcnQ=").is_none());
        assert!(Key::parse("not base64 at all").is_none());
        assert!(Key::parse(&URL_SAFE.encode([1; 33])).is_none());
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in ".{0,300}") {
            let _ = open(SPEC_KEY, &text);
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            let mut bytes = bytes;
            if let Some(first) = bytes.first_mut() { *first = VERSION; }
            let _ = open(SPEC_KEY, &URL_SAFE_NO_PAD.encode(bytes));
        }
    }
}
