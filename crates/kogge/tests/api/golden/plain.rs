//! Answers without what is random: ids, tokens, request ids, keys, the cloud's address.
//!
//! What the scene knows gets its name (`<network:n>`); other ids are numbered by their first appearance in the answer.
//! The clock of the scene stands still, so times are shown as they are.

use std::collections::BTreeMap;

use regex::{Captures, Regex};
use serde_json::{Map, Value};

/// Values that are random and no ids, by their key.
const BY_KEY: [&str; 13] = [
    "fingerprint",
    "public_key",
    "private_key",
    "adminPass",
    "auth_key",
    "backup_url",
    "audit_ids",
    "secret",
    "hostId",
    "OS-EXT-SRV-ATTR:reservation_id",
    "reservation_id",
    "provider:segmentation_id",
    "OS-EXT-SRV-ATTR:instance_name",
];

/// Lists of names that stand in the order of random ids.
const UNORDERED: [&str; 1] = ["security_groups"];

/// True for a key whose values are random.
pub(super) fn is_hidden(key: &str) -> bool {
    BY_KEY.contains(&key)
}

/// Everything random that is known by its form.
const FORMS: &str = concat!(
    // a page of everything in the order of random ids begins with any of them
    r"(?P<first>limit=100000&marker=[^&]+)|",
    r"(?P<request>req-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})",
    r"|(?P<token>gAAAA[A-Za-z0-9_-]+=*)",
    r"|(?P<folder>[\w/.-]*/kogge-sim-[0-9]+-[0-9A-Za-z]+)",
    r"|(?P<mac>fa:16:3e(?::[0-9a-f]{2}){3})",
    r"|(?P<id>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b|\b(?:[0-9a-f]{32}|[0-9a-f]{64})\b)",
);

/// Names of ids in a row.
const ROWS: &str = "<[^<>]+>(?:,<[^<>]+>)+";

/// What is known, and how to find what is not.
pub(super) struct Names {
    root: String,
    known: BTreeMap<String, String>,
    forms: Regex,
    rows: Regex,
}

/// The ids that an answer has named so far; `None` while only the form of an answer counts.
type Numbers = Option<Vec<String>>;

impl Names {
    /// The names of a cloud at this address.
    pub(super) fn new(root: &str) -> Self {
        let [forms, rows] = [FORMS, ROWS].map(|form| Regex::new(form).unwrap());
        Self { root: root.to_owned(), known: BTreeMap::new(), forms, rows }
    }

    /// Calls an id by a name.
    pub(super) fn learn(&mut self, id: &str, name: &str) {
        if !id.is_empty() {
            self.known.insert(id.to_owned(), format!("<{name}>"));
        }
    }

    /// The name of an id.
    pub(super) fn of(&self, id: &str) -> Option<&str> {
        self.known.get(id).map(String::as_str)
    }

    /// A text in which nothing is random.
    pub(super) fn text(&self, text: &str) -> String {
        self.masked(text, &mut Some(Vec::new()))
    }

