//! Bodies by microversion.

use kogge_http::mv;
use kogge_resource::nova::Nova;
use kogge_resource::{Create, Op};
use serde_json::{Value, json};

use super::ServerGroups;

fn message(group: &Value, minor: u16) -> String {
    let read = ServerGroups::BODY.read::<Nova>(Op::Create, mv(2, minor), group);
    read.err().map_or_else(String::new, |error| error.message().to_owned())
}

#[test]
fn fields_and_policies_come_and_go_with_the_microversion() {
    let policies = |word: &str| json!({"name": "g", "policies": [word]});
    let policy = |word: &str| json!({"name": "g", "policy": word});
    for (group, since, until) in [
        (policies("affinity"), 1, 63),
        (policies("anti-affinity"), 1, 63),
        (policies("soft-affinity"), 15, 63),
        (policies("soft-anti-affinity"), 15, 63),
        (policy("affinity"), 64, 103),
        (policy("soft-anti-affinity"), 64, 103),
        (json!({"name": "g", "policy": "affinity", "rules": {}}), 64, 103),
        (json!({"name": "g", "policy": "anti-affinity", "rules": {"max_server_per_host": "3"}}), 64, 103),
    ] {
        for minor in [1, 12, 13, 14, 15, 63, 64, 103] {
            let text = message(&group, minor);
            let good = (since..=until).contains(&minor);
            assert_eq!(text.is_empty(), good, "{group} at 2.{minor}: {text}");
        }
    }
}

#[test]
fn wrong_groups_are_refused_with_the_reason() {
    for (group, minor, part) in [
        (json!({"policies": ["affinity"]}), 1, "'name' is a required property"),
        (json!({"name": "g"}), 1, "'policies' is a required property"),
        (json!({"name": "g"}), 64, "'policy' is a required property"),
        (json!({"name": "", "policies": ["affinity"]}), 1, "should be non-empty"),
        (json!({"name": "g", "policies": []}), 1, "[] should be non-empty"),
        (json!({"name": "g", "policies": ["affinity", "anti-affinity"]}), 1, "is too long"),
        (
            json!({"name": "g", "policies": ["legacy"]}),
            1,
            "'legacy' is not one of ['anti-affinity', 'affinity']",
        ),
        (json!({"name": "g", "policies": [1]}), 15, "1 is not one of ["),
        (json!({"name": "g", "policies": "affinity"}), 1, "is not of type 'array'"),
        (json!({"name": "g", "policies": ["affinity"], "metadata": {}}), 1, "'metadata' was unexpected"),
        (json!({"name": "g", "policy": "legacy"}), 64, "'legacy' is not one of"),
        (json!({"name": "g", "policy": "affinity", "rules": []}), 64, "is not of type 'object'"),
        (json!({"name": "g", "policy": "anti-affinity", "rules": {"x": 1}}), 64, "'x' was unexpected"),
        (
            json!({"name": "g", "policy": "anti-affinity", "rules": {"max_server_per_host": 0}}),
            64,
            "less than the minimum of 1",
        ),
    ] {
        let text = message(&group, minor);
        assert!(text.contains(part), "{group}: {text}");
    }
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in ".{0,100}", minor in 1_u16..104) {
        for group in [
            json!({"name": text, "policies": [text], "policy": text}),
            json!({"name": "g", "policies": text, "policy": "anti-affinity", "rules": {text.clone(): text}}),
        ] {
            let _ = message(&group, minor);
        }
    }
}
