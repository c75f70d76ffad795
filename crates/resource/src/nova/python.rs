//! Values as Python prints them, for messages that clients know.

use serde_json::Value;

/// Longest value that is echoed, in characters: a message is no place for a whole body.
const LONGEST: usize = 300;

/// The value as Python's `repr` has it, cut where it is long.
pub fn repr(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    cut(text)
}

/// A text, cut where it is long.
pub(super) fn cut(mut text: String) -> String {
    if text.chars().count() > LONGEST {
        text = text.chars().take(LONGEST).collect();
        text.push('…');
    }
    text
}

fn write(value: &Value, out: &mut String) {
    if out.len() > 4 * LONGEST {
        return;
    }
    match value {
        Value::Null => out.push_str("None"),
        Value::Bool(true) => out.push_str("True"),
        Value::Bool(false) => out.push_str("False"),
        Value::Number(number) => out.push_str(&number.to_string()),
        Value::String(text) => {
            out.push('\'');
            out.push_str(&text.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', "\\n"));
            out.push('\'');
        }
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { ", " });
                write(item, out);
            }
            out.push(']');
        }
        Value::Object(map) => {
            out.push('{');
            for (index, (key, item)) in map.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { ", " });
                out.push_str(&format!("'{key}': "));
                // what users hide from each other does not belong into messages and logs
                let secret = matches!(key.as_str(), "adminPass" | "user_data" | "private_key");
                if secret { out.push_str("'***'") } else { write(item, out) }
            }
            out.push('}');
        }
    }
}
