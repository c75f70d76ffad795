//! Judges JSON by a JSON Schema, as far as `docs/report.schema.json` uses it. A keyword that is not known here is an error of
//! the schema, so that none is passed over in silence.

use regex::Regex;
use serde_json::Value;

/// The schema of reports.
pub(crate) const REPORT: &str = include_str!("../../../../docs/report.schema.json");

/// What is wrong with a value, each with its place; nothing if it is valid.
pub(crate) fn wrong(schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    judge(schema, schema, value, "$", &mut found);
    found
}

fn judge(root: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    for (keyword, argument) in schema.as_object().unwrap() {
        let holds = match keyword.as_str() {
            "$schema" | "$defs" | "title" | "description" => true,
            // judged together with "type": "object"
            "properties" | "required" | "additionalProperties" => true,
            "$ref" => {
                let pointer = argument.as_str().unwrap().strip_prefix('#').unwrap();
                judge(root, root.pointer(pointer).unwrap(), value, at, found);
                true
            }
            "const" => value == argument,
            "enum" => argument.as_array().unwrap().contains(value),
            "anyOf" => argument.as_array().unwrap().iter().any(|one| {
                let mut trouble = Vec::new();
                judge(root, one, value, at, &mut trouble);
                trouble.is_empty()
            }),
            "pattern" => value
                .as_str()
                .is_none_or(|text| Regex::new(argument.as_str().unwrap()).unwrap().is_match(text)),
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    judge(root, argument, item, &format!("{at}[{index}]"), found);
                }
                true
            }
            "type" => match argument {
                Value::Array(types) => types.iter().any(|one| is(value, one)),
                one => is(value, one),
            },
            other => panic!("the schema has {other:?}, which is not known here"),
        };
        if !holds {
            found.push(format!("{at}: {keyword} {argument} does not hold for {value}"));
        }
    }
    if schema["type"] == "object" {
        members(root, schema, value, at, found);
    }
}

fn members(root: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    let Some(object) = value.as_object() else { return };
    for name in schema["required"].as_array().into_iter().flatten() {
        if !object.contains_key(name.as_str().unwrap()) {
            found.push(format!("{at}: {name} is missing"));
        }
    }
    for (name, member) in object {
        let place = format!("{at}.{name}");
        match (&schema["properties"][name], &schema["additionalProperties"]) {
            (Value::Null, Value::Bool(false)) => found.push(format!("{place} is not described")),
            (Value::Null, Value::Null) => {}
            (Value::Null, rest) => judge(root, rest, member, &place, found),
            (known, _) => judge(root, known, member, &place, found),
        }
    }
}

fn is(value: &Value, kind: &Value) -> bool {
    match kind.as_str().unwrap() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("the schema has type {other:?}, which is not known here"),
    }
}
