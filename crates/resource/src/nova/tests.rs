//! The readers against bodies that Nova's schemas refuse.

use serde_json::json;

use super::*;

fn message<T>(result: Read<T>) -> String {
    match result {
        Ok(_) => "accepted".to_owned(),
        Err(error) => error.message().to_owned(),
    }
}

#[test]
fn what_nobody_took_is_refused_by_name() {
    let body = json!({"server": {"name": "a", "x": 1, "y": 2}});
    let fields = Fields::of(&body).unwrap();
    let server = fields.object("server").unwrap();
    assert_eq!(server.name("name").unwrap().as_deref(), Some("a"));
    assert!(fields.finish().is_ok());
    let text = message(server.finish());
    assert!(text.starts_with("Invalid input for field/attribute server. Value: {'name': 'a'"), "{text}");
    assert!(text.ends_with("Additional properties are not allowed ('x', 'y' were unexpected)"), "{text}");
}

#[test]
fn what_is_missing_is_named() {
    let body = json!({});
    assert_eq!(message(Fields::of(&body).unwrap().object("server")), "'server' is a required property");
    let list = json!([]);
    assert_eq!(message(Fields::of(&list)), "[] is not of type 'object'");
}

#[test]
fn types_and_lengths_have_the_validators_words() {
    let body = json!({"name": 12345, "long": "aaa", "empty": ""});
    let fields = Fields::of(&body).unwrap();
    let number = "Invalid input for field/attribute name. Value: 12345. 12345 is not of type 'string'";
    assert_eq!(message(fields.name("name")), number);
    assert!(message(fields.text("long", 0, 2)).ends_with("'aaa' is too long"));
    assert!(message(fields.name("empty")).ends_with("'' should be non-empty"));
    let long = json!({ "name": "a".repeat(400) });
    let words = message(Fields::of(&long).unwrap().name("name"));
    let start = format!("Invalid input for field/attribute name. Value: {}…. '", "a".repeat(300));
    assert!(words.starts_with(&start), "a value stands there without quotes, also where it is cut: {words}");
}

#[test]
fn names_are_printable_without_space_at_the_ends() {
    for (name, good) in [
        ("web 1", true),
        ("späti 服务器", true),
        (" a", false),
        ("a ", false),
        ("a\tb", false),
        ("a\u{0}", false),
    ] {
        let body = json!({ "name": name });
        assert_eq!(Fields::of(&body).unwrap().name("name").is_ok(), good, "{name:?}");
    }
}

#[test]
fn booleans_and_numbers_come_in_novas_spellings() {
    let body =
        json!({"a": "Yes", "b": "0", "c": 1, "d": "12", "e": 12, "f": -1, "g": "x", "h": 1.5, "i": 2.0});
    let fields = Fields::of(&body).unwrap();
    assert_eq!(fields.boolean("a").unwrap(), Some(true));
    assert_eq!(fields.boolean("b").unwrap(), Some(false));
    assert!(fields.boolean("c").is_err() && fields.boolean("g").is_err());
    assert_eq!(fields.number("d", 1, 20).unwrap(), Some(12));
    assert_eq!(fields.number("e", 1, 20).unwrap(), Some(12));
    assert_eq!(fields.number("i", 1, 20).unwrap(), Some(2));
    for bad in ["f", "g", "h"] {
        assert!(fields.number(bad, 1, 20).is_err(), "{bad}");
    }
    assert_eq!(fields.number("none", 1, 20).unwrap(), None);
}

#[test]
fn metadata_keys_and_values_are_bounded() {
    for (pairs, good) in [
        (json!({"a": "b", "with space": "", "x:y.z-_": "1"}), true),
        (json!({"a": "b".repeat(256)}), false),
        (json!({"a".repeat(256): "b"}), false),
        (json!({"": "b"}), false),
        (json!({"a/b": "c"}), false),
        (json!({"a": 1}), false),
        (json!({"a": null}), false),
        (json!([]), false),
    ] {
        let body = json!({ "metadata": pairs });
        assert_eq!(Fields::of(&body).unwrap().metadata("metadata").is_ok(), good, "{body}");
    }
}

#[test]
fn messages_echo_no_secret_and_no_novel() {
    let text = repr(&json!({"adminPass": "s3cret", "user_data": "aGk=", "x": "y".repeat(5000)}));
    assert!(!text.contains("s3cret") && !text.contains("aGk="));
    assert!(text.chars().count() <= 301);
    assert_eq!(repr(&json!([null, true, "it's"])), r"[None, True, 'it\'s']");
}

proptest::proptest! {
    #[test]
    fn no_text_makes_a_reader_panic(name in ".{0,300}", key in ".{0,300}") {
        let body = json!({"name": name, "description": name, "metadata": {key: name}, "id": name});
        let fields = Fields::of(&body).unwrap();
        let _ = fields.name("name");
        let _ = fields.description(255);
        let _ = fields.metadata("metadata");
        let _ = fields.uuid("id");
        let _ = fields.number("name", 0, 10);
        let _ = fields.address::<std::net::IpAddr>("name", "ipv4");
    }
}
