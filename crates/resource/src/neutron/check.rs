//! Checks of single values: facts and messages of `neutron_lib.api.validators` and `converters`.

use std::collections::HashSet;
use std::net::IpAddr;

use ipnet::IpNet;
use kogge_http::ApiError;
use serde_json::{Value, json};

use crate::Refused;

/// The outcome of a check.
pub type Checked = Result<Value, Refused>;

/// The value as an error message shows it: bare text, shortened.
pub fn show(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        other => other.to_string(),
    };
    text.chars().take(300).collect()
}

/// `InvalidInput` of neutron-lib.
fn invalid(message: String) -> ApiError {
    ApiError::bad_request(format!("Invalid input for operation: {message}.")).named("InvalidInput")
}

fn no(reason: String) -> Checked {
    Err(Refused::Because(reason))
}

/// Anything.
pub fn any(value: Value) -> Checked {
    Ok(value)
}

fn text_up_to(value: Value, most: usize) -> Checked {
    match &value {
        Value::String(text) if text.chars().count() > most => {
            no(format!("'{}' exceeds maximum length of {most}", show(&value)))
        }
        Value::String(text) if text.contains('\0') => no(format!("'{}' is not a valid string", show(&value))),
        Value::String(_) => Ok(value),
        other => no(format!("'{}' is not a valid string", show(other))),
    }
}

/// Text of at most 255 characters.
pub fn text255(value: Value) -> Checked {
    text_up_to(value, 255)
}

/// Text of at most 32 characters.
pub fn text32(value: Value) -> Checked {
    text_up_to(value, 32)
}

/// Text or null.
pub fn text_or_null(value: Value) -> Checked {
    if value.is_null() { Ok(value) } else { text_up_to(value, 255) }
}

/// A description: text; null is the empty one.
pub fn description(value: Value) -> Checked {
    if value.is_null() { Ok("".into()) } else { text_up_to(value, 255) }
}

/// A project id.
pub fn project(value: Value) -> Checked {
    text_up_to(value, 255)
}

/// Text that is not empty.
pub fn filled_text(value: Value) -> Checked {
    match &value {
        Value::String(text) if text.trim().is_empty() => {
            no(format!("'{text}' Blank strings are not permitted"))
        }
        _ => text_up_to(value, 255),
    }
}

/// A truth value in any of the spellings that upstream takes.
pub fn boolean(value: Value) -> Checked {
    match truth(&value) {
        Some(truth) => Ok(truth.into()),
        None => Err(invalid(format!("'{}' cannot be converted to boolean", show(&value))).into()),
    }
}

