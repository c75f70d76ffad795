//! Fernet tokens: texts of strangers, and sealed contents that no Keystone would write.

#![no_main]

use std::sync::{Arc, LazyLock};

use kogge_identity::fernet::{Key, KeyRepository, KeyRing};
use kogge_identity::token::Token;
use libfuzzer_sys::fuzz_target;

/// Microseconds up to here are exact in the payload's floating point.
const EXACT: i64 = 1 << 53;

static KEYS: LazyLock<Arc<KeyRing>> = LazyLock::new(|| {
    let directory = tempfile::tempdir().expect("a directory");
    KeyRepository::open(directory.path(), 3).expect("new keys").ring()
});

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        assert!(Token::open(text, &KEYS).is_err(), "nobody guesses a key");
        let _ = Key::parse(text);
    }
    let Some((head, content)) = data.split_first_chunk::<8>() else { return };
    let sealed = KEYS.seal(content, i64::from_be_bytes(*head));
    let opened = KEYS.open(&sealed).expect("own text");
    assert_eq!(opened.content, content);
    let Ok(token) = Token::open(&sealed, &KEYS) else { return };
    let again = Token::open(&token.seal(&KEYS), &KEYS).expect("what was read can be written");
    assert_eq!(
        (&again.user_id, &again.scope, &again.methods),
        (&token.user_id, &token.scope, &token.methods)
    );
    assert_eq!(
        (&again.audit_ids, again.issued_at.as_seconds()),
        (&token.audit_ids, token.issued_at.as_seconds())
    );
    assert_eq!(again.application_credential_id, token.application_credential_id);
    if token.expires_at.as_micros() < EXACT {
        assert_eq!(again.expires_at, token.expires_at);
    }
});
