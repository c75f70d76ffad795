//! Bodies that are wrong in one place: no body, another key, a key too many or too few, values of another type.

use serde_json::{Map, Value, json};

/// Bodies made from a good one, with what is wrong in them. `Null` is no body.
pub(super) fn of(good: &Value) -> Vec<(String, Value)> {
    let mut bad = vec![
        ("no body".to_owned(), Value::Null),
        ("an empty object".to_owned(), json!({})),
        ("a list".to_owned(), json!([good])),
        ("a text".to_owned(), json!("x")),
    ];
    let Value::Object(outer) = good else { return bad };
    let inner = outer.iter().find(|(_, inner)| inner.is_object());
    let Some((top, Value::Object(fields))) = inner else {
        bad.extend(of_fields(outer, Value::Object));
        return bad;
    };
    let with = |value: Value| {
        let mut body = outer.clone();
        body.insert(top.clone(), value);
        Value::Object(body)
    };
    bad.push((format!("not {top} but wrong"), json!({"wrong": fields})));
    bad.push((format!("another key beside {top}"), {
        let mut body = outer.clone();
        body.insert("beside".to_owned(), json!({}));
        Value::Object(body)
    }));
    for (what, value) in
        [("null", Value::Null), ("a text", json!("x")), ("a list", json!([])), ("empty", json!({}))]
    {
        bad.push((format!("{top} is {what}"), with(value)));
    }
    bad.extend(of_fields(fields, |fields| with(Value::Object(fields))));
    bad
}

/// Every field is left out, and gets values of other types; and one is too much.
fn of_fields(
    fields: &Map<String, Value>,
    whole: impl Fn(Map<String, Value>) -> Value,
) -> Vec<(String, Value)> {
    let mut bad = Vec::new();
    let mut add = |what: String, change: &dyn Fn(&mut Map<String, Value>)| {
        let mut changed = fields.clone();
        change(&mut changed);
        bad.push((what, whole(changed)));
    };
    add("an unknown key".to_owned(), &|fields| drop(fields.insert("no_such_key".to_owned(), json!(1))));
    for (key, value) in fields {
        add(format!("without {key}"), &|fields| drop(fields.remove(key)));
        for other in others(value) {
            add(format!("{key}: {other}"), &|fields| drop(fields.insert(key.clone(), other.clone())));
        }
    }
    bad
}

/// Values of other types, and of the same type but hardly right.
fn others(value: &Value) -> Vec<Value> {
    match value {
        Value::String(_) => vec![json!(7), json!(null), json!("")],
        Value::Number(_) => vec![json!("x"), json!(-2), json!(1.5), json!(null)],
        Value::Bool(_) => vec![json!("x"), json!(2), json!(null)],
        Value::Array(_) => vec![json!("x"), json!([]), json!([{}]), json!(null)],
        Value::Object(_) => vec![json!("x"), json!([]), json!({}), json!(null)],
        Value::Null => vec![json!("x")],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_body_is_wrong_in_its_own_way() {
        let bad = of(&json!({"port": {"name": "p", "fixed_ips": []}}));
        let found = |what: &str| bad.iter().find(|(name, _)| name == what).map(|(_, body)| body.clone());
        assert_eq!(found("without name"), Some(json!({"port": {"fixed_ips": []}})));
        assert_eq!(found("name: 7"), Some(json!({"port": {"name": 7, "fixed_ips": []}})));
        assert_eq!(found("not port but wrong"), Some(json!({"wrong": {"name": "p", "fixed_ips": []}})));
        let mut whats: Vec<&String> = bad.iter().map(|(what, _)| what).collect();
        whats.dedup();
        assert_eq!(whats.len(), bad.len());
    }
}
