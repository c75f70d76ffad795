//! Tokens against texts that Keystone 29.1 made (`tests/golden/keystone-tokens.json`).

use std::collections::BTreeMap;

use super::*;
use crate::fernet::KeyRepository;

const USER: &str = "0ca8f6d1b7b94f7c9e0f0a8d9b0c1d2e";
const PROJECT: &str = "1ca8f6d1b7b94f7c9e0f0a8d9b0c1d2f";
const CREDENTIAL: &str = "2ca8f6d1b7b94f7c9e0f0a8d9b0c1d30";
const AUDIT: &str = "AAECAwQFBgcICQoLDA0ODw";
const CHAIN: &str = "EBESExQVFhcYGRobHB0eHw";

fn keystone() -> (KeyRepository, BTreeMap<String, String>, tempfile::TempDir) {
    let texts: BTreeMap<String, String> =
        serde_json::from_str(include_str!("../../tests/golden/keystone-tokens.json")).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("0");
    std::fs::write(&path, &texts["key"]).unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    (KeyRepository::open(dir.path(), 3).unwrap(), texts, dir)
}

fn project_token() -> Token {
    Token {
        user_id: USER.to_owned(),
        methods: vec![Method::Password],
        scope: TokenScope::Project(PROJECT.to_owned()),
        application_credential_id: None,
        issued_at: Timestamp::from_seconds(1_764_000_000),
        expires_at: "2025-11-24T17:00:00Z".parse().unwrap(),
        audit_ids: vec![AUDIT.to_owned()],
    }
}

/// What each of Keystone's texts must say.
fn expected() -> BTreeMap<&'static str, Token> {
    let project = project_token;
    let scoped = |scope| Token { scope, ..project() };
    BTreeMap::from([
        ("unscoped", scoped(TokenScope::Unscoped)),
        (
            "unscoped_rescoped",
            Token {
                methods: vec![Method::Token, Method::Password],
                audit_ids: vec![AUDIT.to_owned(), CHAIN.to_owned()],
                ..scoped(TokenScope::Unscoped)
            },
        ),
        ("domain_default", scoped(TokenScope::Domain("default".to_owned()))),
        ("domain_uuid", scoped(TokenScope::Domain(PROJECT.to_owned()))),
        ("project", project()),
        ("project_named_user", Token { user_id: "ldap-user".to_owned(), ..project() }),
        ("system", scoped(TokenScope::System)),
        (
            "appcred",
            Token {
                methods: vec![Method::ApplicationCredential],
                application_credential_id: Some(CREDENTIAL.to_owned()),
                ..project()
            },
        ),
    ])
}

#[test]
fn every_kind_of_keystone_token_is_read() {
    let (keys, texts, _dir) = keystone();
    for (name, token) in expected() {
        assert_eq!(Token::open(&texts[name], &keys.ring()), Ok(token), "{name}");
    }
}

#[test]
fn our_payloads_are_byte_for_byte_keystones() {
    let (keys, texts, _dir) = keystone();
    for (name, token) in expected() {
        let keystones = keys.ring().open(&texts[name]).unwrap();
        assert_eq!(payload::pack(&token), keystones.content, "{name}");
    }
}

#[test]
fn a_sealed_token_opens_to_itself() {
    let (keys, ..) = keystone();
    for token in expected().into_values() {
        assert_eq!(Token::open(&token.seal(&keys.ring()), &keys.ring()), Ok(token));
    }
}

#[test]
fn payloads_of_other_kinds_and_methods_are_refused() {
    let packed = payload::pack(&project_token());
    let now = Timestamp::from_seconds(0);
    for kind in [3, 4, 5, 6, 7, 10, 100] {
        let mut other = packed.clone();
        other[1] = kind;
        assert_eq!(payload::unpack(&other, now), None, "kind {kind}");
    }
    let mut federated = packed;
    let mask_at = 6 + 16;
    assert_eq!(federated[mask_at], 2);
    federated[mask_at] = 16;
    assert_eq!(payload::unpack(&federated, now), None);
}

#[test]
fn a_payload_with_something_behind_it_is_refused() {
    let mut packed = payload::pack(&project_token());
    packed.push(0);
    assert_eq!(payload::unpack(&packed, Timestamp::from_seconds(0)), None);
}

#[test]
fn upper_case_ids_keep_their_spelling() {
    let token = Token { user_id: USER.to_uppercase(), ..project_token() };
    let unpacked = payload::unpack(&payload::pack(&token), token.issued_at).unwrap();
    assert_eq!(unpacked, token);
}

proptest::proptest! {
    #[test]
    fn arbitrary_payloads_never_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
        let _ = payload::unpack(&bytes, Timestamp::from_seconds(0));
    }

    #[test]
    fn a_payload_cut_anywhere_is_refused(at in 0_usize..80) {
        let packed = payload::pack(&project_token());
        if at < packed.len() {
            proptest::prop_assert_eq!(payload::unpack(&packed[..at], Timestamp::from_seconds(0)), None);
        }
    }

    #[test]
    fn arbitrary_token_texts_never_panic(text in ".{0,400}") {
        let (keys, ..) = keystone();
        let _ = Token::open(&text, &keys.ring());
    }
}
