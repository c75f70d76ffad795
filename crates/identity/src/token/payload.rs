//! Packing and unpacking the msgpack payloads.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kogge_clock::Timestamp;
use rmp::decode::{read_array_len, read_bin_len, read_bool, read_f64, read_int, read_str_len};
use rmp::encode::{write_array_len, write_bin, write_bool, write_f64, write_str, write_uint};

use super::{Method, Token, TokenScope, ordered};

const UNSCOPED: u64 = 0;
const DOMAIN: u64 = 1;
const PROJECT: u64 = 2;
const SYSTEM: u64 = 8;
const APPLICATION_CREDENTIAL: u64 = 9;

/// Writing into a `Vec` cannot fail, so results are dropped in one place.
fn ok<T, E>(_: Result<T, E>) {}

pub(super) fn pack(token: &Token) -> Vec<u8> {
    let mut out = Vec::with_capacity(128);
    let (kind, items) = kind_of(token);
    ok(write_array_len(&mut out, items));
    ok(write_uint(&mut out, kind));
    pack_id(&mut out, &token.user_id);
    ok(write_uint(&mut out, token.methods.iter().fold(0, |mask, method| mask | method.bit())));
    match &token.scope {
        TokenScope::Unscoped => {}
        TokenScope::Project(id) => pack_id(&mut out, id),
        TokenScope::Domain(id) => match id_bytes(id) {
            Some(bytes) => ok(write_bin(&mut out, &bytes)),
            None => ok(write_str(&mut out, id)),
        },
        TokenScope::System => ok(write_str(&mut out, "all")),
    }
    #[expect(clippy::cast_precision_loss, reason = "microseconds until the year 2255 are exact")]
    ok(write_f64(&mut out, token.expires_at.as_micros() as f64 / 1e6));
    ok(write_array_len(&mut out, u32::try_from(token.audit_ids.len()).unwrap_or(0)));
    for id in &token.audit_ids {
        ok(write_bin(&mut out, &URL_SAFE_NO_PAD.decode(id).unwrap_or_default()));
    }
    if let (APPLICATION_CREDENTIAL, Some(id)) = (kind, &token.application_credential_id) {
        pack_id(&mut out, id);
    }
    out
}

/// The payload's kind and how many items it has.
const fn kind_of(token: &Token) -> (u64, u32) {
    match (&token.scope, &token.application_credential_id) {
        (TokenScope::Project(_), Some(_)) => (APPLICATION_CREDENTIAL, 7),
        (TokenScope::Project(_), None) => (PROJECT, 6),
        (TokenScope::Domain(_), _) => (DOMAIN, 6),
        (TokenScope::System, _) => (SYSTEM, 6),
        (TokenScope::Unscoped, _) => (UNSCOPED, 5),
    }
}

/// The 16 bytes of an id of 32 hex digits in its one spelling; others travel as text.
fn id_bytes(id: &str) -> Option<[u8; 16]> {
    let bytes: [u8; 16] = hex::decode(id).ok()?.try_into().ok()?;
    (hex::encode(bytes) == id).then_some(bytes)
}

fn pack_id(out: &mut Vec<u8>, id: &str) {
    ok(write_array_len(out, 2));
    let bytes = id_bytes(id);
    ok(write_bool(out, bytes.is_some()));
    match bytes {
        Some(bytes) => ok(write_bin(out, &bytes)),
        None => ok(write_str(out, id)),
    }
}

pub(super) fn unpack(content: &[u8], issued_at: Timestamp) -> Option<Token> {
    let mut rest = content;
    let items = read_array_len(&mut rest).ok()?;
    let kind: u64 = read_int(&mut rest).ok()?;
    let user_id = unpack_id(&mut rest)?;
    let mask: u64 = read_int(&mut rest).ok()?;
    let (scope, expected) = match kind {
        UNSCOPED => (TokenScope::Unscoped, 5),
        DOMAIN => (TokenScope::Domain(unpack_text_or_bytes(&mut rest)?), 6),
        PROJECT => (TokenScope::Project(unpack_id(&mut rest)?), 6),
        SYSTEM => (unpack_system(&mut rest)?, 6),
        APPLICATION_CREDENTIAL => (TokenScope::Project(unpack_id(&mut rest)?), 7),
        _ => return None,
    };
    let expires_at = timestamp(read_f64(&mut rest).ok()?)?;
    let audit_ids = unpack_audit_ids(&mut rest)?;
    let application_credential_id = match kind {
        APPLICATION_CREDENTIAL => Some(unpack_id(&mut rest)?),
        _ => None,
    };
    let methods = unpack_methods(mask)?;
    (items == expected && rest.is_empty()).then_some(Token {
        user_id,
        methods,
        scope,
        application_credential_id,
        issued_at,
        expires_at,
        audit_ids,
    })
}

/// Refuses bits of methods that we do not know: they may restrict what the token is good for.
fn unpack_methods(mask: u64) -> Option<Vec<Method>> {
    let known = Method::ALL.iter().fold(0, |all, method| all | method.bit());
    let methods: Vec<Method> = Method::ALL.into_iter().filter(|method| mask & method.bit() != 0).collect();
    (mask & !known == 0).then(|| ordered(&methods))
}

fn unpack_system(rest: &mut &[u8]) -> Option<TokenScope> {
    (unpack_text_or_bytes(rest)? == "all").then_some(TokenScope::System)
}

fn unpack_id(rest: &mut &[u8]) -> Option<String> {
    if read_array_len(rest).ok()? != 2 {
        return None;
    }
    let as_bytes = read_bool(rest).ok()?;
    if as_bytes { unpack_bytes(rest).map(hex::encode) } else { unpack_text_or_bytes(rest) }
}

fn take<'a>(rest: &mut &'a [u8], length: u32) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    *rest = after;
    Some(taken)
}

fn unpack_bytes<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = read_bin_len(rest).ok()?;
    take(rest, length)
}

/// A text, or an id of 16 bytes.
fn unpack_text_or_bytes(rest: &mut &[u8]) -> Option<String> {
    let mut ahead = *rest;
    if let Ok(length) = read_str_len(&mut ahead) {
        let text = take(&mut ahead, length)?;
        *rest = ahead;
        return String::from_utf8(text.to_vec()).ok();
    }
    let bytes = unpack_bytes(rest)?;
    if bytes.len() == 16 { Some(hex::encode(bytes)) } else { String::from_utf8(bytes.to_vec()).ok() }
}

fn unpack_audit_ids(rest: &mut &[u8]) -> Option<Vec<String>> {
    let count = read_array_len(rest).ok()?;
    if !(1..=2).contains(&count) {
        return None;
    }
    (0..count).map(|_| unpack_bytes(rest).map(|bytes| URL_SAFE_NO_PAD.encode(bytes))).collect()
}

/// Seconds as Keystone writes them, back to a moment; `None` for what is no time.
fn timestamp(seconds: f64) -> Option<Timestamp> {
    const LATEST: f64 = 253_402_300_800.0;
    #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
    (0.0..LATEST).contains(&seconds).then(|| Timestamp::from_micros((seconds * 1e6).round() as i64))
}