    fn masked(&self, text: &str, numbers: &mut Numbers) -> String {
        // consoles are behind the same address, spoken to otherwise
        let text =
            text.replace(&self.root, "<root>").replace(&self.root.replacen("http", "ws", 1), "<ws root>");
        let replace = |found: &Captures<'_>| {
            if found.name("first").is_some() {
                return "limit=100000&marker=<first>".to_owned();
            }
            let form =
                ["request", "token", "folder", "mac"].into_iter().find(|form| found.name(form).is_some());
            if let Some(form) = form {
                return format!("<{form}>");
            }
            self.id(&found[0], numbers)
        };
        let plain = self.forms.replace_all(&text, replace);
        if !plain.contains(">,<") {
            return plain.into_owned();
        }
        // ids in a row stand in the order in which they came up
        let sort = |found: &Captures<'_>| {
            let mut row: Vec<&str> = found[0].split(',').collect();
            row.sort_unstable();
            row.join(",")
        };
        self.rows.replace_all(&plain, sort).into_owned()
    }

    fn id(&self, id: &str, numbers: &mut Numbers) -> String {
        if let Some(name) = self.known.get(id) {
            return name.clone();
        }
        let Some(numbers) = numbers else { return "<id>".to_owned() };
        let place = numbers.iter().position(|known| known == id).unwrap_or_else(|| {
            numbers.push(id.to_owned());
            numbers.len() - 1
        });
        format!("<id:{}>", place + 1)
    }

    /// A body in which nothing is random.
    pub(super) fn body(&self, body: &Value, order: Option<&str>) -> Value {
        self.plain(&self.ordered(body, order))
    }

    /// A body whose lists stand in no random order: those whose items bear ids are sorted by what is not random in them,
    /// but for those that the request ordered by the field `order`: there only items that are equal in it.
    pub(super) fn ordered(&self, body: &Value, order: Option<&str>) -> Value {
        self.sorted(body, order)
    }

    /// A value without what is random.
    pub(super) fn plain(&self, value: &Value) -> Value {
        self.numbered(value, "", &mut Some(Vec::new()))
    }

    fn sorted(&self, value: &Value, order: Option<&str>) -> Value {
        match value {
            Value::Array(items) => {
                let items = items.iter().map(|item| self.sorted(item, None));
                let mut items: Vec<(String, Value)> = items.map(|item| (self.form(&item), item)).collect();
                let random = items.iter().any(|(_, item)| self.is_random(item));
                let by_random = |order: &str| items.iter().any(|(_, item)| self.is_random(&item[order]));
                match order.filter(|order| !by_random(order)) {
                    _ if !random => {}
                    Some(order) => {
                        let runs = items.chunk_by_mut(|a, b| a.1[order] == b.1[order]);
                        runs.for_each(|run| run.sort_by(|a, b| a.0.cmp(&b.0)));
                    }
                    None => items.sort_by(|a, b| a.0.cmp(&b.0)),
                }
                items.into_iter().map(|(_, item)| item).collect()
            }
            Value::Object(map) => {
                let inner = |(key, item): (&String, &Value)| {
                    let mut inner = self.sorted(item, order);
                    if let (true, Value::Array(items)) = (UNORDERED.contains(&key.as_str()), &mut inner) {
                        items.sort_by_key(|item| self.form(item));
                    }
                    (key.clone(), inner)
                };
                map.iter().map(inner).collect()
            }
            other => other.clone(),
        }
    }

    /// True where a value bears an id or the like, known or not.
    fn is_random(&self, value: &Value) -> bool {
        self.form(value) != value.to_string().replace(&self.root, "<root>")
    }

    /// A value with all unknown ids alike.
    pub(super) fn form(&self, value: &Value) -> String {
        self.numbered(value, "", &mut None).to_string()
    }

    fn numbered(&self, value: &Value, key: &str, numbers: &mut Numbers) -> Value {
        match value {
            Value::Number(_) if is_hidden(key) => format!("<{key}>").into(),
            // made of the random name of a process
            Value::Number(number) if key == "id" && number.as_u64().is_some_and(|id| id >= 1 << 30) => {
                self.id(&number.to_string(), numbers).into()
            }
            Value::String(text) if is_hidden(key) && !text.is_empty() => format!("<{key}>").into(),
            Value::String(text) => self.masked(text, numbers).into(),
            Value::Array(items) => items.iter().map(|item| self.numbered(item, key, numbers)).collect(),
            Value::Object(map) => {
                let mut keys: Vec<(String, &String)> =
                    map.keys().map(|key| (self.masked(key, &mut None), key)).collect();
                keys.sort();
                let mut plain = Map::new();
                for (_, key) in keys {
                    let inner = self.numbered(&map[key], key, numbers);
                    plain.insert(self.masked(key, numbers), inner);
                }
                Value::Object(plain)
            }
            other => other.clone(),
        }
    }
}

/// JSON that reads and diffs well: what is short on one line, the rest with one field or item per line.
pub(super) fn pretty(value: &Value) -> String {
    let mut text = String::new();
    write(value, 0, &mut text);
    text
}

/// Longest line that is not broken.
const WIDTH: usize = 110;

fn write(value: &Value, depth: usize, text: &mut String) {
    let short = value.to_string();
    let nested = value.as_object().is_some_and(|map| map.values().any(|inner| inner.is_object()));
    let flat = !value.is_object() || (!nested && depth > 0);
    if short.len() + depth <= WIDTH && (flat || short.len() <= 80) {
        text.push_str(&short);
        return;
    }
    let inner = " ".repeat(depth + 1);
    match value {
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                text.push_str(if index == 0 { "\n" } else { ",\n" });
                text.push_str(&inner);
                write(item, depth + 1, text);
            }
            text.push(']');
        }
        Value::Object(map) => {
            text.push('{');
            for (index, (key, item)) in map.iter().enumerate() {
                text.push_str(if index == 0 { "\n" } else { ",\n" });
                text.push_str(&format!("{inner}{}: ", Value::from(key.as_str())));
                write(item, depth + 1, text);
            }
            text.push('}');
        }
        _ => text.push_str(&short),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const A: &str = "0a000000-0000-4000-8000-00000000000a";
    const B: &str = "0b000000-0000-4000-8000-00000000000b";

    #[test]
    fn unknown_ids_are_numbered_and_known_ones_named() {
        let mut names = Names::new("http://127.0.0.1:1");
        names.learn(A, "network:n");
        let body = json!({"b": A, "c": B, "d": format!("http://127.0.0.1:1/{B}"), "a": "req-"});
        let plain = names.body(&body, None);
        assert_eq!(plain, json!({"a": "req-", "b": "<network:n>", "c": "<id:1>", "d": "<root>/<id:1>"}));
    }

    #[test]
    fn ids_in_a_row_have_no_order() {
        let mut names = Names::new("http://127.0.0.1:1");
        names.learn(A, "b");
        names.learn(B, "a");
        assert_eq!(names.text(&format!("in use: {A},{B}.")), "in use: <a>,<b>.");
    }

    #[test]
    fn only_what_is_random_is_sorted_and_an_order_that_was_asked_for_stays() {
        let names = Names::new("http://127.0.0.1:1");
        assert_eq!(names.body(&json!(["b", "a"]), None), json!(["b", "a"]));
        let list = json!({"l": [{"id": B, "name": "b"}, {"id": A, "name": "a"}]});
        let shown = |order| names.body(&list, order)["l"][0]["name"].clone();
        assert_eq!((shown(None), shown(Some("name"))), (json!("a"), json!("b")));
    }
}