/// The truth of `true`, `"True"`, `1`, `"0"` …
pub fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::Number(number) => {
            number.as_i64().and_then(|n| [false, true].get(usize::try_from(n).ok()?).copied())
        }
        Value::String(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

fn number_of(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A whole number.
pub fn integer(value: Value) -> Checked {
    match number_of(&value) {
        Some(number) => Ok(number.into()),
        None => Err(invalid(format!("'{}' is not an integer", show(&value))).into()),
    }
}

/// A whole number or null.
pub fn integer_or_null(value: Value) -> Checked {
    if value.is_null() { Ok(value) } else { integer(value) }
}

/// A whole number, not below zero.
pub fn non_negative(value: Value) -> Checked {
    let value = integer(value)?;
    if value.as_i64().is_some_and(|n| n < 0) {
        no(format!("'{value}' should be non-negative"))
    } else {
        Ok(value)
    }
}

/// One of some texts.
pub fn one_of(value: Value, allowed: &[&str]) -> Checked {
    if value.as_str().is_some_and(|text| allowed.contains(&text)) {
        return Ok(value);
    }
    let list: Vec<String> = allowed.iter().map(|text| format!("'{text}'")).collect();
    no(format!("'{}' is not in [{}]", show(&value), list.join(", ")))
}

/// 4 or 6.
pub fn ip_version(value: Value) -> Checked {
    let value = integer(value)?;
    if value == 4 || value == 6 { Ok(value) } else { no(format!("'{value}' is not in [4, 6]")) }
}

/// True for the text of a UUID with dashes, as upstream wants it.
pub fn is_uuid(text: &str) -> bool {
    text.len() == 36 && uuid::Uuid::try_parse(text).is_ok()
}

/// A UUID.
pub fn uuid(value: Value) -> Checked {
    match value.as_str() {
        Some(text) if is_uuid(text) => Ok(text.to_ascii_lowercase().into()),
        _ => no(format!("'{}' is not a valid UUID", show(&value))),
    }
}

/// A UUID or null.
pub fn uuid_or_null(value: Value) -> Checked {
    if value.is_null() { Ok(value) } else { uuid(value) }
}

/// Refuses a list of more than `most` items.
pub fn at_most(items: &[Value], most: usize) -> Result<(), Refused> {
    if items.len() <= most {
        return Ok(());
    }
    Err(Refused::Because(format!("a list of {} items exceeds the maximum of {most}", items.len())))
}

/// Most items of a list of names or ids.
const MOST_ITEMS: usize = 100;

fn list(value: Value, what: &str) -> Result<Vec<Value>, Refused> {
    match value {
        Value::Array(items) => at_most(&items, MOST_ITEMS).map(|()| items),
        Value::Null => Ok(Vec::new()),
        other => Err(Refused::Because(format!("{what}: '{}'", show(&other)))),
    }
}

/// A list of UUIDs without doubles.
pub fn uuids(value: Value) -> Checked {
    let items = list(value, "not a list")?;
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for item in items {
        let item = uuid(item)?;
        if !seen.insert(item.to_string()) {
            return no(format!("Duplicate items in the list: '{}'", show(&item)));
        }
        found.push(item);
    }
    Ok(found.into())
}

/// A list of texts.
pub fn texts(value: Value) -> Checked {
    let items = list(value, "not a list")?;
    Ok(items.into_iter().map(text255).collect::<Result<Vec<_>, _>>()?.into())
}

/// The address, canonical; leading zeros and such are refused.
pub fn address_of(value: &Value) -> Option<IpAddr> {
    value.as_str()?.parse().ok()
}

/// An address or null.
pub fn address_or_null(value: Value) -> Checked {
    match (&value, address_of(&value)) {
        (Value::Null, _) => Ok(value),
        (_, Some(ip)) => Ok(ip.to_string().into()),
        _ => no(format!("'{}' is not a valid IP address", show(&value))),
    }
}

/// The range of `10.0.0.0/8` or of a bare address, host bits cleared.
pub fn range_of(text: &str) -> Option<IpNet> {
    let range = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))?;
    Some(range.trunc())
}

/// A range or null; host bits are cleared, a bare address is refused.
pub fn range_or_null(value: Value) -> Checked {
    if value.is_null() {
        return Ok(value);
    }
    match value.as_str().and_then(|text| text.parse::<IpNet>().ok()) {
        Some(range) => Ok(range.trunc().to_string().into()),
        None => no(format!("'{}' is not a valid IP subnet", show(&value))),
    }
}

/// A list of ranges.
pub fn ranges(value: Value) -> Checked {
    let Value::Array(items) = value else { return no(format!("'{}' is not a list", show(&value))) };
    at_most(&items, MOST_ITEMS)?;
    let mut found = Vec::new();
    for item in items {
        match item.as_str().and_then(|text| text.parse::<IpNet>().ok()) {
            Some(range) => found.push(json!(range.trunc().to_string())),
            None => return no(format!("'{}' is not a valid IP subnet", show(&item))),
        }
    }
    Ok(found.into())
}

/// A MAC address, canonical; or null for a new one.
pub fn mac_or_null(value: Value) -> Checked {
    match value.as_str() {
        None if value.is_null() => Ok(value),
        Some(text) => match mac_of(text) {
            Some(mac) => Ok(mac.into()),
            None => no(format!("'{text}' is not a valid MAC address")),
        },
        None => no(format!("'{}' is not a valid MAC address", show(&value))),
    }
}

