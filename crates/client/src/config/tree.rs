//! A configuration as a tree of JSON values, and the ways of laying one over another.

use serde_json::{Map, Value};

/// A map of configuration keys.
pub(super) type Tree = Map<String, Value>;

/// Lays `over` on `under`, map by map.
pub(super) fn merge_deep(under: &mut Tree, over: Tree) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(Value::Object(old)), Value::Object(new)) => merge_deep(old, new),
            (_, value) => {
                under.insert(key, value);
            }
        }
    }
}

/// Lays `over` on `under`; only `auth` is merged key by key, everything else is replaced.
pub(super) fn merge_cloud(under: &mut Tree, over: Tree) {
    for (key, value) in over {
        match (key.as_str(), under.get_mut(&key), value) {
            (_, _, Value::Null) => {}
            ("auth", Some(Value::Object(old)), Value::Object(new)) => old.extend(new),
            (_, _, value) => {
                under.insert(key, value);
            }
        }
    }
}

/// The same tree with `-` in keys written as `_`, on all levels of maps.
pub(super) fn with_underscores(tree: Tree) -> Tree {
    tree.into_iter()
        .map(|(key, value)| {
            let value = match value {
                Value::Object(inner) => Value::Object(with_underscores(inner)),
                other => other,
            };
            (key.replace('-', "_"), value)
        })
        .collect()
}

/// A scalar as text: people write ids and passwords without quotes, and YAML makes numbers of them.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(s) => Some(s.clone()),
        Value::Number(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        _ => None,
    }
}

/// A scalar as a truth value; `None` if it is neither.
pub(super) fn truth(value: &Value) -> Option<bool> {
    match text(value)?.to_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn tree(value: Value) -> Tree {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn only_auth_is_merged_key_by_key() {
        let mut under = tree(json!({"auth": {"a": 1, "b": 1}, "networks": {"x": 1}}));
        merge_cloud(&mut under, tree(json!({"auth": {"b": 2}, "networks": {"y": 2}})));
        assert_eq!(Value::Object(under), json!({"auth": {"a": 1, "b": 2}, "networks": {"y": 2}}));
    }

    #[test]
    fn null_overrides_nothing() {
        let mut under = tree(json!({"region_name": "north"}));
        merge_cloud(&mut under, tree(json!({"region_name": null})));
        assert_eq!(under["region_name"], "north");
    }

    #[test]
    fn a_deep_merge_goes_all_the_way_down() {
        let mut under = tree(json!({"clouds": {"a": {"auth": {"username": "u"}}}}));
        merge_deep(&mut under, tree(json!({"clouds": {"a": {"auth": {"password": "p"}}}})));
        assert_eq!(
            Value::Object(under),
            json!({"clouds": {"a": {"auth": {"username": "u", "password": "p"}}}})
        );
    }

    #[test]
    fn unquoted_numbers_are_text() {
        assert_eq!(text(&json!(123456)), Some("123456".into()));
        assert_eq!(text(&json!([])), None);
    }

    #[test]
    fn truth_is_spelled_in_many_ways() {
        assert_eq!(truth(&json!("No")), Some(false));
        assert_eq!(truth(&json!(true)), Some(true));
        assert_eq!(truth(&json!("perhaps")), None);
    }
}