/// The MAC address in lower case with colons; none for a group address or all zeros.
pub fn mac_of(text: &str) -> Option<String> {
    let digits: Vec<u8> = text.bytes().filter(|b| !matches!(b, b':' | b'-' | b'.')).collect();
    if digits.len() != 12 || !digits.iter().all(u8::is_ascii_hexdigit) || digits.iter().all(|b| *b == b'0') {
        return None;
    }
    let text = String::from_utf8(digits).ok()?.to_ascii_lowercase();
    let parts: Vec<&str> = (0..6).filter_map(|n| text.get(2 * n..2 * n + 2)).collect();
    Some(parts.join(":"))
}

/// A DNS domain; a name of labels that ends with a dot, or empty.
pub fn dns_domain(value: Value) -> Checked {
    let value = text_up_to(value, 255)?;
    let text = value.as_str().unwrap_or_default().to_ascii_lowercase();
    if text.is_empty() {
        return Ok(text.into());
    }
    match text.strip_suffix('.') {
        None => no(format!("'{text}' is not a FQDN")),
        Some(labels) if labels.split('.').all(is_label) => Ok(text.into()),
        Some(_) => no(format!("'{text}' not a valid PQDN or FQDN")),
    }
}

/// A host name: one or several labels, or empty.
pub fn dns_name(value: Value) -> Checked {
    let value = text_up_to(value, 255)?;
    let text = value.as_str().unwrap_or_default().to_ascii_lowercase();
    if text.is_empty() || text.trim_end_matches('.').split('.').all(is_label) {
        return Ok(text.into());
    }
    no(format!("'{text}' not a valid PQDN or FQDN"))
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn truth_has_upstreams_spellings_and_no_other() {
        for (value, truth_of_it) in
            [(json!("TRUE"), Some(true)), (json!("0"), Some(false)), (json!(1), Some(true))]
        {
            assert_eq!(truth(&value), truth_of_it);
        }
        for value in [json!("yes"), json!(2), json!(-1), json!(null), json!([]), json!(1.5)] {
            assert_eq!(truth(&value), None, "{value}");
        }
    }

    #[test]
    fn macs_are_made_canonical_and_nonsense_is_refused() {
        assert_eq!(mac_of("FA-16-3E-00-00-0A").as_deref(), Some("fa:16:3e:00:00:0a"));
        for text in [
            "",
            "00:00:00:00:00:00",
            "fa:16:3e:00:00",
            "fa:16:3e:00:00:zz",
            "fa:16:3e:00:00:0a:0b",
            "ä6:16:3e:00:00:0",
        ] {
            assert_eq!(mac_of(text), None, "{text}");
        }
    }

    #[test]
    fn a_uuid_needs_its_dashes() {
        assert!(is_uuid("4e72dc2d-44c5-4336-9667-f7972e95c402"));
        assert!(!is_uuid("4e72dc2d44c543369667f7972e95c402"));
        assert!(
            uuids(json!(["4e72dc2d-44c5-4336-9667-f7972e95c402", "4e72dc2d-44c5-4336-9667-f7972e95c402"]))
                .is_err()
        );
    }

    #[test]
    fn addresses_with_leading_zeros_are_refused() {
        assert!(address_or_null(json!("010.0.0.1")).is_err());
        assert!(address_or_null(json!("10.0.0.1")).is_ok());
        assert!(range_or_null(json!("192.168.1./24")).is_err());
        assert_eq!(range_or_null(json!("10.1.2.3/8")).ok(), Some(json!("10.0.0.0/8")));
    }

    #[test]
    fn domains_end_with_a_dot_and_names_are_labels() {
        assert!(dns_domain(json!("Example.org.")).is_ok_and(|v| v == "example.org."));
        assert!(dns_domain(json!("example.org")).is_err());
        assert!(dns_name(json!("web-1")).is_ok());
        assert!(dns_name(json!("-web")).is_err());
        assert!(dns_name(json!("web_1")).is_err());
    }

    proptest! {
        #[test]
        fn no_text_makes_a_check_panic(text in "\\PC*") {
            for check in [text255, text32, boolean, integer, non_negative, uuid, uuids, texts, address_or_null, range_or_null, ranges, mac_or_null, dns_domain, dns_name, ip_version, filled_text] {
                let _ = check(json!(text));
                let _ = check(json!([text]));
                let _ = check(json!({"a": text}));
            }
        }
    }
}
